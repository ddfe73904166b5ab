#include "rollcall/occasion.h"
#include "base/file.h"
#include "base/text.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <string.h>

static void digest(struct bytes of, char out[OCCASION_ID])
{
        unsigned char sum[EVP_MAX_MD_SIZE];
        unsigned n = 0;
        if (!EVP_Digest(of.ptr, of.len, sum, &n, EVP_sha256(), NULL))
                file_out_of_memory();
        text_hex(sum, (OCCASION_ID - 1) / 2, out);
}

void occasion_digest(const char *a, const char *b, char out[OCCASION_ID])
{
        AUTO_STR text = STR_MAX(8 << 10);
        str_add(&text, a);
        str_addc(&text, '\0');
        str_add(&text, b);
        digest(str_bytes(&text), out);
}

void occasion_set_id(struct occasion *o)
{
        AUTO_STR text = STR_MAX(1000);
        str_addf(&text, "%d/%d/%d/%lld", (int)o->kind, o->attempt, o->code,
                o->kind == OCCASION_COMPLETE ? (long long)o->time : 0LL);
        str_addc(&text, '\0');
        str_add(&text, o->school);
        str_addc(&text, '\0');
        str_add(&text, o->host);
        digest(str_bytes(&text), o->id);
}

static const struct {
        const char *name;
        size_t offset, size;
} texts[] = {
        { "id", offsetof(struct occasion, id), OCCASION_ID },
        { "school", offsetof(struct occasion, school), NAME_MOST },
        { "school_name", offsetof(struct occasion, school_name), 200 },
        { "pool", offsetof(struct occasion, pool), NAME_MOST },
        { "pool_name", offsetof(struct occasion, pool_name), 200 },
        { "host", offsetof(struct occasion, host), NAME_MOST },
        { "detail", offsetof(struct occasion, detail), OCCASION_DETAIL },
};

static void decref(json_t **j) { json_decref(*j); }

void occasion_write(const struct occasion *o, struct str *out)
{
        OWN(decref)
        json_t *j = json_pack("{si sI si si sI}", "kind", (int)o->kind, "hosts", (json_int_t)o->hosts, "attempt",
                o->attempt, "code", o->code, "time", (json_int_t)o->time);
        for (size_t i = 0; i < COUNT(texts); i++)
                json_object_set_new(j, texts[i].name, json_string((const char *)o + texts[i].offset));
        AUTO_FREE char *text = json_dumps(j, JSON_COMPACT);
        if (!text)
                file_out_of_memory();
        str_add(out, text);
}

bool occasion_read(const char *text, struct occasion *o)
{
        *o = (struct occasion){ 0 };
        OWN(decref) json_t *j = json_loads(text, 0, NULL);
        int kind = 0;
        json_int_t hosts = 0, time = 0;
        if (json_unpack(j, "{si sI si si sI}", "kind", &kind, "hosts", &hosts, "attempt", &o->attempt, "code", &o->code,
                    "time", &time) < 0)
                return false;
        o->kind = kind == OCCASION_COMPLETE ? OCCASION_COMPLETE : OCCASION_FAILED;
        o->hosts = hosts;
        o->time = time;
        for (size_t i = 0; i < COUNT(texts); i++) {
                const char *value = json_string_value(json_object_get(j, texts[i].name));
                snprintf((char *)o + texts[i].offset, texts[i].size, "%s", value ? value : "");
        }
        return *o->id != '\0';
}

bool occasion_failure(struct told *t, int attempt, int code, bool *changed)
{
        char mark[16];
        snprintf(mark, sizeof(mark), "%d|", code);
        *changed = false;
        if (*t->codes && attempt < t->position)
                return false;
        if (!*t->codes || attempt > t->position)
                snprintf(t->codes, sizeof(t->codes), "|");
        for (const char *at = t->codes; (at = strstr(at, mark)); at++)
                if (at[-1] == '|')
                        return false;
        size_t n = strlen(t->codes);
        if (n + sizeof(mark) >= sizeof(t->codes)) /* somebody who fails in all ways there are has been told of */
                return false;
        snprintf(t->codes + n, sizeof(t->codes) - n, "%s", mark);
        t->position = attempt;
        *changed = true;
        return true;
}

void occasion_count(struct school_count *c, const struct host_row *row, bool with_agent)
{
        if (!row->expected)
                return;
        c->expected++;
        c->there += standing_has_arrived(row->standing, with_agent);
        if (row->since > c->newest)
                c->newest = row->since;
}

/* Where an agent follows, a host that has arrived stays at its standing until it is installed anew; that the newest has
 * come later than the one that was told tells of an interruption that nobody watched. */
bool occasion_completion(struct told *t, const struct school_count *c, bool with_agent, bool *changed)
{
        bool complete = c->expected > 0 && c->there == c->expected;
        int64_t now = !complete ? 0 : c->newest > 0 ? c->newest : 1;
        bool news = complete && (!t->position || (with_agent && now > t->position));
        *changed = news || (!complete && t->position);
        if (*changed)
                t->position = now;
        return news;
}
