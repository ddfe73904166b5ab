/* XML-RPC: what is read from answers, what is refused, what calls look like. */
#include "postinstall/rpc.h"
#include "base/cleanup.h"
#include "tests/unit/unit.h"

#include <locale.h>

/* Values as one line: 'text', true, null, [items], {key: value}. */
static void show(struct str *out, const struct rpc_value *v)
{
        switch (v->kind) {
        case RPC_NIL:
                str_add(out, "null");
                return;
        case RPC_TEXT:
                str_addf(out, "'%s'", v->text);
                return;
        case RPC_BOOL:
                str_add(out, v->text);
                return;
        default:
                break;
        }
        str_addc(out, v->kind == RPC_ARRAY ? '[' : '{');
        for (size_t i = 0; i < v->n; i++) {
                str_add(out, i ? ", " : "");
                if (v->kind == RPC_STRUCT)
                        str_addf(out, "%s: ", v->items[i].key);
                show(out, &v->items[i]);
        }
        str_addc(out, v->kind == RPC_ARRAY ? ']' : '}');
}

#define HEAD "<?xml version=\"1.0\"?>"
#define BEFORE                                                                                                         \
        HEAD "<methodResponse><params><param><value><struct><member><name>Status</name><value>Success</value></"       \
             "member>"                                                                                                 \
             "<member><name>Value</name>"
#define AFTER "</member></struct></value></param></params></methodResponse>"

static const struct {
        const char *why, *in, *shown;
} values[] = {
        { "no type is a string", "<value>OpaqueRef:1</value>", "'OpaqueRef:1'" },
        { "blanks are kept in a string", "<value> a\tb\n</value>", "' a\tb\n'" },
        { "nothing", "<value></value>", "''" },
        { "nothing, short", "<value/>", "''" },
        { "a string", "<value><string>x</string></value>", "'x'" },
        { "an empty string", "<value><string/></value>", "''" },
        { "blanks around a type", "<value>\n  <string> x </string>\n</value>", "' x '" },
        { "int", "<value><int>7</int></value>", "'7'" },
        { "i4", "<value><i4>-7</i4></value>", "'-7'" },
        { "double", "<value><double>1.5</double></value>", "'1.5'" },
        { "date", "<value><dateTime.iso8601>20240102T03:04:05Z</dateTime.iso8601></value>", "'20240102T03:04:05Z'" },
        { "true", "<value><boolean>1</boolean></value>", "true" },
        { "false", "<value><boolean>0</boolean></value>", "false" },
        { "nil", "<value><nil/></value>", "null" },
        { "the five entities and references", "<value>&lt;a&gt; &amp; &quot;&apos; &#65;&#x4e2d;</value>",
                "'<a> & \"' A\xe4\xb8\xad'" },
        { "CDATA", "<value><![CDATA[<a>&amp;]]></value>", "'<a>&amp;'" },
        { "a comment", "<value>a<!-- - -->b</value>", "'ab'" },
        { "an array", "<value><array><data><value>a</value><value><i4>1</i4></value></data></array></value>",
                "['a', '1']" },
        { "an empty array", "<value><array><data/></array></value>", "[]" },
        { "an array without data", "<value><array/></value>", "[]" },
        { "an empty struct", "<value><struct/></value>", "{}" },
        { "a struct",
                "<value><struct><member><name>a</name><value>1</value></member> <member> <name>b</name> "
                "<value><boolean>1</boolean></value></member></struct></value>",
                "{a: '1', b: true}" },
        { "an empty name", "<value><struct><member><name/><value>1</value></member></struct></value>", "{: '1'}" },
        { "arrays in a struct in an array",
                "<value><array><data><value>x</value><value><struct><member><name>k</name><value><array><data>"
                "<value>y</value></data></array></value></member></struct></value><value>z</value></data></array></"
                "value>",
                "['x', {k: ['y']}, 'z']" },
        { "two types", "<value><i4>1</i4><i4>2</i4></value>", NULL },
        { "text beside a type", "<value>x<i4>1</i4></value>", NULL },
        { "text behind a type", "<value><i4>1</i4>x</value>", NULL },
        { "a type in a type", "<value><i4><i4>1</i4></i4></value>", NULL },
        { "an unknown type", "<value><base64>QQ==</base64></value>", NULL },
        { "a type of another namespace", "<value><ex:nil xmlns:ex=\"a\"/></value>", NULL },
        { "no truth", "<value><boolean>2</boolean></value>", NULL },
        { "an empty truth", "<value><boolean/></value>", NULL },
        { "something in nil", "<value><nil>x</nil></value>", NULL },
        { "two values", "<value>1</value><value>2</value>", NULL },
        { "no value", "", NULL },
        { "text in an array", "<value><array><data>x</data></array></value>", NULL },
        { "a value outside data", "<value><array><value>x</value></array></value>", NULL },
        { "two data", "<value><array><data/><data/></array></value>", NULL },
        { "a member without a name", "<value><struct><member><value>1</value></member></struct></value>", NULL },
        { "a member without a value", "<value><struct><member><name>a</name></member></struct></value>", NULL },
        { "a member the wrong way round",
                "<value><struct><member><value>1</value><name>a</name></member></struct></value>", NULL },
        { "a value in a struct", "<value><struct><value>1</value></struct></value>", NULL },
        { "an unknown entity", "<value>&other;</value>", NULL },
        { "a character that is none", "<value>&#0;</value>", NULL },
        { "a control character", "<value>\x01</value>", NULL },
        { "not UTF-8", "<value>\xd6\xd0</value>", NULL },
        { "an instruction", "<value><?php x?></value>", NULL },
        { "an open tag", "<value><i4>1</value>", NULL },
        { "a bare &", "<value>a & b</value>", NULL },
};

static void read_shown(const char *why, const char *whole, size_t n, const char *want)
{
        struct rpc_answer a = { 0 };
        struct err e = ERR_INIT;
        AUTO_STR out = STR_MAX(1 << 20);
        if (rpc_answer_read(bytes_of(whole, n), &a, &e)) {
                str_add(&out, a.failed ? "failed " : "");
                show(&out, &a.value);
        } else if (e.kind != ERR_WORLD || !e.code || !*e.text || a.arena || !a.value.text)
                str_add(&out, "an error that says nothing");
        unit_same("rpc value", why, out.len ? str_text(&out) : NULL, want);
        rpc_answer_clear(&a);
}

static void test_values(void)
{
        for (size_t i = 0; i < COUNT(values); i++) {
                AUTO_STR whole = STR_MAX(1 << 16);
                str_addf(&whole, BEFORE "%s" AFTER, values[i].in);
                read_shown(values[i].why, whole.ptr, whole.len, values[i].shown);
        }
}

#define MEMBER(name, value) "<member><name>" name "</name><value>" value "</value></member>"
#define WHOLE(members)                                                                                                 \
        "<methodResponse><params><param><value><struct>" members "</struct></value></param></params></methodResponse>"
#define ARRAY(items) "<array><data>" items "</data></array>"
#define DTD(subset) "<!DOCTYPE methodResponse" subset ">"

static const struct {
        const char *why, *in, *shown;
} wholes[] = {
        { "success", WHOLE(MEMBER("Status", "Success") MEMBER("Value", "1")), "'1'" },
        { "with a byte order mark", "\xef\xbb\xbf" HEAD WHOLE(MEMBER("Status", "Success") MEMBER("Value", "1")),
                "'1'" },
        { "another encoding is said than sent",
                "<?xml version='1.0' encoding='ISO-8859-1'?>" WHOLE(
                        MEMBER("Status", "Success") MEMBER("Value", "\xe4\xb8\xad")),
                "'\xe4\xb8\xad'" },
        { "failure",
                WHOLE(MEMBER("Status", "Failure")
                                MEMBER("ErrorDescription", ARRAY("<value>CODE</value><value>p</value>"))),
                "failed ['CODE', 'p']" },
        { "failure without a code", WHOLE(MEMBER("Status", "Failure") MEMBER("ErrorDescription", ARRAY(""))), NULL },
        { "failure with a value", WHOLE(MEMBER("Status", "Failure") MEMBER("Value", "x")), NULL },
        { "success without a value", WHOLE(MEMBER("Status", "Success")), NULL },
        { "another status", WHOLE(MEMBER("Status", "Pending") MEMBER("Value", "x")), NULL },
        { "no status", WHOLE(MEMBER("Value", "x")), NULL },
        { "no struct", "<methodResponse><params><param><value>x</value></param></params></methodResponse>", NULL },
        { "no param", "<methodResponse><params/></methodResponse>", NULL },
        { "two params",
                "<methodResponse><params><param><value>x</value></param><param><value>x</value></param></params>"
                "</methodResponse>",
                NULL },
        { "a fault",
                "<methodResponse><fault><value><struct>" MEMBER(
                        "faultString", "no such method") "</struct></value>"
                                                         "</fault></methodResponse>",
                NULL },
        { "a fault that looks like success",
                "<methodResponse><fault><value><struct>" MEMBER("Status", "Success")
                        MEMBER("Value", "1") "</struct>"
                                             "</value></fault></methodResponse>",
                NULL },
        { "a call", "<methodCall><methodName>a.b</methodName><params/></methodCall>", NULL },
        { "a page", "<html><body><p>It works!</p></body></html>", NULL },
        { "nothing", "", NULL },
        { "blanks", "  \n", NULL },
        { "no XML", "HTTP/1.1 200 OK", NULL },
        { "UTF-16", "\xff\xfe<", NULL },
        { "something behind it", WHOLE(MEMBER("Status", "Success") MEMBER("Value", "1")) "<a/>", NULL },
        { "a DOCTYPE", DTD("") WHOLE(MEMBER("Status", "Success") MEMBER("Value", "1")), NULL },
        { "a DOCTYPE elsewhere",
                DTD(" SYSTEM 'http://127.0.0.1:1/x.dtd'") WHOLE(MEMBER("Status", "Success") MEMBER("Value", "1")),
                NULL },
        { "an entity of its own",
                DTD(" [<!ENTITY a SYSTEM 'file:///etc/passwd'>]")
                        WHOLE(MEMBER("Status", "Success") MEMBER("Value", "&a;")),
                NULL },
        { "a stylesheet", "<?xml-stylesheet href='a'?>" WHOLE(MEMBER("Status", "Success") MEMBER("Value", "1")), NULL },
};

static void test_wholes(void)
{
        for (size_t i = 0; i < COUNT(wholes); i++)
                read_shown(wholes[i].why, wholes[i].in, strlen(wholes[i].in), wholes[i].shown);
        static const char nul[] = WHOLE(MEMBER("Status", "Success") MEMBER("Value", "1")) "\0";
        read_shown("a zero byte", nul, sizeof(nul), NULL);
}

/* An answer cut short anywhere is none. */
static void test_truncated(void)
{
        static const char whole[] = BEFORE "<value><array><data><value>a&amp;b</value></data></array></value>" AFTER;
        size_t taken = 0;
        for (size_t n = 0; n < sizeof(whole) - 1; n++) {
                AUTO_FREE char *copy = malloc(n + 1);
                memcpy(copy, whole, n);
                struct rpc_answer a = { 0 };
                struct err e = ERR_INIT;
                taken += rpc_answer_read(bytes_of(copy, n), &a, &e);
                rpc_answer_clear(&a);
        }
        unit_case("rpc answer", "cut short at every byte", taken == 0, "one was taken");
}

/* --- bounds --- */

static void repeat(struct str *out, const char *text, size_t n)
{
        for (size_t i = 0; i < n; i++)
                str_add(out, text);
}

static void test_bound(const char *why, const char *before, size_t n, const char *after, bool want)
{
        AUTO_STR whole = STR_MAX(64 << 20);
        str_add(&whole, BEFORE "<value>");
        repeat(&whole, before, n);
        repeat(&whole, after, *after == '<' ? n : 0);
        str_add(&whole, "</value>" AFTER);
        struct rpc_answer a = { 0 };
        struct err e = ERR_INIT;
        bool got = rpc_answer_read(str_bytes(&whole), &a, &e);
        unit_case("rpc bounds", why, got == want && (got || e.code), e.text);
        rpc_answer_clear(&a);
}

#define DOWN "<array><data><value>"
#define UP "</value></data></array>"

static void test_bounds(void)
{
        /* The answer's own struct is the first level. */
        test_bound("as deep as may be", DOWN, RPC_DEEPEST - 1, UP, true);
        test_bound("one deeper", DOWN, RPC_DEEPEST, UP, false);
        test_bound("very deep", DOWN, 100000, UP, false);
        test_bound("a long text", "0123456789abcdef", 500000, "", true);
        test_bound("a text of references", "&#65;", 500000, "", true);
        test_bound("longer than any answer", "0123456789abcdef", 1 << 20, "", false);
        test_bound("a long comment", "<!--0123456789abcdef-->", 10000, "", true);
        AUTO_STR row = STR_MAX(1 << 16);
        str_add(&row, "<array><data>");
        repeat(&row, "<value><array/></value>", RPC_DEEPEST + 1);
        str_add(&row, "</data></array>");
        test_bound("many beside each other", str_text(&row), 1, "", true);
        test_bound("a tag without end", "<value ", 1, "", false);
        AUTO_STR tag = STR_MAX(1 << 20);
        str_add(&tag, "<nil ");
        for (int i = 0; i < 10000; i++)
                str_addf(&tag, "a%d='' ", i);
        str_add(&tag, "/>");
        test_bound("a tag of many attributes", str_text(&tag), 1, "", false);
        AUTO_STR many = STR_MAX(64 << 20);
        str_add(&many, "<array><data>");
        repeat(&many, "<value/>", 1 << 20);
        str_add(&many, "</data></array>");
        test_bound("a million values", str_text(&many), 1, "", false);
}

/* --- looking things up --- */

static void test_lookup(void)
{
        static const char in[] = BEFORE "<value><struct>" MEMBER("name", "n1") MEMBER("live", "<boolean>1</boolean>")
                MEMBER("size", "12345678901") MEMBER("odd", "12x") MEMBER("empty", "")
                        MEMBER("huge", "99999999999999999999")
                                MEMBER("list", ARRAY("<value>a</value><value><boolean>1</boolean></value>"))
                                        MEMBER("nil", "<nil/>") "</struct></value>" AFTER;
        struct rpc_answer a = { 0 };
        struct err e = ERR_INIT;
        if (!unit_case("rpc lookup", "read", rpc_answer_read(bytes_of(in, sizeof(in) - 1), &a, &e), e.text))
                return;
        const struct rpc_value *v = &a.value, *list = rpc_member(v, "list");
        unit_same("rpc lookup", "a text", rpc_text(v, "name"), "n1");
        unit_same("rpc lookup", "a truth's text", rpc_text(v, "live"), "true");
        unit_same("rpc lookup", "a list has no text", rpc_text(v, "list"), "");
        unit_same("rpc lookup", "what is not there", rpc_text(v, "other"), "");
        unit_same("rpc lookup", "nothing has no members", rpc_text(rpc_member(v, "other"), "x"), "");
        unit_same("rpc lookup", "a text has no members", rpc_text(rpc_member(v, "name"), "x"), "");
        unit_case("rpc lookup", "true", rpc_true(v, "live") && !rpc_true(v, "name") && !rpc_true(v, "other"), "");
        unit_case("rpc lookup", "a number", rpc_number(v, "size", -1) == 12345678901, "");
        unit_case("rpc lookup", "no number",
                rpc_number(v, "odd", -1) == -1 && rpc_number(v, "empty", -1) == -1 && rpc_number(v, "huge", -1) == -1 &&
                        rpc_number(v, "other", -1) == -1 && rpc_number(v, "live", -1) == -1 &&
                        rpc_number(v, "list", -1) == -1,
                "");
        unit_case("rpc lookup", "a list's texts",
                rpc_has_text(list, "a") && !rpc_has_text(list, "b") && !rpc_has_text(list, "true") &&
                        !rpc_has_text(v, "n1"),
                "");
        unit_case("rpc lookup", "only members have keys", !v->key && !list->items[0].key && !strcmp(list->key, "list"),
                "");
        rpc_answer_clear(&a);
        unit_same("rpc lookup", "a cleared answer has a text", a.value.text, "");
}

/* --- writing --- */

static const struct {
        const char *in, *out;
} texts[] = {
        { "plain", "plain" },
        { "", "" },
        { "a<b>&c\"'", "a&lt;b&gt;&amp;c\"'" },
        { "]]>", "]]&gt;" },
        { "\t\n\r", "\t\n&#13;" },
        { "\x01\x1f\x7f", "??\x7f" },
        { "\xe4\xb8\xad\xe6\x96\x87", "\xe4\xb8\xad\xe6\x96\x87" },
        { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
        { "\xff", "?" },
        { "a\xe4\xb8", "a??" },
        { "\xc0\x80z", "??z" },
        { "\xed\xa0\x80", "???" },
        { "\xef\xbf\xbe!\xef\xbf\xbd", "?!\xef\xbf\xbd" },
        { "\xef\xbf\xbf\xff\x02\xe4\xb8\xad", "???\xe4\xb8\xad" },
};

static const char *const pairs[] = { "server", "10.0.0.1", "opt<ions", "a&b", NULL };
static const char *const list[] = { "host", "pbd", NULL };
static const char *const none[] = { NULL };

#define S(text) "<param><value><string>" text "</string></value></param>"
#define D(text) "<param><value><double>" text "</double></value></param>"

static const struct {
        const char *why;
        struct rpc_arg arg;
        const char *out;
} args[] = {
        { "text", RPC_S("a<b"), S("a&lt;b") },
        { "no text", RPC_S(NULL), S("") },
        { "yes", RPC_B(true), "<param><value><boolean>1</boolean></value></param>" },
        { "no", RPC_B(false), "<param><value><boolean>0</boolean></value></param>" },
        { "number", RPC_I(-42), S("-42") },
        { "large number", RPC_I(INT64_MIN), S("-9223372036854775808") },
        { "float", RPC_F(30), D("30.000000") },
        { "small float", RPC_F(-0.25), D("-0.250000") },
        { "rounded float", RPC_F(0.1 + 0.2), D("0.300000") },
        { "no number", RPC_F(0.0 / 0.0), D("0.000000") },
        { "endless", RPC_F(1e300), D("1000000000000.000000") },
        { "map", RPC_M(pairs),
                "<param><value><struct><member><name>server</name><value><string>10.0.0.1</string></value></member>"
                "<member><name>opt&lt;ions</name><value><string>a&amp;b</string></value></member></struct></value></"
                "param>" },
        { "empty map", RPC_M(none), "<param><value><struct></struct></value></param>" },
        { "list", RPC_A(list),
                "<param><value><array><data><value><string>host</string></value><value><string>pbd</string></value>"
                "</data></array></value></param>" },
        { "empty list", RPC_A(none), "<param><value><array><data></data></array></value></param>" },
};

#define CALL(params) HEAD "<methodCall><methodName>pool.join</methodName><params>" params "</params></methodCall>"

static const char *row_name(size_t i)
{
        static char name[32];
        snprintf(name, sizeof(name), "row %zu", i + 1);
        return name;
}

static void test_writing(void)
{
        for (size_t i = 0; i < COUNT(texts); i++) {
                AUTO_STR got = STR_MAX(4096), want = STR_MAX(4096);
                rpc_call_write(&got, "pool.join", (struct rpc_arg[]){ RPC_S(texts[i].in) }, 1);
                str_addf(&want, CALL(S("%s")), texts[i].out);
                unit_same("rpc text", row_name(i), str_text(&got), str_text(&want));
        }
        for (size_t i = 0; i < COUNT(args); i++) {
                AUTO_STR got = STR_MAX(4096), want = STR_MAX(4096);
                rpc_call_write(&got, "pool.join", &args[i].arg, 1);
                str_addf(&want, CALL("%s"), args[i].out);
                unit_same("rpc argument", args[i].why, str_text(&got), str_text(&want));
        }
        AUTO_STR nothing = STR_MAX(4096), small = STR_MAX(20);
        rpc_call_write(&nothing, "pool.join", NULL, 0);
        unit_same("rpc call", "without arguments", str_text(&nothing), CALL(""));
        rpc_call_write(&small, "pool.join", NULL, 0);
        unit_case("rpc call", "what does not fit marks the string", small.failed, "it did not");
}

/* What is written is read as the same. */
static void test_round(void)
{
        for (size_t i = 0; i < COUNT(texts); i++) {
                AUTO_STR call = STR_MAX(4096), whole = STR_MAX(8192), got = STR_MAX(4096), want = STR_MAX(4096);
                const char *members[] = { texts[i].in, texts[i].in, NULL };
                rpc_call_write(&call, "a", (struct rpc_arg[]){ RPC_M(members) }, 1);
                char *begin = strstr(call.ptr, "<param>") + 7, *end = strstr(call.ptr, "</param>");
                str_addf(&whole, BEFORE "%.*s" AFTER, (int)(end - begin), begin);
                struct rpc_answer a = { 0 };
                struct err e = ERR_INIT;
                if (rpc_answer_read(str_bytes(&whole), &a, &e))
                        show(&got, &a.value);
                AUTO_STR clean = STR_MAX(4096);
                for (const char *p = texts[i].out; *p; p++) {
                        static const char *const escapes[] = { "&lt;<", "&gt;>", "&amp;&", "&#13;\r" };
                        const char *as = NULL;
                        for (size_t k = 0; k < COUNT(escapes) && !as; k++)
                                if (!strncmp(p, escapes[k], strlen(escapes[k]) - 1))
                                        as = escapes[k];
                        str_addc(&clean, as ? as[strlen(as) - 1] : *p);
                        p += as ? strlen(as) - 2 : 0;
                }
                str_addf(&want, "{%s: '%s'}", str_text(&clean), str_text(&clean));
                unit_same("rpc there and back", row_name(i), str_text(&got), str_text(&want));
                rpc_answer_clear(&a);
        }
}

int main(void)
{
        setlocale(LC_ALL, "");
        test_values();
        test_wholes();
        test_truncated();
        test_bounds();
        test_lookup();
        test_writing();
        test_round();
        return 0;
}
