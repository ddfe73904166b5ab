/* Names that storage goes by, judged one at a time. */
#include "answerfiles/value_text.h"
#include "base/i18n.h"

#include <string.h>

static bool is_hex(const char *text, size_t n)
{
        if (strlen(text) != n)
                return false;
        for (; *text; text++)
                if (hex_digit(*text) < 0)
                        return false;
        return true;
}

/* "2017-08" */
static bool is_year_month(const char *s)
{
        for (int i = 0; i < 7; i++)
                if (i == 4 ? s[i] != '-' : !is_digit(s[i]))
                        return false;
        int month = (s[5] - '0') * 10 + s[6] - '0';
        return month >= 1 && month <= 12 && s[0] != '0';
}

/* "local.mynet" or "local.mynet:storage.sys0" */
static bool is_authority(const char *s)
{
        size_t n = strcspn(s, ":");
        /* RFC 3720 allows a reversed top-level domain alone. */
        if (!dns_name_is_valid(s, n) && !(n > 2 && dns_name_is_valid(s + 1, n - 1)))
                return false;
        for (const char *p = s + n; *p; p++)
                if (*p <= 0x20 || *p > 0x7e || strchr("\"'<>&`$\\|,;", *p))
                        return false;
        return !s[n] || s[n + 1];
}

bool value_iqn(struct diags *d, struct pos pos, const char *text)
{
        char date[16], count[NUMBER_TEXT];
        snprintf(count, sizeof(count), "%zu", strlen(text));
        if (refuse_full_width(d, pos, text))
                return false;
        if (strlen(text) > 223)
                return REFUSE(d, pos, XR_IQN_LENGTH, count);
        if (!strncmp(text, "eui.", 4) || !strncmp(text, "naa.", 4)) {
                bool fine = is_hex(text + 4, 16) || (*text == 'n' && is_hex(text + 4, 32));
                return fine || REFUSE(d, pos, XR_IQN_SYNTAX, text);
        }
        if (strncmp(text, "iqn.", 4))
                return REFUSE(d, pos, XR_IQN_SYNTAX, text);
        snprintf(date, sizeof(date), "%.*s", (int)(strcspn(text + 4, ".") & 15), text + 4);
        if (strlen(date) != 7 || !is_year_month(date))
                return REFUSE(d, pos, XR_IQN_DATE, text, date);
        if (text[11] != '.' || !is_authority(text + 12))
                return REFUSE(d, pos, XR_IQN_SYNTAX, text);
        for (const char *s = text; *s; s++)
                if (is_upper(*s)) {
                        diag(d, XR_IQN_CASE, pos, text, NULL);
                        break;
                }
        return true;
}

/* What is wrong with the letters of a path, in words, or NULL. */
static const char *path_fault(const char *text)
{
        for (const char *s = text; *s; s++) {
                if (*s == ' ')
                        return _("a blank in it");
                if ((unsigned char)*s < 0x20 || *s == 0x7f)
                        return _("a control character in it");
                if ((unsigned char)*s > 0x7f)
                        return _("a character in it that is not ASCII");
                if (strchr("\"'`$\\<>|&;*?,:", *s))
                        return _("a sign in it that has a special meaning");
        }
        return strstr(text, "//") ? _("two slashes in a row") : NULL;
}

static bool has_dot_parts(const char *text)
{
        for (const char *s = strchr(text, '/'); s; s = strchr(s + 1, '/')) {
                size_t n = strcspn(s + 1, "/");
                if ((n == 1 && s[1] == '.') || (n == 2 && s[1] == '.' && s[2] == '.'))
                        return true;
        }
        return false;
}

bool value_nfs_path(struct diags *d, struct pos pos, const char *text)
{
        char server[256];
        if (refuse_full_width(d, pos, text))
                return false;
        const char *colon = strstr(text, ":/");
        if (*text != '/' && colon && colon > text && colon - text < 255 && colon[2] != '/') {
                snprintf(server, sizeof(server), "%.*s", (int)(colon - text), text);
                return REFUSE(d, pos, XR_NFS_PATH_SERVER, text, server, colon + 1);
        }
        if (*text != '/')
                return REFUSE(d, pos, XR_NFS_PATH_RELATIVE, text);
        if (has_dot_parts(text))
                return REFUSE(d, pos, XR_NFS_PATH_DOTS, text);
        const char *fault = path_fault(text);
        return !fault || REFUSE(d, pos, XR_NFS_PATH_CHARACTER, text, fault);
}

/* What is wrong with one mount option, in words, or NULL. The version, and whether the storage can be written, are not
 * for the mount command to decide. */
static const char *option_fault(const char *option, size_t n)
{
        static const char *const words[] = { "vers", "nfsvers", "minorversion", "ro", "rw", "bg", "noauto", "remount", "bind" };
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:/=";
        size_t name = strcspn(option, ",=");
        if (!n)
                return _("two commas in a row, or one at an end");
        if (strspn(option, letters) < n)
                return _("a blank or a sign that mount options do not have");
        if (!is_lower(*option))
                return _("an option that does not begin with a small letter");
        for (size_t i = 0; i < COUNT(words); i++)
                if (strlen(words[i]) == name && !strncmp(option, words[i], name))
                        return _("an option that the storage driver decides itself");
        return NULL;
}

bool value_nfs_options(struct diags *d, struct pos pos, const char *text)
{
        if (refuse_full_width(d, pos, text))
                return false;
        for (const char *at = text;; at++) {
                size_t n = strcspn(at, ",");
                const char *fault = option_fault(at, n);
                if (fault)
                        return REFUSE(d, pos, XR_NFS_OPTIONS, text, fault);
                at += n;
                if (!*at)
                        return true;
        }
}

bool value_lun_name(struct diags *d, struct pos pos, const char *what, const char *text)
{
        if (refuse_full_width(d, pos, text))
                return false;
        for (const char *s = text; *s; s++)
                if (!is_digit(*s) && !is_lower(to_lower(*s)) && !strchr("-_.:+=!", *s))
                        return REFUSE(d, pos, XR_LUN_NAME, text, what);
        return strlen(text) <= 128 || REFUSE(d, pos, XR_LUN_NAME, text, what);
}
