# SPDX-License-Identifier: GPL-2.0-or-later
# Runs postgrey with a clock that is moved from outside: the seconds since 1970 are the text of the file that CLOCK names.
# usage: CLOCK=FILE POSTGREY=PATH perl postgrey.pl OPTION...
use strict;
use warnings;

BEGIN {
    my $path = $ENV{CLOCK};
    *CORE::GLOBAL::time = sub () {
        open my $file, '<', $path or die "$path: $!";
        my $seconds = <$file>;
        close $file;
        return $seconds + 0;
    };
}

do $ENV{POSTGREY} or die $@ || $!;
