/* database_parts.h - what stands behind database.h: a table of calls for each kind. Private to the modules database*. */
#pragma once
#include "rollcall/database.h"

struct database_value {
        char kind;                      /* 's', 'i', 'n' */
        const char *text;               /* borrowed */
        int64_t number;
};
enum { MOST_VALUES = 32 };

struct database_calls {
        const char *serial, *text;      /* what {SERIAL} and {TEXT} stand for */
        bool shared;
        void (*close)(struct database *);
        bool (*begin)(struct database *, struct err *);
        bool (*commit)(struct database *, struct err *);
        void (*rollback)(struct database *);
        bool (*script)(struct database *, const char *statements, struct err *);
        struct rows *(*query)(struct database *, struct err *, const char *statement, const struct database_value *, size_t n);
        bool (*run)(struct database *, struct err *, int64_t *changed /* may be NULL */, const char *statement, const struct database_value *, size_t n);
        bool (*later)(struct database *, struct err *, int64_t *changed, const char *statement, const struct database_value *, size_t n);
        bool (*settle)(struct database *, struct err *);        /* NULL: nothing is ever under way */
        bool (*next)(struct rows *, struct err *);
        int64_t (*integer)(const struct rows *, int column);
        const char *(*words)(const struct rows *, int column);
        void (*done)(struct rows *);
};

struct database {                       /* first in the struct of each kind */
        const struct database_calls *calls;
        bool full;                      /* the last failure was for lack of room */
        bool begun;
};

struct rows { const struct database_calls *calls; };    /* likewise */

struct database *database_sqlite_open(int dir, const char *name, bool create, bool thorough, struct err *e);
struct database *database_postgres_open(const char *url, struct err *e);
bool database_is_postgres(const char *url);

/* The last failure in words; always false. */
bool database_no_room(struct database *, const char *why, struct err *e);
