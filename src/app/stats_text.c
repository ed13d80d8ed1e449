/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the text format line by line, and writes a family when the next one begins. */
#include "app/stats_text.h"

#include "base/calendar.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WIDTH = 72, LABELS_SIZE = 256 };

enum family_type { FAMILY_GAUGE, FAMILY_COUNTER, FAMILY_HISTOGRAM };

/* A sample as it stands on its line. */
struct sample {
    const char *name; /* not terminated */
    size_t name_len;
    bool is_info;             /* what it says are its labels */
    char labels[LABELS_SIZE]; /* the values, with a space between; of an info with their names; "": it has none */
    double step;              /* the upper bound of a bucket of a histogram, in seconds; NAN: it is none */
    const char *value;        /* to the end of the line */
};

/* The samples so far of one histogram. The bounds of a quantile are taken as the buckets go by, so they are noted with
 * the number of what is below, for the number of all comes last. */
enum { STEPS_MAX = 32 };

struct buckets {
    double step[STEPS_MAX], below[STEPS_MAX];
    size_t count;
    double sum;
};

struct family {
    const char *help; /* to the end of the line; NULL before the first */
    enum family_type type;
    bool has_samples, has_heading;
    struct buckets buckets;
};

static int line_len(const char *text)
{
    return (int)strcspn(text, "\n");
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool name_ends(const struct sample *sample, const char *end)
{
    const size_t len = strlen(end);

    return sample->name_len >= len && memcmp(sample->name + sample->name_len - len, end, len) == 0;
}

/* Reading */

/* The text between quotation marks that begin at `at`, without its backslashes. Returns what follows; NULL at a line
 * that ends before. */
static const char *read_quoted(const char *at, char *out, size_t size)
{
    size_t len = 0;

    if (*at++ != '"')
        return NULL;
    for (; *at != '"'; at++) {
        if (*at == '\\')
            at++;
        if (*at == '\0' || *at == '\n')
            return NULL;
        if (len + 1 < size)
            out[len++] = *at;
    }
    out[len] = '\0';
    return at + 1;
}

/* The labels in braces at `at`. Returns what follows; NULL if they cannot be read. */
static const char *read_labels(const char *at, struct sample *sample)
{
    char value[LABELS_SIZE];

    while (*at != '}') {
        const char *name = at + 1; /* after the brace or comma */
        const size_t name_len = strcspn(name, "=\n"), used = strlen(sample->labels);

        at = name[name_len] == '=' ? read_quoted(name + name_len + 1, value, sizeof value) : NULL;
        if (at == NULL || (*at != ',' && *at != '}'))
            return NULL;
        if (name_len == 2 && memcmp(name, "le", 2) == 0)
            sample->step = strtod(value, NULL);
        else if (sample->is_info)
            (void)snprintf(sample->labels + used, sizeof sample->labels - used, "%s%.*s %s", used > 0 ? ", " : "",
                           (int)name_len, name, value);
        else
            (void)snprintf(sample->labels + used, sizeof sample->labels - used, "%s%s", used > 0 ? " " : "", value);
    }
    return at + 1;
}

static bool read_sample(const char *line, struct sample *sample)
{
    const char *at = line + strcspn(line, "{ \n");

    *sample = (struct sample){.name = line, .name_len = (size_t)(at - line), .step = (double)NAN};
    sample->is_info = name_ends(sample, "_info");
    if (*at == '{')
        at = read_labels(at, sample);
    if (at == NULL || *at != ' ')
        return false;
    sample->value = at + 1;
    return true;
}

/* Writing */

/* A line of the family: `labels`, or if that is "" its help, and a value that the caller appends. */
static void begin_line(struct family *family, const char *labels, struct strbuf *out)
{
    const int help_len = line_len(family->help) - (family->help[line_len(family->help) - 1] == '.');

    if (labels[0] != '\0' && !family->has_heading)
        strbuf_addf(out, "%.*s\n", help_len, family->help);
    if (labels[0] != '\0')
        strbuf_addf(out, "  %-*s ", WIDTH - 2, labels);
    else
        strbuf_addf(out, "%-*.*s ", WIDTH, help_len, family->help);
    family->has_heading = true;
}

static void add_duration(double seconds, struct strbuf *out)
{
    if (seconds < 1)
        strbuf_addf(out, "%.3g ms", seconds * 1000);
    else
        strbuf_addf(out, "%.3g s", seconds);
}

static void add_value(const struct sample *sample, struct strbuf *out)
{
    const int64_t moment = strtoll(sample->value, NULL, 10);
    char text[32];
    struct tm local;

    if (sample->is_info)
        strbuf_add(out, sample->labels);
    else if ((name_ends(sample, "_start_time_seconds") || name_ends(sample, "_timestamp_seconds")) &&
             calendar_local(moment, &local) && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local) > 0)
        strbuf_add(out, text);
    else if (name_ends(sample, "_seconds") || name_ends(sample, "_seconds_total"))
        add_duration(strtod(sample->value, NULL), out);
    else if (name_ends(sample, "_bytes"))
        strbuf_addf(out, "%.1f MB", strtod(sample->value, NULL) / 1e6);
    else
        strbuf_add_mem(out, sample->value, strcspn(sample->value, "\n"));
}

static void add_quantile(const struct buckets *buckets, const char *how_many, double wanted, struct strbuf *out)
{
    size_t i = 0;

    while (i + 1 < buckets->count && buckets->below[i] < wanted)
        i++;
    strbuf_addf(out, ", %s ", how_many);
    if (buckets->step[i] < (double)INFINITY) {
        strbuf_add(out, "within ");
        add_duration(buckets->step[i], out);
    } else {
        strbuf_add(out, "not within ");
        add_duration(i > 0 ? buckets->step[i - 1] : 0, out);
    }
}

static void add_histogram(struct family *family, const struct sample *sample, struct strbuf *out)
{
    const struct buckets *buckets = &family->buckets;
    const double number = strtod(sample->value, NULL);

    if (number <= 0 || buckets->count == 0)
        return;
    begin_line(family, sample->labels, out);
    strbuf_addf(out, "%.0f, ", number);
    add_duration(buckets->sum / number, out);
    strbuf_add(out, " on average");
    add_quantile(buckets, "half", number * 0.5, out);
    add_quantile(buckets, "99 %", number * 0.99, out);
    strbuf_add_char(out, '\n');
}

/* Takes one of the samples of a histogram: its buckets come first, its sum is the last but one, its number the last. */
static void take_of_histogram(struct family *family, const struct sample *sample, struct strbuf *out)
{
    struct buckets *buckets = &family->buckets;

    if (!isnan(sample->step) && buckets->count < STEPS_MAX) {
        buckets->step[buckets->count] = sample->step;
        buckets->below[buckets->count++] = strtod(sample->value, NULL);
    } else if (name_ends(sample, "_sum")) {
        buckets->sum = strtod(sample->value, NULL);
    } else if (name_ends(sample, "_count")) {
        add_histogram(family, sample, out);
        *buckets = (struct buckets){.count = 0};
    }
}

static void take_sample(struct family *family, const char *line, struct strbuf *out)
{
    struct sample sample;

    if (family->help == NULL || !read_sample(line, &sample))
        return;
    family->has_samples = true;
    if (family->type == FAMILY_HISTOGRAM) {
        take_of_histogram(family, &sample, out);
    } else if (family->type != FAMILY_COUNTER || strtod(sample.value, NULL) > 0) {
        begin_line(family, sample.is_info ? "" : sample.labels, out);
        add_value(&sample, out);
        strbuf_add_char(out, '\n');
    }
}

/* A family of which nothing was worth a line has one with 0. */
static void end_family(struct family *family, struct strbuf *out)
{
    if (!family->has_samples || family->has_heading)
        return;
    begin_line(family, "", out);
    strbuf_add(out, "0\n");
}

static enum family_type type_of(const char *line)
{
    const int len = line_len(line);
    const char *type = line + len;

    while (type > line && type[-1] != ' ')
        type--;
    if (starts_with(type, "counter"))
        return FAMILY_COUNTER;
    return starts_with(type, "histogram") ? FAMILY_HISTOGRAM : FAMILY_GAUGE;
}

void stats_text_add(const char *metrics, struct strbuf *out)
{
    static const char help[] = "# HELP ", type[] = "# TYPE ";
    struct family family = {.help = NULL};

    for (const char *line = metrics; *line != '\0'; line += line_len(line) + (line[line_len(line)] == '\n')) {
        if (starts_with(line, help)) {
            const char *name = line + sizeof help - 1;
            const size_t name_len = strcspn(name, " \n");

            end_family(&family, out);
            family = (struct family){.help = NULL};
            if (name[name_len] == ' ' && line_len(name + name_len + 1) > 0)
                family.help = name + name_len + 1;
        } else if (starts_with(line, type)) {
            family.type = type_of(line);
        } else if (line[0] != '#') {
            take_sample(&family, line, out);
        }
    }
    end_family(&family, out);
}
