/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of smf-spf.conf that are sets of results. */
#include "policy/config_value.h"

#include "spf/result.h"

#include <string.h>
#include <strings.h>

#define SEPARATORS " \t,"

enum { WORD_SIZE = 16 }; /* room for any name of a result */

/* Copies the word at `text` and returns what is behind it and its separators; NULL if it is no name of a result. */
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
static bool is_empty(const char *text)
{
    return *text == '\0' || strcasecmp(text, "off") == 0 || strcasecmp(text, "no") == 0 || strcasecmp(text, "false") == 0;
}

static enum config_value_status results_read(const struct config_option *option, const char *text, void *member)
{
    result_set set = 0;

    (void)option;
    if (is_empty(text)) {
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

static bool results_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    result_set set = *(const result_set *)member;
    const char *gap = "";

    (void)option;
    if (index > 0)
        return false;
    if (set == 0)
        strbuf_add(out, "off");
    for (int result = 0; result < RESULT_COUNT; result++) {
        if (result_set_has(set, (enum spf_result)result)) {
            strbuf_addf(out, "%s%s", gap, result_name((enum spf_result)result));
            gap = ", ";
        }
    }
    return true;
}

const struct config_type config_results = {
    .form = "off or one or more results",
    .detail = " (pass, fail, softfail, neutral, none, temperror, permerror)",
    .read = results_read,
    .write = results_write,
};
