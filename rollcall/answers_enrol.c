#include "rollcall/answers_parts.h"
#include "base/i18n.h"
#include "pxe/enrolled_csv.h"

#include <string.h>

enum { LARGEST_CSV = 1 << 20 };

static const struct known_host *known_by(const struct answers *a, const struct enrolled *m)
{
        for (size_t i = 0; i < a->n_hosts; i++) {
                const struct expected_machine *x = a->hosts[i].machine;
                if ((x->mac && *x->mac && strcasestr(m->macs, x->mac)) ||
                        (x->serial && *x->serial && !strcasecmp(x->serial, m->serial)))
                        return &a->hosts[i];
        }
        return NULL;
}

/* --- the list --- */

struct listing {
        struct asked *q;
        json_t *array;
};

static void set(json_t *o, const char *name, const char *text) { json_object_set_new(o, name, text_json(text)); }
static void set_number(json_t *o, const char *name, int64_t n) { json_object_set_new(o, name, json_integer(n)); }

static bool list_machine(void *arg, const struct enrolled *m)
{
        struct listing *l = arg;
        const struct known_host *h = known_by(l->q->a, m);
        json_t *o = json_object();
        set(o, "macs", m->macs);
        set(o, "serial", m->serial);
        set(o, "model", m->model);
        set(o, "cpu", m->cpu);
        set(o, "firmware", m->firmware);
        set(o, "disks", m->disks);
        set_number(o, "cpus", m->cpus);
        set_number(o, "memory", m->memory);
        set_number(o, "seen", m->seen * 1000);
        set(o, "school", h ? h->school->id : "");
        set(o, "host", h ? h->machine->name : "");
        json_array_append_new(l->array, o);
        return true;
}

void read_enrolled(struct asked *q)
{
        struct err e = ERR_INIT;
        struct listing l = { .q = q, .array = json_array() };
        if (q->a->c.arming && !enrolled_each(q->a->c.arming, list_machine, &l, &e)) {
                json_decref(l.array);
                return answer_trouble(q, &e);
        }
        json_t *o = json_object();
        json_object_set_new(o, "machines", l.array);
        answer_json(q, 200, o);
}

/* --- what is done with them --- */

struct picking {
        struct asked *q;
        json_t *wished; /* owned: an object, its keys are the cards that they were started by */
        json_t *found;  /* owned: those of them that are on the list */
        struct str csv; /* owned */
        size_t rows;
};

static void picking_clear(struct picking *p)
{
        json_decref(p->wished);
        json_decref(p->found);
        str_clear(&p->csv);
}

static bool pick(void *arg, const struct enrolled *m)
{
        struct picking *p = arg;
        char first[20];
        snprintf(first, sizeof(first), "%.17s", m->macs);
        if (!json_object_get(p->wished, first))
                return true;
        json_array_append_new(p->found, text_json(first));
        if (known_by(p->q->a, m))
                return true;
        enrolled_csv_add(&p->csv, m);
        p->rows++;
        return true;
}

/* False when it is answered already. */
static bool read_wish(struct asked *q, struct picking *p)
{
        json_t *list = NULL, *item, *o = json_loadb(q->ask->body.ptr, q->ask->body.len, JSON_REJECT_DUPLICATES, NULL);
        size_t i;
        bool fine = json_unpack_ex(o, NULL, JSON_STRICT, "{s:o}", "machines", &list) == 0 && json_array_size(list) &&
                    json_array_size(list) <= MOST_ENROLLED;
        json_array_foreach(list, i, item) fine =
                fine && json_is_string(item) && !json_object_set_new(p->wished, json_string_value(item), json_true());
        json_decref(o);
        if (!fine)
                answer_error(q, 400, N_("What was sent cannot be understood."));
        return fine;
}

static bool find_picked(struct asked *q, struct picking *p)
{
        struct err e = ERR_INIT;
        if (!q->a->c.arming) {
                answer_error(q, 409, N_("This server arms nobody; do it on the server of the school."));
                return false;
        }
        if (!read_wish(q, p))
                return false;
        enrolled_csv_begin(&p->csv);
        bool fine = enrolled_each(q->a->c.arming, pick, p, &e) && str_ok(&p->csv, "CSV", &e);
        if (!fine)
                answer_trouble(q, &e);
        else if (!json_array_size(p->found))
                answer_error(q, 404, N_("There is nothing of that name."));
        return fine && json_array_size(p->found);
}

static bool note_all(const struct picking *p, const char *action, struct err *e)
{
        struct store *store = p->q->a->c.store;
        size_t i;
        json_t *mac;
        if (!store_begin(store, e))
                return false;
        bool fine = true;
        json_array_foreach(p->found, i, mac) fine =
                fine && visitors_note(p->q->a->visitors, &p->q->visitor, action, json_string_value(mac), e);
        if (fine && store_commit(store, e))
                return true;
        store_rollback(store);
        return false;
}

void act_enrol(struct asked *q)
{
        struct err e = ERR_INIT;
        OWN(picking_clear)
        struct picking p = { .q = q, .wished = json_object(), .found = json_array(), .csv = STR_MAX(LARGEST_CSV) };
        if (!find_picked(q, &p))
                return;
        if (!note_all(&p, "enrol", &e))
                return answer_trouble(q, &e);
        json_t *o = json_object();
        set(o, "csv", str_text(&p.csv));
        set_number(o, "rows", (int64_t)p.rows);
        answer_json(q, 200, o);
}

/* As with arming: the audit is written first. */
static bool forget_all(const struct picking *p, struct err *e)
{
        struct arming *arming = p->q->a->c.arming;
        struct err ignored = ERR_INIT;
        size_t i;
        json_t *mac;
        bool fine = arming_begin(arming, e);
        json_array_foreach(p->found, i, mac) fine = fine && enrolled_forget_one(arming, json_string_value(mac), e);
        if (!fine || !note_all(p, "forget", e)) {
                arming_rollback(arming);
                return false;
        }
        if (arming_commit(arming, e))
                return true;
        (void)!visitors_note(p->q->a->visitors, &p->q->visitor, "undone", "forget", &ignored);
        return false;
}

void act_forget(struct asked *q)
{
        struct err e = ERR_INIT;
        OWN(picking_clear)
        struct picking p = { .q = q, .wished = json_object(), .found = json_array(), .csv = STR_MAX(LARGEST_CSV) };
        if (!find_picked(q, &p))
                return;
        if (!forget_all(&p, &e))
                return answer_trouble(q, &e);
        json_t *o = json_object();
        json_object_set(o, "forgotten", p.found);
        answer_json(q, 200, o);
}
