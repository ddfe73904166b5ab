/* conditions.h - which part of a file a request wants, told by its header fields: ranges and conditions of RFC 9110.
 *
 * Pure: no input of a client does more than choose one of four statuses and a part that lies inside the file. What is
 * malformed or not ours (several ranges, dates of the last century) counts as not said. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct conditions {                     /* header fields as they came; NULL: absent */
        const char *range, *if_range, *if_none_match, *if_modified_since;
};

struct entity {
        uint64_t size;
        const char *etag;               /* strong, with its quotes */
        int64_t date;                   /* seconds since 1970; 0: not known, and no condition on it holds */
};

struct portion {
        int status;                     /* 200, 206, 304, 416 */
        uint64_t offset, length;        /* of the bytes to send; length 0 with 304 and 416 */
};

struct portion conditions_judge(const struct conditions *, const struct entity *);

/* "Sun, 06 Nov 1994 08:49:37 GMT", whatever the locale. */
enum { HTTP_DATE_SIZE = 64 };
void http_date_print(int64_t seconds, char out[HTTP_DATE_SIZE]);
bool http_date_parse(const char *text, int64_t *seconds);       /* of this form only */
