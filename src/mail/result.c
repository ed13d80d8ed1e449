/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the outcomes of an SPF evaluation. */
#include "mail/result.h"

#include <strings.h>

static const char *const names[RESULT_COUNT] = {
    [RESULT_NONE] = "none",           [RESULT_NEUTRAL] = "neutral",   [RESULT_PASS] = "pass",
    [RESULT_FAIL] = "fail",           [RESULT_SOFTFAIL] = "softfail", [RESULT_TEMPERROR] = "temperror",
    [RESULT_PERMERROR] = "permerror",
};

const char *result_name(enum spf_result result)
{
    return names[result];
}

bool result_from_name(const char *name, enum spf_result *out)
{
    for (int result = 0; result < RESULT_COUNT; result++) {
        if (strcasecmp(name, names[result]) == 0) {
            *out = (enum spf_result)result;
            return true;
        }
    }
    return false;
}
