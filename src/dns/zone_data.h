/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records of a zone file and how they are found, inside the dns room. */
#ifndef SMF_DNS_ZONE_DATA_H
#define SMF_DNS_ZONE_DATA_H

#include "dns/dns.h"

enum zone_kind {
    ZONE_A,
    ZONE_AAAA,
    ZONE_TXT,
    ZONE_MX,
    ZONE_PTR,
    ZONE_CNAME,
    ZONE_TIMEOUT,  /* every query at the name fails with DNS_TIMEOUT */
    ZONE_SERVFAIL, /* the same with DNS_FAILURE */
    ZONE_EXISTS,   /* nothing but that the name exists, since one below it does (RFC 8020 2) */
};

struct zone_record {
    const char *owner; /* escaped (dns_name.h) and in lower case; in the memory of this or another record of the zone */
    char *owner_memory; /* freed with the record; NULL if another record has it */
    enum zone_kind kind;
    uint32_t ttl_s;
    unsigned line;       /* where the record stands in the file */
    size_t number;       /* the records of a name keep their order */
    struct addr addr;    /* A, AAAA */
    uint16_t preference; /* MX */
    char *text;          /* TXT: the octets; MX, PTR, CNAME: the escaped name */
    size_t text_len;
};

struct zone_data {
    struct zone_record *records; /* after zone_data_finish sorted by owner and number */
    size_t count, size;
    uint32_t negative_ttl_s; /* for answers without a record */
};

/* Takes over the record's memory, also when it returns false, out of memory. */
bool zone_data_add(struct zone_data *data, const struct zone_record *record);

/* Sorts the records and adds the names above them. False if out of memory. */
bool zone_data_finish(struct zone_data *data);

/* The first record of `owner`, in *count how many there are; NULL if the name does not exist. Only after
 * zone_data_finish. */
const struct zone_record *zone_data_find(const struct zone_data *data, const char *owner, size_t *count);

/* Frees the records, not the struct. */
void zone_data_free(struct zone_data *data);

/* Reads the text of a zone file into `data` (empty before) and finishes it. False, with "path:line: what" in `error`;
 * then `data` is to be freed all the same. */
bool zone_data_parse(struct zone_data *data, const char *text, size_t len, const char *path, char *error,
                     size_t error_size);

#endif
