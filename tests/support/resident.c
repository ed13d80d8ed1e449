/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/resident.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

long resident_kb(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    char text[128], *resident;

    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    resident = strchr(text, ' '); /* the second number */
    assert_non_null(resident);
    return strtol(resident, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
}
