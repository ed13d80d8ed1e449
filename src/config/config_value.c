/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of smf-spf.conf that are numbers, words or addresses. */
#include "config/config_value.h"

#include "base/addr.h"
#include "base/log.h"
#include "config/config.h"
#include "policy/whitelist.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>
#include <syslog.h>

/* Words */

static bool find_word(const struct config_word *words, const char *text, int *value)
{
    for (; words->word != NULL; words++)
        if (strcasecmp(text, words->word) == 0) {
            *value = words->value;
            return true;
        }
    return false;
}

static bool write_word(const struct config_word *words, int value, struct strbuf *out)
{
    while (words->word != NULL && words->value != value)
        words++;
    if (words->word == NULL)
        return false;
    strbuf_add(out, words->word);
    return true;
}

static const struct config_word switch_words[] = {{"on", true},   {"off", false},   {"yes", true}, {"no", false},
                                                  {"true", true}, {"false", false}, {NULL, 0}};

static enum config_value_status switch_read(const struct config_option *option, const char *text, void *member)
{
    int value;

    if (!find_word(option->type->words, text, &value))
        return CONFIG_VALUE_BAD;
    *(bool *)member = value != 0;
    return CONFIG_VALUE_OK;
}

static bool switch_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    return index == 0 && write_word(option->type->words, *(const bool *)member, out);
}

const struct config_type config_switch = {
    .form = "on or off", .words = switch_words, .read = switch_read, .write = switch_write};

static enum config_value_status word_read(const struct config_option *option, const char *text, void *member)
{
    int value;

    if (!find_word(option->type->words, text, &value))
        return CONFIG_VALUE_BAD;
    memcpy(member, &value, sizeof value);
    return CONFIG_VALUE_OK;
}

static bool word_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    int value;

    memcpy(&value, member, sizeof value);
    return index == 0 && write_word(option->type->words, value, out);
}

static const struct config_word quarantine_words[] = {
    {"off", QUARANTINE_OFF}, {"on", QUARANTINE_ON},   {"hold", QUARANTINE_HOLD}, {"no", QUARANTINE_OFF},
    {"yes", QUARANTINE_ON},  {"true", QUARANTINE_ON}, {"false", QUARANTINE_OFF}, {NULL, 0}};
_Static_assert(sizeof(enum quarantine_mode) == sizeof(int), "word_read fills it");

const struct config_type config_quarantine = {
    .form = "on, off or hold", .words = quarantine_words, .read = word_read, .write = word_write};

static const struct config_word forged_words[] = {{"spf", FORGED_SPF}, {"all", FORGED_ALL},    {"off", FORGED_STAY},
                                                  {"no", FORGED_STAY}, {"false", FORGED_STAY}, {NULL, 0}};
_Static_assert(sizeof(enum forged_mode) == sizeof(int), "word_read fills it");

const struct config_type config_forged = {
    .form = "spf, all or off", .words = forged_words, .read = word_read, .write = word_write};

static const struct config_word refuse_at_words[] = {
    {"mail", REFUSE_AT_MAIL}, {"rcpt", REFUSE_AT_RCPT}, {"eom", REFUSE_AT_EOM}, {NULL, 0}};
_Static_assert(sizeof(enum refuse_at) == sizeof(int), "word_read fills it");

const struct config_type config_refuse_at = {
    .form = "mail, rcpt or eom", .words = refuse_at_words, .read = word_read, .write = word_write};

static const struct config_word sandbox_words[] = {
    {"on", SANDBOX_ON},  {"off", SANDBOX_OFF}, {"log", SANDBOX_LOG},   {"no", SANDBOX_OFF},
    {"yes", SANDBOX_ON}, {"true", SANDBOX_ON}, {"false", SANDBOX_OFF}, {NULL, 0}};
_Static_assert(sizeof(enum sandbox_mode) == sizeof(int), "word_read fills it");

const struct config_type config_sandbox = {
    .form = "on, off or log", .words = sandbox_words, .read = word_read, .write = word_write};

static const struct config_word facility_words[] = {{"none", -1},
                                                    {"daemon", LOG_DAEMON},
                                                    {"mail", LOG_MAIL},
                                                    {"user", LOG_USER},
                                                    {"local0", LOG_LOCAL0},
                                                    {"local1", LOG_LOCAL1},
                                                    {"local2", LOG_LOCAL2},
                                                    {"local3", LOG_LOCAL3},
                                                    {"local4", LOG_LOCAL4},
                                                    {"local5", LOG_LOCAL5},
                                                    {"local6", LOG_LOCAL6},
                                                    {"local7", LOG_LOCAL7},
                                                    {NULL, 0}};

const struct config_type config_facility = {.form = "none, daemon, mail, user or local0 to local7",
                                            .words = facility_words,
                                            .read = word_read,
                                            .write = word_write};

static const struct config_word level_words[] = {{"error", LOG_LEVEL_ERROR},   {"warning", LOG_LEVEL_WARNING},
                                                 {"notice", LOG_LEVEL_NOTICE}, {"info", LOG_LEVEL_INFO},
                                                 {"debug", LOG_LEVEL_DEBUG},   {NULL, 0}};
_Static_assert(sizeof(enum log_level) == sizeof(int), "word_read fills it");

const struct config_type config_level = {
    .form = "error, warning, notice, info or debug", .words = level_words, .read = word_read, .write = word_write};

static const struct config_word format_words[] = {{"text", LOG_FORMAT_TEXT}, {"json", LOG_FORMAT_JSON}, {NULL, 0}};
_Static_assert(sizeof(enum log_format) == sizeof(int), "word_read fills it");

const struct config_type config_log_format = {
    .form = "text or json", .words = format_words, .read = word_read, .write = word_write};

static const struct config_word separator_words[] = {
    {"=", SRS_SEPARATOR_EQUALS}, {"+", SRS_SEPARATOR_PLUS}, {"-", SRS_SEPARATOR_MINUS}, {NULL, 0}};
_Static_assert(sizeof(enum srs_separator) == sizeof(int), "word_read fills it");

const struct config_type config_srs_separator = {
    .form = "=, + or -", .words = separator_words, .read = word_read, .write = word_write};

static const struct config_word too_long_words[] = {
    {"rewrite", SRS_TOO_LONG_REWRITE}, {"leave", SRS_TOO_LONG_LEAVE}, {NULL, 0}};
_Static_assert(sizeof(enum srs_too_long) == sizeof(int), "word_read fills it");

const struct config_type config_srs_too_long = {
    .form = "rewrite or leave", .words = too_long_words, .read = word_read, .write = word_write};

static const struct config_word greylist_mode_words[] = {
    {"off", GREYLIST_OFF}, {"learn", GREYLIST_LEARN}, {"on", GREYLIST_ON},     {"no", GREYLIST_OFF},
    {"yes", GREYLIST_ON},  {"true", GREYLIST_ON},     {"false", GREYLIST_OFF}, {NULL, 0}};
_Static_assert(sizeof(enum greylist_mode) == sizeof(int), "word_read fills it");

const struct config_type config_greylist_mode = {
    .form = "off, learn or on", .words = greylist_mode_words, .read = word_read, .write = word_write};

static const struct config_word greylist_pass_words[] = {{"known", GREYLIST_PASS_KNOWN},
                                                         {"once", GREYLIST_PASS_ONCE},
                                                         {"wide", GREYLIST_PASS_WIDE},
                                                         {"all", GREYLIST_PASS_ALL},
                                                         {NULL, 0}};
_Static_assert(sizeof(enum greylist_pass) == sizeof(int), "word_read fills it");

const struct config_type config_greylist_pass = {
    .form = "known, once, wide or all", .words = greylist_pass_words, .read = word_read, .write = word_write};

/* Numbers with a unit */

struct unit {
    char letter;
    uint64_t factor;
};

/* Largest first; up to one without a letter. */
static const struct unit time_units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}, {'\0', 1}};
static const struct unit size_units[] = {{'G', 1 << 30}, {'M', 1 << 20}, {'K', 1 << 10}, {'\0', 1}};

static bool scaled_parse(const struct unit *units, const char *text, uint64_t *out)
{
    uint64_t value = 0;

    if (!isdigit((unsigned char)*text))
        return false;
    for (; isdigit((unsigned char)*text); text++) {
        if (value > UINT32_MAX) /* larger than any bound in any unit */
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    while (units->letter != '\0' && tolower((unsigned char)units->letter) != tolower((unsigned char)*text))
        units++;
    if (*text != '\0' && (units->letter == '\0' || text[1] != '\0'))
        return false;
    if (value > UINT64_MAX / units->factor)
        return false;
    *out = value * units->factor;
    return true;
}

static void scaled_format(const struct unit *units, uint64_t value, struct strbuf *out)
{
    while (units->letter != '\0' && (value == 0 || value % units->factor != 0))
        units++;
    strbuf_addf(out, "%" PRIu64, value / units->factor);
    if (units->letter != '\0')
        strbuf_add_char(out, units->letter);
}

/* The same within the option's bounds. */
static bool scaled_read(const struct unit *units, const struct config_option *option, const char *text, uint64_t *out)
{
    uint64_t value, min, max;

    if (!scaled_parse(units, text, &value) || !scaled_parse(units, option->min, &min) ||
        !scaled_parse(units, option->max, &max) || value < min || value > max)
        return false;
    *out = value;
    return true;
}

#define TIME_FORM   "a time"
#define TIME_DETAIL " (30s, 5m, 1h, 2d)"

static enum config_value_status time_s_read(const struct config_option *option, const char *text, void *member)
{
    uint64_t value;

    if (!scaled_read(time_units, option, text, &value))
        return CONFIG_VALUE_BAD;
    *(uint32_t *)member = (uint32_t)value;
    return CONFIG_VALUE_OK;
}

static bool time_s_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    (void)option;
    if (index > 0)
        return false;
    scaled_format(time_units, *(const uint32_t *)member, out);
    return true;
}

const struct config_type config_time_s = {
    .form = TIME_FORM, .detail = TIME_DETAIL, .read = time_s_read, .write = time_s_write};

static enum config_value_status time_ms_read(const struct config_option *option, const char *text, void *member)
{
    uint64_t value;

    if (!scaled_read(time_units, option, text, &value) || value > UINT32_MAX / 1000)
        return CONFIG_VALUE_BAD;
    *(uint32_t *)member = (uint32_t)value * 1000;
    return CONFIG_VALUE_OK;
}

static bool time_ms_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    (void)option;
    if (index > 0)
        return false;
    scaled_format(time_units, *(const uint32_t *)member / 1000, out);
    return true;
}

const struct config_type config_time_ms = {
    .form = TIME_FORM, .detail = TIME_DETAIL, .read = time_ms_read, .write = time_ms_write};

static enum config_value_status size_read(const struct config_option *option, const char *text, void *member)
{
    uint64_t value;

    if (!scaled_read(size_units, option, text, &value) || value > SIZE_MAX)
        return CONFIG_VALUE_BAD;
    *(size_t *)member = (size_t)value;
    return CONFIG_VALUE_OK;
}

static bool size_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    (void)option;
    if (index > 0)
        return false;
    scaled_format(size_units, *(const size_t *)member, out);
    return true;
}

const struct config_type config_size = {
    .form = "a size", .detail = " (512K, 32M, 1G)", .read = size_read, .write = size_write};

/* Counts */

static const struct unit count_units[] = {{'\0', 1}};

static enum config_value_status count_read(const struct config_option *option, const char *text, void *member)
{
    uint64_t value;

    if (!scaled_read(count_units, option, text, &value) || value > UINT_MAX)
        return CONFIG_VALUE_BAD;
    *(unsigned *)member = (unsigned)value;
    return CONFIG_VALUE_OK;
}

static bool count_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    (void)option;
    if (index == 0)
        strbuf_addf(out, "%u", *(const unsigned *)member);
    return index == 0;
}

const struct config_type config_count = {.form = "a number", .read = count_read, .write = count_write};

/* Permissions */

static bool mode_parse(const char *text, mode_t *out)
{
    mode_t mode = 0;
    size_t digits = strspn(text, "01234567");

    if (digits == 0 || digits > 5 || text[digits] != '\0')
        return false;
    for (; *text != '\0'; text++)
        mode = mode << 3 | (mode_t)(*text - '0');
    *out = mode;
    return true;
}

static enum config_value_status mode_read(const struct config_option *option, const char *text, void *member)
{
    mode_t mode, max;

    if (!mode_parse(text, &mode) || !mode_parse(option->max, &max) || mode > max)
        return CONFIG_VALUE_BAD;
    *(mode_t *)member = mode;
    return CONFIG_VALUE_OK;
}

static bool mode_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    (void)option;
    if (index > 0)
        return false;
    strbuf_addf(out, "%04o", (unsigned)*(const mode_t *)member);
    return true;
}

const struct config_type config_mode = {
    .form = "permissions", .detail = " (octal digits, 0660)", .read = mode_read, .write = mode_write};

/* Addresses */

static enum config_value_status address_read(const struct config_option *option, const char *text, void *member)
{
    (void)option;
    return addr_parse(text, member) ? CONFIG_VALUE_OK : CONFIG_VALUE_BAD;
}

static bool address_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    const struct addr *addr = member;
    char text[ADDR_TEXT_SIZE];

    (void)option;
    if (index > 0 || addr->family == ADDR_NONE)
        return false;
    strbuf_add(out, addr_format(addr, text));
    return true;
}

static void address_clear(void *member)
{
    *(struct addr *)member = (struct addr){.family = ADDR_NONE};
}

const struct config_type config_address = {.form = "an IPv4 or IPv6 address",
                                           .detail = " (192.0.2.1, 2001:db8::1)",
                                           .read = address_read,
                                           .write = address_write,
                                           .clear = address_clear};
