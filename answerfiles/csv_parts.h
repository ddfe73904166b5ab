/* csv_parts.h - the steps of reading a spreadsheet: bytes to text, text to cells, header, values. Private to csv*.c. */
#pragma once
#include "answerfiles/csv.h"

enum { MOST_CELLS = 256, LARGEST_FILE_MIB = 64, LARGEST_ROW = 64 * 1024, LARGEST_CELL = 1024 };

/* UTF-8 without BOM, in the arena; every line ends with "\n" or "\r\n". False with the problem filled in when raw is no
 * such text. */
struct csv_refusal {
        enum rule rule;
        struct pos pos;
        char args[2][24];
};
MUST_USE bool csv_decode(struct arena *, struct bytes raw, struct bytes *out, struct csv_refusal *);

struct csv_cell {
        struct bytes raw;               /* between separators or quotation marks, still with doubled ones */
        bool quoted;
        struct pos pos;
};

struct csv_scan {
        struct bytes text;
        struct diags *diags;            /* NULL: looking only */
        uint16_t file;
        char separator;
        size_t at, line_start, row_at;
        uint32_t line;
        struct pos row;                 /* of the row just read */
        struct csv_cell cells[MOST_CELLS];
        size_t n;
        unsigned broken_quotes;
};

enum csv_scanned { CSV_ROW, CSV_BAD_ROW, CSV_END };

/* Reads the next row that has anything in it. A bad row was reported, and the scan stands at the next line. */
enum csv_scanned csv_scan_row(struct csv_scan *);

struct csv_header {
        int column[MOST_CELLS];         /* enum csv_column, -1 = not read */
        size_t n;                       /* named columns, and what lies between */
        const char *name[CSV_COLUMNS];  /* as written; NULL = absent */
};

/* Finds the line that names the columns and how cells are separated; the scan then stands behind it. False after
 * reporting when rows cannot be read. */
bool csv_read_header(struct csv_scan *, struct arena *, struct csv_header *);

/* The cell as a value: cleaned, repaired, in the arena; NULL when empty or damaged beyond repair, which was reported.
 * pos is narrowed to the value. */
const char *csv_clean(struct csv_scan *, struct arena *, enum csv_column, const char *header, const struct csv_cell *, struct pos *);

/* The text without quotation marks doubled and without blanks at its ends; at most size - 1 bytes. */
size_t csv_cell_text(const struct csv_cell *, char *buf, size_t size, struct pos *);
bool csv_cell_is_empty(const struct csv_cell *);
