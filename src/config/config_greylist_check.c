/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What contradicts what among the keys of greylisting. */
#include "config/config_greylist_check.h"

#include "config/config.h"
#include "config/config_errors.h"
#include "config/config_recipients.h"
#include "greylist/store_address.h"

static unsigned line_of(const struct config_reading *reading, const char *key)
{
    return config_errors_line_of(reading, key);
}

/* Begins a message at the line of the first of two keys, else of the other one, if what is read now has one of them. */
static bool begin_error(struct config_reading *reading, const char *key, const char *other)
{
    if (reading->policy != NULL && !config_recipients_owns(reading->policy, config_option_find(key)) &&
        !config_recipients_owns(reading->policy, config_option_find(other)))
        return false;
    return config_errors_begin(reading, line_of(reading, key) > 0 ? line_of(reading, key) : line_of(reading, other));
}

/* Tells of a time that is too short beside another one. */
static void report_short(struct config_reading *reading, const char *key, const char *other)
{
    const struct config_option *option = config_option_find(other);
    const void *member = (const char *)reading->config + option->offset;

    if (!begin_error(reading, key, other))
        return;
    strbuf_addf(reading->errors, "%s: it must be longer than %s, which is ", key, other);
    option->type->write(option, member, 0, reading->errors);
    strbuf_add_char(reading->errors, '\n');
}

void config_greylist_check(struct config_reading *reading)
{
    const struct greylist_terms *terms = &reading->config->greylist.terms;
    struct store_address store;

    if (terms->window_s <= terms->delay_s)
        report_short(reading, "GreylistWindow", "GreylistDelay");
    if (terms->life_s <= terms->window_s)
        report_short(reading, "GreylistLife", "GreylistWindow");
    if (reading->policy == NULL && reading->config->greylist_password_file != NULL &&
        store_address_parse(reading->config->greylist_store, &store) && store.kind == STORE_SQLITE &&
        config_errors_begin(reading, line_of(reading, "GreylistPasswordFile")))
        strbuf_add(reading->errors, "GreylistPasswordFile: only a Redis server has a password (GreylistStore)\n");
}
