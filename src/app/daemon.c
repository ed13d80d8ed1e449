/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts the filter, waits for signals, and stops it when the messages under way are answered. */
#include "app/daemon.h"

#include "app/detach.h"
#include "app/log_setup.h"
#include "app/notify.h"
#include "app/privileges.h"
#include "app/reload.h"
#include "base/log.h"
#include "base/stats.h"
#include "base/thread.h"
#include "front/milter/callbacks.h"
#include "front/milter/listener.h"
#include "session/service.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

enum {
    DRAIN_POLL_MS = 20, /* how often an orderly stop looks whether the last message has ended */
    HANG_UP_MS = 2000,  /* how long it waits then for the connections to be closed, which takes no time */
};

struct daemon {
    char *config_path; /* absolute, as the daemon leaves its working directory; not resolved: a link may change */
    const struct config *config; /* of the start: what cannot change later */
    struct identity identity;
    struct service *service;
    pthread_t listener;
};

static int wake_pipe[2] = {-1, -1};
static volatile sig_atomic_t stop_wanted;
static volatile sig_atomic_t reload_wanted;
static volatile sig_atomic_t counters_wanted;
static atomic_bool listener_ended;
static atomic_bool listener_failed;

static void wake(void)
{
    int saved = errno;

    (void)!write(wake_pipe[1], "", 1);
    errno = saved;
}

static void on_signal(int number)
{
    if (number == SIGUSR1)
        reload_wanted = 1;
    else if (number == SIGUSR2)
        counters_wanted = 1;
    else
        stop_wanted++;
    wake();
}

/* The main thread alone does not block them. libmilter waits for some on a thread of its own, but is kept from getting
 * any (front/milter/quirks/signals.c). */
static bool catch_signals(struct strbuf *error)
{
    static const int caught[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        strbuf_addf(error, "cannot make a pipe: %s", strerror(errno));
        return false;
    }
    sigemptyset(&action.sa_mask);
    for (size_t n = 0; n < sizeof caught / sizeof caught[0]; n++)
        sigaction(caught[n], &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    return true;
}

/* libmilter's listener spins when descriptors run out, so take as many as there may be. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static struct session *begin_session(void *context, const struct session_abilities *abilities)
{
    const struct daemon *daemon = context;

    return service_begin_session(daemon->service, abilities);
}

static struct session_needs needs(void *context)
{
    const struct daemon *daemon = context;

    return service_needs(daemon->service);
}

static bool listen_to_mta(struct daemon *daemon, struct strbuf *error)
{
    const struct callbacks_host host = {.begin_session = begin_session, .needs = needs, .context = daemon};
    const struct listener_config listener = {.socket = daemon->config->socket, .mode = daemon->config->socket_mode};
    const struct identity *identity = &daemon->identity;
    const char *path = listener_path(listener.socket);
    char message[512] = "libmilter does not take the filter";
    bool listens = false;

    if (path != NULL && !privileges_borrow(identity, path, identity->socket_gid, "Socket", error)) {
        privileges_return(identity);
        return false;
    }
    listens = callbacks_register(&host) && listener_open(&listener, message, sizeof message);
    privileges_return(identity);
    if (listens && listener_give(listener.socket, identity->uid, identity->socket_gid, message, sizeof message))
        return true;
    strbuf_addf(error, "Socket: %s", message);
    return false;
}

/* Where the start fails: takes away what it has made, with the rights that made it. */
static void discard_socket(const struct daemon *daemon)
{
    const char *path = listener_path(daemon->config->socket);
    struct strbuf unused = STRBUF_INIT;

    if (path != NULL && privileges_borrow(&daemon->identity, path, (gid_t)-1, "Socket", &unused))
        listener_discard();
    privileges_return(&daemon->identity);
    strbuf_free(&unused);
}

static void *run_listener(void *unused)
{
    (void)unused;
    listener_failed = !listener_run();
    listener_ended = true;
    wake();
    return NULL;
}

/* What follows once the socket is bound, in the order that privileges demand. Returns a status of sysexits.h. */
static int start_behind_socket(struct daemon *daemon, struct strbuf *error)
{
    const struct config *config = daemon->config;
    struct log_prepared *log = NULL;

    if (config->pid_file != NULL && !detach_write_pid_file(config->pid_file, &daemon->identity, error))
        return EX_CANTCREAT;
    log_setup_create_file(config->log_to, &daemon->identity);
    if (!privileges_drop(&daemon->identity, error))
        return EX_NOPERM;
    log = log_setup_prepare(config, daemon->identity.user, error);
    if (log == NULL)
        return EX_CANTCREAT;
    log_commit(log);
    if (daemon->identity.is_not_root)
        log_warning("User: %s is root, which needs not be; running as %s", config->user, daemon->identity.user);
    daemon->service = service_create(config, error);
    if (daemon->service == NULL)
        return config->zone_file != NULL || config->dnssec ? EX_CONFIG : EX_UNAVAILABLE;
    if (thread_start(&daemon->listener, run_listener, NULL) == 0)
        return EX_OK;
    strbuf_add(error, "cannot start a thread");
    return EX_OSERR;
}

static void remove_pid_file(const struct daemon *daemon)
{
    if (daemon->config->pid_file != NULL)
        detach_remove_pid_file(daemon->config->pid_file, &daemon->identity);
}

/* Everything between the configuration and the first message. Returns a status of sysexits.h. */
static int start(struct daemon *daemon, bool foreground, struct strbuf *error)
{
    const struct config *config = daemon->config;
    int status = EX_OSERR;

    if (!privileges_look_up(config->user, config->socket_group, &daemon->identity, error))
        return EX_CONFIG;
    if (!foreground && config->daemonize && !detach_begin(error))
        return EX_OSERR;
    if (!catch_signals(error))
        return EX_OSERR;
    raise_descriptor_limit();
    status = listen_to_mta(daemon, error) ? start_behind_socket(daemon, error) : EX_UNAVAILABLE;
    if (status != EX_OK) {
        discard_socket(daemon);
        remove_pid_file(daemon);
    }
    return status;
}

static void log_counters(struct service *service)
{
    struct ttl_cache_stats results = service_cache_stats(service);
    struct strbuf line = STRBUF_INIT;

    for (int n = 0; n < STATS_COUNT; n++)
        strbuf_addf(&line, " %s=%" PRIu64, stats_name((enum stats_counter)n), stats_get((enum stats_counter)n));
    log_notice("counters:%s", strbuf_text(&line));
    strbuf_truncate(&line, 0);
    for (int n = 0; n < REASON_COUNT; n++)
        if (reason_cases((enum reason)n) > 0)
            strbuf_addf(&line, " %s=%" PRIu64, reason_name((enum reason)n), reason_cases((enum reason)n));
    log_notice("reasons:%s", strbuf_text(&line));
    log_notice("result cache: entries=%zu octets=%zu hits=%" PRIu64 " misses=%" PRIu64 " evictions=%" PRIu64,
               results.entries, results.octets, results.hits, results.misses, results.evictions);
    strbuf_free(&line);
}

/* Waits for a signal, at most `timeout_ms`; -1: without end. */
static void await_wake(int timeout_ms)
{
    struct pollfd pipe_end = {.fd = wake_pipe[0], .events = POLLIN};
    char drained[64];

    (void)poll(&pipe_end, 1, timeout_ms);
    while (read(wake_pipe[0], drained, sizeof drained) > 0)
        ;
}

static void serve(struct daemon *daemon)
{
    const struct reload_parts parts = {.config_path = daemon->config_path,
                                       .started_with = daemon->config,
                                       .service = daemon->service,
                                       .user = daemon->identity.user};

    while (!stop_wanted && !listener_ended) {
        if (reload_wanted) {
            reload_wanted = 0;
            notify_manager("RELOADING=1");
            (void)reload_run(&parts);
            notify_manager("READY=1");
        }
        if (counters_wanted) {
            counters_wanted = 0;
            log_counters(daemon->service);
        }
        await_wake(-1);
    }
}

static bool is_under_way(void)
{
    return callbacks_messages_under_way() > 0 || callbacks_running() > 0;
}

static bool is_connected(void)
{
    return callbacks_connections() > 0;
}

/* Waits as long as `goes_on` says so. A second signal ends the wait. */
static void drain(bool (*goes_on)(void), uint32_t limit_ms)
{
    const int64_t deadline_ms = clock_monotonic_ms(&clock_system) + limit_ms;

    while (goes_on() && stop_wanted < 2 && clock_monotonic_ms(&clock_system) < deadline_ms)
        await_wake(DRAIN_POLL_MS);
}

/* No message begins any more, and those under way are answered: for at most the time that an evaluation may take. What
 * libmilter is writing then is written before it reads that a connection has ended. */
static void end_service(uint32_t limit_ms)
{
    callbacks_take_no_more();
    listener_close();
    drain(is_under_way, limit_ms);
    listener_hang_up();
    drain(is_connected, HANG_UP_MS);
}

/* libmilter's own end is not waited for: it destroys locks that its threads still use. They end with the process, and
 * until then find everything in its place. */
static int stop(struct daemon *daemon)
{
    const struct config *config = service_config(daemon->service);

    notify_manager("STOPPING=1");
    end_service(config->dns_timeout_ms);
    config_release(config);
    remove_pid_file(daemon);
    if (listener_failed)
        log_error("libmilter ended by itself");
    log_notice("stopped");
    return listener_failed ? EX_SOFTWARE : EX_OK;
}

/* `path` seen from the root directory; the caller frees it. NULL, with errno, if there is no such path. */
static char *absolute_path(const char *path)
{
    struct strbuf absolute = STRBUF_INIT;
    char *directory = path[0] == '/' ? NULL : getcwd(NULL, 0);

    if (path[0] != '/' && directory == NULL)
        return NULL;
    strbuf_addf(&absolute, "%s%s%s", directory != NULL ? directory : "", directory != NULL ? "/" : "", path);
    free(directory);
    return strbuf_take(&absolute);
}

/* Each line of `error` behind the program's name. */
static void print_error(const char *error)
{
    while (*error != '\0') {
        size_t len = strcspn(error, "\n");

        (void)fprintf(stderr, "smf-spf: %.*s\n", (int)len, error);
        error += len + (error[len] == '\n');
    }
}

int daemon_run(const char *config_path, bool foreground)
{
    static struct daemon daemon; /* outlives this function, as libmilter's threads do */
    struct strbuf error = STRBUF_INIT;
    int status = EX_CONFIG;

    daemon.config_path = absolute_path(config_path);
    if (daemon.config_path != NULL)
        daemon.config = config_load(config_path, &error);
    else
        strbuf_addf(&error, "%s: cannot be found: %s", config_path, strerror(errno));
    if (daemon.config != NULL)
        status = start(&daemon, foreground, &error);
    print_error(strbuf_text(&error));
    strbuf_free(&error);
    detach_finish(status);
    if (status != EX_OK)
        return status;
    log_notice("version " SMF_SPF_VERSION " listens on %s", daemon.config->socket);
    notify_manager("READY=1");
    serve(&daemon);
    return stop(&daemon);
}
