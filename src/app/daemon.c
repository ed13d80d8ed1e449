/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts the filter, waits for signals, and stops it once the current messages are answered. */
#include "app/daemon.h"

#include "app/control.h"
#include "app/counters.h"
#include "app/fronts.h"
#include "app/log_setup.h"
#include "app/preflight/policy_limits.h"
#include "app/preflight/preflight.h"
#include "app/process/core_dumps.h"
#include "app/process/detach.h"
#include "app/process/notify.h"
#include "app/process/passed_sockets.h"
#include "app/process/privileges.h"
#include "app/process/sandbox.h"
#include "app/reload.h"
#include "base/allocator.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/log.h"
#include "config/table_socket.h"
#include "front/metrics/metrics_front.h"
#include "front/milter/listener.h"
#include "front/milter/milter_front.h"
#include "front/policy/policy_front.h"
#include "front/tables/tables_front.h"
#include "session/metrics.h"
#include "session/service.h"
#include "session/srs_rules.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

enum { RETURN_FREE_MS = 30 * 1000 };

struct daemon {
    char *config_path; /* absolute, as the daemon leaves its working directory; not resolved: a link may change */
    const struct config *config; /* of the start: what cannot change later */
    struct identity identity;
    struct service *service;
    struct fronts fronts;
    char numbered[FRONTS_SOCKETS_MAX][PASSED_SOCKETS_SPEC_SIZE]; /* sockets that the service manager named */
    struct control control;
    struct strbuf control_problem; /* why there is no control socket */
    atomic_bool has_failed_reload; /* the last one; the file is not what is effective */
    _Atomic uint64_t reloads, failed_reloads;
    _Atomic int64_t started_s, loaded_s; /* Unix time, of the process and of the effective configuration */
};

static int wake_pipe[2] = {-1, -1};
static atomic_int stop_wanted; /* of the signal handler, and of the thread that answers /healthz */
static volatile sig_atomic_t reload_wanted;
static volatile sig_atomic_t counters_wanted;
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler may change lock-free atomics only");

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

/* Only the main thread does not block them. libmilter waits for some on a thread of its own, but is kept from getting
 * any (front/milter/quirks/signals.c). */
static bool catch_signals(struct strbuf *error)
{
    static const int caught[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    if (!descriptor_pipe(wake_pipe, false)) {
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

static void forward_sender(void *context, const char *sender, forwarding_done done, void *done_context)
{
    const struct daemon *daemon = context;

    forwarding_sender_start(daemon->service, sender, done, done_context);
}

static void forward_recipient(void *context, const char *recipient, forwarding_done done, void *done_context)
{
    const struct daemon *daemon = context;

    forwarding_recipient(daemon->service, recipient, done, done_context);
}

static void write_metrics(void *context, bool is_openmetrics, struct strbuf *out)
{
    const struct daemon *daemon = context;
    struct strbuf libmilter = STRBUF_INIT;
    struct metrics_state state = {.caches = service_caches(daemon->service),
                                  .load = fronts_load(&daemon->fronts),
                                  .version = SMF_SPF_VERSION,
                                  .reloads = daemon->reloads,
                                  .failed_reloads = daemon->failed_reloads,
                                  .has_failed_reload = daemon->has_failed_reload,
                                  .started_s = daemon->started_s,
                                  .loaded_s = daemon->loaded_s};
    const struct config *config = service_config(daemon->service);

    listener_add_version(&libmilter);
    state.libmilter = strbuf_text(&libmilter);
    config_hash(config, state.config_hash);
    config_release(config);
    service_dns_state(daemon->service, &state.dns);
    service_greylist_state(daemon->service, &state.greylist);
    metrics_write(&state, is_openmetrics, out);
    strbuf_free(&libmilter);
}

static bool is_healthy(void *context, struct strbuf *line)
{
    const struct daemon *daemon = context;
    struct dns_state dns;

    if (stop_wanted)
        strbuf_add(line, "stopping: no new connection is taken\n");
    else if (daemon->has_failed_reload)
        strbuf_add(line, "the last reload failed: the configuration before it stays effective\n");
    if (line->len > 0)
        return false;
    service_dns_state(daemon->service, &dns);
    strbuf_add(line, dns.has_outage ? "degraded: no name server replies\n" : "ok\n");
    return true;
}

static void log_policy_limits(const struct config *config)
{
    struct strbuf keys = STRBUF_INIT;

    policy_limits_add(config, &keys);
    if (keys.len > 0)
        log_notice("PolicySocket: it shows no header, and takes no change of one or of recipients; not done for it: %s",
                   strbuf_text(&keys));
    strbuf_truncate(&keys, 0);
    policy_limits_add_unserved(config, &keys);
    if (keys.len > 0)
        log_notice("PolicySocket: there is none, and a milter has no use for: %s", strbuf_text(&keys));
    strbuf_truncate(&keys, 0);
    policy_limits_add_short_name(config, &keys);
    if (keys.len > 0)
        log_notice(
            "PolicySocket: Postfix does not tell its name, so that fields have this host's: %s; AuthservID sets it",
            strbuf_text(&keys));
    strbuf_free(&keys);
}

static void log_null_senders(const struct config *config)
{
    if (policy_limits_has_null_senders(config))
        log_notice("Greylist: the policy service greylists a null sender only where smtpd_data_restrictions ask it");
}

static void log_lack_of_outgoing(const struct config *config)
{
    if (srs_rules_lacks_outgoing(config))
        log_notice("SRSDomain: without SRSOutgoing each sender is rewritten, as with SRSAlways on");
}

/* What follows once the sockets are bound, in the order that privileges demand. Returns a status of sysexits.h. */
static int start_after_sockets(struct daemon *daemon, struct strbuf *error)
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
    reload_log_warnings(config);
    log_policy_limits(config);
    log_lack_of_outgoing(config);
    log_null_senders(config);
    if (daemon->control_problem.len > 0)
        log_notice("%s; smf-spf reload and reopen do not reach this filter", strbuf_text(&daemon->control_problem));
    core_dumps_set(config->core_dumps);
    sandbox_enter(config, daemon->config_path); /* before any thread exists */
    daemon->service = service_create(config, error);
    if (daemon->service == NULL)
        return config->zone_file != NULL || config->dnssec ? EX_CONFIG : EX_UNAVAILABLE;
    return fronts_run(&daemon->fronts, error) ? EX_OK : EX_OSERR;
}

static void remove_pid_file(const struct daemon *daemon)
{
    if (daemon->config->pid_file != NULL)
        detach_remove_pid_file(daemon->config->pid_file, &daemon->identity);
}

/* Looks at all that the start needs of the host, so that every problem is told at once, and `smf-spf -n` knows the
 * same. Returns a status of sysexits.h. */
static int check_host(struct daemon *daemon, struct strbuf *error)
{
    struct preflight found = {.status = EX_OK};

    preflight_run(daemon->config, daemon->config_path, true, &daemon->identity, &found);
    strbuf_add(error, strbuf_text(&found.problems));
    preflight_free(&found);
    return found.status;
}

static struct reload_parts parts_of(const struct daemon *daemon)
{
    return (struct reload_parts){.config_path = daemon->config_path,
                                 .started_with = daemon->config,
                                 .service = daemon->service,
                                 .user = daemon->identity.user};
}

static bool reload(void *context, struct strbuf *answer)
{
    struct daemon *daemon = context;
    const struct reload_parts parts = parts_of(daemon);

    notify_manager("RELOADING=1");
    daemon->has_failed_reload = !reload_run(&parts, answer);
    notify_manager("READY=1");
    if (daemon->has_failed_reload) {
        daemon->failed_reloads++;
    } else {
        daemon->reloads++;
        daemon->loaded_s = clock_unix_s(&clock_system);
    }
    return !daemon->has_failed_reload;
}

static bool reopen(void *context, struct strbuf *answer)
{
    const struct reload_parts parts = parts_of(context);

    return reload_reopen_log(&parts, answer);
}

static bool tell_stats(void *context, struct strbuf *answer)
{
    write_metrics(context, false, answer);
    return !answer->failed;
}

static const struct control_verb control_verbs[] = {
    {"reload", reload}, {"reopen", reopen}, {"stats", tell_stats}, {NULL, NULL}};

/* A filter without it filters all the same. */
static void open_control(struct daemon *daemon)
{
    daemon->control = (struct control){.path = daemon->config->control_socket,
                                       .config_path = daemon->config_path,
                                       .verbs = control_verbs,
                                       .context = daemon};
    control_open(&daemon->control, &daemon->identity, &daemon->control_problem);
}

/* Adds a socket of a front end, if `spec` has one. False, with a message, if the service manager passed none of the
 * name. */
static bool add_socket(struct daemon *daemon, const struct front *front, const char *key, struct front_socket socket,
                       struct strbuf *error)
{
    if (socket.spec == NULL)
        return true;
    socket.mode = daemon->config->socket_mode;
    socket.spec = passed_sockets_spec(socket.spec, daemon->numbered[daemon->fronts.socket_count], error);
    if (socket.spec != NULL)
        fronts_add(&daemon->fronts, front, key, socket);
    return socket.spec != NULL;
}

static bool add_front(struct daemon *daemon, const struct front *front, const char *key, const char *spec,
                      struct strbuf *error)
{
    return add_socket(daemon, front, key, (struct front_socket){.spec = spec}, error);
}

static bool add_tables(struct daemon *daemon, struct strbuf *error)
{
    const struct text_list *values = &daemon->config->table_sockets;

    for (size_t i = 0; i < values->count; i++) {
        struct front_socket socket = {.mode = 0};

        socket.spec = table_socket_spec(values->items[i], &socket.protocol);
        if (!add_socket(daemon, &tables_front, "TableSocket", socket, error))
            return false;
    }
    return true;
}

/* Before the process detaches, as the sockets are passed to this one. */
static bool add_fronts(struct daemon *daemon, struct strbuf *error)
{
    daemon->fronts.wake = wake;
    return add_front(daemon, &milter_front, "Socket", daemon->config->socket, error) &&
           add_front(daemon, &metrics_front, "Metrics", daemon->config->metrics, error) &&
           add_front(daemon, &policy_front, "PolicySocket", daemon->config->policy_socket, error) &&
           add_tables(daemon, error);
}

/* The line that says that all is well, with each socket. */
static void log_start(const struct fronts *fronts)
{
    struct strbuf sockets = STRBUF_INIT;

    for (size_t i = 0; i < fronts->socket_count; i++) {
        const struct front_socket *socket = &fronts->sockets[i].socket;
        const char *protocol = socket->protocol != NULL ? socket->protocol : "";

        strbuf_addf(&sockets, "%s%s %s%s%s", i > 0 ? ", " : "", fronts->sockets[i].key, protocol,
                    protocol[0] != '\0' ? ":" : "", socket->spec);
    }
    log_notice("version " SMF_SPF_VERSION " listens on %s", strbuf_text(&sockets));
    strbuf_free(&sockets);
}

/* Everything between the configuration and the first message. Returns a status of sysexits.h. */
static int start(struct daemon *daemon, bool foreground, struct strbuf *error)
{
    const struct config *config = daemon->config;
    const struct front_host host = {.begin_session = begin_session,
                                    .needs = needs,
                                    .forward_sender = forward_sender,
                                    .forward_recipient = forward_recipient,
                                    .write_metrics = write_metrics,
                                    .is_healthy = is_healthy,
                                    .context = daemon};
    int status = EX_OSERR;

    notify_open();
    status = check_host(daemon, error);
    if (status != EX_OK)
        return status;
    if (!add_fronts(daemon, error))
        return EX_CONFIG;
    if (!foreground && config->daemonize && !detach_begin(error))
        return EX_OSERR;
    if (!catch_signals(error))
        return EX_OSERR;
    raise_descriptor_limit();
    status = EX_UNAVAILABLE;
    open_control(daemon);
    if (fronts_open(&daemon->fronts, &host, &daemon->identity, error))
        status = start_after_sockets(daemon, error);
    if (status != EX_OK) {
        fronts_discard(&daemon->fronts, &daemon->identity);
        control_close(&daemon->control, &daemon->identity);
        remove_pid_file(daemon);
    }
    return status;
}

/* Waits for a signal, or a request at `control_fd` (-1: there is none), at most `timeout_ms`; -1: without a limit. */
static void await_wake(int control_fd, int timeout_ms)
{
    struct pollfd ends[] = {{.fd = wake_pipe[0], .events = POLLIN}, {.fd = control_fd, .events = POLLIN}};
    char drained[64];

    (void)poll(ends, sizeof ends / sizeof ends[0], timeout_ms);
    while (read(wake_pipe[0], drained, sizeof drained) > 0)
        ;
}

static void reload_by_signal(struct daemon *daemon)
{
    struct strbuf unread = STRBUF_INIT;

    (void)reload(daemon, &unread);
    strbuf_free(&unread);
}

/* Resolvers, evaluations and answers come and go among the entries of caches; what they leave free is returned now and
 * then. */
static void return_free_memory(int64_t *due_ms)
{
    const int64_t now_ms = clock_monotonic_ms(&clock_system);

    if (now_ms < *due_ms)
        return;
    allocator_return_free();
    *due_ms = now_ms + RETURN_FREE_MS;
}

static void serve(struct daemon *daemon)
{
    int64_t return_free_due_ms = 0;

    while (!stop_wanted && !fronts_have_ended(&daemon->fronts)) {
        if (reload_wanted) {
            reload_wanted = 0;
            reload_by_signal(daemon);
        }
        if (counters_wanted) {
            counters_wanted = 0;
            counters_log(daemon->service);
        }
        control_serve(&daemon->control);
        return_free_memory(&return_free_due_ms);
        await_wake(daemon->control.fd, RETURN_FREE_MS);
    }
}

/* A second signal ends the stop at once. */
static bool pause_stop(int at_most_ms)
{
    if (stop_wanted < 2)
        await_wake(-1, at_most_ms);
    return stop_wanted < 2;
}

/* The end of the front ends' threads is not waited for: libmilter destroys locks that its threads still use. They end
 * with the process, and until then nothing they use is freed. */
static int stop(struct daemon *daemon)
{
    const struct fronts_pace pace = {.clock = &clock_system, .pause = pause_stop};
    const struct config *config = service_config(daemon->service);
    const char *failed;

    notify_manager("STOPPING=1");
    control_close(&daemon->control, &daemon->identity);
    fronts_stop(&daemon->fronts, config->dns_timeout_ms, &pace);
    fronts_let_go(&daemon->fronts);
    config_release(config);
    remove_pid_file(daemon);
    failed = fronts_failed(&daemon->fronts);
    if (failed != NULL)
        log_error("%s ended by itself", failed);
    log_notice("stopped");
    return failed != NULL ? EX_SOFTWARE : EX_OK;
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

/* Each line of `error` after the program's name. */
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

    allocator_set_up();
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
    daemon.started_s = daemon.loaded_s = clock_unix_s(&clock_system);
    log_start(&daemon.fronts);
    notify_manager("READY=1");
    serve(&daemon);
    return stop(&daemon);
}
