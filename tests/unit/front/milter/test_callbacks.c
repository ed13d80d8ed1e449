/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The callbacks, called as libmilter calls them, with functions of our own in place of its: what counts as under way,
 * and how answers are handed over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "front/milter/callbacks.h"
#include "unit/session/story.h"

#include <arpa/inet.h>
#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* ---- libmilter ---- */

static struct smfiDesc registered;
static void *private_data;
static struct strbuf said;   /* what the filter requested of libmilter */
static unsigned calls_seen;  /* the fewest that were counted while one ran */
static bool refuses_changes; /* the MTA takes no change */

int smfi_register(struct smfiDesc filter)
{
    registered = filter;
    return MI_SUCCESS;
}

void *smfi_getpriv(SMFICTX *ctx)
{
    (void)ctx;
    if (callbacks_drain.calls < calls_seen)
        calls_seen = callbacks_drain.calls;
    return private_data;
}

int smfi_setpriv(SMFICTX *ctx, void *data)
{
    (void)ctx;
    private_data = data;
    return MI_SUCCESS;
}

char *smfi_getsymval(SMFICTX *ctx, char *name)
{
    (void)ctx;
    (void)name;
    return NULL;
}

int smfi_setsymlist(SMFICTX *ctx, int where, char *macros)
{
    (void)ctx;
    strbuf_addf(&said, "[%d %s]", where, macros);
    return MI_SUCCESS;
}

int smfi_setreply(SMFICTX *ctx, char *code, char *enhanced, char *text)
{
    (void)ctx;
    strbuf_addf(&said, "[%s %s %s]", code, enhanced, text);
    return MI_SUCCESS;
}

static int note_change(const char *kind, const char *name, const char *value)
{
    strbuf_addf(&said, "[%s %s %.12s]", kind, name, value != NULL ? value : "(gone)");
    return refuses_changes ? MI_FAILURE : MI_SUCCESS;
}

int smfi_addheader(SMFICTX *ctx, char *name, char *value)
{
    (void)ctx;
    return note_change("add", name, value);
}

int smfi_insheader(SMFICTX *ctx, int index, char *name, char *value)
{
    (void)ctx;
    assert_int_equal(index, 0);
    return note_change("insert", name, value);
}

int smfi_chgheader(SMFICTX *ctx, char *name, int index, char *value)
{
    (void)ctx;
    assert_int_equal(index, 1);
    return note_change("change", name, value);
}

int smfi_addrcpt(SMFICTX *ctx, char *recipient)
{
    (void)ctx;
    return note_change("addrcpt", "", recipient);
}

int smfi_delrcpt(SMFICTX *ctx, char *recipient)
{
    (void)ctx;
    return note_change("delrcpt", "", recipient);
}

int smfi_quarantine(SMFICTX *ctx, char *reason)
{
    (void)ctx;
    return note_change("hold", "", reason);
}

/* ---- The filter ---- */

static struct world world;

static struct session *begin_session(void *context, const struct session_abilities *abilities)
{
    const struct session_shared shared = {.config = world.config, .checker = world.checker, .host_name = "mx"};

    (void)context;
    return session_create(&shared, abilities);
}

static struct session_needs needs(void *context)
{
    (void)context;
    return session_needs(world.config);
}

static void open_filter(const char *config)
{
    const struct front_host host = {.begin_session = begin_session, .needs = needs};

    assert_true(world_open(&world, config));
    assert_true(callbacks_register(&host));
    calls_seen = UINT32_MAX;
    refuses_changes = false;
    strbuf_truncate(&said, 0);
}

static void close_filter(void)
{
    assert_int_equal(callbacks_drain.calls, 0);
    assert_int_equal(callbacks_drain.messages, 0);
    assert_int_equal(callbacks_drain.connections, 0);
    world_close(&world);
    strbuf_free(&said);
}

static void connect_as(const char *address)
{
    struct sockaddr_in client = {.sin_family = AF_INET, .sin_port = htons(25000)};

    assert_int_equal(inet_pton(AF_INET, address, &client.sin_addr), 1);
    assert_int_equal(registered.xxfi_connect(NULL, (char *)"pc.example", (_SOCK_ADDR *)&client), SMFIS_NOREPLY);
    assert_int_equal(registered.xxfi_helo(NULL, (char *)"pc.example"), SMFIS_NOREPLY);
}

static sfsistat mail(const char *sender)
{
    char *arguments[] = {(char *)sender, NULL};

    return registered.xxfi_envfrom(NULL, arguments);
}

static sfsistat rcpt(const char *recipient)
{
    char *arguments[] = {(char *)recipient, NULL};

    return registered.xxfi_envrcpt(NULL, arguments);
}

/* ---- Tests ---- */

enum ending { END_OF_MESSAGE, ABORTED, NEXT_MAIL, CLOSED, ENDINGS };

static void end_message(enum ending ending)
{
    switch (ending) {
    case END_OF_MESSAGE:
        (void)registered.xxfi_eom(NULL);
        break;
    case ABORTED:
        (void)registered.xxfi_abort(NULL);
        break;
    case NEXT_MAIL:
        assert_int_equal(mail("<b@pass.example>"), SMFIS_CONTINUE);
        assert_int_equal(callbacks_drain.messages, 1);
        (void)registered.xxfi_abort(NULL);
        break;
    case CLOSED:
    case ENDINGS:
        (void)registered.xxfi_close(NULL);
        break;
    }
}

/* However a message ends, a stop waits for it no longer. */
static void a_message_is_under_way_until_it_ends(void **state)
{
    (void)state;
    for (enum ending ending = END_OF_MESSAGE; ending < ENDINGS; ending++) {
        open_filter("Syslog none\n");
        connect_as("192.0.2.1");
        assert_int_equal(callbacks_drain.connections, 1);
        assert_true(drain_is_idle(&callbacks_drain));
        assert_int_equal(mail("<a@pass.example>"), SMFIS_CONTINUE);
        assert_int_equal(callbacks_drain.messages, 1);
        assert_false(drain_is_idle(&callbacks_drain));
        assert_int_equal(rcpt("<c@example.net>"), SMFIS_CONTINUE);
        end_message(ending);
        assert_int_equal(callbacks_drain.messages, 0);
        assert_true(drain_is_idle(&callbacks_drain));
        if (ending != CLOSED)
            (void)registered.xxfi_close(NULL);
        close_filter();
    }
}

static void a_refused_message_is_not_under_way(void **state)
{
    (void)state;
    open_filter("RefuseFail on\nSyslog none\n");
    connect_as("192.0.2.1");
    assert_int_equal(mail("<a@fail.example>"), SMFIS_REJECT);
    assert_int_equal(callbacks_drain.messages, 0);
    assert_int_equal(strncmp(strbuf_text(&said), "[550 5.7.23 ", 12), 0);
    (void)registered.xxfi_close(NULL);
    close_filter();
}

/* A stop waits for every callback that runs, within a message and outside of one. */
static void every_callback_is_counted_while_it_runs(void **state)
{
    (void)state;
    open_filter("Syslog none\n");
    connect_as("192.0.2.1");
    (void)mail("<a@pass.example>");
    (void)rcpt("<c@example.net>");
    (void)registered.xxfi_eom(NULL);
    (void)registered.xxfi_abort(NULL);
    (void)registered.xxfi_close(NULL);
    assert_int_equal(calls_seen, 1);
    close_filter();
}

/* That of a client which is not checked, too: it is accepted at MAIL, where the MTA waits for an answer. */
static void a_trusted_client_has_no_message_under_way(void **state)
{
    (void)state;
    open_filter("WhitelistIP 192.0.2.1\nSyslog none\n");
    connect_as("192.0.2.1");
    assert_int_equal(mail("<a@fail.example>"), SMFIS_ACCEPT);
    assert_int_equal(callbacks_drain.messages, 0);
    (void)registered.xxfi_close(NULL);
    close_filter();
}

static void results_are_inserted_on_top(void **state)
{
    (void)state;
    for (unsigned refuses = 0; refuses < 2; refuses++) {
        open_filter("Syslog none\nTagSubject on\nRefuseFail off\n");
        refuses_changes = refuses == 1;
        connect_as("192.0.2.1");
        assert_int_equal(mail("<a@fail.example>"), SMFIS_CONTINUE);
        assert_int_equal(rcpt("<c@example.net>"), SMFIS_CONTINUE);
        assert_int_equal(registered.xxfi_header(NULL, (char *)"Subject", (char *)"hello"), SMFIS_NOREPLY);
        assert_int_equal(registered.xxfi_header(NULL, (char *)"Authentication-Results", (char *)"mx; spf=pass"),
                         SMFIS_NOREPLY);
        assert_int_equal(registered.xxfi_eom(NULL), SMFIS_CONTINUE);
        assert_non_null(strstr(strbuf_text(&said), "[change Authentication-Results (gone)]"));
        assert_non_null(strstr(strbuf_text(&said), "[change Subject "));
        assert_non_null(strstr(strbuf_text(&said), "[insert Authentication-Results mx; spf=fail"));
        (void)registered.xxfi_close(NULL);
        close_filter();
    }
}

/* Callbacks may come for a connection that could not be made. */
static void without_a_connection_mail_goes_on(void **state)
{
    (void)state;
    open_filter("Syslog none\n");
    private_data = NULL;
    assert_int_equal(registered.xxfi_helo(NULL, (char *)"x"), SMFIS_NOREPLY);
    assert_int_equal(mail("<a@fail.example>"), SMFIS_ACCEPT);
    assert_int_equal(rcpt("<c@example.net>"), SMFIS_CONTINUE);
    assert_int_equal(registered.xxfi_header(NULL, (char *)"A", (char *)"b"), SMFIS_NOREPLY);
    assert_int_equal(registered.xxfi_eom(NULL), SMFIS_CONTINUE);
    assert_int_equal(registered.xxfi_abort(NULL), SMFIS_CONTINUE);
    assert_int_equal(registered.xxfi_close(NULL), SMFIS_CONTINUE);
    close_filter();
}

/* The last of them, as nothing opens it again. */
static void once_closed_a_mail_is_not_answered(void **state)
{
    (void)state;
    open_filter("Syslog none\n");
    connect_as("192.0.2.1");
    drain_close(&callbacks_drain);
    assert_int_equal(mail("<a@pass.example>"), SMFIS_NOREPLY);
    assert_true(drain_is_idle(&callbacks_drain));
    (void)registered.xxfi_close(NULL);
    close_filter();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_under_way_until_it_ends),
        cmocka_unit_test(a_refused_message_is_not_under_way),
        cmocka_unit_test(every_callback_is_counted_while_it_runs),
        cmocka_unit_test(a_trusted_client_has_no_message_under_way),
        cmocka_unit_test(results_are_inserted_on_top),
        cmocka_unit_test(without_a_connection_mail_goes_on),
        cmocka_unit_test(once_closed_a_mail_is_not_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
