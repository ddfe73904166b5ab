/* What the listeners of the page get: rows of a small language, and one listener that is slow beside one that is not.
 *
 *     jN join, knowing change N (j- says nothing)   aN a change is found out   A as many as the ring keeps, and one
 * more L a change that is too large   n what comes next   w what to ask since   q leave   s stop
 *
 * Each join, n and w prints: a position; a change's number; rN for reload; "-" for nothing; "over". */
#include "rollcall/roll_question.h"
#include "rollcall/roll_stream.h"
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <pthread.h>
#include <unistd.h>

static const struct {
        const char *why, *script, *want;
} rows[] = {
        { "changes come in order, once", "j0 a1 a2 n n n", "0 1 2 -" },
        { "who knows one is sent what came after", "j0 a1 a2 a3 q j2 n n", "0 2 3 -" },
        { "who says nothing is sent what comes from now on", "j0 a5 q j- n a6 n", "0 5 - 6" },
        { "numbers need not be dense", "j0 a10 a20 q j15 n n", "0 15 20 -" },
        { "the ring forgets: reload, then go on", "j0 A w q j0 n n a400 n", "0 257 0 r257 - 400" },
        { "the last of the ring is still there", "j0 A q j1 n", "0 1 2" },
        { "an older number is no news", "j0 a5 a4 a5 n n", "0 5 -" },
        { "a change that is too large is a reload", "j0 L n n", "0 r1000 -" },
        { "after a pause the first one says where we are", "j0 a1 q j9 w n a10 n", "0 9 9 - 10" },
        { "a second one does not", "j0 a1 j9 w", "0 9 1" },
        { "a number out of thin air is forgotten", "j999999 w j3 w a4 n n", "999999 999999 3 3 4 -" },
        { "and does not hold up who listens", "j3 a4 j999999 w a5 n", "3 999999 4 -" },
        { "the beginning of everything", "j- w n a1 n", "0 0 - 1" },
        { "the end", "j0 a1 s n", "0 over" },
};

static void run(const char *script, struct str *out)
{
        static char large[STREAM_LARGEST + 2];
        struct streams *s = streams_new();
        struct stream_piece *p;
        int64_t position = 0;
        int joined = 0;
        memset(large, '1', sizeof(large) - 1);
        for (const char *at = script; *at; at += strcspn(at, " "), at += *at == ' ') {
                long long n = strtoll(at + 1, NULL, 10);
                if (*at == 'j') {
                        position = streams_join(s, at[1] == '-' ? -1 : n);
                        joined++;
                        str_addf(out, "%" PRId64 " ", position);
                } else if (*at == 'a')
                        streams_add(s, n, bytes_of("{}", 2));
                else if (*at == 'A')
                        for (int i = 1; i <= STREAM_KEEPS + 1; i++)
                                streams_add(s, i, bytes_of("{}", 2));
                else if (*at == 'L')
                        streams_add(s, 1000, bytes_of(large, sizeof(large) - 1));
                else if (*at == 'w')
                        str_addf(out, "%" PRId64 " ", streams_position(s));
                else if (*at == 's')
                        streams_stop(s);
                else if (*at == 'q') {
                        streams_leave(s);
                        joined--;
                } else {
                        enum stream_next next = streams_next(s, &position, 0, &p);
                        if (next == STREAM_PIECE)
                                str_addf(out, "%s%" PRId64 " ", memmem(p->text, p->length, "reload", 6) ? "r" : "",
                                        p->change);
                        else
                                str_add(out, next == STREAM_OVER ? "over " : "- ");
                        stream_piece_release(p);
                }
        }
        while (joined--)
                streams_leave(s);
        streams_free(s);
        if (out->len)
                out->ptr[--out->len] = '\0';
}

static void check_rows(void)
{
        for (size_t i = 0; i < COUNT(rows); i++) {
                AUTO_STR got = STR_MAX(1000);
                run(rows[i].script, &got);
                unit_same("streams", rows[i].why, str_text(&got), rows[i].want);
        }
}

/* --- what goes out --- */

static const struct {
        const char *why, *json, *text;
} texts[] = {
        { "one line", "{\"a\":1}", "id: 7\nevent: change\ndata: {\"a\":1}\n\n" },
        { "a line's end cannot begin another field", "{\n\"event\": 1}\n",
                "id: 7\nevent: change\ndata: {\ndata: \"event\": 1}\n\n" },
        { "nothing", "", "id: 7\nevent: change\ndata: \n\n" },
};

static void check_texts(void)
{
        for (size_t i = 0; i < COUNT(texts); i++) {
                struct streams *s = streams_new();
                struct stream_piece *p;
                int64_t position = streams_join(s, 0);
                streams_add(s, 7, bytes_of(texts[i].json, strlen(texts[i].json)));
                (void)streams_next(s, &position, 0, &p);
                AUTO_STR got = STR_MAX(1000);
                str_addn(&got, p->text, p->length);
                unit_same("streams", texts[i].why, str_text(&got), texts[i].text);
                stream_piece_release(p);
                streams_leave(s);
                streams_free(s);
        }
}

/* --- memory --- */

/* A listener that holds the oldest piece keeps that one alive, and nothing else. */
static void check_bound(void)
{
        static char json[STREAM_LARGEST];
        struct streams *s = streams_new();
        struct stream_piece *held, *next;
        int64_t slow = streams_join(s, 0), quick = 0;
        memset(json, '1', sizeof(json));
        streams_add(s, 1, bytes_of(json, sizeof(json)));
        (void)streams_next(s, &slow, 0, &held);
        quick = slow;
        for (int i = 2; i < 30; i++)
                streams_add(s, i, bytes_of(json, sizeof(json)));
        bool reload =
                streams_next(s, &quick, 0, &next) == STREAM_PIECE && memmem(next->text, next->length, "reload", 6);
        unit_case("streams", "large changes: few are kept", reload, "no reload");
        stream_piece_release(next);
        unit_case("streams", "what somebody still sends stays",
                held->change == 1 && held->text[held->length - 1] == '\n', "");
        stream_piece_release(held);
        streams_leave(s);
        streams_free(s);
}

static void *later(void *arg)
{
        usleep(50000);
        streams_add(arg, 1, bytes_of("{}", 2));
        return NULL;
}

static void check_waiting(void)
{
        struct streams *s = streams_new();
        struct stream_piece *p;
        pthread_t t;
        int64_t position = streams_join(s, 0);
        unit_case("streams", "somebody is waited for", streams_wanted(s, 0), "not wanted");
        pthread_create(&t, NULL, later, s);
        unit_case(
                "streams", "who waits is woken", streams_next(s, &position, 10000, &p) == STREAM_PIECE, "nothing came");
        pthread_join(t, NULL);
        stream_piece_release(p);
        streams_leave(s);
        unit_case("streams", "nobody listens", !streams_wanted(s, 0), "wanted");
        streams_free(s);
}

static const struct {
        const char *query;
        int64_t number;
} numbers[] = {
        { "since=5", 5 },
        { "a=1&since=12&b=2", 12 },
        { "", -1 },
        { "since=", -1 },
        { "since=-1", -1 },
        { "nosince=4", -1 },
        { "since=99999999999999999999", -1 },
        { "since=x", -1 },
};

int main(void)
{
        check_rows();
        check_texts();
        check_bound();
        check_waiting();
        for (size_t i = 0; i < COUNT(numbers); i++)
                unit_case(
                        "streams", numbers[i].query, query_number(numbers[i].query, "since") == numbers[i].number, "");
        return 0;
}
