/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tumgreyspf's directory of exceptions: `__default__` for everybody, and below it a file for a client, a sender or a
 * recipient, by the parts of its address:
 *
 *   client_address/192/0/2/1                  or the directory of a network, with `__default__` in it
 *   envelope_sender/example.org/local-part    or `__default__`
 *   envelope_recipient/example.org/local-part or `__default__` */
#include "tools/convert_tumgreyspf.h"

#include "base/file.h"
#include "tools/convert_run.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    FILE_MAX = 64 * 1024,   /* octets */
    FILES_MAX = 100 * 1000, /* of a tree */
    NAME_SIZE = 256,        /* of a file, without its quoting */
    OCTETS = 4,             /* of an address */
    DELAY_S = 600,          /* where nothing says more: what tumgreyspf has */
    LIFE_DAYS = 10,
    LIFE_DAYS_MAX = 3650, /* what our keys take */
    WINDOW_HOURS_MAX = 30 * 24,
    DELAY_S_MAX = 24 * 3600,
};

static const char default_name[] = "__default__";
static const char not_greylisted[] = "what is not checked by SPF is not greylisted either";

/* What a file says, after what the files before it say. */
struct settings {
    bool checks;    /* `spf` is among CHECKERS */
    bool seeds;     /* SPFSEEDONLY: nothing is refused */
    bool greylists; /* `greylist` is among CHECKERS */
    long delay_s;   /* GREYLISTTIME */
    long life_days; /* GREYLISTEXPIREDAYS */
};

struct tree {
    struct conversion run;
    struct settings base; /* of `__default__` */
    size_t files;
};

static bool refuses(const struct settings *settings)
{
    return settings->checks && !settings->seeds;
}

static bool delays(const struct settings *settings)
{
    return settings->greylists && settings->delay_s > 0;
}

/* SPFSEEDONLY for everybody is TestMode, unless there is something to delay, which TestMode prevents. */
static bool is_test_mode(const struct tree *tree)
{
    return tree->base.seeds && !delays(&tree->base);
}

/* ---- Files ---- */

static void read_checkers(char *checkers, struct settings *settings)
{
    char *next = NULL;

    settings->checks = settings->greylists = false;
    for (char *item = strtok_r(checkers, ",", &next); item != NULL; item = strtok_r(NULL, ",", &next)) {
        const char *checker = convert_trim(item);

        settings->checks |= strcmp(checker, "spf") == 0;
        settings->greylists |= strcmp(checker, "greylist") == 0;
    }
}

static long read_count(const char *value, long max)
{
    const long count = strtol(value, NULL, 10);

    return count < 0 ? 0 : count < max ? count : max;
}

/* Sets what a line says. False if tumgreyspf has no such setting. */
static bool set_value(const char *name, char *value, struct settings *settings)
{
    if (strcmp(name, "CHECKERS") == 0)
        read_checkers(value, settings);
    else if (strcmp(name, "SPFSEEDONLY") == 0)
        settings->seeds = strtol(value, NULL, 10) != 0;
    else if (strcmp(name, "GREYLISTTIME") == 0)
        settings->delay_s = read_count(value, DELAY_S_MAX);
    else if (strcmp(name, "GREYLISTEXPIREDAYS") == 0)
        settings->life_days = read_count(value, LIFE_DAYS_MAX);
    else
        return strcmp(name, "OTHERCONFIGS") == 0;
    return true;
}

static void read_setting(struct tree *tree, char *line, unsigned number, struct settings *settings)
{
    char *equals = strchr(line, '='), *value = "";

    if (equals != NULL) {
        *equals = '\0';
        value = convert_trim(equals + 1);
    }
    line = convert_trim(line);
    if (equals == NULL || !set_value(line, value, settings)) {
        const struct foreign_setting setting = {.name = line, .value = value, .line = number};

        convert_warn(&tree->run, &setting, "there is no such setting");
        tree->run.partly = true;
    }
}

/* Reads a file into `settings`. False if there is none, or it cannot be read. */
static bool read_settings(struct tree *tree, const char *path, struct settings *settings)
{
    struct strbuf text = {.limit = FILE_MAX};
    const struct foreign_setting none = {.name = "the file", .value = ""};
    struct stat found;
    unsigned number = 0;
    char *next;

    if (stat(path, &found) != 0 || !S_ISREG(found.st_mode))
        return false;
    tree->run.path = path;
    if (!file_read(path, &text)) {
        convert_warn(&tree->run, &none, strerror(errno));
        tree->run.partly = true;
        strbuf_free(&text);
        return false;
    }
    for (char *line = text.text; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        number++;
        line[strcspn(line, "#")] = '\0';
        if (line[strspn(line, " \t\r")] != '\0')
            read_setting(tree, convert_trim(line), number, settings);
    }
    strbuf_free(&text);
    return true;
}

static unsigned hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";

    return (unsigned)(strchr(digits, tolower((unsigned char)c)) - digits);
}

/* Undoes the quoting of a name: %XX. False if it is none, or too long. */
static bool unquote(const char *name, char out[NAME_SIZE])
{
    size_t len = 0;

    for (; *name != '\0' && len < NAME_SIZE - 1; name++) {
        unsigned octet = (unsigned char)*name;

        if (*name == '%' && isxdigit((unsigned char)name[1]) && isxdigit((unsigned char)name[2])) {
            octet = hex_digit(name[1]) * 16 + hex_digit(name[2]);
            name += 2;
        }
        out[len++] = (char)(unsigned char)octet;
        if (out[len - 1] == '\0')
            return false;
    }
    out[len] = '\0';
    return *name == '\0' && len > 0;
}

typedef void file_visitor(struct tree *tree, const char *path, const char *name, void *context);

/* Visits what is in a directory, in the order of the names; nothing if it is none. */
static void each_file(struct tree *tree, const char *directory, file_visitor *visit, void *context)
{
    struct dirent **found = NULL;
    const int count = scandir(directory, &found, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        struct strbuf path = STRBUF_INIT;

        strbuf_addf(&path, "%s/%s", directory, found[i]->d_name);
        tree->run.no_memory |= path.failed;
        if (!path.failed && found[i]->d_name[0] != '.' && tree->files < FILES_MAX) {
            tree->files++;
            visit(tree, strbuf_text(&path), found[i]->d_name, context);
        }
        strbuf_free(&path);
        free(found[i]);
    }
    free((void *)found);
}

/* Begins what a file becomes with its name, and makes it the one that messages are about. */
static void begin_file(struct tree *tree, const char *path, struct foreign_setting *setting)
{
    *setting = (struct foreign_setting){.name = path, .value = ""};
    tree->run.path = path;
    tree->run.current = setting;
    convert_heading(&tree->run, setting);
}

/* Writes what a file says about an address or a domain, if that differs from what holds without it, `outer`. */
typedef void add_address(struct tree *tree, const char *path, const char *pattern, const struct settings *settings,
                         const struct settings *outer);

/* ---- Greylisting ---- */

/* Until an entry is deleted, whoever comes back is let through there. Our window is shorter than the life. */
static long window_hours(const struct settings *settings)
{
    const long hours = settings->life_days * 24 - 1;

    return hours < WINDOW_HOURS_MAX ? hours : WINDOW_HOURS_MAX;
}

/* Appends what these settings are as lines of ours, each after `indent`. */
static void add_greylisting(const struct settings *settings, const char *indent, struct strbuf *lines)
{
    strbuf_addf(lines, "%sGreylist %s\n", indent, delays(settings) ? "on" : "off");
    if (!delays(settings))
        return;
    strbuf_addf(lines, "%sGreylistDelay %lds\n", indent, settings->delay_s);
    strbuf_addf(lines, "%sGreylistWindow %ldh\n", indent, window_hours(settings));
    strbuf_addf(lines, "%sGreylistLife %ldd\n", indent, settings->life_days);
}

static bool greylists_alike(const struct settings *a, const struct settings *b)
{
    if (!delays(a) || !delays(b))
        return delays(a) == delays(b);
    return a->delay_s == b->delay_s && a->life_days == b->life_days;
}

/* Writes what a client or sender has other than all, of which there is nothing but that it is exempt. */
static void write_exempt(struct tree *tree, const char *pattern, const struct settings *settings,
                         const struct settings *outer)
{
    if (delays(settings))
        convert_lost(&tree->run, delays(outer) ? "its greylisting has the times of all others"
                                               : "greylisting cannot be switched on for one client or sender");
    else
        convert_line(&tree->run, "GreylistExempt", pattern);
}

static void convert_base_greylisting(struct tree *tree)
{
    struct strbuf lines = STRBUF_INIT;

    add_greylisting(&tree->base, "", &lines);
    (void)convert_block(&tree->run, "Greylist", &lines);
    if (!delays(&tree->base))
        return;
    convert_note(&tree->run,
                 "All mail is delayed there. Mail that passes SPF gains nothing by it: take the next line out,");
    convert_note(&tree->run, "and only what SPF does not vouch for waits; or let GreylistPass be once or wide");
    convert_line(&tree->run, "GreylistPass", "all");
    if (!refuses(&tree->base))
        convert_line(&tree->run, "GreylistResults", "none,neutral,softfail,fail,permerror,temperror");
    convert_line(&tree->run, "GreylistKnownAfter", "0");
    convert_note(&tree->run, "The sender's domain counts here, not the whole address, and networks of clients. What");
    convert_note(&tree->run,
                 "tumgreyspf knows is not carried over: begin with a week of Greylist learn. Mail without a");
    convert_note(&tree->run, "sender is not delayed, because of SkipNDR");
}

/* ---- Recipients ---- */

static void add_recipient(struct tree *tree, const char *path, const char *pattern, const struct settings *settings,
                          const struct settings *outer)
{
    struct foreign_setting setting;
    struct strbuf block = STRBUF_INIT;

    if (settings->checks == outer->checks && settings->seeds == outer->seeds && greylists_alike(settings, outer))
        return;
    begin_file(tree, path, &setting);
    if (is_test_mode(tree) && (refuses(settings) || delays(settings))) {
        convert_lost(&tree->run, "TestMode is on for all recipients");
    } else {
        const bool tests = settings->seeds && !is_test_mode(tree) && !delays(settings);

        strbuf_addf(&block, "RecipientPolicy %s {\n    RefuseMailFrom %s\n", pattern,
                    settings->checks && (tests || is_test_mode(tree) || !settings->seeds) ? "fail" : "off");
        if (tests)
            strbuf_add(&block, "    TestMode on\n");
        if (!greylists_alike(settings, &tree->base))
            add_greylisting(settings, "    ", &block);
        strbuf_add(&block, "}\n");
        (void)convert_block(&tree->run, "RecipientPolicy", &block);
    }
    tree->run.current = NULL;
}

/* ---- Senders ---- */

static void add_sender(struct tree *tree, const char *path, const char *pattern, const struct settings *settings,
                       const struct settings *outer)
{
    const char *domain = strchr(pattern, '@') + 1;
    struct strbuf rule = STRBUF_INIT;
    struct foreign_setting setting;

    if (refuses(settings) == refuses(outer) && greylists_alike(settings, outer))
        return;
    begin_file(tree, path, &setting);
    if (refuses(settings) == refuses(outer)) {
        write_exempt(tree, pattern, settings, outer);
    } else if (!refuses(settings)) {
        convert_line(&tree->run, "WhitelistFrom", pattern);
        if (delays(settings))
            convert_differs(&tree->run, not_greylisted);
    } else if (pattern[0] == '@' && !tree->base.seeds) {
        strbuf_addf(&rule, "%s fail", domain);
        convert_built_rule(&tree->run, "RefuseFor", &rule);
        convert_differs(&tree->run, "it holds for all domains below this one, too");
    } else {
        convert_lost(&tree->run, "SPF cannot be switched on for one sender");
    }
    tree->run.current = NULL;
}

/* ---- Both ---- */

/* A domain of senders or recipients, and what to write for one. */
struct domain {
    const char *name;
    struct settings settings;
    add_address *add;
};

static void visit_local_part(struct tree *tree, const char *path, const char *name, void *context)
{
    const struct domain *domain = context;
    struct settings settings = domain->settings;
    struct strbuf pattern = STRBUF_INIT;
    char local[NAME_SIZE];

    if (strcmp(name, default_name) == 0 || !unquote(name, local) || !read_settings(tree, path, &settings))
        return;
    strbuf_addf(&pattern, "%s@%s", local, domain->name);
    domain->add(tree, path, strbuf_text(&pattern), &settings, &domain->settings);
    tree->run.no_memory |= pattern.failed;
    strbuf_free(&pattern);
}

static void visit_domain(struct tree *tree, const char *path, const char *name, void *context)
{
    struct domain domain = {.settings = tree->base, .add = *(add_address **)context};
    struct strbuf pattern = STRBUF_INIT, file = STRBUF_INIT;
    char unquoted[NAME_SIZE];

    if (!unquote(name, unquoted))
        return;
    domain.name = unquoted;
    strbuf_addf(&file, "%s/%s", path, default_name);
    strbuf_addf(&pattern, "@%s", unquoted);
    tree->run.no_memory |= file.failed || pattern.failed;
    if (read_settings(tree, strbuf_text(&file), &domain.settings))
        domain.add(tree, strbuf_text(&file), strbuf_text(&pattern), &domain.settings, &tree->base);
    each_file(tree, path, visit_local_part, &domain);
    strbuf_free(&file);
    strbuf_free(&pattern);
}

/* ---- Clients ---- */

/* A directory of networks. */
struct network {
    unsigned octets[OCTETS];
    size_t count;
    struct settings settings;
};

static void add_client(struct tree *tree, const char *path, const struct network *network, const struct settings *outer)
{
    struct strbuf prefix = STRBUF_INIT;
    struct foreign_setting setting;

    if (refuses(&network->settings) == refuses(outer) && greylists_alike(&network->settings, outer))
        return;
    begin_file(tree, path, &setting);
    for (size_t i = 0; i < OCTETS; i++)
        strbuf_addf(&prefix, "%s%u", i > 0 ? "." : "", i < network->count ? network->octets[i] : 0);
    strbuf_addf(&prefix, "/%zu", network->count * 8);
    if (refuses(&network->settings) == refuses(outer)) {
        write_exempt(tree, strbuf_text(&prefix), &network->settings, outer);
    } else if (refuses(&network->settings)) {
        convert_lost(&tree->run, "SPF cannot be switched on for one client");
    } else {
        convert_built_line(&tree->run, "WhitelistIP", &prefix);
        if (delays(&network->settings))
            convert_differs(&tree->run, not_greylisted);
    }
    strbuf_free(&prefix);
    tree->run.current = NULL;
}

static bool read_octet(const char *name, unsigned *octet)
{
    char *end;
    const unsigned long value = strtoul(name, &end, 10);

    *octet = (unsigned)value;
    return isdigit((unsigned char)name[0]) && *end == '\0' && value <= 255;
}

static void visit_network(struct tree *tree, const char *path, const char *name, void *context)
{
    const struct network *outer = context;
    struct network network = *outer;
    struct strbuf file = STRBUF_INIT;
    bool is_read;

    if (network.count == OCTETS || !read_octet(name, &network.octets[network.count]))
        return;
    network.count++;
    strbuf_addf(&file, "%s/%s", path, default_name);
    tree->run.no_memory |= file.failed;
    is_read = read_settings(tree, path, &network.settings);
    if (is_read || read_settings(tree, strbuf_text(&file), &network.settings))
        add_client(tree, is_read ? path : strbuf_text(&file), &network, &outer->settings);
    strbuf_free(&file);
    if (!is_read)
        each_file(tree, path, visit_network, &network);
}

/* ---- The whole ---- */

static void convert_base(struct tree *tree, const char *directory)
{
    struct strbuf file = STRBUF_INIT;
    struct foreign_setting setting;

    strbuf_addf(&file, "%s/%s", directory, default_name);
    tree->run.no_memory |= file.failed;
    (void)read_settings(tree, strbuf_text(&file), &tree->base);
    begin_file(tree, strbuf_text(&file), &setting);
    convert_line(&tree->run, "RefuseMailFrom",
                 refuses(&tree->base) || (tree->base.checks && is_test_mode(tree)) ? "fail" : "off");
    convert_line(&tree->run, "TestMode", is_test_mode(tree) ? "on" : "off");
    if (tree->base.seeds && !is_test_mode(tree))
        convert_note(&tree->run,
                     "SPFSEEDONLY: nothing is refused. TestMode would keep mail from being delayed as well");
    convert_note(&tree->run, "Null senders are not checked there, subjects not tagged, long local parts let through");
    convert_line(&tree->run, "SkipNDR", "on");
    convert_line(&tree->run, "TagSubject", "off");
    convert_line(&tree->run, "RelaxedLocalPart", "on");
    convert_note(&tree->run, "Postfix asks for each recipient, where PolicySocket says, which is to be added");
    convert_line(&tree->run, "RefuseAt", "rcpt");
    convert_base_greylisting(tree);
    tree->run.current = NULL;
    strbuf_free(&file);
}

static void convert_part(struct tree *tree, const char *directory, const char *part, file_visitor *visit, void *context)
{
    struct strbuf path = STRBUF_INIT;

    strbuf_addf(&path, "%s/%s", directory, part);
    tree->run.no_memory |= path.failed;
    each_file(tree, strbuf_text(&path), visit, context);
    strbuf_free(&path);
}

enum convert_status convert_tumgreyspf(const char *directory, struct strbuf *out, struct strbuf *warnings)
{
    static const struct foreign_system system = {.name = "tumgreyspf"};
    struct tree tree = {.base = {.delay_s = DELAY_S, .life_days = LIFE_DAYS},
                        .run = {.system = &system, .path = directory, .out = out, .warnings = warnings}};
    struct network all = {.count = 0};
    add_address *senders = add_sender, *recipients = add_recipient;

    strbuf_addf(out, "# smf-spf.conf, converted from the configuration of tumgreyspf, ");
    strbuf_add_shown(out, directory, CONVERT_SHOWN_MAX);
    strbuf_add_char(out, '\n');
    convert_base(&tree, directory);
    all.settings = tree.base;
    convert_part(&tree, directory, "client_address", visit_network, &all);
    convert_part(&tree, directory, "envelope_sender", visit_domain, &senders);
    convert_part(&tree, directory, "envelope_recipient", visit_domain, &recipients);
    if (tree.files == FILES_MAX)
        convert_differs(&tree.run, "there are more files than are read");
    if (tree.run.no_memory || out->failed || warnings->failed)
        return CONVERT_NO_MEMORY;
    return tree.run.partly ? CONVERT_PARTLY : CONVERT_WHOLE;
}
