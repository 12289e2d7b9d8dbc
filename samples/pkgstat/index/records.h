/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics as flat bytes, to be sent and joined. Records never leave the machine: numbers are in its own byte order.
 */
#ifndef PKGSTAT_RECORDS_H
#define PKGSTAT_RECORDS_H

#include "statistics.h"

/* Reads statistics out, record by record; they must not change meanwhile. */
struct records_reader {
    const struct statistics *statistics; /* what is read */
    uint32_t step;                       /* 0: totals; then one for each report */
    int table;                           /* the table at hand */
    const struct name *name;             /* the next name in it; NULL when all tables are done */
};

void records_reader_init(struct records_reader *reader, const struct statistics *statistics);

/* The bytes of the next record, 0 if there is none. */
size_t records_next_size(const struct records_reader *reader);

/* Writes as many whole records as fit into `size` bytes; returns the bytes written. */
size_t records_read(struct records_reader *reader, uint8_t *out, size_t size);

/* Adds what one call of records_read wrote. Returns 0, -1 for lack of memory, or -2 if these are no such records. */
int records_absorb(struct statistics *statistics, const uint8_t *records, size_t size);

#endif
