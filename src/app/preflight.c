/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probes what a start will do: first with the privileges of the moment before they are dropped, then in a child that
 * has dropped them. */
#include "app/preflight.h"

#include "app/detach.h"
#include "app/directory_owner.h"
#include "app/passed_sockets.h"
#include "app/preflight_child.h"
#include "app/service_unit.h"
#include "app/shared_places.h"
#include "base/endpoint.h"
#include "session/service.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

struct run {
    const struct config *config;
    const char *config_path;
    struct identity identity;
    bool starts_here;                /* this process is to become the filter */
    bool is_certain;                 /* this process has, or can take, the privileges of the start */
    bool log_is_made;                /* before privileges are dropped, LogTo is created or given to User */
    bool is_optional;                /* the start goes on without what is looked at */
    const struct service_unit *unit; /* by which systemd starts it; NULL: it is looked at as root or User starts it */
    struct preflight *out;
};

static const char *user_of(const struct run *run)
{
    return run->identity.user != NULL ? run->identity.user : run->config->user;
}

/* Adds a problem; or a note where only privileges that this process does not have could tell. `error`: errno, or 0. */
__attribute__((format(printf, 4, 5))) static void add_problem(struct run *run, int status, int error,
                                                              const char *format, ...)
{
    const bool is_unknown = !run->is_certain && (error == EACCES || error == EPERM);
    const bool is_note = is_unknown || run->is_optional;
    struct strbuf *lines = is_note ? &run->out->notes : &run->out->problems;
    va_list args;

    va_start(args, format);
    strbuf_vaddf(lines, format, args);
    va_end(args);
    if (is_unknown)
        strbuf_add(lines, " (not checked for the user of the filter)\n");
    else
        strbuf_add(lines, run->is_optional
                              ? "; the filter starts, but smf-spf reload, reopen and stats do not reach it\n"
                              : "\n");
    if (!is_note && run->out->status == EX_OK)
        run->out->status = status;
}

/* Paths */

/* True for a directory in /run, which is empty after a boot: the service manager or the init script makes it. */
static bool is_runtime_directory(const char *directory)
{
    static const char *const places[] = {"/run/", "/var/run/"};

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const size_t len = strlen(places[i]);

        if (strncmp(directory, places[i], len) == 0 && strchr(directory + len, '/') == NULL)
            return true;
    }
    return false;
}

static void add_missing_directory(struct run *run, const char *key, const char *path, const char *directory, int status)
{
    if (!run->starts_here && is_runtime_directory(directory))
        strbuf_addf(
            &run->out->notes,
            "%s: %s: there is no directory %s yet: the service makes it, and without it a start by hand fails\n", key,
            path, directory);
    else
        add_problem(run, status, 0, "%s: %s: there is no directory %s (create it for user %s)", key, path, directory,
                    user_of(run));
}

/* False if systemd keeps its unit from writing there. */
static bool is_left_writable(struct run *run, const char *key, const char *path, int status)
{
    if (run->unit == NULL || service_unit_may_write(run->unit, path))
        return true;
    add_problem(run, status, 0, "%s: %s: the unit lets the filter write to other directories only (ReadWritePaths)",
                key, path);
    return false;
}

/* True if there is a directory for `path`, and its privileges could be taken on: then end_probe. */
static bool begin_probe(struct run *run, const char *path, gid_t group, const char *key, int status)
{
    char directory[PATH_MAX];
    struct stat found;
    struct strbuf error = STRBUF_INIT;
    bool borrowed = false;

    if (directory_of(path, directory, sizeof directory) && stat(directory, &found) != 0 && errno == ENOENT) {
        add_missing_directory(run, key, path, directory, status);
        return false;
    }
    if (!is_left_writable(run, key, path, status))
        return false;
    borrowed = privileges_borrow(&run->identity, path, group, key, &error);
    if (!borrowed) {
        privileges_return(&run->identity);
        add_problem(run, status, 0, "%s", strbuf_text(&error));
    }
    strbuf_free(&error);
    return borrowed;
}

static void end_probe(const struct run *run)
{
    privileges_return(&run->identity);
}

/* 0 if a file can be made in the directory of `path` with the privileges of the moment, else an error number. */
static int directory_error(const char *path)
{
    char directory[PATH_MAX];

    if (!directory_of(path, directory, sizeof directory))
        return ENAMETOOLONG;
    return faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

/* 0 if the file at `path` can be written to, with its type set to *found; ENOENT with a directory that takes one is 0
 * too. */
static int file_error(const char *path, struct stat *found)
{
    *found = (struct stat){.st_mode = S_IFREG, .st_nlink = 1};
    if (lstat(path, found) != 0)
        return errno == ENOENT ? directory_error(path) : errno;
    if (S_ISREG(found->st_mode) && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
        return errno;
    return S_ISDIR(found->st_mode) ? EISDIR : 0;
}

static void probe_unix_socket(struct run *run, const char *key, const char *path)
{
    struct stat found;
    int error;

    if (!begin_probe(run, path, run->identity.socket_gid, key, EX_UNAVAILABLE))
        return;
    error = directory_error(path);
    if (lstat(path, &found) == 0 && !S_ISSOCK(found.st_mode))
        add_problem(run, EX_UNAVAILABLE, 0, "%s: %s: is there already, and is no socket", key, path);
    else if (error != 0)
        add_problem(run, EX_UNAVAILABLE, error, "%s: %s: user %s cannot make a socket there: %s", key, path,
                    user_of(run), strerror(error));
    end_probe(run);
}

/* Whether a socket can be bound to the port, or to any port if it is 0. */
static int bind_error(const struct addrinfo *at, unsigned port)
{
    const int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    int error = 0;

    memcpy(&address, at->ai_addr, at->ai_addrlen);
    if (at->ai_family == AF_INET6)
        ((struct sockaddr_in6 *)&address)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)&address)->sin_port = htons((uint16_t)port);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (const struct sockaddr *)&address, at->ai_addrlen) != 0)
        error = errno;
    if (fd >= 0)
        close(fd);
    return error;
}

/* Binds to any port of this address: whether the address is this host's shows so, and nothing listens. Only whether a
 * port below 1024 may be bound takes the port itself; that it is in use says that it may be. */
static int address_error(const struct run *run, const struct addrinfo *at, unsigned port)
{
    int error = bind_error(at, 0);

    if (error == 0 && port < IPPORT_RESERVED && (run->unit == NULL || !service_unit_binds_any_port(run->unit)))
        error = bind_error(at, port);
    return error == EADDRINUSE ? 0 : error;
}

static void probe_inet_socket(struct run *run, const char *key, const char *spec, const struct endpoint *endpoint)
{
    const struct addrinfo hints = {.ai_family = endpoint->kind == ENDPOINT_INET6 ? AF_INET6 : AF_INET,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE};
    const char *host = endpoint->host[0] != '\0' ? endpoint->host : NULL;
    struct addrinfo *found = NULL;
    const int problem = getaddrinfo(host, host != NULL ? NULL : "0", &hints, &found);
    int error;

    if (problem != 0) {
        add_problem(run, EX_UNAVAILABLE, 0, "%s: %s: cannot listen: %s", key, spec, gai_strerror(problem));
        return;
    }
    error = address_error(run, found, endpoint->number);
    if (error == EACCES)
        add_problem(run, EX_UNAVAILABLE, error, "%s: %s: cannot listen: user %s may not use a port below %d", key, spec,
                    user_of(run), IPPORT_RESERVED);
    else if (error != 0)
        add_problem(run, EX_UNAVAILABLE, error, "%s: %s: cannot listen: %s", key, spec, strerror(error));
    freeaddrinfo(found);
}

/* Who hands a socket over has opened it, and to the filter alone: beside it there is nothing to look at. */
static void probe_passed_socket(struct run *run, const char *key, const char *spec)
{
    char numbered[PASSED_SOCKETS_SPEC_SIZE];
    struct strbuf error = STRBUF_INIT;

    if (!run->starts_here)
        strbuf_addf(&run->out->notes, "%s: %s: whether the service manager passes this socket was not checked\n", key,
                    spec);
    else if (passed_sockets_spec(spec, numbered, &error) == NULL)
        add_problem(run, EX_CONFIG, 0, "%s: %s", key, strbuf_text(&error));
    strbuf_free(&error);
}

/* A socket of a key that has the forms of Socket. */
static void probe_socket(struct run *run, const char *key, const char *spec)
{
    struct endpoint endpoint;

    if (spec == NULL || !endpoint_parse(spec, &endpoint))
        return;
    if (endpoint.kind == ENDPOINT_DESCRIPTOR)
        probe_passed_socket(run, key, spec);
    else if (endpoint.kind == ENDPOINT_UNIX)
        probe_unix_socket(run, key, endpoint.path);
    else
        probe_inet_socket(run, key, spec, &endpoint);
}

/* True of a file that is not there, too. */
static bool holds_process_id(const char *path)
{
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    const bool holds = fd < 0 || detach_is_pid_file(fd);

    if (fd >= 0)
        close(fd);
    return holds;
}

/* A filter without it filters all the same. */
static void probe_control_socket(struct run *run)
{
    run->is_optional = true;
    if (run->config->control_socket != NULL)
        probe_unix_socket(run, "ControlSocket", run->config->control_socket);
    run->is_optional = false;
}

static void probe_pid_file(struct run *run)
{
    const char *path = run->config->pid_file;
    struct stat found;
    int error;

    if (path == NULL || !begin_probe(run, path, (gid_t)-1, "PidFile", EX_CANTCREAT))
        return;
    error = file_error(path, &found);
    if (S_ISLNK(found.st_mode))
        add_problem(run, EX_CANTCREAT, 0, "PidFile: %s is a symbolic link", path);
    else if (error != 0)
        add_problem(run, EX_CANTCREAT, error, "PidFile: cannot write %s: %s", path, strerror(error));
    else if (!S_ISREG(found.st_mode))
        add_problem(run, EX_CANTCREAT, 0, "PidFile: %s is not a regular file", path);
    else if (found.st_nlink != 1)
        add_problem(run, EX_CANTCREAT, 0, "PidFile: %s has a second name (a hard link)", path);
    else if (!holds_process_id(path))
        add_problem(run, EX_CANTCREAT, 0, "PidFile: %s holds something other than a process ID", path);
    end_probe(run);
}

/* As log_setup_create_file does it: a missing file is made, and one of root's is given to User. */
static void probe_log_before_drop(struct run *run)
{
    const char *path = run->config->log_to;
    struct strbuf unused = STRBUF_INIT;
    struct stat found;

    if (path == NULL || !run->identity.changes)
        return;
    if (privileges_borrow(&run->identity, path, run->identity.gid, "LogTo", &unused)) {
        const bool is_there = lstat(path, &found) == 0;

        run->log_is_made = is_there
                               ? geteuid() == 0 && S_ISREG(found.st_mode) && found.st_nlink == 1 && found.st_uid == 0
                               : errno == ENOENT && directory_error(path) == 0;
    }
    privileges_return(&run->identity);
    strbuf_free(&unused);
}

/* What is done after privileges are dropped */

/* 0 if LogTo can be opened. What is no regular file is opened: nothing else tells a FIFO that has a reader. */
static int log_file_error(const char *path)
{
    struct stat found;
    int fd = -1, error = 0;

    if (stat(path, &found) != 0)
        return errno == ENOENT ? directory_error(path) : errno;
    if (S_ISREG(found.st_mode) || S_ISDIR(found.st_mode)) {
        error = faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 ? 0 : errno;
        return S_ISDIR(found.st_mode) ? EISDIR : error;
    }
    fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    error = fd < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return error;
}

static void probe_log(struct run *run)
{
    const char *path = run->config->log_to;
    const char *const user = user_of(run);
    int error;

    if (path == NULL || strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/stderr") == 0)
        return; /* they are open already */
    if (strncmp(path, "/dev/", 5) != 0 && !is_left_writable(run, "LogTo", path, EX_CANTCREAT))
        return;
    error = run->log_is_made ? 0 : log_file_error(path);
    if (error == EACCES)
        add_problem(run, EX_CANTCREAT, error, "LogTo: cannot open %s: %s (user %s must be able to write to it)", path,
                    strerror(error), user);
    else if (error != 0)
        add_problem(run, EX_CANTCREAT, error, "LogTo: cannot open %s: %s", path, strerror(error));
    else if (run->is_certain && strncmp(path, "/dev/", 5) != 0 && directory_error(path) == EACCES)
        strbuf_addf(&run->out->notes,
                    "LogTo: %s: user %s cannot make it again once it is rotated away: use a directory of that user's\n",
                    path, user);
}

static void probe_dns(struct run *run)
{
    const struct config *config = run->config;
    const char *zone = config->zone_file;
    const int status = zone != NULL || config->dnssec ? EX_CONFIG : EX_UNAVAILABLE;
    struct strbuf error = STRBUF_INIT;
    struct dns *dns = NULL;

    if (zone != NULL && faccessat(AT_FDCWD, zone, R_OK, AT_EACCESS) != 0) {
        add_problem(run, status, errno, "ZoneFile: %s: cannot be read by user %s: %s", zone, user_of(run),
                    strerror(errno));
        return;
    }
    dns = service_open_dns(config, NULL, &error);
    if (dns == NULL)
        add_problem(run, status, 0, "%s", strbuf_text(&error));
    dns_destroy(dns);
    strbuf_free(&error);
}

/* A reload reads the configuration as User. */
static void probe_config_file(struct run *run)
{
    if (run->is_certain && faccessat(AT_FDCWD, run->config_path, R_OK, AT_EACCESS) != 0 && errno == EACCES)
        strbuf_addf(&run->out->notes, "%s: user %s cannot read it: the filter starts, but will not reload\n",
                    run->config_path, user_of(run));
}

static void probe_as_user(void *context)
{
    struct run *run = context;
    struct strbuf error = STRBUF_INIT;

    if (!privileges_drop(&run->identity, &error)) {
        add_problem(run, EX_NOPERM, 0, "User: %s", strbuf_text(&error));
    } else {
        probe_log(run);
        probe_dns(run);
        probe_config_file(run);
    }
    strbuf_free(&error);
}

/* Adds what a child has found, and what is not told yet, each line before `end`. */
static void add_lines(const char *lines, const char *told, const char *end, struct strbuf *out)
{
    while (*lines != '\0') {
        const size_t len = strcspn(lines, "\n");
        struct strbuf line = STRBUF_INIT;

        strbuf_add_mem(&line, lines, len);
        if (strstr(told, strbuf_text(&line)) == NULL)
            strbuf_addf(out, "%s%s\n", strbuf_text(&line), end);
        strbuf_free(&line);
        lines += len + (lines[len] == '\n');
    }
}

/* Adds its report, `end` to each problem. */
static void probe_in_child(struct run *run, void (*probe)(void *run), const char *user, const char *end)
{
    struct preflight *out = run->out, report = {.status = EX_OK};
    const size_t problems_len = out->problems.len;

    run->out = &report;
    preflight_in_child(probe, run, user, &report);
    run->out = out;
    add_lines(strbuf_text(&report.problems), strbuf_text(&out->problems), end, &out->problems);
    add_lines(strbuf_text(&report.notes), strbuf_text(&out->notes), "", &out->notes);
    if (out->status == EX_OK && out->problems.len > problems_len)
        out->status = report.status;
    preflight_free(&report);
}

/* Keys that must not name the same place */

static void find_shared_places(struct run *run)
{
    const size_t before = run->out->problems.len;

    shared_places_find(run->config, run->config_path, &run->out->problems);
    if (run->out->problems.len > before && run->out->status == EX_OK)
        run->out->status = EX_CONFIG;
}

/* Accounts */

static void look_up_accounts(struct run *run)
{
    struct strbuf error = STRBUF_INIT;

    if (!privileges_look_up(run->config->user, run->config->socket_group, &run->identity, &error)) {
        add_problem(run, EX_CONFIG, 0, "%s", strbuf_text(&error));
        run->is_certain = false; /* what the account may do cannot be known */
        strbuf_addf(&run->out->notes, "not checked: what user %s may read, write and create\n", run->config->user);
    }
    strbuf_free(&error);
}

/* Whether an administrator's process can tell what the filter may do: it is root's, or User's own. */
static void look_at_own_account(struct run *run)
{
    const struct passwd *own = getpwuid(geteuid());

    if (geteuid() == 0 || (own != NULL && strcmp(own->pw_name, run->config->user) == 0))
        return;
    run->is_certain = false;
    strbuf_addf(&run->out->notes, "run by %s, not by root or %s: what %s may read, write and make was not checked\n",
                own != NULL ? own->pw_name : "an unknown user", run->config->user, run->config->user);
    if (getpwnam(run->config->user) == NULL)
        strbuf_addf(&run->out->notes, "User: there is no user \"%s\" on this host: a start by root would fail\n",
                    run->config->user);
}

/* All that is made or opened before privileges are dropped. */
static void probe_sockets_and_files(struct run *run)
{
    probe_socket(run, "Socket", run->config->socket);
    probe_socket(run, "Metrics", run->config->metrics);
    probe_control_socket(run);
    probe_pid_file(run);
}

/* As the unit starts it: nothing is done before privileges are dropped. */
static void probe_as_unit(void *context)
{
    struct run *run = context;
    struct strbuf error = STRBUF_INIT;

    if (privileges_drop(&run->identity, &error)) {
        probe_sockets_and_files(run);
        probe_log(run);
    } else {
        add_problem(run, EX_NOPERM, 0, "User: %s", strbuf_text(&error));
    }
    strbuf_free(&error);
}

/* What only root may do works where root starts the filter, and not where systemd starts it as another user. */
static void probe_unit(struct run *run)
{
    struct service_unit unit = {.properties = NULL};
    struct run as_unit = *run;
    struct strbuf error = STRBUF_INIT, end = STRBUF_INIT;

    if (geteuid() == 0 && service_unit_read(run->config_path, &unit) && unit.user != NULL) {
        as_unit.unit = &unit;
        as_unit.log_is_made = false;
        strbuf_addf(&end, " (systemd starts the filter as %s; \"systemctl edit smf-spf\" can allow it)", unit.user);
        if (privileges_look_up(unit.user, run->config->socket_group, &as_unit.identity, &error))
            probe_in_child(&as_unit, probe_as_unit, unit.user, strbuf_text(&end));
    }
    strbuf_free(&error);
    strbuf_free(&end);
    service_unit_free(&unit);
}

void preflight_run(const struct config *config, const char *config_path, bool starts_here, struct identity *identity,
                   struct preflight *out)
{
    struct run run = {
        .config = config, .config_path = config_path, .starts_here = starts_here, .is_certain = true, .out = out};

    if (!starts_here)
        look_at_own_account(&run);
    run.identity = (struct identity){.uid = (uid_t)-1, .gid = (gid_t)-1, .socket_gid = (gid_t)-1};
    look_up_accounts(&run);
    find_shared_places(&run);
    probe_sockets_and_files(&run);
    probe_log_before_drop(&run);
    probe_in_child(&run, probe_as_user, user_of(&run), "");
    if (!starts_here && run.identity.changes)
        probe_unit(&run);
    *identity = run.identity;
}

void preflight_free(struct preflight *preflight)
{
    strbuf_free(&preflight->problems);
    strbuf_free(&preflight->notes);
}
