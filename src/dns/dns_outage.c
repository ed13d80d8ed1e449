/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells silence of all servers from silence about one name, by whether anything was answered meanwhile. */
#include "dns/dns_outage.h"

enum { SILENT_MS = 1000 }; /* a question that had less time than this says nothing about the servers */

enum dns_silence dns_outage_judge(struct dns_outage *outage, int64_t asked_ms, bool gave_up, int64_t now_ms)
{
    if (!gave_up && now_ms - asked_ms < SILENT_MS)
        return DNS_SILENCE_TOO_SHORT;
    if (outage->answered_ms > asked_ms)
        return DNS_SILENCE_OF_NAME;
    if (!outage->is_on) {
        outage->is_on = true;
        outage->began_ms = now_ms;
        outage->next_new_ms = now_ms;
        outage->next_again_ms = now_ms;
    }
    return DNS_SILENCE_OF_ALL;
}

bool dns_outage_answered(struct dns_outage *outage, int64_t now_ms)
{
    bool ends = outage->is_on;

    outage->is_on = false;
    outage->answered_ms = now_ms;
    return ends;
}

bool dns_outage_admits(struct dns_outage *outage, int64_t now_ms)
{
    if (!outage->is_on)
        return true;
    if (now_ms < outage->next_new_ms)
        return false;
    outage->next_new_ms = now_ms + DNS_OUTAGE_TRY_MS;
    outage->next_again_ms = now_ms + DNS_OUTAGE_TRY_MS;
    return true;
}

bool dns_outage_repeats(struct dns_outage *outage, int64_t now_ms)
{
    if (!outage->is_on || now_ms < outage->next_again_ms)
        return false;
    outage->next_again_ms = now_ms + DNS_OUTAGE_TRY_MS;
    return true;
}
