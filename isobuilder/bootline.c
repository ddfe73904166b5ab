#include "isobuilder/bootline.h"

#include <ctype.h>

bool line_next(struct bytes text, size_t *at, struct line *line)
{
        if (*at >= text.len)
                return false;
        const char *start = text.ptr + *at, *end = memchr(start, '\n', text.len - *at);
        size_t n = end ? (size_t)(end - start) : text.len - *at;
        line->raw = bytes_of(start, n + !!end);
        *at += line->raw.len;
        if (n && start[n - 1] == '\r')
                n--;
        line->text = bytes_of(start, n);
        return true;
}

struct bytes bytes_stripped(struct bytes b)
{
        while (b.len && isspace((unsigned char)*b.ptr)) {
                b.ptr++;
                b.len--;
        }
        while (b.len && isspace((unsigned char)b.ptr[b.len - 1]))
                b.len--;
        return b;
}

bool bytes_contain(struct bytes b, const char *word) { return memmem(b.ptr, b.len, word, strlen(word)); }

bool bytes_equal(struct bytes a, struct bytes b) { return a.len == b.len && !memcmp(a.ptr, b.ptr, a.len); }

bool word_next(struct bytes line, size_t *at, struct bytes *word)
{
        while (*at < line.len && isspace((unsigned char)line.ptr[*at]))
                ++*at;
        if (*at >= line.len)
                return false;
        char quote = line.ptr[*at] == '"' || line.ptr[*at] == '\'' ? line.ptr[*at] : 0;
        size_t start = *at += !!quote;
        while (*at < line.len && (quote ? line.ptr[*at] != quote : !isspace((unsigned char)line.ptr[*at])))
                ++*at;
        *word = bytes_of(line.ptr + start, *at - start);
        *at += quote && *at < line.len;
        return true;
}

struct bytes after_word(struct bytes line, const char *word)
{
        struct bytes b = bytes_stripped(line);
        size_t n = strlen(word);
        if (b.len < n || strncasecmp(b.ptr, word, n) || (b.len > n && !isspace((unsigned char)b.ptr[n])))
                return (struct bytes){ NULL, 0 };
        return bytes_stripped(bytes_of(b.ptr + n, b.len - n));
}

void line_add(struct str *out, const struct line *line)
{
        str_addn(out, line->raw.ptr, line->raw.len);
        if (line->raw.len && line->raw.ptr[line->raw.len - 1] != '\n')
                str_addc(out, '\n');
}

/* Where the selector lies once the installer's kernel runs. */
#define FROM_RAMDISK "answerfile_generator=file:///tmp/ramdisk/"
#define FROM_INITRAMFS "answerfile_generator=file:///xenroll/"

bool is_ours(struct bytes text) { return bytes_contain(text, FROM_RAMDISK) || bytes_contain(text, FROM_INITRAMFS); }

/* What must not stand beside our own arguments. */
bool kernel_word_is_dropped(struct bytes word)
{
        static const char *const exact[] = { "no-repo-gpgcheck", "no-gpgcheck", "install" };
        static const char *const begins[] = { "answerfile=", "answerfile_generator=", "rt_answerfile=",
                "rt_answerfile_generator=", "make-ramdisk=", "xsinst=", "xenroll-medium=" };
        for (size_t i = 0; i < COUNT(exact); i++)
                if (bytes_are(word, exact[i]))
                        return true;
        for (size_t i = 0; i < COUNT(begins); i++)
                if (word.len >= strlen(begins[i]) && !memcmp(word.ptr, begins[i], strlen(begins[i])))
                        return true;
        return false;
}

void kernel_part_add(struct str *out, struct bytes part, const struct bootconfig_spec *spec)
{
        size_t at = 0;
        while (at < part.len) {
                size_t blanks = at;
                while (at < part.len && isspace((unsigned char)part.ptr[at]))
                        at++;
                size_t word = at;
                while (at < part.len && !isspace((unsigned char)part.ptr[at]))
                        at++;
                if (at > word && !kernel_word_is_dropped(bytes_of(part.ptr + word, at - word)))
                        str_addn(out, part.ptr + blanks, at - blanks);
        }
        /* An installer that cannot copy the medium still has to know it, to tell it from a second stick. */
        str_addf(out, spec->ramdisk ? " install make-ramdisk=/dev/disk/by-uuid/%s " FROM_RAMDISK "%s"
                                    : " install xenroll-medium=%s " FROM_INITRAMFS "%s", spec->uuid, spec->selector);
}

bool bootconfig_has_flag(struct bytes text, const char *flag)
{
        struct line line;
        for (size_t at = 0; line_next(text, &at, &line);) {
                struct bytes word, code = bytes_stripped(line.text);
                if (!bytes_contain(code, "/vmlinuz") || *code.ptr == '#')
                        continue;
                for (size_t w = 0; word_next(code, &w, &word);)
                        if (bytes_are(word, flag))
                                return true;
        }
        return false;
}

bool bootconfig_has_gpg_flags(struct bytes text)
{
        return bootconfig_has_flag(text, "no-repo-gpgcheck") || bootconfig_has_flag(text, "no-gpgcheck");
}
