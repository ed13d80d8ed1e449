/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What pyspf-milter has beyond policyd-spf. */
#include "tools/convert_spf_engine.h"

#include "base/addr.h"
#include "base/endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_unix_socket(const struct conversion *run)
{
    return endpoint_unix_path(convert_value(run, "Socket")) != NULL;
}

static void convert_socket(struct conversion *run, const struct foreign_setting *setting)
{
    convert_line(run, "Socket", setting->value);
}

static void convert_pid_file(struct conversion *run, const struct foreign_setting *setting)
{
    convert_line(run, "PidFile", setting->value);
}

/* `user` or `user:group`. */
static void convert_user_id(struct conversion *run, const struct foreign_setting *setting)
{
    struct strbuf user = STRBUF_INIT;
    const char *colon = strchr(setting->value, ':');

    strbuf_add_mem(&user, setting->value, strcspn(setting->value, ":"));
    convert_built_line(run, "User", &user);
    if (colon != NULL && is_unix_socket(run))
        convert_line(run, "SocketGroup", colon + 1);
    else if (colon != NULL)
        convert_note(run, "Only a unix socket has a group");
}

/* A umask takes bits away; what is left of rw for everybody is the mode of the socket. The program reads a decimal
 * number, whatever zeros it begins with. */
static void convert_umask(struct conversion *run, const struct foreign_setting *setting)
{
    char *end, mode[8];
    const unsigned long mask = strtoul(setting->value, &end, 10);

    if (end == setting->value || *end != '\0' || mask > 0777) {
        convert_bad_value(run, setting);
    } else if (is_unix_socket(run)) {
        (void)snprintf(mode, sizeof mode, "%04o", (unsigned)(0666 & ~mask));
        convert_line(run, "SocketMode", mode);
    } else {
        convert_note(run, "Only a unix socket has permissions");
    }
}

/* One item of a data set: an address, a network, a host, or `.domain`; anything may stand in brackets. */
static void convert_host(struct conversion *run, const char *item)
{
    struct addr_prefix prefix;
    struct strbuf plain = STRBUF_INIT;
    bool is_address;

    if (*item == '!') {
        convert_lost(run, "a whitelist cannot have exceptions; list the other addresses only");
        return;
    }
    strbuf_add_mem(&plain, item + (*item == '['), strcspn(item + (*item == '['), "]"));
    is_address = addr_prefix_parse(strbuf_text(&plain), &prefix);
    if (!is_address)
        convert_differs(run, "there a name on this list makes the program fail; it is converted as it was meant");
    convert_built_line(run, is_address ? "WhitelistIP" : "WhitelistPTR", &plain);
}

static void convert_internal_hosts(struct conversion *run, const struct foreign_setting *setting)
{
    const char *items = setting->value;
    struct strbuf item = STRBUF_INIT;

    if (*items == '/' || strncmp(items, "file:", 5) == 0 || strncmp(items, "refile:", 7) == 0) {
        convert_lost(run, "a list in another file is not read; add its lines as WhitelistIP");
        return;
    }
    if (strncmp(items, "csl:", 4) == 0)
        items += 4;
    while (convert_next_item(run, &items, &item))
        convert_host(run, strbuf_text(&item));
    strbuf_free(&item);
}

/* Where it has no result to write into its field it fails at the end of the message, and the MTA defers it. */
static void compare_failures(struct conversion *run, bool checks_helo)
{
    if (strcmp(convert_value(run, "Header_Type"), "None") == 0)
        return;
    if (!checks_helo)
        convert_differs(run, "there a message with a null sender fails without a result, and is deferred");
    if (strcmp(convert_value(run, "TestOnly"), "0") == 0)
        convert_differs(run, "there a message that would be refused fails without a result, and is deferred");
}

static void finish_pyspf_milter(struct conversion *run)
{
    const bool checks_helo = strcmp(convert_value(run, "HELO_reject"), "No_Check") != 0;

    convert_finish_spf_engine(run);
    if (checks_helo)
        convert_differs(run, "the HELO name is checked; there the client's name in the DNS is checked instead");
    compare_failures(run, checks_helo);
    convert_note(run, "Authenticated senders are checked like others");
    convert_line(run, "SkipAuth", "off");
}

/* name, alias, fallback, fate, our keys, note, function */
static const struct foreign_key milter_keys[] = {
    {"Socket", NULL, "local:/run/pyspf-milter/pyspf-milter.sock", FATE_LINES, "Socket", NULL, convert_socket},
    {"PidFile", NULL, "/run/pyspf-milter/pyspf-milter.pid", FATE_LINES, "PidFile", NULL, convert_pid_file},
    {"UserID", NULL, "pyspf-milter", FATE_LINES, "User, SocketGroup", NULL, convert_user_id},
    {"UMask", NULL, "7", FATE_LINES, "SocketMode", NULL, convert_umask},
    {"InternalHosts", NULL, "127.0.0.1", FATE_LINES, "WhitelistIP, WhitelistPTR", NULL, convert_internal_hosts},
    {"MacroList", "MacroListVerify", NULL, FATE_LOST, "",
     "macros of the MTA do not decide who is checked, except those of an authenticated sender (SkipAuth)", NULL},
};
static const struct foreign_table milter_table = {milter_keys, sizeof milter_keys / sizeof *milter_keys};

const struct foreign_system convert_pyspf_milter = {
    .name = "pyspf-milter",
    .is_milter = true,
    .tables = {&convert_spf_engine_keys, &milter_table},
    .comment_starts = "any",
    .finish = finish_pyspf_milter,
};
