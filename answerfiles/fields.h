/* fields.h - sections of the site file as tables: one row a key, which drives reading, messages, the reference page and
 * the sample. */
#pragma once
#include "answerfiles/yaml.h"

struct field;
struct reader;

/* Reads one value into the field's place, or reports and returns false. pos is the value's. */
typedef bool read_fn(struct reader *, struct fy_node *value, struct pos pos, const struct field *, void *at);

struct field {
        const char *key;
        read_fn *read;
        size_t offset;                  /* in the section's struct */
        const void *arg;                /* for read: choices, sub-section, limits */
        const char *sample;             /* an example value, as written in YAML */
        const char *help;               /* one sentence, N_() */
        bool required, secret;          /* secret: values inside are masked in every message */
        int setting;                    /* enum setting + 1, whose origin is recorded; 0 = none */
};

struct section {
        const char *name;               /* "host", as messages say: N_() */
        const struct field *fields;
        size_t n;
        const struct section *also;     /* fields of this section are accepted too, with also_at as base */
};

struct reader {
        struct yaml *yaml;
        struct arena *arena;
        struct diags *diags;
        int dir;                        /* of the site file, for files it names */
        const struct section *section;  /* being read */
        const char *key;                /* being read */
        struct pos key_pos;             /* of that key */
        uint8_t level;                  /* enum level that origins get */
        unsigned secret;                /* > 0 inside a secret section */
        void *base;                     /* the section's struct */
        void *also;                     /* struct of section->also, NULL until its first key is met */
        void *(*also_new)(struct reader *);
        const unsigned char *seed;
        unsigned hashes;                /* enum hash_forms that the release knows */
        void *context;                  /* the loader's */
};

/* Reads a mapping into base. False when anything was reported. */
bool section_read(struct reader *, struct fy_node *, struct pos where, const struct section *, void *base, void **also);

/* A problem with the value being read; masked inside secret sections. */
bool read_problem_(struct reader *, enum rule, struct pos, ...) __attribute__((sentinel));
#define read_problem(...) read_problem_(__VA_ARGS__, NULL)

/* A scalar's text; NULL after reporting when it is a list, a section or empty. */
const char *read_scalar(struct reader *, struct fy_node *, struct pos);

/* Calls each with every item of a list (a single value counts as a list of one). */
bool read_each(struct reader *, struct fy_node *, struct pos, bool (*each)(struct reader *, struct fy_node *, struct pos, void *), void *arg);
size_t read_count(struct fy_node *);

/* Looks a word up in a NULL-terminated list; -1 after reporting. */
int read_word(struct reader *, struct pos, const char *text, const char *const *words);

read_fn read_choice;                    /* arg: NULL-terminated words; at: an int-sized enum, the word's index */
read_fn read_string;                    /* at: const char * */
read_fn read_bool;                      /* at: bool */

struct located {                        /* a string with its place */
        const char *text;
        struct pos pos;
};
read_fn read_located;

struct limits {
        long min, max;
};
read_fn read_limited;                   /* arg: limits; at: int */
read_fn read_duration;                  /* arg: limits in seconds; at: int, seconds */
read_fn read_size;                      /* at: uint64_t, bytes */
read_fn read_name;                      /* what people read, in one line: a name */
read_fn read_description;               /* … or a sentence */
