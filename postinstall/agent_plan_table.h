/* agent_plan_table.h - the plan file's elements and attributes, once: what is written and what is read are the same table. */
#pragma once
#include "postinstall/agent_plan.h"

enum attribute_kind {
        ATTRIBUTE_TEXT,
        ATTRIBUTE_INT,                  /* int; left out when it is the fallback */
        ATTRIBUTE_SIZE,                 /* uint64_t; left out when 0 */
        ATTRIBUTE_YES,                  /* bool; "yes", left out when false */
        ATTRIBUTE_SR,                   /* enum agent_sr */
};

struct attribute {
        const char *name;
        enum attribute_kind kind;
        size_t offset;                  /* in the element's struct */
        bool needed;
        int fallback;
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
        const struct element *children;
        size_t n_children;
        size_t offset, count, size;     /* of pointer or array, of count (size_t), of one struct */
        size_t most;
        bool needed;                    /* STORE_HERE: at least once */
};

extern const struct element agent_plan_root;    /* of a struct agent_plan */
