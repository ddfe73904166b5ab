/* What the roll call answers, question by question, over a real store and a real state of arming. */
#include "tests/unit/answers_room.h"
#include "rollcall/arming_watch.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JSON "Content-Type: application/json\n"

static void log_in(struct room *r)
{
        struct ask head = { .fields = r->last };
        (void)ask(r, "10.0.0.9", "POST /api/login", "Scheme: https\n" JSON, "{\"password\":\"correct horse\"}");
        if (ask_field(&head, "Set-Cookie", r->cookie, sizeof(r->cookie)))
                r->cookie[strcspn(r->cookie, ";")] = '\0';
        const char *csrf = strstr(r->last, "\"csrf\":\"");
        if (csrf)
                snprintf(r->csrf, sizeof(r->csrf), "%.32s", csrf + 8);
}

/* --- one question each, of who has logged in (s) or not (-), with the token too (t) --- */

static const struct {
        const char *why;
        char who;
        const char *question, *fields, *body;
        int status;
        const char *contains;
} cases[] = {
        { "the page", '-', "GET /", NULL, NULL, 200, "<!DOCTYPE html>" },
        { "its script", '-', "GET /page.js", NULL, NULL, 200, "from './page-words.js'" },
        { "the dialogs' script", '-', "GET /page-dialogs.js", NULL, NULL, 200, "export function arm(" },
        { "a host's script", '-', "GET /page-host.js", NULL, NULL, 200, "export function openHash(" },
        { "the overview's script", '-', "GET /page-overview.js", NULL, NULL, 200, "export function showSummary(" },
        { "the script that asks", '-', "GET /page-server.js", NULL, NULL, 200, "export async function ask(" },
        { "the tiles' script", '-', "GET /page-tiles.js", NULL, NULL, 200, "export function tile(" },
        { "the words' script", '-', "GET /page-words.js", NULL, NULL, 200, "export function word(" },
        { "no such script", '-', "GET /page-nothing.js", NULL, NULL, 404, "error" },
        { "the page, asked in another way", '-', "POST /page.js", JSON, "{}", 405, "error" },
        { "nothing of that name", '-', "GET /secrets/web.hash", NULL, NULL, 404, "error" },
        { "nothing above", '-', "GET /../secrets/seed", NULL, NULL, 404, "error" },
        { "asked in another way", '-', "GET /api/login", NULL, NULL, 405, "error" },
        { "words in English", '-', "GET /words.json", "Accept-Language: en\n", NULL, 200, "Needs somebody" },
        { "a closed summary tells nothing", '-', "GET /api/summary", NULL, NULL, 200, "\"may_read\":false" },
        { "hosts are closed", '-', "GET /api/hosts", NULL, NULL, 401, "error" },
        { "changes are closed", '-', "GET /api/changes?since=0", NULL, NULL, 401, "error" },
        { "the stream is closed", '-', "GET /api/stream", NULL, NULL, 401, "error" },
        { "enrolling is closed", '-', "POST /api/enrol", JSON, "{\"machines\":[\"52:54:00:00:00:01\"]}", 401, "error" },
        { "arming is closed", '-', "POST /api/arm", JSON, "{\"school\":\"nn36\"}", 401, "error" },
        { "a cookie out of thin air", '-', "GET /api/hosts",
                "Scheme: https\nCookie: "
                "__Host-xenroll=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
                NULL, 401, "error" },
        { "a summary", 's', "GET /api/summary", NULL, NULL, 200, "\"by_standing\":{\"unheard\":2" },
        { "times are those of", 's', "GET /api/summary", NULL, NULL, 200, "Asia/Shanghai" },
        { "hosts of a school", 's', "GET /api/hosts?school=gl1", NULL, NULL, 200, "\"school\":\"gl1\"" },
        { "a hostile name is text", 's', "GET /api/hosts?q=%3Cscript%3E", NULL, NULL, 200, "\"host\":\"<script>\"" },
        { "SQL is text", 's', "GET /api/hosts?q=%27%3B+DROP+TABLE+host%3B--", NULL, NULL, 200, "\"hosts\":[]" },
        { "by query field", 's', "GET /api/hosts", "Query: school=gl1\n", NULL, 200, "\"school\":\"gl1\"" },
        { "no such standing", 's', "GET /api/hosts?standing=asleep", NULL, NULL, 400, "error" },
        { "a damaged query", 's', "GET /api/hosts?q=%FF", NULL, NULL, 400, "error" },
        { "a host", 's', "GET /api/host?school=nn36&host=xen1", NULL, NULL, 200, "10.0.0.11" },
        { "no such host", 's', "GET /api/host?school=nn36&host=xen9", NULL, NULL, 404, "error" },
        { "half a host", 's', "GET /api/host?school=nn36", NULL, NULL, 404, "error" },
        { "changes from nowhere", 's', "GET /api/changes", NULL, NULL, 200, "\"change\":" },
        { "a change to come", 's', "GET /api/changes?since=999999", NULL, NULL, 200, "\"many\":true" },
        { "a rule", '-', "GET /api/rule?code=501", NULL, NULL, 200, "none of the" },
        { "no rule", '-', "GET /api/rule?code=5", NULL, NULL, 200, "\"code\":5" },
        { "a rule out of range", '-', "GET /api/rule?code=-7", NULL, NULL, 200, "\"code\":0" },
        { "enrolled", 's', "GET /api/enrolled", NULL, NULL, 200, "\"machines\":[]" },
        { "may listen", 's', "GET /api/stream", NULL, NULL, 204, "" },
        { "arming without the token", 's', "POST /api/arm", JSON, "{\"school\":\"nn36\"}", 403, "986" },
        { "as a form", 't', "POST /api/arm", "Content-Type: text/plain\n", "{\"school\":\"nn36\"}", 403, "986" },
        { "from another page", 't', "POST /api/arm", JSON "Host: a\nOrigin: https://b\n", "{\"school\":\"nn36\"}", 403,
                "986" },
        { "no JSON", 't', "POST /api/arm", JSON, "school=nn36", 400, "error" },
        { "a list", 't', "POST /api/arm", JSON, "[]", 400, "error" },
        { "nobody named", 't', "POST /api/arm", JSON, "{}", 400, "error" },
        { "an empty list", 't', "POST /api/arm", JSON, "{\"hosts\":[]}", 400, "error" },
        { "more than is known", 't', "POST /api/arm", JSON, "{\"school\":\"nn36\",\"force\":true}", 400, "error" },
        { "twice the same word", 't', "POST /api/arm", JSON, "{\"school\":\"nn36\",\"school\":\"gl1\"}", 400, "error" },
        { "a pool without a school", 't', "POST /api/arm", JSON, "{\"pool\":\"main\"}", 400, "error" },
        { "for ever", 't', "POST /api/arm", JSON, "{\"school\":\"nn36\",\"hours\":99999}", 400, "error" },
        { "an unknown school", 't', "POST /api/arm", JSON, "{\"school\":\"nn99\"}", 404, "error" },
        { "an unknown host", 't', "POST /api/arm", JSON, "{\"hosts\":[{\"school\":\"gl1\",\"host\":\"<script>\"}]}",
                404, "752" },
        { "again for a whole school", 't', "POST /api/arm", JSON, "{\"school\":\"nn36\",\"again\":true}", 409,
                "error" },
        { "again without names", 't', "POST /api/arm", JSON,
                "{\"hosts\":[{\"school\":\"gl1\",\"host\":\"xen1\"}],\"again\":true}", 409, "error" },
        { "again with another name", 't', "POST /api/arm", JSON,
                "{\"hosts\":[{\"school\":\"gl1\",\"host\":\"xen1\"}],\"again\":true,\"confirm\":[\"gl1/xen2\"]}", 409,
                "error" },
        { "a language", '-', "POST /api/language", JSON, "{\"language\":\"en\"}", 200, "Set-Cookie: language=en" },
        { "no language", '-', "POST /api/language", JSON, "{\"language\":\"en; Path=/x\"}", 400, "error" },
        { "a wrong password", '-', "POST /api/login", JSON "Scheme: https\n", "{\"password\":\"wrong horse\"}", 403,
                "983" },
        { "a password that is no text", '-', "POST /api/login", JSON "Scheme: https\n", "{\"password\":12345678}", 400,
                "error" },
        { "in clear over the network", '-', "POST /api/login", JSON "Scheme: http\n",
                "{\"password\":\"correct horse\"}", 403, "985" },
        { "events without a token", '-', "POST /events", JSON, "[]", 401, "token" },
        { "events under a wrong token", '-', "POST /events/0123456789abcdef0123456789abcdef", NULL,
                "stage=install&outcome=started", 404, "token" },
        { "events under no token", '-', "POST /events/", NULL, "stage=install&outcome=started", 404, "token" },
};

static void one_each(struct room *r)
{
        for (size_t i = 0; i < COUNT(cases); i++) {
                char fields[2000];
                bool knows = cases[i].who != '-';
                snprintf(fields, sizeof(fields), "%s%s%s%s%s%s%s%s", cases[i].fields ? cases[i].fields : "",
                        knows ? "Scheme: https\n" : "", knows ? "Cookie: " : "", knows ? r->cookie : "",
                        knows ? "\n" : "", cases[i].who == 't' ? "X-CSRF-Token: " : "",
                        cases[i].who == 't' ? r->csrf : "", cases[i].who == 't' ? "\n" : "");
                int status = ask(r, "10.0.0.9", cases[i].question, fields, cases[i].body);
                char detail[400];
                snprintf(detail, sizeof(detail), "%d %.300s", status, r->last);
                unit_case("answers", cases[i].why, status == cases[i].status && strstr(r->last, cases[i].contains),
                        detail);
        }
}

static int audits(struct room *r)
{
        struct err e = ERR_INIT;
        AUTO_ROWS rows = database_query(store_database(r->store), &e, "SELECT count(*) FROM audit", "");
        return rows_next(rows, &e) ? (int)rows_int(rows, 0) : -1;
}

/* --- arming, one after the other --- */

static const struct {
        const char *why, *question, *body;
        int status;
        const char *contains;
        const char *host; /* "school/host" whose state is then */
        enum arm_state state;
} acts[] = {
        { "a host", "POST /api/arm", "{\"hosts\":[{\"school\":\"nn36\",\"host\":\"xen1\"}]}", 200,
                "\"armed\":[{\"school\":\"nn36\",\"host\":\"xen1\"}]", "nn36/xen1", ARM_ARMED },
        { "taken back", "POST /api/disarm", "{\"hosts\":[{\"school\":\"nn36\",\"host\":\"xen1\"}]}", 200, "\"xen1\"",
                "nn36/xen1", ARM_IDLE },
        { "taken back once more", "POST /api/disarm", "{\"hosts\":[{\"school\":\"nn36\",\"host\":\"xen1\"}]}", 200,
                "\"disarmed\":[]", "nn36/xen1", ARM_IDLE },
        { "a pool", "POST /api/arm", "{\"school\":\"nn36\",\"pool\":\"lab\"}", 200, "<script>", "nn36/<script>",
                ARM_ARMED },
        { "no other pool", "POST /api/disarm", "{\"school\":\"gl1\"}", 200, "\"disarmed\":[]", "nn36/xen2", ARM_IDLE },
        { "of a school with one that is installed the others", "POST /api/arm", "{\"school\":\"gl1\"}", 200,
                "has been installed on 2023-11-15 06:13", "gl1/xen1", ARM_ARMED },
        { "which itself is left alone", "POST /api/disarm", "{\"hosts\":[{\"school\":\"gl1\",\"host\":\"xen1\"}]}", 200,
                "xen1", "gl1/xen2", ARM_INSTALLED },
        { "named with others: nobody", "POST /api/arm",
                "{\"hosts\":[{\"school\":\"gl1\",\"host\":\"xen1\"},{\"school\":\"gl1\",\"host\":\"xen2\"}]}", 409,
                "\"armed\":[]", "gl1/xen1", ARM_IDLE },
        { "again, named twice", "POST /api/arm",
                "{\"hosts\":[{\"school\":\"gl1\",\"host\":\"xen2\"}],\"again\":true,\"confirm\":[\"gl1/xen2\"]}", 200,
                "\"refused\":[]", "gl1/xen2", ARM_ARMED },
        { "installed from a stick", "POST /api/arm", "{\"hosts\":[{\"school\":\"nn36\",\"host\":\"xen2\"}]}", 409,
                "nn36/xen2 has been installed on 2023-11-15 0", "nn36/xen2", ARM_IDLE },
        { "of its school the others", "POST /api/arm", "{\"school\":\"nn36\",\"pool\":\"main\"}", 200,
                "\"armed\":[{\"school\":\"nn36\",\"host\":\"xen1\"}]", "nn36/xen2", ARM_IDLE },
        { "again, named twice, from a stick too", "POST /api/arm",
                "{\"hosts\":[{\"school\":\"nn36\",\"host\":\"xen2\"}],\"again\":true,\"confirm\":[\"nn36/xen2\"]}", 200,
                "\"refused\":[]", "nn36/xen2", ARM_ARMED },
        { "and all taken back", "POST /api/disarm", "{\"school\":\"nn36\"}", 200, "xen2", "nn36/xen2", ARM_IDLE },
};

static void install_from_stick(struct room *r, const char *school, const char *host)
{
        char token[TOKEN_TEXT], question[100];
        answers_token((const unsigned char *)SEED, school, host, token);
        snprintf(question, sizeof(question), "POST /events/%s", token);
        int status = ask(r, "10.0.0.12", question, NULL, "stage=install&outcome=completed");
        unit_case("arming", "a host that was installed from a stick", status == 204, r->last);
}

static void install(struct room *r, const char *school, const char *host)
{
        struct err e = ERR_INIT;
        struct arm_row row, started;
        bool is;
        if (!arming_arm(r->arming, school, host, 1700000000, 1700009999, false, &e) ||
                !arming_get(r->arming, school, host, &row, &e) ||
                !arming_start(r->arming, row.token, 1700000001, &started, &is, &e) ||
                !arming_end(r->arming, row.token, ARM_COMPLETED, 0, "", 1700000002, &is, &e))
                unit_case("arming", "an installed host", false, e.text);
}

static void act(struct room *r)
{
        char fields[600];
        install(r, "gl1", "xen2");
        install_from_stick(r, "nn36", "xen2");
        snprintf(fields, sizeof(fields), "Scheme: https\n" JSON "Cookie: %s\nX-CSRF-Token: %s\n", r->cookie, r->csrf);
        for (size_t i = 0; i < COUNT(acts); i++) {
                struct err e = ERR_INIT;
                struct arm_row row = { 0 };
                char school[32], detail[500];
                int status = ask(r, "10.0.0.9", acts[i].question, fields, acts[i].body);
                const char *slash = strchr(acts[i].host, '/');
                snprintf(school, sizeof(school), "%.*s", (int)(slash - acts[i].host), acts[i].host);
                bool got = arming_get(r->arming, school, slash + 1, &row, &e);
                snprintf(detail, sizeof(detail), "%d %s %.300s", status, arm_state_names[row.state], r->last);
                unit_case("arming", acts[i].why,
                        got && status == acts[i].status && strstr(r->last, acts[i].contains) &&
                                row.state == acts[i].state,
                        detail);
        }
        struct err e = ERR_INIT;
        struct arming_watch *watch = arming_watch_new(r->arming, r->store, INT64_C(1) << 50);
        unit_case("arming", "who watches sees it", arming_watch_look(watch, now(), &e), e.text);
        arming_watch_free(watch);
        (void)ask(r, "10.0.0.9", "GET /api/host?school=gl1&host=xen2", fields, NULL);
        unit_case("arming", "the roll call hears of it", strstr(r->last, "\"standing\":\"armed\"") != NULL, r->last);
}

/* --- machines that were started for enrolment, one question after the other --- */

static const struct {
        const char *why, *question, *body;
        bool with_token;
        int status;
        const char *contains;
} enrolments[] = {
        { "the list", "GET /api/enrolled", NULL, true, 200, "\"serial\":\"=1+1\"" },
        { "one that is known by its card", "GET /api/enrolled", NULL, true, 200,
                "\"school\":\"gl1\",\"host\":\"xen1\"" },
        { "one that is known by its serial number, in any case", "GET /api/enrolled", NULL, true, 200,
                "\"school\":\"gl1\",\"host\":\"xen2\"" },
        { "without the token", "POST /api/enrol", "{\"machines\":[\"52:54:00:00:00:01\"]}", false, 403, "986" },
        { "forgetting without the token", "POST /api/forget", "{\"machines\":[\"52:54:00:00:00:01\"]}", false, 403,
                "986" },
        { "nobody named", "POST /api/enrol", "{\"machines\":[]}", true, 400, "error" },
        { "no list", "POST /api/enrol", "{\"machines\":\"52:54:00:00:00:01\"}", true, 400, "error" },
        { "no text", "POST /api/enrol", "{\"machines\":[1]}", true, 400, "error" },
        { "more than is known", "POST /api/forget", "{\"machines\":[\"52:54:00:00:00:01\"],\"all\":true}", true, 400,
                "error" },
        { "not on the list", "POST /api/enrol", "{\"machines\":[\"52:54:00:00:00:09\"]}", true, 404, "error" },
        { "its second card is not its name", "POST /api/forget", "{\"machines\":[\"52:54:00:00:00:02\"]}", true, 404,
                "error" },
        { "a row; a formula is none", "POST /api/enrol", "{\"machines\":[\"52:54:00:00:00:01\",\"52:54:00:00:00:09\"]}",
                true, 200,
                "{\"csv\":\"\xef\xbb\xbf学校,资源池,主机名,MAC,序列号,IP,磁盘\\r\\n"
                ",,,\\\"52:54:00:00:00:01\\\",\\\"'=1+1\\\",,\\r\\n\",\"rows\":1}" },
        { "nor is a wide one", "POST /api/enrol", "{\"machines\":[\"52:54:00:00:00:04\"]}", true, 200,
                ",\\\"'＝1\\\"," },
        { "no row for who is known", "POST /api/enrol", "{\"machines\":[\"00:16:3e:00:00:01\",\"52:54:00:00:00:03\"]}",
                true, 200, "\"rows\":0" },
        { "forgotten", "POST /api/forget", "{\"machines\":[\"52:54:00:00:00:01\"]}", true, 200,
                "{\"forgotten\":[\"52:54:00:00:00:01\"]}" },
        { "once", "POST /api/forget", "{\"machines\":[\"52:54:00:00:00:01\"]}", true, 404, "error" },
        { "the others stay", "GET /api/enrolled", NULL, true, 200, "{\"machines\":[{\"macs\":\"00:16:3e:00:00:01\"" },
};

static void enrol(struct room *r)
{
        static const struct enrolled machines[] = {
                { .macs = "00:16:3e:00:00:01", .serial = "other", .seen = 1 },
                { .macs = "52:54:00:00:00:01 52:54:00:00:00:02", .serial = "=1+1", .model = "<b>", .seen = 2 },
                { .macs = "52:54:00:00:00:03", .serial = "s2", .seen = 3 },
                { .macs = "52:54:00:00:00:04", .serial = "＝1", .seen = 4 },
        };
        for (size_t i = 0; i < COUNT(machines); i++) {
                struct err e = ERR_INIT;
                bool kept;
                if (!enrolled_put(r->arming, &machines[i], &kept, &e))
                        unit_case("enrolment", "a machine", false, e.text);
        }
        for (size_t i = 0; i < COUNT(enrolments); i++) {
                char fields[600], detail[700];
                snprintf(fields, sizeof(fields), "Scheme: https\n" JSON "Cookie: %s\n%s%s%s", r->cookie,
                        enrolments[i].with_token ? "X-CSRF-Token: " : "", enrolments[i].with_token ? r->csrf : "",
                        enrolments[i].with_token ? "\n" : "");
                int status = ask(r, "10.0.0.9", enrolments[i].question, fields, enrolments[i].body);
                snprintf(detail, sizeof(detail), "%d %.600s", status, r->last);
                unit_case("enrolment", enrolments[i].why,
                        status == enrolments[i].status && strstr(r->last, enrolments[i].contains), detail);
        }
}

/* While nothing can be written: nobody is armed without the audit, who has logged in stays so, and a stranger hears no
 * details. */
static void read_only(struct room *r)
{
        char fields[600];
        struct err e = ERR_INIT;
        struct arm_row row = { 0 };
        struct database *db = store_database(r->store);
        snprintf(fields, sizeof(fields), "Scheme: https\n" JSON "Cookie: %s\nX-CSRF-Token: %s\n", r->cookie, r->csrf);
        passed = 3600 * 1000;
        unit_case("read only", "it is", database_script(db, "PRAGMA query_only = 1", &e), e.text);
        int status =
                ask(r, "10.0.0.9", "POST /api/arm", fields, "{\"hosts\":[{\"school\":\"nn36\",\"host\":\"xen1\"}]}");
        unit_case("read only", "arming is refused, and it is said why", status == 503 && strstr(r->last, "rollcall.db"),
                r->last);
        bool got = arming_get(r->arming, "nn36", "xen1", &row, &e);
        unit_case("read only", "and nobody is armed", got && row.state == ARM_IDLE, arm_state_names[row.state]);
        status = ask(r, "10.0.0.9", "GET /api/hosts", fields, NULL);
        unit_case("read only", "the session goes on", status == 200, r->last);
        status = ask(r, "10.0.0.9", "POST /api/login", "Scheme: https\n" JSON, "{\"password\":\"correct horse\"}");
        unit_case("read only", "a stranger hears no details",
                status == 503 && !strstr(r->last, "rollcall.db") && strstr(r->last, "\"error\""), r->last);
        unit_case("read only", "no more", database_script(db, "PRAGMA query_only = 0", &e), e.text);
        status = ask(r, "10.0.0.9", "POST /api/arm", fields, "{\"hosts\":[{\"school\":\"nn36\",\"host\":\"xen1\"}]}");
        got = arming_get(r->arming, "nn36", "xen1", &row, &e);
        unit_case("read only", "then he is armed", status == 200 && got && row.state == ARM_ARMED, r->last);
        int64_t removed;
        unit_case("audit", "what was long ago is forgotten",
                store_prune(r->store, now() + 1, 1, NULL, &removed, &e) && audits(r) == 0, e.text);
}

/* In another process, as the boot server's: what it decides is written to the state within two seconds. */
static pid_t decide(struct room *r)
{
        fflush(stdout);
        pid_t child = fork();
        if (child)
                return child;
        struct err e = ERR_INIT;
        usleep(500000);
        time_t began = time(NULL);
        struct arming *own = arming_open(r->out, false, &e);
        bool fine = own && arming_arm(own, "gl1", "xen1", 1700000000, 1800000000, true, &e);
        arming_close(own);
        _exit(fine && time(NULL) - began <= 2 ? 0 : 1);
}

static void held(struct room *r)
{
        char fields[600];
        int status = 0;
        struct err e = ERR_INIT;
        snprintf(fields, sizeof(fields), "Scheme: https\n" JSON "Cookie: %s\nX-CSRF-Token: %s\n", r->cookie, r->csrf);
        struct store *other = store_open(r->out, NULL, false, &e);
        unit_case("held", "somebody holds the database", other && store_begin(other, &e), e.text);
        pid_t child = decide(r);
        int answer =
                ask(r, "10.0.0.9", "POST /api/arm", fields, "{\"hosts\":[{\"school\":\"nn36\",\"host\":\"xen1\"}]}");
        unit_case("held", "arming is refused", answer == 503, r->last);
        bool decided = waitpid(child, &status, 0) == child && status == 0;
        if (unit_is_watched())
                printf("skip - held: and keeps the boot server from nothing: its process is valgrind's\n");
        else
                unit_case("held", "and keeps the boot server from nothing", decided, "it waited");
        store_close(other);
}

static void changes(struct room *r)
{
        char question[80], token[TOKEN_TEXT], number[24] = "";
        struct ask head = { .fields = r->last };
        answers_token((const unsigned char *)SEED, "gl1", "xen1", token);
        int status = ask(r, "", "GET /api/changes", NULL, NULL);
        unit_case("changes", "the web server itself may ask",
                status == 200 && ask_field(&head, "X-Change", number, sizeof(number)), r->last);
        snprintf(question, sizeof(question), "GET /api/changes?since=%s", number);
        unit_case("changes", "nothing new", ask(r, "", question, NULL, NULL) == 204, r->last);
        unit_case("changes", "it may ask for nothing else", ask(r, "", "GET /api/hosts", NULL, NULL) == 401, r->last);
        snprintf(question, sizeof(question), "POST /events/%s", token);
        (void)ask(r, "10.0.0.11", question, NULL, "stage=install&outcome=failed&code=501&detail=x");
        snprintf(question, sizeof(question), "GET /api/changes?since=%s", number);
        status = ask(r, "", question, NULL, NULL);
        unit_case("changes", "one host",
                status == 200 && strstr(r->last, "\"school\":\"gl1\"") && strstr(r->last, "\"code\":501"), r->last);
}

/* --- a build without the agent: installed is all that a host can be --- */

static const struct {
        const char *why, *question, *contains;
} without_agent[] = {
        { "who is installed has arrived", "GET /api/host?school=nn36&host=xen1", "\"standing\":\"arrived\"" },
        { "in the list of changes too", "GET /api/changes?since=0", "\"standing\":\"arrived\"" },
        { "and is counted among them", "GET /api/summary",
                "\"by_standing\":{\"unheard\":4,\"armed\":0,\"installing\":0,\"installed\":0,\"finishing\":0,"
                "\"arrived\":1" },
        { "in the school as well", "GET /api/summary",
                "\"installed\":0,\"finishing\":0,\"arrived\":1,\"failed\":0},\"" },
        { "and found among them", "GET /api/hosts?standing=arrived", "\"host\":\"xen1\"" },
        { "no more than are wished", "GET /api/hosts?standing=arrived&limit=1", "\"more\":false" },
        { "and nowhere else", "GET /api/hosts?standing=installed", "{\"hosts\":[]" },
};

static void agentless(struct room *r)
{
        char token[TOKEN_TEXT], question[100];
        static struct expected other;
        struct err e = ERR_INIT;
        other = build;
        other.with_agent = false;
        answers_free(r->answers);
        r->answers = answers_new(&(struct answers_config){ r->store, &other, r->arming, r->out, true, now }, &e);
        if (!unit_case("without the agent", "a room", r->answers, e.text))
                return;
        answers_token((const unsigned char *)SEED, "nn36", "xen1", token);
        snprintf(question, sizeof(question), "POST /events/%s", token);
        (void)ask(r, "10.0.0.11", question, NULL, "stage=install&outcome=completed");
        for (size_t i = 0; i < COUNT(without_agent); i++) {
                int status = ask(r, "10.0.0.9", without_agent[i].question, NULL, NULL);
                unit_case("without the agent", without_agent[i].why,
                        status == 200 && strstr(r->last, without_agent[i].contains), r->last);
        }
}

int main(void)
{
        static struct room closed, bare;
        struct err e = ERR_INIT;
        if (!unit_case("answers", "a room", room_open(&closed, false, &e) && room_open(&bare, true, &e), e.text))
                return 1;
        log_in(&closed);
        unit_case("answers", "a login", strlen(closed.csrf) == 32 && strstr(closed.cookie, "__Host-xenroll="),
                closed.last);
        one_each(&closed);
        changes(&closed);
        act(&closed);
        enrol(&closed);
        read_only(&closed);
        held(&closed);
        agentless(&bare);
        room_close(&closed);
        room_close(&bare);
        return 0;
}
