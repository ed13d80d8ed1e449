/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the reader of policy requests: any octets, which come at once or in two pieces. */
#include "front/policy/request.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct result {
    enum request_reading reading;
    struct request request;
    size_t taken;
    const char *problem;
    char *octets; /* no more than there are, so that a sanitizer sees each one too far */
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct result read_in_pieces(const uint8_t *data, size_t size, size_t first)
{
    struct result result = {.octets = malloc(size > 0 ? size : 1)};
    size_t scanned = 0;

    require(result.octets != NULL);
    if (size > 0)
        memcpy(result.octets, data, size);
    result.reading = request_read(result.octets, first, &scanned, &result.request, &result.taken, &result.problem);
    if (result.reading == REQUEST_INCOMPLETE && first < size)
        result.reading = request_read(result.octets, size, &scanned, &result.request, &result.taken, &result.problem);
    return result;
}

/* Each attribute is a text inside of the request. */
static void check_text(const struct result *result, const char *text)
{
    if (text[0] == '\0')
        return;
    require(text > result->octets && text + strlen(text) < result->octets + result->taken);
    require(strpbrk(text, "\r\n") == NULL);
}

static void check_request(const struct result *result)
{
    const struct request *request = &result->request;

    require(result->taken > 0 && result->taken <= REQUEST_MAX);
    check_text(result, request->client_address);
    check_text(result, request->client_name);
    check_text(result, request->client_port);
    check_text(result, request->helo_name);
    check_text(result, request->instance);
    check_text(result, request->queue_id);
    check_text(result, request->sender);
    check_text(result, request->recipient);
    check_text(result, request->sasl_username);
    check_text(result, request->ccert_subject);
    check_text(result, request->ccert_issuer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct result whole = read_in_pieces(data, size, size);
    const struct result pieces = read_in_pieces(data, size, size / 2);

    require(pieces.reading == whole.reading);
    if (whole.reading == REQUEST_COMPLETE) {
        require(pieces.taken == whole.taken && strcmp(pieces.request.sender, whole.request.sender) == 0);
        check_request(&whole);
        check_request(&pieces);
    }
    free(whole.octets);
    free(pieces.octets);
    return 0;
}
