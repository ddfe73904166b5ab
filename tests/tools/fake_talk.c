/* fake_talk FILE… - conversations with the fake xapi, in virtual time: what is sent, what must come back.
 *
 * A file is a scenario, a line "---", then commands, a line each; words with blanks stand in quotation marks.
 *     on HOST socket|tcp [FROM]       who is asked, and by whom (an administrator's computer unless said)
 *     roots                           every host gets a folder as root, where root's password is "secret"
 *     login                           a session over the chosen way; $session
 *     call METHOD ARG…                sends it and waits; the session goes in front unless METHOD begins with "!"
 *         text  i:5 (an <int>)  b:1  f:1.5  [a,b]  {key=value,…}  $NAME
 *     begin METHOD ARG… / end         the same in two parts
 *     raw TEXT                        a body as it is
 *     is PIECE / not PIECE            of the reply
 *     fate answer|refused|dropped     of the reply; took LEAST MOST: its milliseconds
 *     keep NAME [FIELD]               the first reference of the reply, or the text of the member FIELD
 *     wait MS / do LINE / shows PIECE / hides PIECE / complains PIECE / breaches PIECE / changed METHOD N / file HOST
 * PATH [PIECE] / nofile HOST PATH Complaints and breaches that were not asked for fail the file. */
#include "base/file.h"
#include "tests/xapi/world.h"

#include <crypt.h>
#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_WORDS = 40, MOST_NAMES = 60, LONGEST = 64 << 20, PATIENCE = 3600000 };

struct talk {
        struct world *w;
        const char *file;
        int line, host, from;
        enum via via;
        int64_t now, asked, id, answered;
        struct world_reply reply;
        struct {
                char name[32];
                char *value;
        } names[MOST_NAMES];
        size_t n_names;
        bool complained, breached;
        char root[64];
        int dirs[64];
        char why[600];
};

static bool wrong(struct talk *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
static bool wrong(struct talk *t, const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(t->why, sizeof(t->why), fmt, ap);
        va_end(ap);
        return false;
}

static void keep(struct talk *t, const char *name, const char *value, size_t n)
{
        size_t i = 0;
        while (i < t->n_names && strcmp(t->names[i].name, name))
                i++;
        if (i == MOST_NAMES)
                abort();
        if (i == t->n_names)
                snprintf(t->names[t->n_names++].name, sizeof(t->names[i].name), "%s", name);
        free(t->names[i].value);
        t->names[i].value = strndup(value, n);
}

static const char *value_of(const struct talk *t, const char *word)
{
        for (size_t i = 0; *word == '$' && i < t->n_names; i++)
                if (!strcmp(t->names[i].name, word + 1))
                        return t->names[i].value;
        return word;
}

/* --- writing --- */

static void add_text(struct str *out, const char *s, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (s[i] == '<')
                        str_add(out, "&lt;");
                else if (s[i] == '&')
                        str_add(out, "&amp;");
                else
                        str_addc(out, s[i]);
}

static void add_string(const struct talk *t, struct str *out, const char *s, size_t n)
{
        str_add(out, "<value><string>");
        while (n) {
                size_t k = *s == '$' ? 1 : strcspn(s, "$");
                while (*s == '$' && k < n && isalnum((unsigned char)s[k]))
                        k++;
                k = k < n ? k : n;
                AUTO_FREE char *part = strndup(s, k);
                const char *v = value_of(t, part);
                add_text(out, v, strlen(v));
                s += k;
                n -= k;
        }
        str_add(out, "</string></value>");
}

/* A bool in a record: b:1 there too. */
static void add_value(const struct talk *t, struct str *out, const char *s, size_t n)
{
        if (n > 1 && s[1] == ':' && strchr("ibf", *s)) {
                const char *tag = *s == 'i' ? "int" : *s == 'b' ? "boolean" : "double";
                str_addf(out, "<value><%s>%.*s</%s></value>", tag, (int)n - 2, s + 2, tag);
        } else {
                add_string(t, out, s, n);
        }
}

static size_t item_end(const char *s, const char *end)
{
        int deep = 0;
        size_t n = 0;
        for (; s + n < end && (deep || s[n] != ','); n++)
                deep += s[n] == '{' ? 1 : s[n] == '}' ? -1 : 0;
        return n;
}

static void add_arg(const struct talk *t, struct str *out, const char *s, size_t n)
{
        const char *end = s + n - 1;
        if (n >= 2 && *s == '[' && *end == ']') {
                str_add(out, "<value><array><data>");
                for (s++; s < end; s++) {
                        size_t k = item_end(s, end);
                        add_arg(t, out, s, k);
                        s += k;
                }
                str_add(out, "</data></array></value>");
        } else if (n >= 2 && *s == '{' && *end == '}') {
                str_add(out, "<value><struct>");
                for (s++; s < end; s++) {
                        size_t k = item_end(s, end), name = strcspn(s, "=");
                        str_addf(out, "<member><name>%.*s</name>", (int)name, s);
                        add_arg(t, out, s + name + 1, k - name - 1);
                        str_add(out, "</member>");
                        s += k;
                }
                str_add(out, "</struct></value>");
        } else {
                add_value(t, out, s, n);
        }
}

static void send_body(struct talk *t, struct bytes body)
{
        t->asked = t->now;
        t->id = world_request(t->w, t->host, t->via, t->from, "/", body, t->now);
}

static void send_call(struct talk *t, const char *const *words, size_t n)
{
        AUTO_STR body = STR_MAX(LONGEST);
        const char *method = words[1] + (*words[1] == '!');
        str_addf(&body, "<?xml version=\"1.0\"?><methodCall><methodName>%s</methodName><params>", method);
        if (*words[1] != '!') {
                str_add(&body, "<param>");
                add_string(t, &body, "$session", 8);
                str_add(&body, "</param>");
        }
        for (size_t i = 2; i < n; i++) {
                str_add(&body, "<param>");
                add_arg(t, &body, words[i], strlen(words[i]));
                str_add(&body, "</param>");
        }
        str_add(&body, "</params></methodCall>");
        send_body(t, str_bytes(&body));
}

static bool receive(struct talk *t)
{
        struct world_reply r = { .body = STR_MAX(LONGEST) };
        while (t->now < t->asked + PATIENCE) {
                while (world_next(t->w, t->now, &r)) {
                        if (r.id == t->id) {
                                str_clear(&t->reply.body);
                                t->reply = r;
                                t->answered = t->now;
                                return true;
                        }
                        str_clear(&r.body);
                }
                int64_t due = world_due(t->w);
                if (due == INT64_MAX)
                        break;
                t->now = due > t->now ? due : t->now;
        }
        return wrong(t, "no answer");
}

/* --- commands --- */

static int host_of(const struct talk *t, const char *name)
{
        for (int i = 0; i < world_hosts(t->w); i++)
                if (!strcmp(world_host_name(t->w, i), name))
                        return i;
        return -1;
}

static const char *reply_text(const struct talk *t) { return str_text(&t->reply.body); }

static bool keep_field(struct talk *t, const char *name, const char *field)
{
        char tag[100];
        snprintf(tag, sizeof(tag), "<name>%s</name><value>", field ? field : "Value");
        const char *at = strstr(reply_text(t), tag), *ref = at ? at + strlen(tag) : NULL;
        if (!field && ref)
                ref = strstr(ref, "OpaqueRef:");
        if (!ref)
                return wrong(t, "nothing to keep in %.300s", reply_text(t));
        keep(t, name, ref, strcspn(ref, "<"));
        return true;
}

static bool make_roots(struct talk *t)
{
        struct err e = ERR_INIT;
        struct crypt_data data = { 0 };
        char line[200];
        snprintf(t->root, sizeof(t->root), "/tmp/fake_talk.XXXXXX");
        if (!mkdtemp(t->root))
                return wrong(t, "no folder");
        snprintf(line, sizeof(line), "root:%s:1::::::\n", crypt_r("secret", "$5$rounds=1000$salt$", &data));
        for (int i = 0; i < world_hosts(t->w); i++) {
                char path[200];
                snprintf(path, sizeof(path), "%s/%s", t->root, world_host_name(t->w, i));
                mkdir(path, 0755);
                t->dirs[i] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                mkdirat(t->dirs[i], "etc", 0755);
                AUTO_FD int fd = openat(t->dirs[i], "etc/shadow", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
                if (fd < 0 || !file_write_all(fd, line, strlen(line)) || !world_host_root(t->w, i, t->dirs[i], &e))
                        return wrong(t, "no root: %s", e.text);
        }
        return true;
}

static bool look_at_file(struct talk *t, const char *const *words, size_t n)
{
        struct err e = ERR_INIT;
        AUTO_STR text = STR_MAX(LONGEST);
        int host = host_of(t, words[1]);
        bool there = host >= 0 && file_read(t->dirs[host], words[2], LONGEST, &text, &e);
        if (*words[0] == 'n')
                return !there || wrong(t, "%s is there", words[2]);
        if (!there)
                return wrong(t, "%s: %s", words[2], e.text);
        return n < 4 || strstr(str_text(&text), words[3]) || wrong(t, "%s says %s", words[2], str_text(&text));
}

static bool look_at_state(struct talk *t, const char *const *words)
{
        AUTO_STR text = STR_MAX(LONGEST);
        world_show(t->w, &text);
        bool there = strstr(str_text(&text), words[1]) != NULL;
        if (there == (*words[0] == 's'))
                return true;
        fputs(str_text(&text), stderr);
        return wrong(t, "%s \"%s\"", there ? "the state has" : "the state lacks", words[1]);
}

static bool let_pass(struct talk *t, int64_t ms)
{
        struct world_reply r = { .body = STR_MAX(LONGEST) };
        for (int64_t until = t->now + ms; t->now < until;) {
                int64_t due = world_due(t->w);
                t->now = due < until ? (due > t->now ? due : t->now) : until;
                while (world_next(t->w, t->now, &r))
                        str_clear(&r.body);
        }
        return true;
}

static bool login(struct talk *t)
{
        static const char *const words[] = { "call", "!session.login_with_password", "root", "secret", "1.0",
                "fake_talk" };
        send_call(t, words, 6);
        return receive(t) && keep_field(t, "session", NULL);
}

static bool check(struct talk *t, const char *const *words, size_t n)
{
        static const char *const fates[] = {
                [FATE_ANSWER] = "answer", [FATE_REFUSED] = "refused", [FATE_DROPPED] = "dropped"
        };
        const char *c = words[0];
        if (!strcmp(c, "is"))
                return strstr(reply_text(t), value_of(t, words[1])) || wrong(t, "the answer is %.500s", reply_text(t));
        if (!strcmp(c, "not"))
                return !strstr(reply_text(t), value_of(t, words[1])) || wrong(t, "the answer is %.500s", reply_text(t));
        if (!strcmp(c, "fate"))
                return !strcmp(fates[t->reply.fate], words[1]) || wrong(t, "its fate is %s", fates[t->reply.fate]);
        if (!strcmp(c, "took") && n == 3) {
                int64_t ms = t->answered - t->asked;
                return (ms >= atoi(words[1]) && ms <= atoi(words[2])) || wrong(t, "it took %" PRId64 " ms", ms);
        }
        if (!strcmp(c, "complains") || !strcmp(c, "breaches")) {
                bool complains = *c == 'c';
                *(complains ? &t->complained : &t->breached) = true;
                const char *all = complains ? world_complaints(t->w) : world_breaches(t->w);
                return strstr(all, words[1]) || wrong(t, "it says: %.400s", all);
        }
        if (!strcmp(c, "changed") && n == 3)
                return world_mutations(t->w, words[1]) == (unsigned)atoi(words[2]) ||
                       wrong(t, "%u times", world_mutations(t->w, words[1]));
        if (!strcmp(c, "file") || !strcmp(c, "nofile"))
                return look_at_file(t, words, n);
        if (!strcmp(c, "shows") || !strcmp(c, "hides"))
                return look_at_state(t, words);
        return wrong(t, "'%s' is no command", c);
}

static bool command(struct talk *t, const char *const *words, size_t n)
{
        struct err e = ERR_INIT;
        const char *c = words[0];
        if (!strcmp(c, "on") && n >= 3) {
                t->host = host_of(t, words[1]);
                t->via = !strcmp(words[2], "tcp") ? VIA_TCP : VIA_SOCKET;
                t->from = n > 3 ? host_of(t, words[3]) : t->via == VIA_SOCKET ? t->host : -1;
                return t->host >= 0 || wrong(t, "no host %s", words[1]);
        }
        if (!strcmp(c, "roots"))
                return make_roots(t);
        if (!strcmp(c, "login"))
                return login(t);
        if (!strcmp(c, "call") || !strcmp(c, "begin")) {
                send_call(t, words, n);
                return *c == 'b' || receive(t);
        }
        if (!strcmp(c, "end"))
                return receive(t);
        if (!strcmp(c, "raw")) {
                send_body(t, bytes_of(words[1], strlen(words[1])));
                return receive(t);
        }
        if (!strcmp(c, "keep"))
                return keep_field(t, words[1], n > 2 ? words[2] : NULL);
        if (!strcmp(c, "wait"))
                return let_pass(t, atoi(words[1]));
        if (!strcmp(c, "do"))
                return world_do(t->w, words[1], t->now, &e) || wrong(t, "%s", e.text);
        return n >= 2 ? check(t, words, n) : wrong(t, "'%s' is no command", c);
}

static size_t split(char *line, const char **words)
{
        size_t n = 0;
        char *to = line;
        for (char *at = line; *(at += strspn(at, " \t")) && n < MOST_WORDS; to++) {
                bool quoted = false;
                words[n++] = to;
                for (; *at && (quoted || (*at != ' ' && *at != '\t')); at++)
                        if (*at == '"' && (at == line || at[-1] != '\\'))
                                quoted = !quoted;
                        else if (*at != '\\' || at[1] != '"')
                                *to++ = *at;
                at += *at != '\0';
                *to = '\0';
        }
        return n;
}

static bool run_line(struct talk *t, char *line)
{
        const char *words[MOST_WORDS + 1];
        size_t n = split(line, words);
        return !n || *words[0] == '#' || command(t, words, n);
}

static bool run_commands(struct talk *t, char *text)
{
        for (char *line; (line = strsep(&text, "\n"));) {
                t->line++;
                if (!run_line(t, line))
                        return false;
        }
        if (*world_complaints(t->w) && !t->complained)
                return wrong(t, "complaint: %.400s", world_complaints(t->w));
        return !*world_breaches(t->w) || t->breached || wrong(t, "breach: %.400s", world_breaches(t->w));
}

static void tidy(struct talk *t)
{
        struct err ignored = ERR_INIT;
        str_clear(&t->reply.body);
        for (size_t i = 0; i < t->n_names; i++)
                free(t->names[i].value);
        for (int i = 0; *t->root && i < world_hosts(t->w); i++)
                close(t->dirs[i]);
        if (*t->root && !file_remove_tree(AT_FDCWD, t->root, &ignored))
                fprintf(stderr, "%s stays\n", t->root);
        world_free(t->w);
}

static bool run_file(struct talk *t)
{
        struct err e = ERR_INIT;
        AUTO_STR text = STR_MAX(1 << 20);
        if (!file_read(AT_FDCWD, t->file, 1 << 20, &text, &e))
                return wrong(t, "%s", e.text);
        char *cut = strstr(text.ptr, "\n---\n");
        if (!cut)
                return wrong(t, "no line ---");
        *cut = '\0';
        for (char *s = text.ptr; *s; s++)
                t->line += *s == '\n';
        t->line += 2;
        t->w = world_new(text.ptr, 1, &e);
        return t->w ? run_commands(t, cut + 5) : wrong(t, "scenario: %s", e.text);
}

int main(int argc, char **argv)
{
        bool fine = true;
        for (int i = 1; i < argc; i++) {
                struct talk t = { .file = argv[i], .host = 0, .from = 0, .via = VIA_SOCKET };
                const char *name = strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i];
                bool ok = run_file(&t);
                if (ok)
                        printf("ok - %s\n", name);
                else
                        printf("not ok - %s: line %d: %s\n", name, t.line, t.why);
                fine &= ok;
                tidy(&t);
        }
        return !fine;
}
