#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# What SpamAssassin and Mail::AuthenticationResults read in result fields.
#
# usage: spamassassin.pl AUTHSERV-ID <messages
# Standard input: messages, each after a line with its length in octets. For each a line of four words: 1 where
# SpamAssassin's AuthRes plugin finds a pass of that host, else 0; the same for Mail::AuthenticationResults and the
# unfolded Authentication-Results field; and what SpamAssassin's SPF plugin reads for the sender and for the HELO name.
use strict;
use warnings;
use Mail::SpamAssassin;
use Mail::AuthenticationResults::Parser;

my $own = shift;
my $config = <<"CONFIG";
loadplugin Mail::SpamAssassin::Plugin::Check
loadplugin Mail::SpamAssassin::Plugin::AuthRes
loadplugin Mail::SpamAssassin::Plugin::SPF
internal_networks 127.0.0.0/8
trusted_networks 127.0.0.0/8
util_rb_tld example
authres_networks all
authres_trusted_authserv $own
header SPF_OF_OURS eval:check_authres_result('spf', 'pass')
score SPF_OF_OURS 1
CONFIG
for my $result (qw(pass neutral none softfail fail temperror permerror)) {
    for my $identity ('', 'helo_') {
        my $rule = uc("SPF_$identity$result");
        $config .= "header $rule eval:check_for_spf_$identity$result()\nscore $rule 1\n";
    }
}
my $checker = Mail::SpamAssassin->new({
    config_text => $config, local_tests_only => 1, dont_copy_prefs => 1, debug => 0, userprefs_filename => '/dev/null',
});

sub taken_by_parser {
    my ($field) = @_;
    my $parsed = eval { Mail::AuthenticationResults::Parser->new()->parse($field) } or return 0;
    return 0 if lc(eval { $parsed->value()->value() } // '') ne lc($own);
    for my $entry (@{$parsed->search({'isa' => 'entry', 'key' => 'spf'})->children()}) {
        return 1 if lc($entry->value() // '') eq 'pass';
    }
    return 0;
}

binmode STDIN;
$| = 1;
while (my $length = <STDIN>) {
    my $text = '';
    read(STDIN, $text, $length) == $length or die "a message is cut short\n";
    my $message = $checker->parse($text, 1);
    my $status = $checker->check($message);
    my @hit = split /,/, $status->get_names_of_tests_hit();
    my $taken = (grep { $_ eq 'SPF_OF_OURS' } @hit) ? 1 : 0;
    my ($helo) = map { /^SPF_HELO_(.*)/ ? lc $1 : () } @hit;
    my ($sender) = map { /^SPF_(?!HELO_|OF_)(.*)/ ? lc $1 : () } @hit;
    $status->finish();
    $message->finish();
    my ($field) = $text =~ /^Authentication-Results[ \t]*:((?:.*\n[ \t])*.*)\n/im;
    $field =~ s/\r?\n//g if defined $field;
    print join(' ', $taken, defined $field && taken_by_parser($field) ? 1 : 0, $sender // '-', $helo // '-'), "\n";
}
