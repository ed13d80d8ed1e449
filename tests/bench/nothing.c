/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A filter that does nothing, the yardstick of the measurements: it asks the MTA for the same steps and macros as
 * smf-spf in its default configuration, and goes on at each.
 *
 *   nothing SOCKET [SLEEP_MS]     MAIL takes SLEEP_MS */
#include "load_process.h"

#include <libmilter/mfapi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BACKLOG = 1024 };

static struct timespec mail_pause;
static bool pauses;

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps, unsigned long unused2,
                             unsigned long unused3, unsigned long *wanted_actions, unsigned long *wanted_steps,
                             unsigned long *wanted2, unsigned long *wanted3)
{
    const unsigned long unneeded = SMFIP_NOBODY | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NOEOH;
    const unsigned long unanswered = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_HDR;

    (void)unused2;
    (void)unused3;
    *wanted_actions = actions & (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_ADDRCPT | SMFIF_DELRCPT);
    *wanted_steps = (steps & unneeded) | unanswered;
    *wanted2 = 0;
    *wanted3 = 0;
    if ((actions & SMFIF_SETSYMLIST) != 0) {
        smfi_setsymlist(ctx, SMFIM_CONNECT, (char *)"j");
        smfi_setsymlist(ctx, SMFIM_HELO, (char *)"");
        smfi_setsymlist(ctx, SMFIM_ENVFROM, (char *)"i {auth_type} {auth_authen} {mail_addr}");
        smfi_setsymlist(ctx, SMFIM_ENVRCPT, (char *)"");
        smfi_setsymlist(ctx, SMFIM_EOM, (char *)"i");
    }
    return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
    (void)ctx, (void)name, (void)address;
    return SMFIS_NOREPLY;
}

static sfsistat on_helo(SMFICTX *ctx, char *helo)
{
    (void)ctx, (void)helo;
    return SMFIS_NOREPLY;
}

static sfsistat on_mail(SMFICTX *ctx, char **arguments)
{
    (void)ctx, (void)arguments;
    if (pauses)
        nanosleep(&mail_pause, NULL);
    return SMFIS_CONTINUE;
}

static sfsistat on_rcpt(SMFICTX *ctx, char **arguments)
{
    (void)ctx, (void)arguments;
    return SMFIS_CONTINUE;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
    (void)ctx, (void)name, (void)value;
    return SMFIS_NOREPLY;
}

static sfsistat on_step(SMFICTX *ctx)
{
    (void)ctx;
    return SMFIS_CONTINUE;
}

int main(int argc, char **argv)
{
    struct smfiDesc filter = {
        .xxfi_name = (char *)"nothing",
        .xxfi_version = SMFI_VERSION,
        .xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_ADDRCPT | SMFIF_DELRCPT | SMFIF_SETSYMLIST,
        .xxfi_connect = on_connect,
        .xxfi_helo = on_helo,
        .xxfi_envfrom = on_mail,
        .xxfi_envrcpt = on_rcpt,
        .xxfi_header = on_header,
        .xxfi_eom = on_step,
        .xxfi_abort = on_step,
        .xxfi_close = on_step,
        .xxfi_negotiate = on_negotiate,
    };
    long pause_ms = argc == 3 ? strtol(argv[2], NULL, 10) : 0;

    if (argc < 2 || argc > 3) {
        (void)fprintf(stderr, "usage: nothing SOCKET [SLEEP_MS]\n");
        return EXIT_FAILURE;
    }
    pauses = pause_ms > 0;
    mail_pause = (struct timespec){.tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000};
    load_process_allow_descriptors();
    if (smfi_setconn(argv[1]) != MI_SUCCESS || smfi_register(filter) != MI_SUCCESS ||
        smfi_setbacklog(BACKLOG) != MI_SUCCESS || smfi_opensocket(true) != MI_SUCCESS)
        return EXIT_FAILURE;
    return smfi_main() == MI_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}
