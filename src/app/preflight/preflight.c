/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probes what a start will do: first with the privileges of the moment before they are dropped, then in a child that
 * has dropped them. */
#include "app/preflight/preflight.h"

#include "app/preflight/policy_limits.h"
#include "app/preflight/preflight_child.h"
#include "app/preflight/probe.h"
#include "app/preflight/probe_files.h"
#include "app/preflight/probe_sockets.h"
#include "app/preflight/service_unit.h"
#include "app/preflight/shared_places.h"
#include "session/service.h"
#include "session/srs_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static void probe_dns(struct probe *probe)
{
    const struct config *config = probe->config;
    const char *zone = config->zone_file;
    const int status = zone != NULL || config->dnssec ? EX_CONFIG : EX_UNAVAILABLE;
    struct strbuf error = STRBUF_INIT;
    struct dns *dns = NULL;

    if (zone != NULL && faccessat(AT_FDCWD, zone, R_OK, AT_EACCESS) != 0) {
        probe_problem(probe, status, errno, "ZoneFile: %s: cannot be read by user %s: %s", zone, probe_user(probe),
                      strerror(errno));
        return;
    }
    dns = service_open_dns(config, NULL, &error);
    if (dns == NULL)
        probe_problem(probe, status, 0, "%s", strbuf_text(&error));
    dns_destroy(dns);
    strbuf_free(&error);
}

static void probe_secrets(struct probe *probe)
{
    const struct srs_rules *rules = NULL;
    struct strbuf error = STRBUF_INIT;

    if (!srs_rules_open(probe->config, &rules, &error))
        probe_problem(probe, EX_CONFIG, errno, "%s (user %s)", strbuf_text(&error), probe_user(probe));
    srs_rules_release(rules);
    strbuf_free(&error);
}

/* A reload reads the configuration as User. */
static void probe_config_file(struct probe *probe)
{
    if (probe->is_certain && faccessat(AT_FDCWD, probe->config_path, R_OK, AT_EACCESS) != 0 && errno == EACCES)
        strbuf_addf(&probe->out->notes, "%s: user %s cannot read it: the filter starts, but will not reload\n",
                    probe->config_path, probe_user(probe));
}

static void probe_as_user(void *context)
{
    struct probe *probe = context;
    struct strbuf error = STRBUF_INIT;

    if (!privileges_drop(&probe->identity, &error)) {
        probe_problem(probe, EX_NOPERM, 0, "User: %s", strbuf_text(&error));
    } else {
        probe_log(probe);
        probe_dns(probe);
        probe_secrets(probe);
        probe_greylist_store(probe);
        probe_config_file(probe);
    }
    strbuf_free(&error);
}

/* Adds what a child has found, and what is not told yet, each line before `end`. */
static void add_lines(const char *lines, const char *end, struct strbuf *out)
{
    while (*lines != '\0') {
        const size_t len = strcspn(lines, "\n");
        struct strbuf line = STRBUF_INIT;

        strbuf_add_mem(&line, lines, len);
        if (strstr(strbuf_text(out), strbuf_text(&line)) == NULL)
            strbuf_addf(out, "%s%s\n", strbuf_text(&line), end);
        strbuf_free(&line);
        lines += len + (lines[len] == '\n');
    }
}

/* Adds its report, `end` to each problem. */
static void probe_in_child(struct probe *probe, void (*look)(void *probe), const char *user, const char *end)
{
    struct preflight *out = probe->out, report = {.status = EX_OK};
    const size_t problems_len = out->problems.len;

    probe->out = &report;
    preflight_in_child(look, probe, user, &report);
    probe->out = out;
    add_lines(strbuf_text(&report.problems), end, &out->problems);
    add_lines(strbuf_text(&report.notes), "", &out->notes);
    if (out->status == EX_OK && out->problems.len > problems_len)
        out->status = report.status;
    preflight_free(&report);
}

/* Keys that must not name the same place */

static void find_shared_places(struct probe *probe)
{
    const size_t before = probe->out->problems.len;

    shared_places_find(probe->config, probe->config_path, &probe->out->problems);
    if (probe->out->problems.len > before && probe->out->status == EX_OK)
        probe->out->status = EX_CONFIG;
}

/* Accounts */

static void look_up_accounts(struct probe *probe)
{
    struct strbuf error = STRBUF_INIT;

    if (!privileges_look_up(probe->config->user, probe->config->socket_group, &probe->identity, &error)) {
        probe_problem(probe, EX_CONFIG, 0, "%s", strbuf_text(&error));
        probe->is_certain = false; /* what the account may do cannot be known */
        strbuf_addf(&probe->out->notes, "not checked: what user %s may read, write and create\n", probe->config->user);
    }
    strbuf_free(&error);
}

/* Whether an administrator's process can tell what the filter may do: it is root's, or User's own. */
static void look_at_own_account(struct probe *probe)
{
    const struct passwd *own = getpwuid(geteuid());

    if (geteuid() == 0 || (own != NULL && strcmp(own->pw_name, probe->config->user) == 0))
        return;
    probe->is_certain = false;
    strbuf_addf(&probe->out->notes, "run by %s, not by root or %s: what %s may read, write and make was not checked\n",
                own != NULL ? own->pw_name : "an unknown user", probe->config->user, probe->config->user);
    if (getpwnam(probe->config->user) == NULL)
        strbuf_addf(&probe->out->notes, "User: there is no user \"%s\" on this host: a start by root would fail\n",
                    probe->config->user);
}

/* All that is made or opened before privileges are dropped. */
static void probe_sockets_and_files(struct probe *probe)
{
    probe_sockets(probe);
    probe_pid_file(probe);
}

/* As the unit starts it: nothing is done before privileges are dropped. */
static void probe_as_unit(void *context)
{
    struct probe *probe = context;
    struct strbuf error = STRBUF_INIT;

    if (privileges_drop(&probe->identity, &error)) {
        probe_sockets_and_files(probe);
        probe_log(probe);
        probe_greylist_store(probe);
    } else {
        probe_problem(probe, EX_NOPERM, 0, "User: %s", strbuf_text(&error));
    }
    strbuf_free(&error);
}

/* What only root may do works where root starts the filter, and not where systemd starts it as another user. */
static void probe_unit(struct probe *probe)
{
    struct service_unit unit = {.properties = NULL};
    struct probe as_unit = *probe;
    struct strbuf error = STRBUF_INIT, end = STRBUF_INIT;

    if (geteuid() == 0 && service_unit_read(probe->config_path, &unit) && unit.user != NULL) {
        as_unit.unit = &unit;
        as_unit.log_is_made = false;
        strbuf_addf(&end, " (systemd starts the filter as %s; \"systemctl edit smf-spf\" can allow it)", unit.user);
        if (privileges_look_up(unit.user, probe->config->socket_group, &as_unit.identity, &error))
            probe_in_child(&as_unit, probe_as_unit, unit.user, strbuf_text(&end));
    }
    strbuf_free(&error);
    strbuf_free(&end);
    service_unit_free(&unit);
}

static void note_policy_limits(struct probe *probe)
{
    struct strbuf keys = STRBUF_INIT;

    policy_limits_add(probe->config, &keys);
    if (keys.len > 0)
        strbuf_addf(
            &probe->out->notes,
            "PolicySocket: it shows no header, and takes no change of one or of recipients; not done for it: %s\n",
            strbuf_text(&keys));
    strbuf_truncate(&keys, 0);
    policy_limits_add_unserved(probe->config, &keys);
    if (keys.len > 0)
        strbuf_addf(&probe->out->notes, "PolicySocket: there is none, and a milter has no use for: %s\n",
                    strbuf_text(&keys));
    strbuf_truncate(&keys, 0);
    policy_limits_add_short_name(probe->config, &keys);
    if (keys.len > 0)
        strbuf_addf(
            &probe->out->notes,
            "PolicySocket: Postfix does not tell its name, so that fields have this host's: %s; AuthservID sets it\n",
            strbuf_text(&keys));
    strbuf_free(&keys);
}

void preflight_run(const struct config *config, const char *config_path, bool starts_here, struct identity *identity,
                   struct preflight *out)
{
    struct probe probe = {
        .config = config, .config_path = config_path, .starts_here = starts_here, .is_certain = true, .out = out};

    if (!starts_here)
        look_at_own_account(&probe);
    probe.identity = (struct identity){.uid = (uid_t)-1, .gid = (gid_t)-1, .socket_gid = (gid_t)-1};
    look_up_accounts(&probe);
    find_shared_places(&probe);
    note_policy_limits(&probe);
    if (srs_rules_lacks_outgoing(config))
        strbuf_add(&out->notes, "SRSDomain: without SRSOutgoing each sender is rewritten, as with SRSAlways on\n");
    if (policy_limits_has_null_senders(config))
        strbuf_add(&out->notes,
                   "Greylist: the policy service greylists a null sender only where smtpd_data_restrictions ask it\n");
    probe_sockets_and_files(&probe);
    probe_log_before_drop(&probe);
    probe_in_child(&probe, probe_as_user, probe_user(&probe), "");
    if (!starts_here && probe.identity.changes)
        probe_unit(&probe);
    *identity = probe.identity;
}

void preflight_free(struct preflight *preflight)
{
    strbuf_free(&preflight->problems);
    strbuf_free(&preflight->notes);
}
