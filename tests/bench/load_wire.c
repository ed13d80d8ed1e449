/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the frames of a message as Postfix sends them. */
#include "load_wire.h"

#include <arpa/inet.h>
#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>
#include <string.h>

#define HOST     "mx.bench.test"
#define QUEUE_ID "4bXyZw1q2Rz3TtV"

enum { VERSION = 6, ALL_ACTIONS = 0x1ff, ALL_STEPS = 0x1fffff, PORT = 40000 };

/* How each step looks, and the steps of a filter that leave it out or leave it unanswered. */
static const struct step {
    char command;
    uint32_t left_out, unanswered;
    int stage; /* of its macros; -1: none */
} steps[STEP_COUNT] = {
    [STEP_NEGOTIATE] = {SMFIC_OPTNEG, 0, 0, -1},
    [STEP_CONNECT] = {SMFIC_CONNECT, SMFIP_NOCONNECT, SMFIP_NR_CONN, SMFIM_CONNECT},
    [STEP_HELO] = {SMFIC_HELO, SMFIP_NOHELO, SMFIP_NR_HELO, SMFIM_HELO},
    [STEP_MAIL] = {SMFIC_MAIL, SMFIP_NOMAIL, SMFIP_NR_MAIL, SMFIM_ENVFROM},
    [STEP_RCPT] = {SMFIC_RCPT, SMFIP_NORCPT, SMFIP_NR_RCPT, SMFIM_ENVRCPT},
    [STEP_DATA] = {SMFIC_DATA, SMFIP_NODATA, SMFIP_NR_DATA, SMFIM_DATA},
    [STEP_HEADERS] = {SMFIC_HEADER, SMFIP_NOHDRS, SMFIP_NR_HDR, -1},
    [STEP_EOH] = {SMFIC_EOH, SMFIP_NOEOH, SMFIP_NR_EOH, SMFIM_EOH},
    [STEP_BODY] = {SMFIC_BODY, SMFIP_NOBODY, SMFIP_NR_BODY, -1},
    [STEP_EOM] = {SMFIC_BODYEOB, 0, 0, SMFIM_EOM},
};

static const char *const fields[WIRE_FIELDS][2] = {
    {"Received", "from relay.bench.test (relay.bench.test [192.0.2.1])\n\tby out.bench.test (Postfix) with ESMTPS id "
                 "4bXyZw0abc\n\tfor <someone@example.net>; Sun, 1 Mar 2026 10:00:00 +0000 (UTC)"},
    {"Received", "by relay.bench.test (Postfix, from userid 1000)\n\tid 4bXyZv9def; Sun, 1 Mar 2026 09:59:58 +0000"},
    {"DKIM-Signature", "v=1; a=rsa-sha256; c=relaxed/relaxed; d=bench.test; s=mail;\n\tt=1772359200; "
                       "bh=frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=;\n\th=From:To:Subject:Date:Message-ID; "
                       "b=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR"},
    {"Authentication-Results", "relay.bench.test; dkim=pass header.d=bench.test"},
    {"From", "Some One <someone@bench.test>"},
    {"To", "Somebody Else <someone@example.net>"},
    {"Subject", "What was said at the meeting on Thursday"},
    {"Date", "Sun, 1 Mar 2026 09:59:58 +0000"},
    {"Message-ID", "<20260301095958.4bXyZv9def@relay.bench.test>"},
    {"MIME-Version", "1.0"},
    {"Content-Type", "text/plain; charset=utf-8"},
    {"User-Agent", "Mozilla Thunderbird"},
};

enum macro {
    MACRO_J,
    MACRO_DAEMON_NAME,
    MACRO_DAEMON_ADDR,
    MACRO_V,
    MACRO_UNDERSCORE,
    MACRO_MAIL_ADDR,
    MACRO_MAIL_HOST,
    MACRO_MAIL_MAILER,
    MACRO_RCPT_ADDR,
    MACRO_I,
    MACRO_COUNT,
};

/* What Postfix has to say about an unauthenticated client, and the stages at which it knows that. */
static const struct {
    const char *name, *value; /* NULL: see add_macro */
    unsigned stages;
} macros[MACRO_COUNT] = {
    [MACRO_J] = {"j", HOST, 0x7f},
    [MACRO_DAEMON_NAME] = {"{daemon_name}", HOST, 0x7f},
    [MACRO_DAEMON_ADDR] = {"{daemon_addr}", "192.0.2.250", 0x7f},
    [MACRO_V] = {"v", "Postfix 3.7.11", 0x7f},
    [MACRO_UNDERSCORE] = {"_", "client.bench.test [192.0.2.1]", 0x7f},
    [MACRO_MAIL_ADDR] = {"{mail_addr}", NULL, 1U << SMFIM_ENVFROM},
    [MACRO_MAIL_HOST] = {"{mail_host}", NULL, 1U << SMFIM_ENVFROM},
    [MACRO_MAIL_MAILER] = {"{mail_mailer}", "smtp", 1U << SMFIM_ENVFROM},
    [MACRO_RCPT_ADDR] = {"{rcpt_addr}", "someone@example.net", 1U << SMFIM_ENVRCPT},
    [MACRO_I] = {"i", QUEUE_ID, 1U << SMFIM_DATA | 1U << SMFIM_EOH | 1U << SMFIM_EOM},
};

/* What Postfix sends to a filter that does not choose. */
static const uint32_t default_macros[WIRE_STAGES] = {
    [SMFIM_CONNECT] =
        1U << MACRO_J | 1U << MACRO_DAEMON_NAME | 1U << MACRO_DAEMON_ADDR | 1U << MACRO_V | 1U << MACRO_UNDERSCORE,
    [SMFIM_ENVFROM] = 1U << MACRO_MAIL_ADDR | 1U << MACRO_MAIL_HOST | 1U << MACRO_MAIL_MAILER,
    [SMFIM_ENVRCPT] = 1U << MACRO_RCPT_ADDR,
    [SMFIM_DATA] = 1U << MACRO_I,
    [SMFIM_EOM] = 1U << MACRO_I,
    [SMFIM_EOH] = 1U << MACRO_I,
};

/* ---- Frames ---- */

static void add(struct wire_buffer *out, const void *octets, size_t len)
{
    if (len > sizeof out->octets - out->len)
        return; /* no message is as long */
    memcpy(out->octets + out->len, octets, len);
    out->len += len;
}

/* With its NUL. */
static void add_text(struct wire_buffer *out, const char *text)
{
    add(out, text, strlen(text) + 1);
}

static void add_u32(struct wire_buffer *out, uint32_t value)
{
    uint32_t octets = htonl(value);

    add(out, &octets, sizeof octets);
}

/* Begins a frame; returns its place. */
static size_t begin_frame(struct wire_buffer *out, char command)
{
    size_t frame = out->len;

    add_u32(out, 0);
    add(out, &command, 1);
    return frame;
}

static void end_frame(struct wire_buffer *out, size_t frame)
{
    uint32_t len = htonl((uint32_t)(out->len - frame - sizeof len));

    memcpy(out->octets + frame, &len, sizeof len);
}

static void add_address(struct wire_buffer *out, const struct mail *mail, const char *end)
{
    add(out, mail->local, strlen(mail->local));
    add(out, "@", 1);
    add(out, mail->domain, strlen(mail->domain));
    add_text(out, end);
}

static void add_macro(struct wire_buffer *out, unsigned macro, const struct mail *mail)
{
    add_text(out, macros[macro].name);
    if (macros[macro].value != NULL)
        add_text(out, macros[macro].value);
    else if (macro == MACRO_MAIL_HOST)
        add_text(out, mail->domain);
    else
        add_address(out, mail, "");
}

/* Nothing where none of the macros has a value. */
static void add_macros(struct wire_buffer *out, enum wire_step step, const struct wire_terms *terms,
                       const struct mail *mail)
{
    uint32_t wanted;
    size_t frame;

    if (steps[step].stage < 0)
        return;
    wanted = terms->macros[steps[step].stage];
    for (unsigned macro = 0; macro < MACRO_COUNT; macro++)
        if ((macros[macro].stages & 1U << steps[step].stage) == 0)
            wanted &= ~(1U << macro);
    if (wanted == 0)
        return;
    frame = begin_frame(out, SMFIC_MACRO);
    add(out, &steps[step].command, 1);
    for (unsigned macro = 0; macro < MACRO_COUNT; macro++)
        if ((wanted & 1U << macro) != 0)
            add_macro(out, macro, mail);
    end_frame(out, frame);
}

static void add_field(struct wire_buffer *out, unsigned field)
{
    size_t frame = begin_frame(out, SMFIC_HEADER);

    add_text(out, fields[field][0]);
    add_text(out, fields[field][1]);
    end_frame(out, frame);
}

static void add_headers(struct wire_buffer *out, const struct wire_terms *terms, unsigned field)
{
    if (wire_answers(terms, STEP_HEADERS)) {
        add_field(out, field);
        return;
    }
    for (unsigned i = 0; i < WIRE_FIELDS; i++)
        add_field(out, i);
}

static void add_connect(struct wire_buffer *out, unsigned client)
{
    const uint16_t port = htons(PORT);
    char address[INET_ADDRSTRLEN];

    add_text(out, "client.bench.test");
    add(out, "4", 1);
    add(out, &port, sizeof port);
    (void)snprintf(address, sizeof address, "192.0.2.%u", client & 0xffU);
    add_text(out, address);
}

static void add_body(struct wire_buffer *out)
{
    static const char line[] = "All of this was said before, but as nobody listened it is said again.\r\n";

    for (size_t left = WIRE_BODY_SIZE; left > 0;) {
        size_t len = left < sizeof line - 1 ? left : sizeof line - 1;

        add(out, line, len);
        left -= len;
    }
}

static void add_payload(struct wire_buffer *out, enum wire_step step, const struct wire_message *message)
{
    switch (step) {
    case STEP_NEGOTIATE:
        add_u32(out, VERSION);
        add_u32(out, ALL_ACTIONS);
        add_u32(out, ALL_STEPS);
        break;
    case STEP_CONNECT:
        add_connect(out, message->client);
        break;
    case STEP_HELO:
        add_text(out, "client.bench.test");
        break;
    case STEP_MAIL:
        add(out, "<", 1);
        add_address(out, message->mail, ">");
        add_text(out, "SIZE=3500");
        break;
    case STEP_RCPT:
        add_text(out, "<someone@example.net>");
        break;
    case STEP_BODY:
        add_body(out);
        break;
    default:
        break;
    }
}

void wire_add_step(struct wire_buffer *out, enum wire_step step, const struct wire_terms *terms,
                   const struct wire_message *message)
{
    size_t frame;

    if (step == STEP_HEADERS) {
        add_headers(out, terms, message->field);
        return;
    }
    add_macros(out, step, terms, message->mail);
    frame = begin_frame(out, steps[step].command);
    add_payload(out, step, message);
    end_frame(out, frame);
}

void wire_add_abort(struct wire_buffer *out)
{
    end_frame(out, begin_frame(out, SMFIC_ABORT));
}

void wire_add_quit(struct wire_buffer *out)
{
    end_frame(out, begin_frame(out, SMFIC_QUIT));
}

/* ---- Agreement ---- */

bool wire_wants(const struct wire_terms *terms, enum wire_step step)
{
    return (terms->steps & steps[step].left_out) == 0;
}

bool wire_answers(const struct wire_terms *terms, enum wire_step step)
{
    return (terms->steps & steps[step].unanswered) == 0;
}

static uint32_t read_u32(const uint8_t *octets)
{
    uint32_t value;

    memcpy(&value, octets, sizeof value);
    return ntohl(value);
}

/* The macros named in a list, those that Postfix has. */
static uint32_t read_macros(const char *list)
{
    uint32_t wanted = 0;

    while (*(list += strspn(list, " ,")) != '\0') {
        size_t len = strcspn(list, " ,");

        for (unsigned macro = 0; macro < MACRO_COUNT; macro++)
            if (strlen(macros[macro].name) == len && memcmp(macros[macro].name, list, len) == 0)
                wanted |= 1U << macro;
        list += len;
    }
    return wanted;
}

bool wire_agree(const uint8_t *payload, size_t len, struct wire_terms *terms)
{
    if (len < 12)
        return false;
    memcpy(terms->macros, default_macros, sizeof terms->macros);
    terms->steps = read_u32(payload + 8);
    payload += 12;
    len -= 12;
    while (len > 4) {
        uint32_t stage = read_u32(payload);
        size_t list_len = strnlen((const char *)payload + 4, len - 4) + 1;

        if (stage >= WIRE_STAGES || list_len > len - 4)
            return false;
        terms->macros[stage] = read_macros((const char *)payload + 4);
        payload += 4 + list_len;
        len -= 4 + list_len;
    }
    return len == 0;
}
