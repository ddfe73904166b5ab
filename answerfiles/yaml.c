#include "answerfiles/yaml.h"
#include "base/i18n.h"
#include "base/text.h"

#include <string.h>

enum { DEEPEST = 24, MOST_VALUES = 8000000 };

static void report_syntax(struct yaml *y, struct fy_diag *diag_from)
{
        void *prev = NULL;
        struct fy_diag_error *first = fy_diag_errors_iterate(diag_from, &prev);
        struct pos pos = { .file = y->file, .line = 1, .col = 1 };
        if (!first) {
                diag(y->diags, XR_YAML_SYNTAX, pos, _("it cannot be read"), NULL);
                return;
        }
        pos.line = first->line > 0 ? (uint32_t)first->line : 1;
        pos.col = first->column > 0 ? (uint16_t)(first->column > UINT16_MAX ? UINT16_MAX : first->column) : 1;
        diag(y->diags, XR_YAML_SYNTAX, pos, first->msg, NULL);
}

/* Asked before libfyaml sees it: on a directive with other bytes it never comes back. */
static bool check_encoding(struct yaml *y)
{
        size_t at = text_utf8_until(y->text.ptr, y->text.len);
        const char *nul = memchr(y->text.ptr, 0, at);
        at = nul ? (size_t)(nul - y->text.ptr) : at;
        if (at == y->text.len)
                return true;
        struct pos pos = { .file = y->file, .line = 1, .col = 1 };
        for (size_t i = 0; i < at; i++) {
                pos.line += y->text.ptr[i] == '\n';
                pos.col = y->text.ptr[i] == '\n' ? 1 : (uint16_t)(pos.col + (pos.col < UINT16_MAX));
        }
        char byte[3], offset[24];
        snprintf(byte, sizeof(byte), "%02x", (unsigned char)y->text.ptr[at]);
        snprintf(offset, sizeof(offset), "%zu", at);
        diag(y->diags, XR_YAML_ENCODING, pos, byte, offset, NULL);
        return false;
}

bool yaml_open(struct yaml *y, struct arena *a, struct diags *d, const char *name, struct bytes text)
{
        if (text.len >= 3 && !memcmp(text.ptr, "\xef\xbb\xbf", 3))
                text = bytes_of(text.ptr + 3, text.len - 3);
        *y = (struct yaml){ .diags = d, .arena = a, .text = text };
        y->file = diags_add_file(d, name, text);
        if (!check_encoding(y))
                return false;
        struct fy_diag_cfg dc;
        fy_diag_cfg_default(&dc);
        dc.fp = NULL;
        dc.colorize = false;
        struct fy_diag *collected = fy_diag_create(&dc);
        fy_diag_set_collect_errors(collected, true);
        struct fy_parse_cfg cfg = { .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_ALLOW_DUPLICATE_KEYS |
                                             FYPCF_DISABLE_ACCELERATORS, .diag = collected };
        y->doc = text.len ? fy_document_build_from_string(&cfg, text.ptr, text.len) : NULL;
        if (!y->doc)
                report_syntax(y, collected);
        fy_diag_destroy(collected);
        return y->doc;
}

void yaml_close(struct yaml *y)
{
        if (y->doc)
                fy_document_destroy(y->doc);
        y->doc = NULL;
}

struct fy_node *yaml_root(struct yaml *y) { return y->doc ? fy_document_root(y->doc) : NULL; }

struct fy_node *yaml_enter(struct yaml *y, struct fy_node *n, struct pos pos)
{
        if (y->exhausted || !n)
                return NULL;
        if (fy_node_is_alias(n))
                n = fy_node_resolve_alias(n);
        if (!n || y->depth >= DEEPEST) {
                diag(y->diags, XR_ALIAS_LOOP, pos, "24", NULL);
                return NULL;
        }
        if (++y->visited > MOST_VALUES) {
                y->exhausted = true;
                diag(y->diags, XR_DOCUMENT_TOO_LARGE, pos, "8000000", NULL);
                return NULL;
        }
        y->depth++;
        return n;
}

void yaml_leave(struct yaml *y) { y->depth--; }

/* libfyaml counts columns in characters; positions here are bytes, found from the byte offset. */
static struct pos pos_of_token(const struct yaml *y, struct fy_token *token)
{
        struct pos pos = { .file = y->file };
        const struct fy_mark *start = token ? fy_token_start_mark(token) : NULL, *end = token ? fy_token_end_mark(token) : NULL;
        if (!start || start->input_pos > y->text.len)
                return (struct pos){ 0 };
        size_t col = 0;
        while (col < start->input_pos && col < UINT16_MAX - 1u && y->text.ptr[start->input_pos - col - 1] != '\n')
                col++;
        size_t len = end && end->input_pos > start->input_pos ? end->input_pos - start->input_pos : 0;
        pos.line = (uint32_t)start->line + 1;
        pos.col = (uint16_t)(col + 1);
        pos.len = (uint16_t)(len > UINT16_MAX ? UINT16_MAX : len);
        return pos;
}

struct pos yaml_pos(const struct yaml *y, struct fy_node *n)
{
        for (unsigned i = 0; n && i < DEEPEST; i++) {
                if (fy_node_is_scalar(n))
                        return pos_of_token(y, fy_node_get_scalar_token(n));
                if (fy_node_is_mapping(n)) {
                        struct fy_node_pair *pair = fy_node_mapping_get_by_index(n, 0);
                        n = pair ? fy_node_pair_key(pair) : NULL;
                } else
                        n = fy_node_sequence_get_by_index(n, 0);
        }
        return (struct pos){ 0 };
}

const char *yaml_text(struct yaml *y, struct fy_node *n)
{
        if (!n || !fy_node_is_scalar(n))
                return NULL;
        size_t len = 0;
        const char *text = fy_node_get_scalar(n, &len);
        if (!text)
                return "";
        /* A NUL inside would hide the rest of the value from every later check. */
        size_t until = strnlen(text, len);
        return arena_intern(y->arena, text, until);
}
