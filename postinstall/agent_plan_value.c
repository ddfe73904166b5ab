/* What the texts of a plan's attributes look like. */
#include "postinstall/agent_plan_table.h"
#include "base/i18n.h"
#include "base/text.h"

#include <string.h>

enum { USUAL_TEXT = 1024, USUAL_LINES = 4096, USUAL_WORD = 2000, DIGITS_OF_INT = 9, DIGITS_OF_SIZE = 18 };

static size_t characters(const char *utf8)
{
        size_t n = 0;
        for (; *utf8; utf8++)
                n += ((unsigned char)*utf8 & 0xc0) != 0x80;
        return n;
}

/* What XML cannot hold, and what would steer a terminal. */
static bool is_clean(const char *text, bool lines)
{
        for (const unsigned char *s = (const unsigned char *)text; *s; s++)
                if ((*s < ' ' && !(lines && *s == '\n')) || *s == 0x7f)
                        return false;
        /* U+FFFE and U+FFFF. */
        return text_is_utf8(text, strlen(text)) && !strstr(text, "\xef\xbf\xbe") && !strstr(text, "\xef\xbf\xbf");
}

static bool is_word(const char *text, size_t most)
{
        size_t n = 0;
        for (; text[n]; n++)
                if (text[n] <= ' ' || text[n] > '~')
                        return false;
        return n && n <= most;
}

static bool is_number(const char *text, size_t digits)
{
        size_t n = strspn(text, "0123456789");
        return n && n <= digits && !text[n] && (*text != '0' || n == 1);
}

static bool is_hex(const char *text, size_t n) { return strlen(text) == n && strspn(text, "0123456789abcdef") == n; }

static bool is_mac(const char *text)
{
        static const char form[] = "hh:hh:hh:hh:hh:hh";
        for (size_t i = 0; i < sizeof(form); i++)
                if (form[i] != 'h' ? text[i] != form[i] : !text[i] || !strchr("0123456789abcdef", text[i]))
                        return false;
        return true;
}

static bool is_ip4(const char *text)
{
        for (int i = 0; i < 4; i++) {
                size_t n = strspn(text, "0123456789");
                int value = 0;
                for (size_t k = 0; k < n && k < 3; k++)
                        value = value * 10 + text[k] - '0';
                if (!n || n > 3 || (n > 1 && *text == '0') || value > 255 || text[n] != (i < 3 ? '.' : '\0'))
                        return false;
                text += n + 1;
        }
        return true;
}

static bool is_choice(const char *const *choices, const char *text)
{
        while (*choices && strcmp(*choices, text))
                choices++;
        return *choices;
}

static bool is_sr(const char *text)
{
        size_t i = 0;
        while (i < AGENT_SR_TYPES && strcmp(agent_sr_names[i], text))
                i++;
        return i < AGENT_SR_TYPES;
}

bool attribute_fits(const struct attribute *a, const char *text)
{
        switch (a->kind) {
        case ATTRIBUTE_TEXT:
                return *text && characters(text) <= (a->most ? a->most : USUAL_TEXT) && is_clean(text, false);
        case ATTRIBUTE_LINES:
                return characters(text) <= (a->most ? a->most : USUAL_LINES) && is_clean(text, true);
        case ATTRIBUTE_WORD:
                return is_word(text, a->most ? a->most : USUAL_WORD);
        case ATTRIBUTE_PATH:
                return *text == '/' && is_word(text, a->most ? a->most : USUAL_WORD);
        case ATTRIBUTE_HEX:
                return is_hex(text, a->most);
        case ATTRIBUTE_MAC:
                return is_mac(text);
        case ATTRIBUTE_IP4:
                return is_ip4(text);
        case ATTRIBUTE_CHOICE:
                return is_choice(a->choices, text);
        case ATTRIBUTE_INT:
                return is_number(text, DIGITS_OF_INT);
        case ATTRIBUTE_SIZE:
                return is_number(text, DIGITS_OF_SIZE) && *text != '0';
        case ATTRIBUTE_YES:
                return !strcmp(text, "yes");
        case ATTRIBUTE_SR:
                return is_sr(text);
        }
        return false;
}

const char *attribute_rule(const struct attribute *a)
{
        switch (a->kind) {
        case ATTRIBUTE_TEXT:
        case ATTRIBUTE_LINES:
                return _("a text of the right length");
        case ATTRIBUTE_WORD:
                return _("a word of the right length");
        case ATTRIBUTE_PATH:
                return _("an absolute path");
        case ATTRIBUTE_HEX:
                return _("a row of hexadecimal digits of the right length");
        case ATTRIBUTE_MAC:
                return _("a MAC address in lower case");
        case ATTRIBUTE_IP4:
                return _("an IPv4 address");
        case ATTRIBUTE_CHOICE:
        case ATTRIBUTE_SR:
                return _("one of the words that are possible there");
        case ATTRIBUTE_INT:
        case ATTRIBUTE_SIZE:
                return _("a whole number");
        case ATTRIBUTE_YES:
                return _("'yes'");
        }
        return "";
}
