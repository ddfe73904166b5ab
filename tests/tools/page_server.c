/* page_server - the roll call's page over a district of its own, for the ring `web`: the real web server, answers,
 * store and arming.
 *
 *     page_server serve OUT ADDRESS:PORT [schools=N] [everybody] [key=FILE certificate=FILE] [no-arming]
 *         3 schools of 8 hosts, or N of 30; prints "ready WEB-PID OTHER-PID"
 *     page_server token OUT SCHOOL [HOST]
 *     page_server enrol OUT FORM             what a machine posts that was started for enrolment
 *     page_server time OUT [schools=N]       how long the summary takes, and the other questions of the page
 *
 * OUT is made with secrets/seed when it has none. */
#include "tests/tools/web_pair.h"
#include "base/i18n.h"
#include "base/log.h"
#include "pxe/enrolment.h"
#include "rollcall/answers.h"
#include "rollcall/roll_web.h"
#include "rollcall/service.h"

#include <sys/stat.h>
#include <time.h>

enum { LONG_NAME = 64, OF_THREE = 8, OF_MANY = 30 };
#define KEEP_MS (INT64_C(400) * 24 * 3600 * 1000)

static int64_t now(void)
{
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- the district --- */

static const char *const hostile = "<script>alert(1)</script>";

static const char *text(const char *fmt, ...) PRINTF_LIKE(1, 2);
static const char *text(const char *fmt, ...)
{
        char *out = NULL;
        va_list ap;
        va_start(ap, fmt);
        if (vasprintf(&out, fmt, ap) < 0)
                file_out_of_memory();
        va_end(ap);
        return out;
}

static struct expected_machine machine(size_t school, size_t i)
{
        return (struct expected_machine){ .name = school == 2 && i == 1 ? hostile
                                                                        : text("nn%zu-xen%zu", 36 + school, i + 1),
                .address = text("10.%zu.%zu.%zu", school / 250, school % 250, 11 + i),
                .mac = text("00:16:3e:%02zx:%02zx:%02zx", school / 256, school % 256, i),
                .serial = text("CN%zu-%zu", 36 + school, i),
                .coordinator = !i };
}

static struct expected_pool pool(size_t school, const char *id, const char *name, size_t from, size_t n)
{
        struct expected_machine *hosts = calloc(n, sizeof(*hosts));
        for (size_t i = 0; i < n; i++)
                hosts[i] = machine(school, from + i);
        return (struct expected_pool){ .id = text("%s", id), .name = text("%s", name), .hosts = hosts, .n_hosts = n };
}

static void make_district(struct expected *x, size_t n)
{
        static const char *const names[] = { "南宁市第三十六中学", "Guilin No. 1 Middle School", "柳州高级中学" };
        struct expected_school *schools = calloc(n, sizeof(*schools));
        size_t hosts = n > 3 ? OF_MANY : OF_THREE, main_pool = n > 3 ? 24 : 5;
        for (size_t s = 0; s < n; s++) {
                struct expected_pool *pools = calloc(2, sizeof(*pools));
                pools[0] = pool(s, "main", "主资源池", 0, main_pool);
                pools[1] = pool(s, "lab", "实验室", main_pool, hosts - main_pool);
                schools[s] = (struct expected_school){ .id = text("nn%zu", 36 + s),
                        .name = s < COUNT(names) ? names[s] : text("第 %zu 中学", s + 1),
                        .pools = pools,
                        .n_pools = 2 };
        }
        *x = (struct expected){ .timezone = "Asia/Shanghai",
                .district = "青秀区",
                .with_agent = true,
                .schools = schools,
                .n_schools = n };
}

static void expect(struct store *store, const struct expected *x)
{
        struct err e = ERR_INIT;
        size_t n = 0;
        struct expected_host *list = calloc(x->n_schools * OF_MANY, sizeof(*list));
        for (size_t s = 0; s < x->n_schools; s++)
                for (size_t p = 0; p < x->schools[s].n_pools; p++)
                        for (size_t i = 0; i < x->schools[s].pools[p].n_hosts; i++) {
                                const struct expected_school *school = &x->schools[s];
                                const struct expected_machine *m = &school->pools[p].hosts[i];
                                list[n++] = (struct expected_host){ school->id, school->name, school->pools[p].id,
                                        school->pools[p].name, m->name, m->address, m->mac, m->serial };
                        }
        if (!store_expect(store, list, n, &e))
                die("store", e.text);
        free(list);
}

/* --- who answers --- */

static struct {
        struct expected expected;
        struct answers_config config;
        struct answers *answers;
        int lines[ROLL_LINES];
        pid_t web;
        bool arms, everybody;
        size_t schools;
        const char *key, *certificate;
} all = { .arms = true, .schools = 3 };

static void make_seed(int out)
{
        struct err e = ERR_INIT;
        if (mkdirat(out, "secrets", 0700) < 0 && errno != EEXIST)
                die("secrets", strerror(errno));
        AUTO_FD int secrets = openat(out, "secrets", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (faccessat(secrets, "seed", F_OK, 0) < 0 &&
                !file_publish(secrets, "seed", bytes_of("0123456789abcdef0123456789abcdef", 32), 0600, &e))
                die("seed", e.text);
}

static void open_all(const char *path)
{
        struct err e = ERR_INIT;
        int out = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (out < 0)
                die(path, strerror(errno));
        make_seed(out);
        make_district(&all.expected, all.schools);
        struct store *store = store_open(out, NULL, true, &e);
        if (!store)
                die("store", e.text);
        expect(store, &all.expected);
        struct arming *arming = all.arms ? arming_open(out, true, &e) : NULL;
        if (all.arms && !arming)
                die("arming", e.text);
        all.config = (struct answers_config){ .store = store,
                .expected = &all.expected,
                .arming = arming,
                .out = out,
                .everybody_reads = all.everybody,
                .now = now };
        all.answers = answers_new(&all.config, &e);
        if (!all.answers)
                die("answers", e.text);
}

static int run_answers(void)
{
        end_with(all.web);
        struct err e = ERR_INIT;
        struct arming_watch *watch =
                all.config.arming ? arming_watch_new(all.config.arming, all.config.store, KEEP_MS) : NULL;
        struct service_config c = { .lines = all.lines,
                .answers = all.answers,
                .store = all.config.store,
                .watch = watch,
                .keep_ms = KEEP_MS,
                .upstream = &all.expected.upstream,
                .now = now };
        if (!service_run(&c, &e))
                fprintf(stderr, "page_server: %s\n", e.text);
        return web_code();
}

/* --- serving --- */

static int serve(const char *out, char *address)
{
        struct err e = ERR_INIT;
        int ours[ROLL_LINES];
        pid_t parent = getpid();
        struct roll_web_config c = {
                .listen = listen_at(address), .key = all.key, .certificate = all.certificate, .lines = ours
        };
        make_lines(ours, all.lines, ROLL_LINES);
        all.web = fork();
        if (all.web) {
                close_lines(ours, ROLL_LINES);
                close(c.listen);
                open_all(out);
                return run_answers();
        }
        close_lines(all.lines, ROLL_LINES);
        bool fine = roll_web_run(&c, tell_ready, &parent, &e);
        if (!fine)
                fprintf(stderr, "page_server: %s\n", e.text);
        return fine ? 0 : (int)e.kind;
}

static int tell_token(const char *path, const char *school, const char *host)
{
        char token[TOKEN_TEXT];
        struct err e = ERR_INIT;
        AUTO_STR seed = STR_MAX(64);
        AUTO_FD int out = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (!file_read(out, "secrets/seed", 64, &seed, &e) || seed.len < 32)
                die(path, e.text);
        answers_token((const unsigned char *)seed.ptr, school, host, token);
        puts(token);
        return 0;
}

static int enrol(const char *path, const char *form)
{
        struct err e = ERR_INIT;
        struct enrolled m;
        bool kept = false;
        AUTO_FD int out = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct arming *arming = arming_open(out, true, &e);
        if (!enrolment_read(bytes_of(form, strlen(form)), &m))
                die("enrol", "no network card");
        m.seen = now() / 1000;
        if (!arming || !enrolled_put(arming, &m, &kept, &e) || !kept)
                die("enrol", e.text);
        arming_close(arming);
        return 0;
}

/* --- how long it takes --- */

static void ask_once(const char *path)
{
        struct reply r = REPLY_INIT;
        int64_t before = now();
        answers_answer(all.answers,
                &(struct ask){ "GET", path, "127.0.0.1", { "", 0 }, "Host: x\nScheme: http\nAccept-Language: zh-CN\n" },
                &r);
        printf("%s %d %zu bytes %lld ms\n", path, r.status, r.body.len, (long long)(now() - before));
        reply_clear(&r);
}

static int tell_times(const char *out)
{
        all.everybody = true;
        open_all(out);
        ask_once("/api/summary");
        ask_once("/api/summary");
        ask_once("/api/hosts?school=nn77");
        ask_once("/api/hosts?standing=overdue");
        ask_once("/api/hosts?q=xen17&limit=600");
        ask_once("/api/changes?since=0");
        ask_once("/words.json");
        return 0;
}

static void read_options(char **options)
{
        for (; *options; options++) {
                if (below(*options, "schools="))
                        all.schools = (size_t)atoi(*options + 8);
                else if (!strcmp(*options, "everybody"))
                        all.everybody = true;
                else if (!strcmp(*options, "no-arming"))
                        all.arms = false;
                else if (below(*options, "key="))
                        all.key = content(*options + 4);
                else if (below(*options, "certificate="))
                        all.certificate = content(*options + 12);
                else
                        die(*options, "no such option");
        }
}

int main(int argc, char **argv)
{
        i18n_init(NULL);
        log_enable(getenv("PAGE_LOG"));
        if (argc >= 4 && !strcmp(argv[1], "token"))
                return tell_token(argv[2], argv[3], argv[4]);
        if (argc >= 4 && !strcmp(argv[1], "serve")) {
                read_options(argv + 4);
                return serve(argv[2], argv[3]);
        }
        if (argc == 4 && !strcmp(argv[1], "enrol"))
                return enrol(argv[2], argv[3]);
        if (argc >= 3 && !strcmp(argv[1], "time")) {
                read_options(argv + 3);
                return tell_times(argv[2]);
        }
        die("usage", "see the first lines of tests/tools/page_server.c");
}
