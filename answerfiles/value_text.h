/* value_text.h - what the judges of single values share: refusing, naming a character, counting in words. */
#pragma once
#include "answerfiles/value.h"

/* `return REFUSE(d, pos, XR_…, text)`: reports and is false. */
#define REFUSE(diags, pos, rule, ...) (diag((diags), (rule), (pos), ##__VA_ARGS__, NULL), false)

enum { CHARACTER_TEXT = 16, NUMBER_TEXT = 24 };

/* The UTF-8 character at s, as it stands or as "\x1b" when it cannot be shown. */
const char *character_text(const char *s, char buf[CHARACTER_TEXT]);
/* "five", in the user's language; digits from a dozen on. */
const char *number_word(size_t n, char buf[NUMBER_TEXT]);
/* The first full-width digit, letter or sign, or NULL. */
const char *find_full_width(const char *text);
/* Reports it when there is one. */
bool refuse_full_width(struct diags *, struct pos, const char *text);

static inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
static inline bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
static inline bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static inline char to_lower(char c) { return is_upper(c) ? (char)(c | 0x20) : c; }
static inline int hex_digit(char c)
{
        if (is_digit(c))
                return c - '0';
        c = to_lower(c);
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* value_net.c; none of these reports. */
bool ip4_parse(const char *text, size_t n, uint32_t *addr);
bool ip4_is_special(uint32_t addr);
bool dns_name_is_valid(const char *text, size_t n);
size_t url_host(const char *text);      /* where the host ends inside "host:port/path"; 0 when there is no valid one */
