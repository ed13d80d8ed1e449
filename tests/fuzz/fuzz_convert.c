/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the converter: whatever the foreign file holds, what is printed for it is a valid smf-spf.conf, and each line
 * that was not carried over is told. The first octet, a digit from 0 on, chooses the system. */
#include "config/config.h"
#include "tools/convert.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Another file is the same one. */
static bool read_other(void *context, const char *path, struct strbuf *text)
{
    const struct strbuf *other = context;

    (void)path;
    strbuf_add_mem(text, other->text, other->len);
    return !text->failed;
}

static void check_converted(const struct foreign_system *system, const char *text, size_t len)
{
    struct strbuf out = STRBUF_INIT, warnings = STRBUF_INIT, errors = STRBUF_INIT;
    const struct strbuf other = {.text = (char *)text, .len = len};
    const struct convert_source source = {
        .text = text, .len = len, .path = "fuzz", .read_file = read_other, .context = (void *)&other};
    const enum convert_status status = convert_text(system, &source, &out, &warnings);
    const struct config *config = config_parse(strbuf_text(&out), out.len, "converted", &errors);

    require(status != CONVERT_NO_MEMORY && (status == CONVERT_PARTLY) == (warnings.len > 0));
    require(config != NULL);
    config_release(config);
    strbuf_free(&out);
    strbuf_free(&warnings);
    strbuf_free(&errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const systems[] = {"policyd-spf", "pyspf-milter", "spf-milter", "postsrsd", "postgrey"};

    if (size > 0)
        check_converted(convert_system(systems[(uint8_t)(*data - '0') % (sizeof systems / sizeof *systems)]),
                        (const char *)data + 1, size - 1);
    return 0;
}
