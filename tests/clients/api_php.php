<?php
// A PHP script as the legacy API has them: curl out, SimpleXML in. Usage: php api_php.php http://127.0.0.1:8080

function post(array $fields): string
{
    global $argv;
    $login = ['login_email' => 'admin@acme.example', 'login_password' => 'correct horse'];
    $curl = curl_init($argv[1] . '/api.php');
    curl_setopt($curl, CURLOPT_POSTFIELDS, http_build_query($login + $fields));
    curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
    $answer = curl_exec($curl);
    return $answer === false ? 'curl: ' . curl_error($curl) : $answer;
}

function same(string $what, $expected, $found): void
{
    if ((string) $found !== $expected) {
        fwrite(STDERR, "php: $what is " . var_export((string) $found, true) . " and not " . var_export($expected, true) . "\n");
        exit(1);
    }
}

$kinds = ['lead', 'opportunity', 'customer', 'archive', 'person', 'event', 'message'];
$read = 0;
foreach ($kinds as $kind) {
    $name = "Zoë php $kind - Smith & <Sons>";
    $record = [
        'name' => $name, 'title' => $name, 'email' => "$kind@php.example", 'address' => "1 Main St\nSuite 5", 'value' => '$1,234.50',
        'probability' => '25%', 'year' => '2026', 'month' => '5', 'day' => '8', 'body' => 'Grüße & <b>',
    ];
    same("the answer to create=$kind", 'Success', post(['create' => $kind] + $record));
    $result = simplexml_load_string(post(['get' => $kind, 'search' => "php $kind"]));
    same("the number of each $kind", '1', count($result->$kind));
    $found = $result->$kind;
    switch ($kind) {
        case 'event':
            same('date', 'May 8th', $found->date[1]);
            same('title', $name, $found->title);
            break;
        case 'message':
            same('title', $name, $found->title);
            same('body', 'Grüße & <b>', $found->body);
            break;
        case 'person':
            same('name', $name, $found->name);
            same('address', "1 Main St\nSuite 5", $found->address);
            break;
        default:
            same('name', $name, $found->name);
            same('value', '1234.5000', $found->value);
            same('probability', '0.2500', $found->probability);
    }
    $read++;
}
echo "php " . PHP_VERSION . ": " . count($kinds) . " created, $read read back with simplexml_load_string\n";
