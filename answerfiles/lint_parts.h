/* lint_parts.h - what the parts of the answer file judge share. Private to lint*.c. */
#pragma once
#include "answerfiles/lint.h"
#include <libxml/tree.h>

struct span {                           /* bytes of the text that no excerpt may show */
        size_t begin, end;
};

struct place {                          /* where something was written */
        size_t offset, len;
};

struct lint {
        const struct release *release;
        struct diags *diags;
        struct bytes text;
        uint16_t file;                  /* of the diags */
        size_t skipped;                 /* bytes before what the XML parser sees: a byte order mark */
        size_t *lines, n_lines;         /* offset of each line's first byte; owned */
        struct span *secrets;           /* ordered; owned */
        size_t n_secrets;
        size_t reports;
        bool refused;                   /* something was reported that the schema would only repeat */
};

/* lint_place.c: from bytes of the text to positions. */
void lint_index(struct lint *);
void lint_clear(struct lint *);
/* lint_report: our schema would complain as well; lint_remark: it would not. */
void lint_report(struct lint *, enum rule, struct place, ...) __attribute__((sentinel));
void lint_remark(struct lint *, enum rule, struct place, ...) __attribute__((sentinel));
/* For the value_* functions, which print excerpts: without a line where the line holds a secret. */
struct pos lint_pos(const struct lint *, struct place);
/* For value_hash, which masks what is marked and what follows. */
struct pos lint_masked_pos(const struct lint *, struct place, bool *secret);
bool lint_is_secret(const struct lint *, size_t offset);
size_t lint_line_offset(const struct lint *, int line);

struct place place_of_element(const struct lint *, const xmlNode *);
struct place place_of_attribute(const struct lint *, const xmlAttr *);
struct place place_of_text(const struct lint *, const xmlNode *);

/* lint_table.c: what installers know. */
enum feature {
        IN_ALL,
        IN_7,
        IN_VLAN,
        IN_NTP,
        IN_SERVICE,
        IN_SSH,
        IN_FCOE,
        IN_BACKEND,
        IN_OLD_PARTITIONS,
        IN_FS_TYPE,
        IN_SWRAID,
        IN_RAID,
        IN_GPG_TOP,
        IN_GPG_SOURCE,
        IN_7_1,
        IN_XS9
};
bool release_has(const struct release *, enum feature);

enum value_kind {
        VALUE_ANY, /* not judged, may be empty */
        VALUE_FILLED,
        VALUE_BOOL,
        VALUE_WORD,      /* one of words, else the installer stops */
        VALUE_SOFT_WORD, /* one of words, else ignored */
        VALUE_SR_TYPE,
        VALUE_STAGE,
        VALUE_MAC,
        VALUE_NIC_NAME,
        VALUE_VLAN,
        VALUE_IP4,
        VALUE_MASK,
        VALUE_IP6,
        VALUE_ADDRESS,
        VALUE_SERVER,
        VALUE_TIMEZONE,
        VALUE_KEYMAP,
        VALUE_DISK,
        VALUE_BOOTLOADER,
        VALUE_PROMPT,
        VALUE_PASSWORD,
        VALUE_LOCATION
};

struct attribute_spec {
        const char *name;               /* NULL ends a list */
        const char *modern;             /* the name to use instead, NULL = this one is current */
        enum value_kind kind;
        const char *words;              /* "a|b" */
        enum feature in;
        bool required;
};

enum { ELEMENT_ONCE = 1, ELEMENT_WRAPPER = 2, ELEMENT_OPAQUE = 4 };

struct element_spec {
        const char *name;
        const char *modern;
        const char *inside;             /* the installer looks only inside of this element; NULL = anywhere */
        enum value_kind kind;
        const char *words;
        enum feature in;
        unsigned flags;
        const struct attribute_spec *attributes;        /* NULL = none */
};

const struct element_spec *element_at(size_t index);            /* NULL past the last */
const struct element_spec *element_find(const char *name, size_t *index);
const struct attribute_spec *root_attributes(void);
const char *element_nearest(const struct release *, const char *name);
const char *attribute_nearest(const struct release *, const struct attribute_spec *, const char *name);
void attribute_names(const struct release *, const struct attribute_spec *, struct str *out);
bool word_known(const char *words, const char *word);
const char *words_shown(const char *words, struct str *out);    /* "a, b" */

/* lint_value.c */
void lint_attribute_value(struct lint *, const xmlNode *, const xmlAttr *, const struct attribute_spec *);
void lint_element_value(struct lint *, const xmlNode *, const struct element_spec *);
/* The text as the installer gets it: plain text nodes joined and trimmed. Caller frees. */
char *lint_text(const xmlNode *, bool *cdata);
char *lint_attribute(const xmlNode *, const char *name);        /* trimmed; NULL when absent; caller frees */
/* Bounded and without control characters, for a message. Caller frees. */
char *lint_shown(const char *text);
