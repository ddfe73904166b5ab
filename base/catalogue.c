#include "base/catalogue.h"
#include "base/file.h"
#include "base/i18n.h"

#include <fcntl.h>
#include <string.h>

/* GNU MO: magic, revision, count, where the table of texts is, where that of translations is; a table's row is a length
 * and an offset. Texts are sorted and end in NUL. */
enum { LARGEST_CATALOGUE = 16 << 20, MAGIC = 0, COUNT_OF = 8, TEXTS = 12, TRANSLATIONS = 16, HEADER = 28, ROW = 8 };

struct catalogue {
        struct str file;
        uint32_t n, texts, translations;
};

static uint32_t number_at(const struct catalogue *c, size_t at)
{
        uint32_t value;
        memcpy(&value, c->file.ptr + at, sizeof(value));
        return value;
}

/* NULL when the row points outside of the file. */
static const char *entry(const struct catalogue *c, uint32_t table, uint32_t row)
{
        size_t at = (size_t)table + (size_t)row * ROW;
        size_t len = number_at(c, at), from = number_at(c, at + 4);
        return from + len < c->file.len && !c->file.ptr[from + len] ? c->file.ptr + from : NULL;
}

static bool well_formed(struct catalogue *c)
{
        if (c->file.len < HEADER || number_at(c, MAGIC) != 0x950412de) /* of this machine's byte order, as msgfmt writes */
                return false;
        c->n = number_at(c, COUNT_OF);
        c->texts = number_at(c, TEXTS);
        c->translations = number_at(c, TRANSLATIONS);
        size_t table = (size_t)c->n * ROW;
        if (c->texts + table > c->file.len || c->translations + table > c->file.len)
                return false;
        for (uint32_t i = 0; i < c->n; i++)
                if (!entry(c, c->texts, i) || !entry(c, c->translations, i))
                        return false;
        return true;
}

struct catalogue *catalogue_open(const char *language)
{
        struct err e = ERR_INIT;
        AUTO_STR path = STR_MAX(8192);
        str_addf(&path, "%s/%s/LC_MESSAGES/xenroll.mo", i18n_folder(), language);
        struct catalogue *c = calloc(1, sizeof(*c));
        if (!c)
                return NULL;
        c->file.max = LARGEST_CATALOGUE;
        if (path.failed || !file_read(AT_FDCWD, str_text(&path), LARGEST_CATALOGUE, &c->file, &e) || !well_formed(c)) {
                catalogue_free(c);
                return NULL;
        }
        return c;
}

void catalogue_free(struct catalogue *c)
{
        if (!c)
                return;
        str_clear(&c->file);
        free(c);
}

const char *catalogue_text(const struct catalogue *c, const char *text)
{
        for (uint32_t low = 0, high = c ? c->n : 0; low < high;) {
                uint32_t middle = low + (high - low) / 2;
                int order = strcmp(text, entry(c, c->texts, middle));
                if (!order)
                        return entry(c, c->translations, middle);
                if (order < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return text;
}
