/* agent_plan_table.h - the plan file's elements and attributes, once: what is written and what is read are the same table.
 * agent-plan.rng says it in another language, for people and for their tools; a test holds the two against each other. */
#pragma once
#include "postinstall/agent_plan.h"

enum attribute_kind {
        ATTRIBUTE_TEXT,                 /* characters, none of them a control character */
        ATTRIBUTE_LINES,                /* the same, line feeds too; may be empty */
        ATTRIBUTE_WORD,                 /* printable ASCII without blanks */
        ATTRIBUTE_HEX,                  /* exactly `most` lower-case digits */
        ATTRIBUTE_MAC,
        ATTRIBUTE_IP4,
        ATTRIBUTE_PATH,                 /* a word that begins with a slash */
        ATTRIBUTE_CHOICE,
        ATTRIBUTE_INT,                  /* int; left out when it is the fallback */
        ATTRIBUTE_SIZE,                 /* uint64_t, not 0; left out when 0 */
        ATTRIBUTE_YES,                  /* bool; "yes", left out when false */
        ATTRIBUTE_SR,                   /* enum agent_sr */
};

struct attribute {
        const char *name;
        enum attribute_kind kind;
        size_t offset;                  /* in the element's struct */
        bool needed;
        int fallback;
        size_t most;                    /* characters of a text; 0 = the kind's usual number */
        const char *const *choices;     /* …, NULL */
};

enum element_store {
        STORE_HERE,                     /* once; its attributes are fields of the parent's struct, offset further */
        STORE_ITEMS,                    /* any number: a pointer to structs, and their count */
        STORE_TEXTS,                    /* any number with one attribute: a struct agent_texts */
        STORE_INTS,                     /* up to `most` with one attribute: an array of int, and its count */
};

struct element {
        const char *name;
        enum element_store store;
        const struct attribute *attributes;
        size_t n_attributes;
        const struct element *children; /* in this order */
        size_t n_children;
        size_t offset, count, size;     /* of pointer or array, of count (size_t), of one struct */
        size_t most;
        bool needed;                    /* at least once */
};

extern const struct element agent_plan_root;    /* of a struct agent_plan; its attribute "format" is in no table */

/* What an attribute's text must be; the number of a kind is the same for writer and reader. */
bool attribute_fits(const struct attribute *, const char *text);
const char *attribute_rule(const struct attribute *);   /* "a number": in the user's language, for "… is not a number" */
