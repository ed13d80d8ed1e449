/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the file of secrets, and forgets it as thoroughly as it can. */
#include "session/srs_rules.h"

#include "base/file.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    SECRETS_MAX = 64 * 1024, /* octets of the file */
    DAY_S = 24 * 60 * 60,
};

static const char secret_key[] = "SRSSecretFile";

struct srs_rules {
    atomic_uint references;
    const struct config *config; /* what the settings point to, but for the secrets */
    struct srs_settings settings;
};

/* The compiler may leave out what writes to memory that is freed then. */
static void wipe(char *octets, size_t len)
{
    volatile char *p = octets;

    while (len-- > 0)
        *p++ = '\0';
}

static void forget(struct text_list *secrets)
{
    for (size_t i = 0; i < secrets->count; i++)
        wipe(secrets->items[i], strlen(secrets->items[i]));
    text_list_free(secrets);
}

/* A blank at an end of a line may have been seen by nobody, but other programs have signed with it. */
static bool is_blank(const char *line)
{
    return line[strspn(line, " \t\v\f")] == '\0';
}

/* Adds each line of `text`, which is changed. False if out of memory. */
static bool add_lines(char *text, struct text_list *secrets)
{
    while (*text != '\0') {
        char *end = text + strcspn(text, "\r\n"), *next = *end != '\0' ? end + 1 : end;

        *end = '\0';
        if (!is_blank(text) && !text_list_add(secrets, text))
            return false;
        text = next;
    }
    return true;
}

static bool is_for_us_alone(const char *path, struct strbuf *error)
{
    struct stat status;

    if (stat(path, &status) != 0)
        strbuf_addf(error, "%s: %s: cannot be read: %s", secret_key, path, strerror(errno));
    else if (!S_ISREG(status.st_mode))
        strbuf_addf(error, "%s: %s: is no file", secret_key, path);
    else if ((status.st_mode & S_IRWXO) != 0)
        strbuf_addf(error,
                    "%s: %s: everybody on this host may read or write it (mode %04o); chmod 0640 it, and change "
                    "the secret",
                    secret_key, path, (unsigned)status.st_mode & 07777U);
    else
        return true;
    return false;
}

static bool read_secrets(const char *path, struct text_list *secrets, struct strbuf *error)
{
    struct strbuf text = {.limit = SECRETS_MAX};
    bool is_read = is_for_us_alone(path, error);

    /* With all the room at first, as growing would leave copies behind. */
    if (is_read && (strbuf_make_room(&text, SECRETS_MAX) == NULL || !file_read(path, &text))) {
        strbuf_addf(error, "%s: %s: cannot be read: %s", secret_key, path, strerror(errno));
        is_read = false;
    } else if (is_read && memchr(strbuf_text(&text), '\0', text.len) != NULL) {
        strbuf_addf(error, "%s: %s: holds a NUL", secret_key, path);
        is_read = false;
    } else if (is_read && text.len > 0 && !add_lines(text.text, secrets)) {
        strbuf_add(error, "out of memory");
        is_read = false;
    } else if (is_read && secrets->count == 0) {
        strbuf_addf(error, "%s: %s: holds no secret", secret_key, path);
        is_read = false;
    }
    if (text.len > 0)
        wipe(text.text, text.len);
    strbuf_free(&text);
    return is_read;
}

static struct srs_settings settings_of(const struct config *config)
{
    return (struct srs_settings){
        .domain = config->srs_domain,
        .kept_domains = config->srs_exclude,
        .separator = (char)config->srs_separator,
        .hash_len = config->srs_hash_length,
        .hash_min_len = config->srs_hash_minimum,
        .max_age_days = config->srs_max_age_s / DAY_S,
        .writes_classic_hash = config->srs_classic_hash,
        .keeps_overlong = config->srs_too_long == SRS_TOO_LONG_LEAVE,
    };
}

static bool fill(struct srs_rules *rules, const struct config *config, struct strbuf *error)
{
    const char *problem = NULL;

    rules->settings = settings_of(config);
    if (!read_secrets(config->srs_secret_file, &rules->settings.secrets, error))
        return false;
    problem = srs_settings_problem(&rules->settings);
    if (problem != NULL)
        strbuf_addf(error, "SRSDomain: %s", problem);
    return problem == NULL;
}

bool srs_rules_open(const struct config *config, const struct srs_rules **out, struct strbuf *error)
{
    struct srs_rules *rules;

    *out = NULL;
    if (config->srs_domain == NULL)
        return true;
    rules = calloc(1, sizeof *rules);
    if (rules == NULL) {
        strbuf_add(error, "out of memory");
        return false;
    }
    atomic_init(&rules->references, 1);
    rules->config = config_acquire(config);
    if (fill(rules, config, error)) {
        *out = rules;
        return true;
    }
    srs_rules_release(rules);
    return false;
}

bool srs_rules_lacks_outgoing(const struct config *config)
{
    return config->srs_domain != NULL && !config->srs_always && config->srs_outgoing.count == 0;
}

const struct srs_rules *srs_rules_acquire(const struct srs_rules *rules)
{
    struct srs_rules *counted = (struct srs_rules *)rules;

    if (counted != NULL)
        atomic_fetch_add_explicit(&counted->references, 1, memory_order_relaxed);
    return rules;
}

void srs_rules_release(const struct srs_rules *rules)
{
    struct srs_rules *counted = (struct srs_rules *)rules;

    if (counted == NULL || atomic_fetch_sub_explicit(&counted->references, 1, memory_order_acq_rel) > 1)
        return;
    forget(&counted->settings.secrets);
    config_release(counted->config);
    free(counted);
}

const struct srs_settings *srs_rules_settings(const struct srs_rules *rules)
{
    return &rules->settings;
}

bool srs_rules_same_secrets(const struct srs_rules *a, const struct srs_rules *b)
{
    const struct text_list *of_a, *of_b;

    if (a == NULL || b == NULL)
        return a == b;
    of_a = &a->settings.secrets;
    of_b = &b->settings.secrets;
    for (size_t i = 0; i < of_a->count && i < of_b->count; i++)
        if (strcmp(of_a->items[i], of_b->items[i]) != 0)
            return false;
    return of_a->count == of_b->count;
}
