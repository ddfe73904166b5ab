/* bootline.h - lines and words of a boot menu, and what becomes of the kernel's part of one. For those who patch menus or read them. */
#pragma once
#include "isobuilder/bootconfig.h"

#include <string.h>

#define OURS "xenroll-install"

/* Whether the menu is one that xenroll has already patched. */
bool is_ours(struct bytes text);

/* A line without its end, its raw bytes with it; advances *at past it. False at the end of the text. */
struct line {
        struct bytes text, raw;
};
bool line_next(struct bytes text, size_t *at, struct line *line);

struct bytes bytes_stripped(struct bytes);
bool bytes_contain(struct bytes, const char *word);
bool bytes_equal(struct bytes, struct bytes);
static inline bool bytes_are(struct bytes b, const char *word) { return bytes_equal(b, bytes_of(word, strlen(word))); }

/* The next word; quotes around it are removed. False at the end. */
bool word_next(struct bytes line, size_t *at, struct bytes *word);

/* The rest of a line that starts with the keyword (in any case), or {NULL}. */
struct bytes after_word(struct bytes line, const char *word);

/* The raw line, ended even where the file's last line is not. */
void line_add(struct str *out, const struct line *);

/* Whether a word of the kernel's part contradicts an unattended installation, or is one of ours. */
bool kernel_word_is_dropped(struct bytes word);

/* The kernel's arguments: the stock ones, less what contradicts ours, then ours. Leading blanks are kept. */
void kernel_part_add(struct str *out, struct bytes part, const struct bootconfig_spec *);
