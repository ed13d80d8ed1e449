/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers questions about PART.ID.KIND.test, where the kind decides what records there are, whatever the ID. */
#include "dns_zones.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <ctype.h>
#include <string.h>

enum {
    HEADER_SIZE = 12,
    NAME_SIZE = 256,
    VALUE_SIZE = 2048,
    TTL_S = 3600,
    NEGATIVE_TTL_S = 300,
    LABELS_MAX = 128,
    CLASS_IN = 1,
};

/* One RRset: the records of `part` in every domain of `kind`. The values are separated by blanks, but a TXT value is
 * the whole text. %d stands for the domain, ID.KIND.test. */
struct row {
    const char *kind, *part; /* part "": the domain itself; "*": whatever has no row of its own */
    uint16_t type;
    const char *values;
};

#define ONE_NET   "v=spf1 ip4:192.0.2.0/24 -all"
#define OTHER_NET "v=spf1 ip4:198.51.100.0/24 -all"
#define CLIENTS   "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4"

static const struct row rows[] = {
    {"hot", "", ns_t_txt, ONE_NET},
    {"zipf", "", ns_t_txt, ONE_NET},
    {"new", "", ns_t_txt, ONE_NET},
    {"soft", "", ns_t_txt, "v=spf1 ip4:198.51.100.0/24 ~all"},
    {"refused", "", ns_t_txt, "v=spf1 ip4:198.51.100.0/24 -all"},
    {"bare", "", ns_t_txt, "some other text"},

    {"nested", "", ns_t_txt, "v=spf1 include:n1.%d -all"},
    {"nested", "n1", ns_t_txt, "v=spf1 include:n2.%d -all"},
    {"nested", "n2", ns_t_txt, "v=spf1 include:n3.%d -all"},
    {"nested", "n3", ns_t_txt, "v=spf1 include:n4.%d -all"},
    {"nested", "n4", ns_t_txt, ONE_NET},

    {"sibling", "", ns_t_txt, "v=spf1 include:s1.%d include:s2.%d include:s3.%d include:s4.%d -all"},
    {"sibling", "s4", ns_t_txt, ONE_NET},
    {"sibling", "*", ns_t_txt, OTHER_NET},

    {"provider", "", ns_t_txt, "v=spf1 include:p1.all.providers.test include:p2.all.providers.test -all"},
    {"providers", "p2", ns_t_txt, ONE_NET},
    {"providers", "*", ns_t_txt, OTHER_NET},

    {"mx", "", ns_t_txt, "v=spf1 a mx -all"},
    {"mx", "", ns_t_a, "198.51.100.9"},
    {"mx", "", ns_t_mx, "h1.%d h2.%d h3.%d h4.%d h5.%d"},
    {"mx", "h5", ns_t_a, CLIENTS},
    {"mx", "*", ns_t_a, "198.51.100.1"},

    {"exists", "", ns_t_txt, "v=spf1 exists:%{l}.%d -all"},
    {"exists", "*", ns_t_a, "127.0.0.2"},

    {"terms", "", ns_t_txt,
     "v=spf1 include:i1.%d a:h1.%d mx:m1.%d exists:%{i}.no.%d ptr:elsewhere.test include:i2.%d a:h2.%d mx:m2.%d "
     "include:i3.%d redirect=r.%d"},
    {"terms", "m1", ns_t_mx, "h3.%d h4.%d"},
    {"terms", "m2", ns_t_mx, "h5.%d"},
    {"terms", "i1", ns_t_txt, OTHER_NET},
    {"terms", "i2", ns_t_txt, OTHER_NET},
    {"terms", "i3", ns_t_txt, OTHER_NET},
    {"terms", "r", ns_t_txt, ONE_NET},
    {"terms", "h1", ns_t_a, "198.51.100.1"},
    {"terms", "h2", ns_t_a, "198.51.100.2"},
    {"terms", "h3", ns_t_a, "198.51.100.3"},
    {"terms", "h4", ns_t_a, "198.51.100.4"},
    {"terms", "h5", ns_t_a, "198.51.100.5"},

    /* of attackers, whose kinds have a number each; see dns_zones_mood */
    {"dead", "", ns_t_txt, "v=spf1 exists:%{l}a.%d exists:%{l}b.%d exists:%{l}c.%d -all"},
    {"tardy", "", ns_t_txt, "v=spf1 exists:%{l}a.%d exists:%{l}b.%d exists:%{l}c.%d -all"},
    {"tardy", "*", ns_t_a, "127.0.0.2"},

    {"arpa", "*", ns_t_ptr, "mail.c1.names.test"},
    {"names", "*", ns_t_a, CLIENTS},

    {"large", "", ns_t_txt, NULL}, /* see large_record */
};

enum { ROW_COUNT = sizeof rows / sizeof *rows };

/* Questions by the first row of their kind; the last one is for all others. */
static atomic_ulong counts[ROW_COUNT + 1];

/* A message being written; too much sticks. */
struct message {
    uint8_t *octets;
    size_t len, size;
    bool too_long;
};

struct question {
    uint16_t id, flags, type;
    size_t len; /* of header and question in the packet */
    char name[NAME_SIZE];
    char kind[NAME_SIZE], part[NAME_SIZE], domain[NAME_SIZE];
};

static void add(struct message *to, const void *octets, size_t len)
{
    if (to->too_long || len > to->size - to->len) {
        to->too_long = true;
        return;
    }
    memcpy(to->octets + to->len, octets, len);
    to->len += len;
}

static void add_u16(struct message *to, unsigned value)
{
    uint8_t octets[2] = {(uint8_t)(value >> 8U), (uint8_t)value};

    add(to, octets, sizeof octets);
}

static void add_u32(struct message *to, uint32_t value)
{
    add_u16(to, value >> 16U);
    add_u16(to, value & 0xffffU);
}

static void add_name(struct message *to, const char *name)
{
    while (*name != '\0') {
        size_t len = strcspn(name, ".");
        uint8_t octet = (uint8_t)len;

        add(to, &octet, 1);
        add(to, name, len);
        name += len + (name[len] == '.');
    }
    add(to, "", 1);
}

/* ---- Reading the question ---- */

static unsigned read_u16(const uint8_t *octets)
{
    return (unsigned)octets[0] << 8U | octets[1];
}

/* Reads the name at the question's place as text in lower case. */
static bool read_name(const uint8_t *asked, size_t asked_len, struct question *question)
{
    size_t at = HEADER_SIZE, len = 0;

    while (at < asked_len && asked[at] != 0) {
        size_t label = asked[at++];

        if (label > 63 || at + label > asked_len || len + label + 2 > sizeof question->name)
            return false;
        for (size_t i = 0; i < label; i++)
            question->name[len++] = (char)tolower(asked[at + i]);
        question->name[len++] = '.';
        at += label;
    }
    question->name[len > 0 ? len - 1 : 0] = '\0';
    question->len = at + 5;
    return question->len <= asked_len;
}

/* Each attacker's and each stranger's kind is a domain of its own: dead7 is dead. */
static void strip_number(char *kind)
{
    size_t len = strcspn(kind, "0123456789");

    if (strncmp(kind, "dead", len) == 0 || strncmp(kind, "tardy", len) == 0 || strncmp(kind, "soft", len) == 0)
        kind[len] = '\0';
}

/* Takes PART.ID.KIND.test apart. */
static void split_name(struct question *question)
{
    char *dots[LABELS_MAX];
    size_t count = 0;

    for (char *dot = strchr(question->name, '.'); dot != NULL && count < LABELS_MAX; dot = strchr(dot + 1, '.'))
        dots[count++] = dot;
    question->kind[0] = question->part[0] = question->domain[0] = '\0';
    if (count > 0 && strcmp(dots[count - 1], ".arpa") == 0) {
        memcpy(question->kind, "arpa", sizeof "arpa");
        memcpy(question->part, "*", sizeof "*");
        return;
    }
    if (count < 2 || strcmp(dots[count - 1], ".test") != 0)
        return;
    (void)snprintf(question->kind, NAME_SIZE, "%.*s", (int)(dots[count - 1] - dots[count - 2] - 1),
                   dots[count - 2] + 1);
    strip_number(question->kind);
    (void)snprintf(question->domain, NAME_SIZE, "%s", count > 2 ? dots[count - 3] + 1 : question->name);
    if (count > 2)
        (void)snprintf(question->part, NAME_SIZE, "%.*s", (int)(dots[count - 3] - question->name), question->name);
}

static bool read_question(const uint8_t *asked, size_t asked_len, struct question *question)
{
    if (asked_len < HEADER_SIZE || (asked[2] & 0x80) != 0 || read_u16(asked + 4) != 1)
        return false;
    if (!read_name(asked, asked_len, question))
        return false;
    question->id = (uint16_t)read_u16(asked);
    question->flags = (uint16_t)read_u16(asked + 2);
    question->type = (uint16_t)read_u16(asked + question->len - 4);
    split_name(question);
    return true;
}

/* ---- Writing records ---- */

/* Begins a record of the name that was asked for; returns where its length goes. */
static size_t begin_record(struct message *to, unsigned type)
{
    add_u16(to, 0xc000U | HEADER_SIZE);
    add_u16(to, type);
    add_u16(to, CLASS_IN);
    add_u32(to, TTL_S);
    add_u16(to, 0);
    return to->len - 2;
}

static void end_record(struct message *to, size_t length_at)
{
    size_t len = to->len - length_at - 2;

    if (to->too_long)
        return;
    to->octets[length_at] = (uint8_t)(len >> 8U);
    to->octets[length_at + 1] = (uint8_t)len;
}

static void add_txt(struct message *to, const char *text)
{
    size_t left = strlen(text), record = begin_record(to, ns_t_txt);

    while (left > 0) {
        uint8_t len = (uint8_t)(left < 255 ? left : 255);

        add(to, &len, 1);
        add(to, text, len);
        text += len;
        left -= len;
    }
    end_record(to, record);
}

/* One record that is not TXT. */
static void add_value(struct message *to, unsigned type, unsigned nth, const char *value)
{
    size_t record = begin_record(to, type);
    struct in_addr address;

    if (type == ns_t_a && inet_pton(AF_INET, value, &address) == 1) {
        add(to, &address, sizeof address);
    } else {
        if (type == ns_t_mx)
            add_u16(to, 10 * nth);
        add_name(to, value);
    }
    end_record(to, record);
}

/* Copies a row's values with the domain in its places. */
static void expand(const char *values, const char *domain, char out[VALUE_SIZE])
{
    size_t len = 0;

    for (; *values != '\0' && len + 1 < VALUE_SIZE; values++) {
        if (values[0] == '%' && values[1] == 'd') {
            len += (size_t)snprintf(out + len, VALUE_SIZE - len, "%s", domain);
            if (len >= VALUE_SIZE)
                len = VALUE_SIZE - 1;
            values++;
        } else {
            out[len++] = *values;
        }
    }
    out[len] = '\0';
}

/* A record that does not fit into a datagram; its last network matches. */
static void large_record(char out[VALUE_SIZE])
{
    size_t len = (size_t)snprintf(out, VALUE_SIZE, "v=spf1");

    for (unsigned i = 0; i < 70; i++)
        len += (size_t)snprintf(out + len, VALUE_SIZE - len, " ip4:198.51.100.%u/32", i + 100);
    (void)snprintf(out + len, VALUE_SIZE - len, " ip4:192.0.2.0/24 -all");
}

/* Adds the records of a row; returns how many. */
static unsigned add_row(struct message *to, const struct row *row, const struct question *question)
{
    char values[VALUE_SIZE];
    char *rest = NULL;
    unsigned count = 0;

    if (row->values != NULL)
        expand(row->values, question->domain, values);
    else
        large_record(values);
    if (row->type == ns_t_txt) {
        add_txt(to, values);
        return 1;
    }
    for (char *value = strtok_r(values, " ", &rest); value != NULL; value = strtok_r(NULL, " ", &rest))
        add_value(to, row->type, ++count, value);
    return count;
}

/* For how long it is known that there is nothing (RFC 2308 3). */
static void add_soa(struct message *to)
{
    size_t record;

    add_name(to, "test");
    add_u16(to, ns_t_soa);
    add_u16(to, CLASS_IN);
    add_u32(to, NEGATIVE_TTL_S);
    add_u16(to, 0);
    record = to->len - 2;
    add_name(to, "ns.test");
    add_name(to, "root.test");
    for (int i = 0; i < 5; i++)
        add_u32(to, NEGATIVE_TTL_S);
    end_record(to, record);
}

/* ---- The answer ---- */

/* The row that answers, NULL if there is none; says whether the name has other records. Counts the question. */
static const struct row *find_row(const struct question *question, bool *exists)
{
    const struct row *found = NULL;
    const char *part = NULL; /* once one matched, no other does */
    size_t first = ROW_COUNT;

    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strcmp(rows[i].kind, question->kind) != 0)
            continue;
        if (first == ROW_COUNT)
            first = i;
        if (part == NULL &&
            (strcmp(rows[i].part, question->part) == 0 || (rows[i].part[0] == '*' && question->part[0] != '\0')))
            part = rows[i].part;
        if (part != NULL && strcmp(rows[i].part, part) == 0 && rows[i].type == question->type)
            found = &rows[i];
    }
    *exists = part != NULL;
    atomic_fetch_add_explicit(&counts[first], 1, memory_order_relaxed);
    return found;
}

static void write_header(uint8_t *octets, const struct question *question, unsigned flags, unsigned answers,
                         unsigned authorities)
{
    struct message head = {.octets = octets, .size = HEADER_SIZE};

    add_u16(&head, question->id);
    add_u16(&head, 0x8400U | (question->flags & 0x0100U) | flags);
    add_u16(&head, 1);
    add_u16(&head, answers);
    add_u16(&head, authorities);
    add_u16(&head, 0);
}

size_t dns_zones_answer(const uint8_t *asked, size_t asked_len, uint8_t *reply, size_t reply_max)
{
    struct message to = {.octets = reply, .size = reply_max};
    struct question question;
    const struct row *row;
    bool exists = false;
    unsigned answers = 0;

    if (!read_question(asked, asked_len, &question) || question.len > reply_max)
        return 0;
    add(&to, asked, question.len);
    row = find_row(&question, &exists);
    if (row != NULL)
        answers = add_row(&to, row, &question);
    else
        add_soa(&to);
    if (to.too_long) {
        write_header(reply, &question, 0x0200U, 0, 0); /* TC */
        return question.len;
    }
    write_header(reply, &question, exists ? ns_r_noerror : ns_r_nxdomain, answers, answers == 0);
    return to.len;
}

void dns_zones_write_counts(FILE *out)
{
    unsigned long total = 0;

    for (size_t i = 0; i <= ROW_COUNT; i++)
        total += counts[i];
    (void)fprintf(out, "total %lu", total);
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (counts[i] > 0)
            (void)fprintf(out, " %s %lu", rows[i].kind, counts[i]);
    (void)fprintf(out, "\n");
}

void dns_zones_reset_counts(void)
{
    for (size_t i = 0; i <= ROW_COUNT; i++)
        counts[i] = 0;
}

enum dns_mood dns_zones_mood(const uint8_t *asked, size_t asked_len)
{
    struct question question;

    if (!read_question(asked, asked_len, &question) || question.part[0] == '\0')
        return DNS_MOOD_QUICK;
    if (strcmp(question.kind, "dead") == 0)
        return DNS_MOOD_DEAD;
    return strcmp(question.kind, "tardy") == 0 ? DNS_MOOD_TARDY : DNS_MOOD_QUICK;
}
