/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks lengths, characters and kinship of domain names. */
#include "spf/domain.h"

#include "base/specials.h"

#include <string.h>
#include <strings.h>

enum { LABEL_MAX = 63 }; /* RFC 1035 2.3.4 */

bool domain_can_be_asked(const char *name)
{
    size_t label;

    if (strnlen(name, DNS_NAME_MAX + 1) > DNS_NAME_MAX)
        return false;
    for (;; name += label + 1) {
        label = strcspn(name, ".");
        if (label == 0 || label > LABEL_MAX)
            return false;
        if (name[label] == '\0')
            return true;
    }
}

/* Printable, and none that is special in addresses or ends a label. Nearly all are letters and digits. */
static bool may_be_in_policy_label(char c)
{
    if (c >= 'a' && c <= 'z')
        return true;
    return c > ' ' && c <= '~' && c != '.' && !specials_has(c);
}

/* What domain_can_be_asked wants, too; in one pass, as each request has such a name. */
bool domain_can_have_policy(const char *name)
{
    const char *end = name, *label;
    unsigned labels = 0;

    do {
        for (label = end; may_be_in_policy_label(*end);)
            end++;
        if (end == label || end - label > LABEL_MAX)
            return false;
        labels++;
    } while (*end++ == '.');
    return end[-1] == '\0' && labels > 1 && end - 1 - name <= DNS_NAME_MAX;
}

bool domain_from_answer(const char *answer, char name[DNS_NAME_MAX + 1])
{
    char text[DNS_NAME_MAX + 1] = "";
    size_t len = 0;

    for (; *answer && len < DNS_NAME_MAX; len++) {
        char octet = *answer++;

        if (octet == '\\' && strspn(answer, "0123456789") >= 3) {
            octet = (char)((answer[0] - '0') * 100 + (answer[1] - '0') * 10 + (answer[2] - '0'));
            answer += 3;
            if (octet == '.' || octet == '\0')
                return false;
        }
        text[len] = octet;
    }
    if (*answer)
        return false;
    memcpy(name, text, len);
    name[len] = '\0';
    return true;
}

bool domain_is_within(const char *name, const char *domain)
{
    size_t name_len = strlen(name), len = strlen(domain);

    if (name_len < len || strcasecmp(name + name_len - len, domain) != 0)
        return false;
    return name_len == len || name[name_len - len - 1] == '.';
}
