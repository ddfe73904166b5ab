#include "postinstall/rpc.h"
#include "base/markup.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

/* XML cannot hold these, not even as references. */
static bool is_forbidden(const char *s, size_t left)
{
        unsigned char c = (unsigned char)*s;
        if (c < 0x20)
                return c != '\t' && c != '\n' && c != '\r';
        return left >= 3 && !memcmp(s, "\xef\xbf", 2) && (unsigned char)s[2] >= 0xbe;
}

static void add_text(struct str *out, const char *text)
{
        size_t left = strlen(text), sound = text_utf8_until(text, left);
        for (; left; text++, left--, sound--) {
                if (!sound) {
                        str_addc(out, '?');
                        sound = 1 + text_utf8_until(text + 1, left - 1);
                } else if (is_forbidden(text, left)) {
                        str_addc(out, '?');
                        size_t more = (unsigned char)*text < 0x20 ? 0 : 2;
                        text += more;
                        left -= more;
                        sound -= more;
                } else
                        markup_add_char(out, *text, MARKUP_TEXT);
        }
}

static void add_string(struct str *out, const char *text)
{
        str_add(out, "<value><string>");
        add_text(out, text);
        str_add(out, "</string></value>");
}

static void add_map(struct str *out, const char *const *pairs)
{
        str_add(out, "<value><struct>");
        for (; pairs && pairs[0] && pairs[1]; pairs += 2) {
                str_add(out, "<member><name>");
                add_text(out, pairs[0]);
                str_add(out, "</name>");
                add_string(out, pairs[1]);
                str_add(out, "</member>");
        }
        str_add(out, "</struct></value>");
}

static void add_texts(struct str *out, const char *const *texts)
{
        str_add(out, "<value><array><data>");
        for (; texts && *texts; texts++)
                add_string(out, *texts);
        str_add(out, "</data></array></value>");
}

/* Not by printf: its decimal point is the locale's. Good to a microsecond, which is what xapi's floats are for. */
static void add_fraction(struct str *out, double d)
{
        const double most = 1e12;
        if (!(d > -most && d < most))
                d = d > 0 ? most : d < 0 ? -most : 0;
        int64_t millionths = (int64_t)(d * 1e6 + (d < 0 ? -0.5 : 0.5));
        uint64_t size = millionths < 0 ? -(uint64_t)millionths : (uint64_t)millionths;
        str_addf(out, "<value><double>%s%" PRIu64 ".%06" PRIu64 "</double></value>", millionths < 0 ? "-" : "",
                size / 1000000, size % 1000000);
}

static void add_arg(struct str *out, const struct rpc_arg *arg);

static void add_record(struct str *out, const struct rpc_named *members, size_t n)
{
        str_add(out, "<value><struct>");
        for (size_t i = 0; i < n; i++) {
                str_add(out, "<member><name>");
                add_text(out, members[i].key);
                str_add(out, "</name>");
                add_arg(out, &members[i].arg);
                str_add(out, "</member>");
        }
        str_add(out, "</struct></value>");
}

static void add_arg(struct str *out, const struct rpc_arg *arg)
{
        switch (arg->kind) {
        case ARG_TEXT:
                add_string(out, arg->text ? arg->text : "");
                break;
        case ARG_BOOL:
                str_addf(out, "<value><boolean>%d</boolean></value>", arg->yes);
                break;
        case ARG_NUMBER:
                str_addf(out, "<value><string>%" PRId64 "</string></value>", arg->number);
                break;
        case ARG_FLOAT:
                add_fraction(out, arg->fraction);
                break;
        case ARG_MAP:
                add_map(out, arg->texts);
                break;
        case ARG_TEXTS:
                add_texts(out, arg->texts);
                break;
        case ARG_RECORD:
                add_record(out, arg->members, arg->n_members);
                break;
        }
}

void rpc_call_write(struct str *out, const char *method, const struct rpc_arg *args, size_t n)
{
        str_add(out, "<?xml version=\"1.0\"?><methodCall><methodName>");
        add_text(out, method);
        str_add(out, "</methodName><params>");
        for (size_t i = 0; i < n; i++) {
                str_add(out, "<param>");
                add_arg(out, &args[i]);
                str_add(out, "</param>");
        }
        str_add(out, "</params></methodCall>");
}
