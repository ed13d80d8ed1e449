/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of smf-spf.conf that are sets of results, alone or for some addresses. */
#include "config/config_value.h"

#include "config/config.h"
#include "config/config_form.h"
#include "config/config_hint.h"
#include "mail/result.h"
#include "policy/rules.h"

#include <string.h>
#include <strings.h>

#define SEPARATORS   " \t,"
#define RESULT_WORDS "pass, fail, softfail, neutral, none, temperror, permerror"

enum { WORD_SIZE = 16 }; /* room for any name of a result */

/* Copies the word at `text` and returns what is after it and its separators; NULL if it is no name of a result. */
static const char *read_result(const char *text, result_set *set)
{
    size_t len = strcspn(text, SEPARATORS);
    char word[WORD_SIZE];
    enum spf_result result;

    if (len >= sizeof word)
        return NULL;
    memcpy(word, text, len);
    word[len] = '\0';
    if (!result_from_name(word, &result))
        return NULL;
    *set |= RESULT_BIT(result);
    return text + len + strspn(text + len, SEPARATORS);
}

/* The words for the empty set; `none` is a result. */
static bool is_empty_word(const char *text)
{
    return *text == '\0' || strcasecmp(text, "off") == 0 || strcasecmp(text, "no") == 0 ||
           strcasecmp(text, "false") == 0;
}

static enum config_value_status results_read(const struct config_option *option, const char *text, void *member)
{
    result_set set = 0;

    (void)option;
    if (is_empty_word(text)) {
        *(result_set *)member = 0;
        return CONFIG_VALUE_OK;
    }
    do
        text = read_result(text, &set);
    while (text != NULL && *text != '\0');
    if (text == NULL)
        return CONFIG_VALUE_BAD;
    *(result_set *)member = set;
    return CONFIG_VALUE_OK;
}

/* Appends the results with `gap` between them, as results_read reads them. */
static void write_set(result_set set, const char *gap, struct strbuf *out)
{
    size_t begin = out->len;

    if (set == 0)
        strbuf_add(out, "off");
    for (int result = 0; result < RESULT_COUNT; result++)
        if (result_set_has(set, (enum spf_result)result))
            strbuf_addf(out, "%s%s", out->len > begin ? gap : "", result_name((enum spf_result)result));
}

static bool results_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    (void)option;
    if (index > 0)
        return false;
    write_set(*(const result_set *)member, ", ", out);
    return true;
}

const struct config_type config_results = {
    .form = "off or results",
    .detail = " (" RESULT_WORDS ")",
    .read = results_read,
    .write = results_write,
};

/* What becomes of a pass is not said by its name alone. */
static enum config_value_status greylist_results_read(const struct config_option *option, const char *text,
                                                      void *member)
{
    result_set set = 0;
    enum config_value_status status = results_read(option, text, &set);

    if (status == CONFIG_VALUE_OK && result_set_has(set, RESULT_PASS))
        status = CONFIG_VALUE_BAD;
    if (status == CONFIG_VALUE_OK)
        *(result_set *)member = set;
    return status;
}

static void greylist_results_hint(const char *text, struct strbuf *out)
{
    result_set set = 0;

    if (results_read(NULL, text, &set) == CONFIG_VALUE_OK && result_set_has(set, RESULT_PASS))
        strbuf_add(out, "; GreylistPass says what a pass is worth");
}

const struct config_type config_greylist_results = {
    .form = "off or results",
    .detail = " (fail, softfail, neutral, none, temperror, permerror)",
    .hint = greylist_results_hint,
    .read = greylist_results_read,
    .write = results_write,
};

static enum config_value_status derived_results_read(const struct config_option *option, const char *text, void *member)
{
    struct derived_set *set = member;
    enum config_value_status status = results_read(option, text, &set->results);

    set->is_written = set->is_written || status == CONFIG_VALUE_OK;
    return status;
}

static bool derived_results_write(const struct config_option *option, const void *member, size_t index,
                                  struct strbuf *out)
{
    const struct derived_set *set = member;

    return set->is_written && results_write(option, &set->results, index, out);
}

const struct config_type config_derived_results = {
    .form = "off or results",
    .detail = " (" RESULT_WORDS ")",
    .read = derived_results_read,
    .write = derived_results_write,
};

/* Rules */

/* The octets of a pattern, which goes up to a separator outside of quotes. */
static size_t pattern_len(const char *text)
{
    bool quoted = false;
    size_t len = 0;

    for (; text[len] != '\0' && (quoted || strchr(SEPARATORS, text[len]) == NULL); len++) {
        if (text[len] == '"')
            quoted = !quoted;
        else if (text[len] == '\\' && text[len + 1] != '\0')
            len++;
    }
    return len;
}

/* Reads `pattern results`; `prefix` goes in front of the pattern. */
static enum config_value_status read_rule(const char *text, const char *prefix, struct rule_list *list)
{
    struct strbuf pattern = STRBUF_INIT;
    size_t len = pattern_len(text);
    const char *results = text + len + strspn(text + len, SEPARATORS);
    result_set refused = 0;
    enum config_value_status status;

    strbuf_add(&pattern, prefix);
    strbuf_add_mem(&pattern, text, len);
    status = pattern.failed ? CONFIG_VALUE_NO_MEMORY : config_form_check_mailbox_pattern(strbuf_text(&pattern));
    if (status == CONFIG_VALUE_OK)
        status = *results != '\0' ? results_read(NULL, results, &refused) : CONFIG_VALUE_BAD;
    if (status == CONFIG_VALUE_OK && !rule_list_add(list, strbuf_text(&pattern), refused))
        status = CONFIG_VALUE_NO_MEMORY;
    strbuf_free(&pattern);
    return status;
}

static bool write_rule(const struct rule_list *list, size_t index, size_t prefix_len, struct strbuf *out)
{
    if (index >= list->count)
        return false;
    strbuf_addf(out, "%s ", list->items[index].pattern + prefix_len);
    write_set(list->items[index].refused, ",", out);
    return true;
}

static void rules_clear(void *member)
{
    rule_list_free(member);
}

static enum config_value_status recipient_rule_read(const struct config_option *option, const char *text, void *member)
{
    (void)option;
    return read_rule(text, "", member);
}

static bool recipient_rule_write(const struct config_option *option, const void *member, size_t index,
                                 struct strbuf *out)
{
    (void)option;
    return write_rule(member, index, 0, out);
}

const struct config_type config_recipient_rules = {
    .form = "an address pattern and results",
    .detail = " (user@example.org fail,softfail; results are off or " RESULT_WORDS ")",
    .is_list = true,
    .is_line = true,
    .hint = config_hint_recipient_rule,
    .read = recipient_rule_read,
    .write = recipient_rule_write,
    .clear = rules_clear,
    .size = sizeof(struct rule_list)};

/* A domain is stored as the pattern of all its addresses. */
static enum config_value_status domain_rule_read(const struct config_option *option, const char *text, void *member)
{
    (void)option;
    return read_rule(text, "@", member);
}

static bool domain_rule_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    (void)option;
    return write_rule(member, index, strlen("@"), out);
}

const struct config_type config_domain_rules = {
    .form = "a domain and results",
    .detail = " (example.org fail,softfail; .example.org with all below; results are off or " RESULT_WORDS ")",
    .is_list = true,
    .is_line = true,
    .hint = config_hint_domain_rule,
    .read = domain_rule_read,
    .write = domain_rule_write,
    .clear = rules_clear,
    .size = sizeof(struct rule_list)};
