/* csv.h - the rows of a spreadsheet, as spreadsheet programs really save them.
 *
 * UTF-8 with or without BOM, or GB18030; comma, semicolon or tab; quoted cells; CRLF; headers in English or Chinese in
 * any order. What a spreadsheet damaged is repaired where only one reading is possible, and reported otherwise.
 * Cells are only cleaned here; the site loader judges their values. */
#pragma once
#include "answerfiles/diag.h"
#include "base/arena.h"

enum csv_column {
        CSV_SCHOOL, CSV_POOL, CSV_NAME, CSV_MAC, CSV_SERIAL, CSV_ADDRESS, CSV_DISK, CSV_COORDINATOR, CSV_COLUMNS
};

struct csv_row {
        const char *cell[CSV_COLUMNS];          /* UTF-8, trimmed; NULL when empty or the column is absent */
        struct pos pos[CSV_COLUMNS];
        struct pos where;                       /* the whole row */
};

struct csv_rows {
        struct csv_row *rows;                   /* in the arena, empty rows left out */
        size_t n;
        uint16_t file;                          /* of the diags */
};

/* raw is borrowed only for the call; the converted text goes to the arena, where excerpts find it. Whatever is wrong
 * goes to diags; a file that cannot be read at all (unknown encoding, too large, a workbook) gives no rows. */
void csv_read(struct arena *, struct diags *, const char *name, struct bytes raw, struct csv_rows *out);
