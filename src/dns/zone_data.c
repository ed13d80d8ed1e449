/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the records of a zone file sorted by name and finds them. */
#include "dns/zone_data.h"

#include <stdlib.h>
#include <string.h>

static void record_free(const struct zone_record *record)
{
    free(record->owner_memory);
    free(record->text);
}

bool zone_data_add(struct zone_data *data, const struct zone_record *record)
{
    if (data->count == data->size) {
        size_t size = data->size ? 2 * data->size : 64;
        struct zone_record *records = realloc(data->records, size * sizeof(*records));

        if (!records) {
            record_free(record);
            return false;
        }
        data->records = records;
        data->size = size;
    }
    data->records[data->count] = *record;
    data->records[data->count].number = data->count;
    data->count++;
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct zone_record *left = a, *right = b;
    int order = strcmp(left->owner, right->owner);

    return order ? order : (left->number > right->number) - (left->number < right->number);
}

/* Notes the names above each record's. An escaped name holds dots between labels only. */
static bool add_ancestors(struct zone_data *data)
{
    size_t own = data->count;

    for (size_t i = 0; i < own; i++) {
        const char *dot = data->records[i].owner;

        if (i > 0 && strcmp(dot, data->records[i - 1].owner) == 0)
            continue;
        while ((dot = strchr(dot, '.')) != NULL) {
            dot++;
            if (!zone_data_add(data, &(struct zone_record){.owner = dot, .kind = ZONE_EXISTS}))
                return false;
        }
    }
    return true;
}

/* Of the notes that a name exists, keeps those of names without a record before them. */
static void drop_needless(struct zone_data *data)
{
    size_t kept = 0;

    for (size_t i = 0; i < data->count; i++) {
        const struct zone_record *record = &data->records[i];

        if (record->kind == ZONE_EXISTS && kept > 0 && strcmp(record->owner, data->records[kept - 1].owner) == 0)
            continue;
        data->records[kept++] = *record;
    }
    data->count = kept;
}

static void sort(struct zone_data *data)
{
    if (data->count > 0)
        qsort(data->records, data->count, sizeof(*data->records), compare);
}

bool zone_data_finish(struct zone_data *data)
{
    sort(data);
    if (!add_ancestors(data))
        return false;
    sort(data);
    drop_needless(data);
    return true;
}

const struct zone_record *zone_data_find(const struct zone_data *data, const char *owner, size_t *count)
{
    size_t low = 0, high = data->count, end;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(data->records[middle].owner, owner) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < data->count && strcmp(data->records[end].owner, owner) == 0; end++)
        ;
    *count = end - low;
    return end > low ? &data->records[low] : NULL;
}

void zone_data_free(struct zone_data *data)
{
    for (size_t i = 0; i < data->count; i++)
        record_free(&data->records[i]);
    free(data->records);
    *data = (struct zone_data){0};
}
