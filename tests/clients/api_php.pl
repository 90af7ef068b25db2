# A Perl script as the legacy API has them: HTTP::Tiny out, XML::Simple in. Usage: perl api_php.pl http://127.0.0.1:8080
use strict;
use warnings;
use utf8;
use HTTP::Tiny;
use XML::Simple;

my $address = shift;

sub post {
    my %form = (login_email => 'admin@acme.example', login_password => 'correct horse', @_);
    return HTTP::Tiny->new->post_form("$address/api.php", \%form)->{content};
}

sub same {
    my ($what, $expected, $found) = @_;
    $found eq $expected or die "perl: $what is $found and not $expected\n";
}

binmode STDERR, ':utf8';
my @kinds = qw(lead opportunity customer archive person event message);
my $read = 0;
for my $kind (@kinds) {
    my $name = "Zoë perl $kind - Smith & <Sons>";
    my %record = (
        name => $name, title => $name, email => "$kind\@perl.example", address => "1 Main St\nSuite 5", value => '$1,234.50',
        probability => '25%', year => 2026, month => 5, day => 8, body => 'Grüße & <b>',
    );
    same("the answer to create=$kind", 'Success', post(create => $kind, %record));
    # Without KeyAttr it makes the name the key of a record as soon as there are two.
    my $found = XMLin(post(get => $kind, search => "perl $kind"), ForceArray => [$kind], KeyAttr => [])->{$kind};
    same("the number of each $kind", 1, scalar @$found);
    my %expected = (
        event => { title => $name },
        message => { title => $name, body => 'Grüße & <b>' },
        person => { name => $name, address => "1 Main St\nSuite 5" },
    );
    my $expected = $expected{$kind} // { name => $name, value => '1234.5000', probability => '0.2500' };
    same($_, $expected->{$_}, $found->[0]{$_}) for keys %$expected;
    same('date', 'May 8th', $found->[0]{date}[1]) if $kind eq 'event';
    $read++;
}
printf "perl %vd: %d created, %d read back with XML::Simple\n", $^V, scalar @kinds, $read;
