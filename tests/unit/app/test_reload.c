/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A reload does all that a file says, or nothing. */
#include "app/reload.h"

#include "base/log.h"
#include "base/stats.h"
#include "session/session.h"
#include "support/test_directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ZONE "$TTL 300\nexample.org. TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"

static char directory[] = "/tmp/smf-spf-reload-XXXXXX";

static void write_config(const char *zone, const char *log, const char *more)
{
    char text[1024];

    snprintf(text, sizeof text, "ZoneFile %s/%s\nLogTo %s/%s\nSyslog none\n%s", directory, zone, directory, log, more);
    write_file("conf", text);
}

/* A filter that runs, and what it answers. */
static struct reload_parts parts;
static struct strbuf answer;

static int start(void **state)
{
    struct strbuf error = STRBUF_INIT;
    struct log_config log = {.level = LOG_LEVEL_INFO, .syslog_facility = -1, .ident = "test"};

    (void)state;
    unlink(path_of("log"));
    unlink(path_of("other-log"));
    write_file("zone", ZONE);
    write_config("zone", "log", "");
    log.path = path_of("log");
    if (!log_open(&log))
        return -1;
    parts = (struct reload_parts){.config_path = strdup(path_of("conf"))};
    parts.started_with = config_load(parts.config_path, &error);
    parts.service = parts.started_with != NULL ? service_create(parts.started_with, &error) : NULL;
    fputs(strbuf_text(&error), stderr);
    strbuf_free(&error);
    return parts.service != NULL ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    service_destroy(parts.service);
    config_release(parts.started_with);
    strbuf_free(&answer);
    free((char *)parts.config_path);
    log_close();
    return 0;
}

/* What a message of a stranger meets. */
static enum session_step send_forged(void)
{
    const struct session_abilities abilities = {.steps = SESSION_STEP(REFUSE_AT_MAIL)};
    struct session *session = service_begin_session(parts.service, &abilities);
    struct session_client client = {.name = "[203.0.113.66]"};
    struct session_sender sender = {.status = ADDRESS_OK};
    enum session_step step;

    assert_non_null(session);
    assert_true(addr_parse("203.0.113.66", &client.address));
    sender.status = address_parse("<alice@example.org>", &sender.address);
    session_connect(session, &client);
    step = session_mail(session, &sender).step;
    session_destroy(session);
    return step;
}

static size_t cached(void)
{
    return service_caches(parts.service).results.entries;
}

static uint64_t hits(void)
{
    return stats_get(STATS_CACHED);
}

/* The configuration in use, as a value to compare. */
static const struct config *in_use(void)
{
    const struct config *config = service_config(parts.service);

    config_release(config);
    return config;
}

static void a_bad_zone_beside_a_new_log_changes_nothing(void **state)
{
    const struct config *before = in_use();

    (void)state;
    write_config("missing-zone", "other-log", "RefuseFail off\nLogLevel error\n");
    assert_false(reload_run(&parts, &answer));
    assert_ptr_equal(in_use(), before);
    assert_int_not_equal(access(path_of("other-log"), F_OK), 0);
    assert_true(file_has("log", "missing-zone"));
    assert_non_null(strstr(strbuf_text(&answer), "missing-zone"));
    assert_non_null(strstr(strbuf_text(&answer), "stays as it was\n"));
    assert_true(log_enabled(LOG_LEVEL_INFO));
    log_notice("a line after that");
    assert_true(file_has("log", "a line after that"));
    assert_int_equal(send_forged(), SESSION_REFUSE);
}

static void a_log_that_cannot_be_opened_changes_nothing(void **state)
{
    const struct config *before = in_use();

    (void)state;
    write_config("zone", "no-directory/log", "RefuseFail off\n");
    assert_false(reload_run(&parts, &answer));
    assert_ptr_equal(in_use(), before);
    assert_true(file_has("log", "LogTo: cannot open"));
    assert_int_equal(send_forged(), SESSION_REFUSE);
}

static void an_error_in_the_file_changes_nothing(void **state)
{
    const struct config *before = in_use();

    (void)state;
    write_config("zone", "other-log", "RefuseFial off\n");
    assert_false(reload_run(&parts, &answer));
    assert_ptr_equal(in_use(), before);
    assert_int_not_equal(access(path_of("other-log"), F_OK), 0);
    assert_true(file_has("log", "RefuseFial"));
}

static void all_is_swapped_together(void **state)
{
    (void)state;
    write_file("other-zone", "$TTL 300\nexample.org. TXT \"v=spf1 ip4:203.0.113.66 -all\"\n");
    assert_int_equal(send_forged(), SESSION_REFUSE);
    write_config("other-zone", "other-log", "LogLevel debug\n");
    assert_true(reload_run(&parts, &answer));
    assert_int_equal(send_forged(), SESSION_CONTINUE);
    assert_true(log_enabled(LOG_LEVEL_DEBUG));
    assert_true(file_has("other-log", "configuration reloaded"));
    assert_false(file_has("log", "configuration reloaded"));
}

static void an_unchanged_file_keeps_everything(void **state)
{
    const struct config *before = in_use();
    uint64_t hits_before;

    (void)state;
    assert_int_equal(send_forged(), SESSION_REFUSE);
    assert_int_equal(send_forged(), SESSION_REFUSE);
    hits_before = hits();
    assert_int_equal(cached(), 1);
    assert_true(hits_before > 0);
    assert_true(reload_run(&parts, &answer));
    assert_ptr_equal(in_use(), before);
    assert_int_equal(cached(), 1);
    assert_int_equal(hits(), hits_before);
    assert_true(file_has("log", "nothing has changed"));
    assert_non_null(strstr(strbuf_text(&answer), "nothing has changed\n"));
}

static void other_settings_keep_the_caches(void **state)
{
    uint64_t hits_before;

    (void)state;
    assert_int_equal(send_forged(), SESSION_REFUSE);
    hits_before = hits();
    write_config("zone", "log", "RefuseFail off\nDNSTimeout 3s\nDNSLookahead off\n");
    assert_true(reload_run(&parts, &answer));
    assert_int_equal(cached(), 1);
    assert_int_equal(send_forged(), SESSION_CONTINUE);
    assert_int_equal(hits(), hits_before + 1);
}

static void another_size_empties_a_cache_and_keeps_its_counters(void **state)
{
    uint64_t hits_before;

    (void)state;
    assert_int_equal(send_forged(), SESSION_REFUSE);
    assert_int_equal(send_forged(), SESSION_REFUSE);
    hits_before = hits();
    write_config("zone", "log", "CacheSize 100K\n");
    assert_true(reload_run(&parts, &answer));
    assert_int_equal(cached(), 0);
    assert_int_equal(hits(), hits_before);
    assert_int_equal(send_forged(), SESSION_REFUSE);
    assert_int_equal(cached(), 1);
    write_config("zone", "log", "TTL 0\n");
    assert_true(reload_run(&parts, &answer));
    assert_int_equal(send_forged(), SESSION_REFUSE);
    assert_int_equal(cached(), 0);
}

/* The file of ZoneFile is read again, though smf-spf.conf is the same. */
static void another_text_of_the_zone_file_counts(void **state)
{
    (void)state;
    assert_int_equal(send_forged(), SESSION_REFUSE);
    write_file("zone", "$TTL 300\nexample.org. TXT \"v=spf1 ip4:203.0.113.66 -all\"\n");
    assert_true(reload_run(&parts, &answer));
    assert_int_equal(cached(), 0);
    assert_int_equal(send_forged(), SESSION_CONTINUE);
    write_file("zone", "nonsense\n");
    assert_false(reload_run(&parts, &answer));
    assert_int_equal(send_forged(), SESSION_CONTINUE);
}

static void keys_that_need_a_restart_are_named(void **state)
{
    (void)state;
    write_config("zone", "log", "Socket inet:10010@127.0.0.1\nPidFile /run/x.pid\nRefuseFail off\n");
    assert_true(reload_run(&parts, &answer));
    assert_true(file_has("log", "after a restart: Socket, PidFile\n"));
    assert_non_null(strstr(strbuf_text(&answer), "after a restart: Socket, PidFile\n"));
    assert_int_equal(send_forged(), SESSION_CONTINUE);
    write_config("zone", "log", "SocketMode 0600\nSocketGroup smfs\nUser nobody\nDaemonize off\n");
    assert_true(reload_run(&parts, &answer));
    assert_true(file_has("log", "after a restart: SocketMode, SocketGroup, User, Daemonize\n"));
    write_config("zone", "other-log", "RefuseFail off\n"); /* as at the start again */
    assert_true(reload_run(&parts, &answer));
    assert_false(file_has("other-log", "after a restart"));
}

static void a_rotated_log_is_opened_anew(void **state)
{
    static const char *const texts[] = {"", "RefuseFail off\n", "Nonsense\n"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(rename(path_of("log"), path_of("log.1")), 0);
        write_config("zone", "log", texts[i]);
        (void)reload_run(&parts, &answer);
        assert_int_equal(access(path_of("log"), F_OK), 0);
    }
}

/* As in a directory where only root may write. The file that is open is as good as before. */
static void a_log_that_cannot_be_made_again_does_not_block_a_reload(void **state)
{
    (void)state;
    assert_int_equal(rename(path_of("log"), path_of("log.1")), 0);
    assert_int_equal(mkdir(path_of("log"), 0755), 0);
    write_config("zone", "log", "RefuseFail off\n");
    assert_true(reload_run(&parts, &answer));
    assert_int_equal(send_forged(), SESSION_CONTINUE);
    assert_true(file_has("log.1", "configuration reloaded"));
    assert_true(file_has("log.1", "LogTo: cannot open"));
    assert_non_null(strstr(strbuf_text(&answer), "LogTo: cannot open"));
    strbuf_truncate(&answer, 0);
    assert_false(reload_reopen_log(&parts, &answer));
    assert_non_null(strstr(strbuf_text(&answer), "LogTo: cannot open"));
    assert_int_equal(rmdir(path_of("log")), 0);
    assert_true(reload_reopen_log(&parts, &answer));
    assert_true(file_has("log", "log reopened"));
}

static int make_directory(void **state)
{
    test_directory_use(directory);
    (void)state;
    return mkdtemp(directory) != NULL ? 0 : -1;
}

static int remove_directory(void **state)
{
    static const char *const names[] = {"conf", "zone", "other-zone", "log", "log.1", "other-log"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(path_of(names[i]));
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_bad_zone_beside_a_new_log_changes_nothing, start, stop),
        cmocka_unit_test_setup_teardown(a_log_that_cannot_be_opened_changes_nothing, start, stop),
        cmocka_unit_test_setup_teardown(an_error_in_the_file_changes_nothing, start, stop),
        cmocka_unit_test_setup_teardown(all_is_swapped_together, start, stop),
        cmocka_unit_test_setup_teardown(an_unchanged_file_keeps_everything, start, stop),
        cmocka_unit_test_setup_teardown(other_settings_keep_the_caches, start, stop),
        cmocka_unit_test_setup_teardown(another_size_empties_a_cache_and_keeps_its_counters, start, stop),
        cmocka_unit_test_setup_teardown(another_text_of_the_zone_file_counts, start, stop),
        cmocka_unit_test_setup_teardown(keys_that_need_a_restart_are_named, start, stop),
        cmocka_unit_test_setup_teardown(a_rotated_log_is_opened_anew, start, stop),
        cmocka_unit_test_setup_teardown(a_log_that_cannot_be_made_again_does_not_block_a_reload, start, stop),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
