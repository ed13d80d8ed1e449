/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands before the library's function that says a result. */
#include "unit/spf/lying_spf2.h"

#include <netinet/in.h>
#include <stddef.h>

#include <spf2/spf_response.h>

static bool is_lying;

void lying_spf2(bool lies)
{
    is_lying = lies;
}

SPF_result_t SPF_response_result(SPF_response_t *rp)
{
    return is_lying ? SPF_RESULT_PASS : rp->result;
}
