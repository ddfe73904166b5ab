/* Machines find their places: a school's own list first, then rows of spreadsheets. */
#include "answerfiles/site_plan.h"
#include "answerfiles/value.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/text.h"

#include <search.h>
#include <string.h>

static bool has_machine(const struct raw_host *h) { return h->mac.given || h->serial.text; }

static struct raw_host *free_place(struct pool_draft *p)
{
        for (size_t i = 0; i < p->n; i++)
                if (!has_machine(&p->hosts[i]))
                        return &p->hosts[i];
        return NULL;
}

static struct raw_host *place_named(struct pool_draft *p, const char *name)
{
        for (size_t i = 0; name && i < p->n; i++)
                if (p->hosts[i].name.text && !strcmp(p->hosts[i].name.text, name))
                        return &p->hosts[i];
        return NULL;
}

void rows_place_machines(struct site_builder *b)
{
        for (size_t i = 0; i < b->n_schools; i++) {
                struct school_draft *s = &b->schools[i];
                size_t pool = 0;
                for (size_t k = 0; k < s->raw->n_machines; k++) {
                        const struct raw_machine *m = &s->raw->machines[k];
                        struct raw_host *h = NULL;
                        while (pool < s->n_pools && !(h = free_place(&s->pools[pool])))
                                pool++;
                        if (!h) {
                                diag(b->reader->diags, XR_MACHINES_WITHOUT_POOL, m->pos, s->raw->id.text ? s->raw->id.text : "?", NULL);
                                break;
                        }
                        h->mac = m->mac;
                        h->serial = (struct located){ m->serial, m->pos };
                        h->pos = m->pos;
                }
        }
}

/* Schools by id and by name, so that 10,000 schools and 100,000 rows do not make a billion comparisons. */
struct school_index {
        struct hsearch_data table;
        struct school_draft *twice;             /* stands for a name that two schools have */
        const char **ids;
        size_t n;
};

static void index_add(struct school_index *x, const char *key, struct school_draft *s)
{
        ENTRY *found, want = { .key = (char *)(uintptr_t)key, .data = s };
        if (!key)
                return;
        if (!hsearch_r(want, ENTER, &found, &x->table))
                file_out_of_memory();
        if (found->data != s)
                found->data = x->twice;
}

static void index_build(struct site_builder *b, struct school_index *x)
{
        static struct school_draft twice;
        *x = (struct school_index){ .twice = &twice };
        x->ids = calloc(b->n_schools + 1, sizeof(*x->ids));
        if (!x->ids || !hcreate_r(b->n_schools * 4 + 16, &x->table))
                file_out_of_memory();
        for (size_t i = 0; i < b->n_schools; i++) {
                index_add(x, b->schools[i].raw->id.text, &b->schools[i]);
                if (b->schools[i].raw->id.text)
                        x->ids[x->n++] = b->schools[i].raw->id.text;
        }
        /* Ids win over names: a name that equals some other school's id does not make that id ambiguous. */
        for (size_t i = 0; i < b->n_schools; i++) {
                const struct raw_school *raw = b->schools[i].raw;
                ENTRY *found, want = { .key = (char *)(uintptr_t)raw->name.text };
                struct school_draft *other = raw->name.text && hsearch_r(want, FIND, &found, &x->table) ? found->data : NULL;
                if (!other || other == x->twice || strcmp(other->raw->id.text ? other->raw->id.text : "", raw->name.text))
                        index_add(x, raw->name.text, &b->schools[i]);
        }
}

static void index_free(struct school_index *x)
{
        hdestroy_r(&x->table);
        free(x->ids);
}

static struct school_draft *school_of_row(struct site_builder *b, const struct school_index *x, const struct csv_row *row)
{
        const char *key = row->cell[CSV_SCHOOL];
        struct diags *d = b->reader->diags;
        if (!key && b->n_schools == 1)
                return &b->schools[0];
        if (!key) {
                diag(d, XR_ROW_WITHOUT_SCHOOL, row->where, NULL);
                return NULL;
        }
        ENTRY *found, want = { .key = (char *)(uintptr_t)key };
        struct hsearch_data *table = (struct hsearch_data *)(uintptr_t)&x->table;
        struct school_draft *s = hsearch_r(want, FIND, &found, table) ? found->data : NULL;
        if (s == x->twice) {
                diag(d, XR_SCHOOL_NAME_TWICE, row->pos[CSV_SCHOOL], key, NULL);
                return NULL;
        }
        if (!s) {
                const char *near = text_nearest(key, x->ids, x->n);
                diag(d, XR_SCHOOL_UNKNOWN, row->pos[CSV_SCHOOL], key, near ? near : x->n ? x->ids[0] : "", NULL);
        }
        return s;
}

static struct pool_draft *pool_of_row(struct site_builder *b, struct school_draft *s, const struct csv_row *row)
{
        const char *key = row->cell[CSV_POOL], *school = s->raw->id.text ? s->raw->id.text : "?";
        AUTO_STR known = STR_MAX(1024);
        if (!key && s->n_pools == 1)
                return &s->pools[0];
        for (size_t i = 0; i < s->n_pools; i++) {
                const struct raw_pool *p = s->pools[i].own ? s->pools[i].own : s->pools[i].blueprint;
                const char *name = p->name.text ? p->name.text : s->pools[i].blueprint ? s->pools[i].blueprint->name.text : NULL;
                if (key && ((p->id.text && !strcmp(p->id.text, key)) || (name && !strcmp(name, key))))
                        return &s->pools[i];
                str_addf(&known, "%s%s", i ? ", " : "", p->id.text ? p->id.text : "?");
        }
        if (key) {
                diag(b->reader->diags, XR_POOL_UNKNOWN, row->pos[CSV_POOL], school, key, str_text(&known), NULL);
                return NULL;
        }
        char count[32];
        snprintf(count, sizeof(count), _("%zu pools"), s->n_pools);
        diag(b->reader->diags, XR_ROW_WITHOUT_POOL, row->where, school, count, str_text(&known), NULL);
        return NULL;
}

/* The place that the row's name names, else the next one that has no machine yet, else a new one. */
static struct raw_host *place_of_row(struct site_builder *b, struct school_draft *s, struct pool_draft *p, const struct csv_row *row)
{
        const char *name = row->cell[CSV_NAME];
        struct raw_host *h = place_named(p, name);
        if (h && !has_machine(h))
                return h;
        if (p->fixed && (h = free_place(p)))
                return h;
        const char *school = s->raw->id.text ? s->raw->id.text : "?", *pool = pool_draft_id(p);
        if (p->fixed) {
                char count[24];
                snprintf(count, sizeof(count), "%zu", p->n);
                diag(b->reader->diags, XR_NO_ROOM, row->where, pool ? pool : "?", school, count, NULL);
                return NULL;
        }
        if (!name) {
                diag(b->reader->diags, XR_NAME_MISSING, row->where, school, NULL);
                return NULL;
        }
        h = pool_draft_add(p);
        h->level = LEVEL_HOST;
        return h;
}

static struct located cell(const struct csv_row *row, enum csv_column c)
{
        return (struct located){ row->cell[c], row->pos[c] };
}

static void fill_place(struct site_builder *b, struct raw_host *h, const struct csv_row *row)
{
        struct diags *d = b->reader->diags;
        h->pos = row->where;
        if (row->cell[CSV_NAME]) {
                h->name = cell(row, CSV_NAME);
                h->level = LEVEL_HOST;
        }
        if (row->cell[CSV_ADDRESS])
                h->address = cell(row, CSV_ADDRESS);
        if (row->cell[CSV_MAC])
                value_mac(d, row->pos[CSV_MAC], row->cell[CSV_MAC], &h->mac);
        if (row->cell[CSV_SERIAL] && value_serial(d, row->pos[CSV_SERIAL], row->cell[CSV_SERIAL]))
                h->serial = cell(row, CSV_SERIAL);
        if (row->cell[CSV_COORDINATOR] && value_bool(d, row->pos[CSV_COORDINATOR], row->cell[CSV_COORDINATOR], &h->coordinator))
                h->coordinator_pos = row->pos[CSV_COORDINATOR];
        if (row->cell[CSV_DISK]) {
                h->row_set = settings_new(b->reader);
                if (disk_from_cell(b->reader, row->pos[CSV_DISK], row->cell[CSV_DISK], &h->row_set->disk))
                        h->row_set->origin[SET_DISK] = (struct origin){ row->pos[CSV_DISK], LEVEL_HOST };
        }
}

void rows_place(struct site_builder *b, const struct csv_rows *rows)
{
        OWN(index_free) struct school_index index;
        index_build(b, &index);
        for (size_t i = 0; i < rows->n; i++) {
                struct school_draft *s = school_of_row(b, &index, &rows->rows[i]);
                struct pool_draft *p = s ? pool_of_row(b, s, &rows->rows[i]) : NULL;
                struct raw_host *h = p ? place_of_row(b, s, p, &rows->rows[i]) : NULL;
                if (h)
                        fill_place(b, h, &rows->rows[i]);
        }
}
