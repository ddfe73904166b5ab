/* sheet_parts.h - how the parts of the hand-over sheet put text and marks on the page. Private to sheet*.c. */
#pragma once
#include "rollcall/sheet.h"
#include "base/markup.h"

/* Foreign or translated text, escaped. */
static inline void say(struct str *out, const char *text) { markup_add(out, text ? text : "", MARKUP_TEXT); }
/* A sentence with arguments, escaped as a whole. */
void sayf(struct str *out, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* <TAG>text</TAG>; tag may carry attributes: "td class=\"n\"". Nothing for an empty text when optional. */
void element(struct str *out, const char *tag, const char *text);
void elementf(struct str *out, const char *tag, const char *fmt, ...) PRINTF_LIKE(3, 4);

static inline const char *school_name(const struct school *s) { return s->name ? s->name : s->id; }
static inline const char *pool_name(const struct pool *p) { return p->name ? p->name : p->id; }
const struct settings *school_settings(const struct school *);         /* of its first host; NULL = it has none */
const struct host *pool_coordinator(const struct pool *);              /* NULL = none */
void host_address(const struct host *, struct str *out);

/* --- the parts, in the order of the page --- */
MUST_USE bool sheet_machines(const struct sheet *, struct str *out, struct err *e);
void sheet_checks(const struct sheet *, struct str *out);
void sheet_ways(const struct sheet *, struct str *out);
void sheet_pools(const struct sheet *, struct str *out);
void sheet_connect(const struct sheet *, struct str *out);
void sheet_trouble(const struct sheet *, struct str *out);
void sheet_sign(const struct sheet *, struct str *out);
