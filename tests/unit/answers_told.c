/* What hosts and schools' servers tell the roll call, and what of it is believed. */
#include "tests/unit/answers_room.h"

#include <string.h>

static const struct {
        const char *why, *school, *host; /* whose token; host NULL: a school's server; school "": of all */
        const char *type, *body;
        int status;
        const char *told_of, *standing; /* "school/host" that is then there; NULL: nobody */
} events[] = {
        { "a form", "nn36", "xen1", NULL, "stage=install&outcome=started", 204, "nn36/xen1", "installing" },
        { "JSON", "nn36", "xen2", "application/json", "{\"stage\":\"install\",\"outcome\":\"started\"}", 204,
                "nn36/xen2", "installing" },
        { "it cannot speak for another", "gl1", "xen1", NULL, "stage=install&outcome=completed&school=nn36&host=xen1",
                204, "nn36/xen1", "installing" },
        { "nonsense", "nn36", "xen1", NULL, "stage=moon&outcome=landed", 422, NULL, NULL },
        { "a school's server", "gl1", NULL, "application/json",
                "[{\"school\":\"gl1\",\"host\":\"xen2\",\"stage\":\"install\",\"outcome\":\"started\"}]", 204,
                "gl1/xen2", "installing" },
        { "about another school", "gl1", NULL, "application/json",
                "[{\"school\":\"nn36\",\"host\":\"xen2\",\"stage\":\"install\",\"outcome\":\"completed\"}]", 403,
                "nn36/xen2", "installing" },
        { "the server of all", "", NULL, "application/json",
                "[{\"school\":\"nn36\",\"host\":\"xen2\",\"stage\":\"install\",\"outcome\":\"completed\"}]", 204,
                "nn36/xen2", "installed" },
        { "without names", "gl1", NULL, "application/json", "[{\"stage\":\"install\",\"outcome\":\"started\"}]", 422,
                NULL, NULL },
        { "a host that is not expected", "gl1", NULL, "application/json",
                "[{\"school\":\"gl1\",\"host\":\"<b>\",\"stage\":\"install\",\"outcome\":\"started\"}]", 204, "gl1/<b>",
                "installing" },
};

static void tell(struct room *r)
{
        for (size_t i = 0; i < COUNT(events); i++) {
                char token[TOKEN_TEXT], question[100], fields[200];
                answers_token((const unsigned char *)SEED, events[i].school, events[i].host, token);
                snprintf(question, sizeof(question), "POST /events%s%s", events[i].host ? "/" : "",
                        events[i].host ? token : "");
                snprintf(fields, sizeof(fields), "%s%s%sAuthorization: Bearer %s\n",
                        events[i].type ? "Content-Type: " : "", events[i].type ? events[i].type : "",
                        events[i].type ? "\n" : "", events[i].host ? "x" : token);
                int status = ask(r, "10.0.0.11", question, fields, events[i].body);
                char detail[400] = "", school[32] = "", want[64];
                snprintf(detail, sizeof(detail), "%d %.200s", status, r->last);
                bool fine = status == events[i].status;
                if (fine && events[i].told_of) {
                        const char *slash = strchr(events[i].told_of, '/');
                        snprintf(school, sizeof(school), "%.*s", (int)(slash - events[i].told_of), events[i].told_of);
                        snprintf(question, sizeof(question), "GET /api/host?school=%s&host=%s", school, slash + 1);
                        snprintf(want, sizeof(want), "\"standing\":\"%s\"", events[i].standing);
                        fine = ask(r, "10.0.0.9", question, NULL, NULL) == 200 && strstr(r->last, want);
                        snprintf(detail, sizeof(detail), "%.300s", r->last);
                }
                unit_case("events", events[i].why, fine, detail);
        }
}

/* A school's server whose clock is wrong: five seconds ago is five seconds ago. */
static const struct {
        const char *why, *times, *heard;
} clocks[] = {
        { "years behind", "\"received\":1000000060000,\"sent\":1000000065000", "\"heard\":1699999995000" },
        { "years ahead", "\"received\":1900000060000,\"sent\":1900000065000", "\"heard\":1699999995000" },
        { "garbage", "\"received\":1699999990000,\"sent\":\"-99999999999999999999\"", "\"heard\":1699999990000" },
        { "put back meanwhile", "\"received\":1900000060000,\"sent\":1600000000000", "\"heard\":1700000000000" },
};

static void tell_by_other_clocks(struct room *r)
{
        char token[TOKEN_TEXT], fields[200], body[400];
        answers_token((const unsigned char *)SEED, "gl1", NULL, token);
        snprintf(fields, sizeof(fields), "Content-Type: application/json\nAuthorization: Bearer %s\n", token);
        for (size_t i = 0; i < COUNT(clocks); i++) {
                snprintf(body, sizeof(body),
                        "[{\"school\":\"gl1\",\"host\":\"c%zu\",\"stage\":\"agent\",\"outcome\":\"begun\",%s}]", i,
                        clocks[i].times);
                bool fine = ask(r, "10.0.0.11", "POST /events", fields, body) == 204;
                snprintf(body, sizeof(body), "GET /api/host?school=gl1&host=c%zu", i);
                fine = fine && ask(r, "10.0.0.9", body, NULL, NULL) == 200 && strstr(r->last, clocks[i].heard);
                unit_case("clock of a school's server", clocks[i].why, fine, r->last);
        }
}

int main(void)
{
        static struct room r;
        struct err e = ERR_INIT;
        if (!unit_case("events", "a room", room_open(&r, true, &e), e.text))
                return 1;
        tell(&r);
        tell_by_other_clocks(&r);
        room_close(&r);
        return 0;
}
