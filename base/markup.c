#include "base/markup.h"

static const char *in_attribute(char c)
{
        switch (c) {
        case '"':
                return "&quot;";
        case '\n':
                return "&#10;";
        case '\t':
                return "&#9;";
        default:
                return NULL;
        }
}

static const char *anywhere(char c)
{
        switch (c) {
        case '&':
                return "&amp;";
        case '<':
                return "&lt;";
        case '>':
                return "&gt;";
        case '\r': /* a bare one would be read as a line feed */
                return "&#13;";
        default:
                return NULL;
        }
}

void markup_add_char(struct str *out, char c, enum markup_place place)
{
        const char *meant = anywhere(c);
        if (!meant && place == MARKUP_ATTRIBUTE)
                meant = in_attribute(c);
        if (meant)
                str_add(out, meant);
        else
                str_addc(out, c);
}

void markup_add(struct str *out, const char *text, enum markup_place place)
{
        for (; *text; text++)
                markup_add_char(out, *text, place);
}
