/* value.h - values as XML-RPC carries them, and XenAPI's types that they are held against.
 *
 * A value is never changed once made; it belongs to an arena. Whole numbers, references and members of enumerations are
 * V_TEXT: that is how xapi sends and wants them. */
#pragma once
#include "base/arena.h"
#include "base/str.h"
#include <stdint.h>

enum value_kind { V_NIL, V_TEXT, V_INT /* only on the wire: xapi wants none */, V_BOOL, V_FLOAT, V_DATE, V_SET, V_MAP };

struct val {
        enum value_kind kind;
        const char *text; /* "" for sets and maps; V_BOOL: "1" or "0" */
        size_t n;
        const struct val *const *items;
        const char *const *keys; /* V_MAP */
};

#define NULL_REF "OpaqueRef:NULL"

const struct val *val_text(struct arena *, const char *);
const struct val *val_number(struct arena *, int64_t);
const struct val *val_bool(bool);
const struct val *val_float(struct arena *, double);
const struct val *val_date(struct arena *, int64_t seconds);
const struct val *val_set(struct arena *, const struct val *const *items, size_t n);
const struct val *val_texts(struct arena *, const char *const *items, size_t n);
const struct val *val_map(struct arena *, const char *const *keys, const struct val *const *items, size_t n);
const struct val *val_pairs(struct arena *, const char *const *pairs); /* key, value, …, NULL */
const struct val *val_copy(struct arena *, const struct val *);
bool val_equal(const struct val *, const struct val *);

const struct val *val_member(const struct val *map, const char *key); /* NULL when it is not there */
const char *val_member_text(const struct val *map, const char *key);  /* "" when it is not there */
bool val_has(const struct val *set, const char *text);
const struct val *val_with(struct arena *, const struct val *map, const char *key, const struct val *item);
const struct val *val_without(struct arena *, const struct val *map, const char *key);

/* --- types --- */

enum type_kind { T_VOID, T_STRING, T_INT, T_FLOAT, T_BOOL, T_DATE, T_REF, T_ENUM, T_SET, T_MAP, T_RECORD, T_OTHER };

struct type {
        enum type_kind kind;
        const char *name;              /* T_REF and T_RECORD: class; T_ENUM: its name */
        const struct type *key, *item; /* T_MAP; T_SET has item */
};

/* "(string -> SR ref set) map"; never NULL, T_OTHER for what it does not know. */
const struct type *type_parse(struct arena *, const char *text, size_t n);

/* --- wire --- */

struct request_body {
        const char *method;
        const struct val **args;
        size_t n;
};

/* False when no XML-RPC server would take it: why says so. */
bool wire_read(struct arena *, struct bytes, struct request_body *, const char **why);
void wire_value(struct str *out, const struct val *);
void wire_success(struct str *out, const struct val *);
void wire_failure(struct str *out, const char *const *description, size_t n);
