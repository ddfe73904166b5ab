#include "rollcall/database_parts.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
        MOST_STATEMENTS = 96,
        NUMBER_TEXT = 24,
        MOST_LATER = 1000,
        PAUSE_MS = 3000,   /* after a connection that failed: whoever asks meanwhile hears so at once */
        ANSWER_MS = 25000, /* a server that has stopped, as its own time-outs have, says nothing any more */
};

struct postgres_database {
        struct database base;
        char *url;          /* owned; holds a password, wiped when freed, never printed */
        PGconn *connection; /* NULL until the first connect */
        struct {
                char *text;
                bool prepared;
        } statements[MOST_STATEMENTS]; /* owned; named s0, s1, … */
        size_t n;
        int64_t *later[MOST_LATER]; /* where the answers to what is under way belong; borrowed */
        size_t n_later;
        int64_t failed; /* ms: when the last connection could not be made; 0: it could */
        char why[300];
};

struct postgres_rows {
        struct rows base;
        PGresult *result;
        int row;
};

static void drop_result(PGresult **r) { PQclear(*r); }
#define AUTO_RESULT OWN(drop_result) PGresult *

static struct postgres_database *postgres_of(struct database *db) { return (struct postgres_database *)db; }

bool database_is_postgres(const char *url)
{
        return !strncmp(url, "postgresql://", 13) || !strncmp(url, "postgres://", 11);
}

static bool lost(const char *why, struct err *e)
{
        char line[300];
        size_t n = strcspn(why, "\n");
        snprintf(line, sizeof(line), "%.*s", n > 290 ? 290 : (int)n, why);
        err_rule(e, XR_DATABASE_LOST, line, NULL);
        e->kind = ERR_WORLD;
        return false;
}

/* The server's sentence alone: what it adds below may quote what was stored. */
static bool failed(struct postgres_database *p, const PGresult *r, struct err *e)
{
        const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL,
                   *said = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
        if (state && !strcmp(state, "53100"))
                return database_no_room(&p->base, said ? said : "PostgreSQL", e);
        return lost(said ? said : PQerrorMessage(p->connection), e);
}

/* --- connecting --- */

/* A password whose special characters are not encoded ends up as another part of the address, and such parts are in
 * libpq's sentences. */
static bool is_plausible(const char *url)
{
        PQconninfoOption *options = PQconninfoParse(url, NULL);
        bool fine = options != NULL;
        for (PQconninfoOption *o = options; fine && o->keyword; o++) {
                if (!o->val || !strcmp(o->keyword, "password") || !strcmp(o->keyword, "user"))
                        continue;
                fine = !strchr(o->val, '@');
                if (!strcmp(o->keyword, "port"))
                        fine = o->val[strspn(o->val, "0123456789,")] == '\0';
        }
        PQconninfoFree(options);
        return fine;
}

static void silent(void *arg, const char *message)
{
        (void)arg;
        (void)message;
}

static int64_t now(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The next answer. The library waits for ever; a connection that nothing comes from is closed here, which it then
 * finds. */
static PGresult *next_result(struct postgres_database *p)
{
        int64_t until = now() + ANSWER_MS;
        while (PQisBusy(p->connection)) {
                struct pollfd fd = { .fd = PQsocket(p->connection), .events = POLLIN };
                int64_t left = until - now();
                int ready = left > 0 ? poll(&fd, 1, (int)left) : 0;
                if (!ready || (ready < 0 && errno != EINTR))
                        shutdown(PQsocket(p->connection), SHUT_RDWR);
                if (ready >= 0 && !PQconsumeInput(p->connection))
                        break;
        }
        return PQgetResult(p->connection);
}

/* All answers to what was sent: the first that is an error, else the last. */
static PGresult *result(struct postgres_database *p, int sent)
{
        PGresult *kept = NULL;
        for (PGresult *r; sent && (r = next_result(p));) {
                bool error = PQresultStatus(kept) == PGRES_FATAL_ERROR;
                PQclear(error && kept ? r : kept);
                kept = error && kept ? kept : r;
                if (PQstatus(p->connection) != CONNECTION_OK)
                        break;
        }
        return kept;
}

static bool command(struct postgres_database *p, const char *text, const char *done, struct err *e)
{
        AUTO_RESULT r = result(p, PQsendQuery(p->connection, text));
        ExecStatusType status = PQresultStatus(r);
        if ((status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) || (done && strcmp(PQcmdStatus(r), done) != 0))
                return failed(p, r, e);
        return true;
}

static bool connect_anew(struct postgres_database *p, struct err *e)
{
        static const char *const names[] = { "connect_timeout", "tcp_user_timeout", "keepalives_idle",
                "application_name", "client_encoding", "dbname", NULL };
        const char *const values[] = { "5", "30000", "30", "xenroll", "UTF8", p->url, NULL };
        for (size_t i = 0; i < p->n; i++)
                p->statements[i].prepared = false;
        p->n_later = 0;
        PQfinish(p->connection);
        p->connection = PQconnectdbParams(names, values, 1);
        if (PQstatus(p->connection) != CONNECTION_OK)
                return lost(p->connection ? PQerrorMessage(p->connection) : "", e);
        PQsetNoticeProcessor(p->connection, silent, NULL);
        /* Somebody may have told the server to confirm before it has written: not to us. */
        return command(p,
                "SET statement_timeout = 20000; SET lock_timeout = 10000; SET idle_in_transaction_session_timeout = "
                "60000;"
                " SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = "
                "'off'",
                NULL, e);
}

static bool connect_now(struct postgres_database *p, struct err *e)
{
        if (p->failed && now() < p->failed + PAUSE_MS)
                return lost(p->why, e);
        bool fine = connect_anew(p, e);
        p->failed = fine ? 0 : now();
        if (!fine)
                snprintf(p->why, sizeof(p->why), "%.*s", (int)strcspn(PQerrorMessage(p->connection), "\n"),
                        PQerrorMessage(p->connection));
        return fine;
}

/* --- what is under way --- */

/* The answer to the oldest; the first that failed is what is told, the others were not tried any more. */
static bool answer(struct postgres_database *p, int64_t *changed, struct err *e)
{
        AUTO_RESULT r = next_result(p);
        bool fine = PQresultStatus(r) == PGRES_COMMAND_OK;
        if (changed)
                *changed = fine ? strtoll(PQcmdTuples(r), NULL, 10) : 0;
        if (!fine && e->kind == ERR_NONE)
                failed(p, r, e);
        if (r)
                PQclear(next_result(p));
        return fine;
}

static bool pg_settle(struct database *db, struct err *e)
{
        struct postgres_database *p = postgres_of(db);
        bool fine = true;
        if (!p->n_later)
                return true;
        if (PQpipelineSync(p->connection) != 1)
                fine = lost(PQerrorMessage(p->connection), e);
        for (size_t i = 0; i < p->n_later && PQstatus(p->connection) == CONNECTION_OK; i++)
                fine = answer(p, p->later[i], e) && fine;
        p->n_later = 0;
        if (PQstatus(p->connection) != CONNECTION_OK)
                return e->kind != ERR_NONE ? false : lost(PQerrorMessage(p->connection), e);
        PQclear(next_result(p));
        return PQexitPipelineMode(p->connection) == 1 ? fine : lost(PQerrorMessage(p->connection), e);
}

/* A connection that was lost is made anew, but never inside a transaction: half of it would be missing. */
static bool usable(struct postgres_database *p, struct err *e)
{
        if (p->connection && PQstatus(p->connection) == CONNECTION_OK)
                return true;
        if (p->base.begun)
                return lost(_("the connection was lost"), e);
        return connect_now(p, e);
}

static bool connected(struct postgres_database *p, struct err *e) { return usable(p, e) && pg_settle(&p->base, e); }

/* --- statements --- */

/* Each ? outside of quotation marks becomes $1, $2, … */
static void number_values(const char *text, struct str *out)
{
        bool quoted = false;
        int n = 0;
        for (; *text; text++) {
                quoted ^= *text == '\'';
                if (*text == '?' && !quoted)
                        str_addf(out, "$%d", ++n);
                else
                        str_addc(out, *text);
        }
}

static size_t number_of(struct postgres_database *p, const char *text)
{
        for (size_t i = 0; i < p->n; i++)
                if (!strcmp(p->statements[i].text, text))
                        return i;
        if (p->n == MOST_STATEMENTS)
                return MOST_STATEMENTS;
        p->statements[p->n].text = strdup(text);
        if (!p->statements[p->n].text)
                file_out_of_memory();
        return p->n++;
}

static bool prepare(struct postgres_database *p, size_t number, const char *name, const char *text, struct err *e)
{
        if (number < MOST_STATEMENTS && p->statements[number].prepared)
                return true;
        AUTO_STR numbered = STR_MAX(16 << 10);
        number_values(text, &numbered);
        if (!str_ok(&numbered, "SQL", e))
                return false;
        AUTO_RESULT r = result(p, PQsendPrepare(p->connection, name, str_text(&numbered), 0, NULL));
        if (PQresultStatus(r) != PGRES_COMMAND_OK)
                return failed(p, r, e);
        if (number < MOST_STATEMENTS)
                p->statements[number].prepared = true;
        return true;
}

/* Values as libpq takes them. */
struct sent {
        const char *values[MOST_VALUES];
        char numbers[MOST_VALUES][NUMBER_TEXT];
};

static void send_as_text(struct sent *to, const struct database_value *v, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                snprintf(to->numbers[i], NUMBER_TEXT, "%" PRId64, v[i].number);
                to->values[i] = v[i].kind == 's' ? v[i].text : v[i].kind == 'i' ? to->numbers[i] : NULL;
        }
}

static size_t named(struct postgres_database *p, const char *text, char name[16])
{
        size_t number = number_of(p, text);
        *name = '\0';
        if (number < MOST_STATEMENTS)
                snprintf(name, 16, "s%zu", number);
        return number;
}

static PGresult *run(
        struct postgres_database *p, struct err *e, const char *text, const struct database_value *v, size_t n)
{
        struct sent sent;
        char name[16];
        if (!connected(p, e) || !prepare(p, named(p, text, name), name, text, e))
                return NULL;
        send_as_text(&sent, v, n);
        PGresult *r = result(p, PQsendQueryPrepared(p->connection, name, (int)n, sent.values, NULL, NULL, 0));
        ExecStatusType status = PQresultStatus(r);
        if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
                return r;
        failed(p, r, e);
        PQclear(r);
        return NULL;
}

static bool pg_run(struct database *db, struct err *e, int64_t *changed, const char *text,
        const struct database_value *v, size_t n)
{
        AUTO_RESULT r = run(postgres_of(db), e, text, v, n);
        if (changed)
                *changed = r ? strtoll(PQcmdTuples(r), NULL, 10) : 0;
        return r != NULL;
}

/* Sent without waiting for the answer. */
static bool pg_later(struct database *db, struct err *e, int64_t *changed, const char *text,
        const struct database_value *v, size_t n)
{
        struct postgres_database *p = postgres_of(db);
        struct sent sent;
        char name[16];
        size_t number = named(p, text, name);
        if (!db->begun || number == MOST_STATEMENTS)
                return pg_run(db, e, changed, text, v, n);
        bool ready = p->statements[number].prepared && p->n_later < MOST_LATER;
        if (!usable(p, e) || (!ready && (!pg_settle(db, e) || !prepare(p, number, name, text, e))))
                return false;
        send_as_text(&sent, v, n);
        if ((!p->n_later && PQenterPipelineMode(p->connection) != 1) ||
                PQsendQueryPrepared(p->connection, name, (int)n, sent.values, NULL, NULL, 0) != 1)
                return lost(PQerrorMessage(p->connection), e);
        p->later[p->n_later++] = changed;
        return true;
}

static struct rows *pg_query(
        struct database *db, struct err *e, const char *text, const struct database_value *v, size_t n)
{
        PGresult *result = run(postgres_of(db), e, text, v, n);
        if (!result)
                return NULL;
        struct postgres_rows *r = malloc(sizeof(*r));
        if (!r)
                file_out_of_memory();
        *r = (struct postgres_rows){ .base.calls = db->calls, .result = result, .row = -1 };
        return &r->base;
}

static bool pg_next(struct rows *rows, struct err *e)
{
        struct postgres_rows *r = (struct postgres_rows *)rows;
        (void)e;
        return ++r->row < PQntuples(r->result);
}

static const char *pg_words(const struct rows *rows, int column)
{
        const struct postgres_rows *r = (const struct postgres_rows *)rows;
        return PQgetvalue(r->result, r->row, column);
}

static int64_t pg_integer(const struct rows *rows, int column) { return strtoll(pg_words(rows, column), NULL, 10); }

static void pg_done(struct rows *rows)
{
        PQclear(((struct postgres_rows *)rows)->result);
        free(rows);
}

/* --- transactions --- */

static bool pg_begin(struct database *db, struct err *e)
{
        return connected(postgres_of(db), e) && command(postgres_of(db), "BEGIN", "BEGIN", e);
}

/* A transaction in which something failed is answered with ROLLBACK, politely. */
static bool pg_commit(struct database *db, struct err *e)
{
        return connected(postgres_of(db), e) && command(postgres_of(db), "COMMIT", "COMMIT", e);
}

static void pg_rollback(struct database *db)
{
        struct postgres_database *p = postgres_of(db);
        struct err ignored = ERR_INIT;
        /* What was under way failed or not: none of it counts. */
        if (!pg_settle(db, &ignored) && PQstatus(p->connection) != CONNECTION_OK)
                return;
        if (PQstatus(p->connection) == CONNECTION_OK)
                PQclear(result(p, PQsendQuery(p->connection, "ROLLBACK")));
}

static bool pg_script(struct database *db, const char *statements, struct err *e)
{
        return connected(postgres_of(db), e) && command(postgres_of(db), statements, NULL, e);
}

static void pg_close(struct database *db)
{
        struct postgres_database *p = postgres_of(db);
        PQfinish(p->connection);
        for (size_t i = 0; i < p->n; i++)
                free(p->statements[i].text);
        explicit_bzero(p->url, strlen(p->url));
        free(p->url);
        free(p);
}

static const struct database_calls calls = {
        .serial = "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
        /* Sorted as SQLite sorts, whatever language the server was made for. */
        .text = "TEXT COLLATE \"C\"",
        .shared = true,
        .close = pg_close,
        .begin = pg_begin,
        .commit = pg_commit,
        .rollback = pg_rollback,
        .script = pg_script,
        .query = pg_query,
        .run = pg_run,
        .later = pg_later,
        .settle = pg_settle,
        .next = pg_next,
        .integer = pg_integer,
        .words = pg_words,
        .done = pg_done,
};

struct database *database_postgres_open(const char *url, struct err *e)
{
        if (!is_plausible(url)) {
                lost(_("its address is not well-formed"), e);
                e->kind = ERR_INPUT;
                return NULL;
        }
        struct postgres_database *p = calloc(1, sizeof(*p));
        if (!p || !(p->url = strdup(url)))
                file_out_of_memory();
        p->base.calls = &calls;
        if (connect_now(p, e))
                return &p->base;
        pg_close(&p->base);
        return NULL;
}
