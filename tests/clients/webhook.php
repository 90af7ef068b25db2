<?php
// A PHP script that leaves records at a webhook and reads them. Usage: php webhook.php http://127.0.0.1:8080/webhook/SECRET

function call(string $query, $fields, array $headers = []): string
{
    global $argv;
    $curl = curl_init($argv[1] . $query);
    $options = [CURLOPT_RETURNTRANSFER => true, CURLOPT_HTTPHEADER => $headers];
    curl_setopt_array($curl, $options + ($fields === null ? [] : [CURLOPT_POST => true, CURLOPT_POSTFIELDS => $fields]));
    return curl_exec($curl);
}

function same(string $what, $expected, $found): void
{
    if ($expected !== $found) {
        fwrite(STDERR, "php: $what is " . var_export($found, true) . ' and not ' . var_export($expected, true) . "\n");
        exit(1);
    }
}

$person = ['name' => 'Zoë PHP - Smith & <Sons>', 'email' => 'zoe@php.example', 'categories' => ['Fair', 'Press']];
$lead = ['name' => 'Max PHP', 'email' => 'max@php.example', 'value' => '100', 'probability' => '.25', 'moreinfo' => ''];
$message = ['title' => 'PHP', 'body' => "Grüße\n[association:Zoë PHP - Smith & <Sons>]"];
same('the answer to a person', 'Success', call('', json_encode($person), ['Content-Type: application/json']));
// An array has curl send multipart, as most old scripts do.
same('the answer to a lead', 'Success', call('', ['json' => json_encode($lead)]));
same('the answer to a message', 'Success', call('', http_build_query($message)));
$found = json_decode(call('?searchpeople=true&search=zoe%20php', null), true);
same('who is found', [$person['name']], array_column($found, 'name'));
same('their categories', "Fair\nPress", $found[0]['categories']);
$found = json_decode(call('', ['search' => 'max php']), true);
same('the lead', ['lead', '100.0000', '0.2500'], [$found[0]['type'], $found[0]['value'], $found[0]['probability']]);
same('a refusal', 'A person needs a name, a company, an e-mail address or a phone.', call('', 'city=Ulm'));
echo 'php ' . PHP_VERSION . ": 3 left, 2 read back with json_decode\n";
