/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes addresses for SRS: what is rewritten finds back, and all that comes out is one address. The first octet
 * chooses the settings; a hash of one character lets a fuzzer guess. */
#include "srs/srs_fields.h"
#include "srs/srs_forward.h"
#include "srs/srs_reverse.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The stamp of this moment is JQ. */
#define NOW_S INT64_C(1795780800)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct srs_settings make_settings(uint8_t choice)
{
    static const char separators[] = {'=', '+', '-', '='};
    static char first[] = "tops3cr3t", second[] = "older";
    static char *secrets[] = {first, second};
    static struct host_list kept;

    if (kept.texts.count == 0)
        require(host_list_add(&kept, ".kept.example"));
    return (struct srs_settings){
        .domain = "fwd.example",
        .secrets = {secrets, 2},
        .kept_domains = kept,
        .separator = separators[choice & 3],
        .hash_len = choice & 4 ? 4 : 1,
        .hash_min_len = 1,
        .max_age_days = choice & 8 ? 21 : 1022,
        .writes_classic_hash = (choice & 16) != 0,
        .rewrites_own_domain = (choice & 32) != 0,
        .keeps_overlong = (choice & 64) != 0,
    };
}

static bool read_address(const char *text, struct address *out)
{
    enum address_status status = address_parse(text, out);

    return status == ADDRESS_OK || status == ADDRESS_LOCAL_TOO_LONG;
}

/* What was written is read as the same address, which is one. */
static void check_text(const struct address *made)
{
    struct address again;

    require(read_address(made->text, &again));
    require(strcmp(again.text, made->text) == 0 && strcmp(again.local, made->local) == 0 &&
            strcmp(again.domain, made->domain) == 0);
    address_free(&again);
}

/* A sender that is no SRS address comes back as it was; of another one, what it says may be refused. */
static void check_back(const struct srs_settings *settings, const struct address *sender, const struct address *made)
{
    struct srs_fields fields;
    struct address back;
    enum srs_status status = srs_reverse(settings, made, NOW_S, &back);

    if (srs_fields_split(sender->local, &fields) != SRS_FORM_COMPLETE) {
        require(status == SRS_DONE && strcmp(back.local, sender->local) == 0);
        require(strpbrk(back.domain, "@, ") == NULL);
    }
    if (status == SRS_DONE) {
        check_text(&back);
        address_free(&back);
    }
}

static void check_forward(const struct srs_settings *settings, const struct address *sender)
{
    struct address made, again;
    enum srs_status status = srs_forward(settings, sender, NOW_S, &made);

    require(*srs_status_text(status) != '\0');
    require(status != SRS_NO_MEMORY && status != SRS_NULL_SENDER);
    if (status != SRS_DONE)
        return;
    check_text(&made);
    require(strlen(made.text) <= 254 && strcmp(made.domain, "fwd.example") == 0);
    require(srs_forward(settings, &made, NOW_S, &again) == SRS_OWN_DOMAIN);
    check_back(settings, sender, &made);
    address_free(&made);
}

static void check_reverse(const struct srs_settings *settings, const struct address *recipient)
{
    struct address sender;
    enum srs_status status = srs_reverse(settings, recipient, NOW_S, &sender);

    require(*srs_status_text(status) != '\0' && status != SRS_NO_MEMORY);
    if (status != SRS_DONE)
        return;
    require(strncasecmp(recipient->domain, "fwd.example", 11) == 0);
    check_text(&sender);
    address_free(&sender);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct address address;

    if (size == 0)
        return 0;
    struct srs_settings settings = make_settings(data[0]);
    char *text = strndup((const char *)data + 1, size - 1);
    require(text != NULL && srs_settings_problem(&settings) == NULL);
    if (read_address(text, &address)) {
        check_forward(&settings, &address);
        check_reverse(&settings, &address);
        address_free(&address);
    }
    free(text);
    return 0;
}
