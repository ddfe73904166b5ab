/* api.h - XenAPI of one release: its classes, fields and messages, from this folder's copy of the published tables. */
#pragma once
#include "tests/xapi/value.h"

struct release {
        const char *id;   /* "xcp-ng-8.3" */
        const char *code; /* "nile": as in the tables */
        const char *brand, *version, *platform, *api;
        int toolstack;  /* 1000 * major + minor where the tables name toolstack versions; 0 = older than those */
        bool limited;   /* without a licence a pool has three hosts at most */
        bool one_shots; /* 8.2 and later: ran-* stamps instead of firstboot.d */
};
const struct release *release_find(const char *id); /* also by code name; NULL */

enum access { ACCESS_RO, ACCESS_CREATED /* RO/constructor */, ACCESS_RW };

struct field {
        const char *name;
        const struct type *type;
        enum access access;
        bool here; /* in this release */
        int place;
};

struct parameter {
        const char *name;
        const struct type *type;
        bool optional;
};

struct message {
        const struct class *class;
        const char *name, *whole; /* "join", "pool.join" */
        struct parameter *params;
        size_t n, required;
        const struct type *result;
        enum presence { PRESENT, LATER, REMOVED, UNDATED } presence;
};

struct class
{
        const char *name, *lower;
        size_t place;
        struct field *fields;
        size_t n;
};

enum { MOST_CLASSES = 64 };

struct api;
struct api *api_new(const struct release *);
void api_free(struct api *);
const struct release *api_release(const struct api *);
const struct class *api_class(const struct api *, const char *name);      /* any case; NULL */
const struct message *api_message(const struct api *, const char *whole); /* NULL: never published */
const struct field *class_field(const struct class *, const char *name);  /* NULL; the release does not matter */
bool api_enum_has(const struct api *, const char *name, const char *value);
const char *api_enum_first(const struct api *, const char *name);
bool api_has_error(const struct api *, const char *code);
bool api_since(const struct api *, const char *code); /* the release, or a later one */
