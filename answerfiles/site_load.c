/* Reading a site file and what it names, in order: YAML → tables → drafts → spreadsheet rows → plan → checks. */
#include "answerfiles/site_plan.h"
#include "answerfiles/check.h"
#include "answerfiles/value.h"
#include "base/file.h"
#include "base/i18n.h"

#include <fcntl.h>
#include <libgen.h>
#include <string.h>

enum { LARGEST_SITE = 256 << 20, LARGEST_CSV = 64 << 20 };

/* The folder that a site file's own references start from. -1 and e set when it cannot be opened. */
static int folder_of(int dir, const char *file, struct err *e)
{
        AUTO_FREE char *copy = strdup(file);
        if (!copy)
                file_out_of_memory();
        int fd = openat(dir, dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) {
                err_sys(e, _("reading %s"), file);
                e->kind = ERR_INPUT;
        }
        return fd;
}

/* What stands in a file, or would: appended to out. */
static bool read_source(
        int dir, const char *file, size_t max, const struct site_options *o, struct str *out, struct err *e)
{
        if (!o->draft_of || strcmp(file, o->draft_of) != 0)
                return file_read(dir, file, max, out, e);
        str_addn(out, o->draft.ptr, o->draft.len);
        return str_ok(out, file, e);
}

/* Texts live in the diags, whose excerpts outlast a plan that could not be made. */
static bool keep_text(
        struct diags *d, int dir, const char *file, const struct site_options *o, struct bytes *out, struct err *e)
{
        AUTO_STR text = STR_MAX(LARGEST_SITE);
        if (!read_source(dir, file, LARGEST_SITE, o, &text, e))
                return false;
        *out = bytes_of(arena_strndup(diags_arena(d), str_text(&text), text.len), text.len);
        return true;
}

static void list_releases(struct str *out)
{
        const struct release *r;
        for (size_t i = 0; (r = release_at(i)); i++)
                str_addf(out, "%s%s", i ? ", " : "", r->id);
}

static void resolve_release(struct site_builder *b, const struct site_options *o)
{
        const struct located *said = &b->raw->release;
        struct diags *d = b->reader->diags;
        const struct release *hint = o->release_hint ? release_find(o->release_hint) : NULL;
        struct pos top = { .file = b->reader->yaml->file, .line = 1, .col = 1 };
        b->plan->release = said->text ? release_find(said->text) : hint;
        b->plan->release_origin = (struct origin){ said->pos, said->text ? LEVEL_DEFAULTS : LEVEL_RELEASE };
        if (said->text && !b->plan->release) {
                AUTO_STR known = STR_MAX(2048);
                list_releases(&known);
                diag(d, XR_RELEASE_UNKNOWN, said->pos, said->text, str_text(&known), NULL);
        } else if (!b->plan->release)
                diag(d, XR_RELEASE_MISSING, top, NULL);
        else if (hint && hint != b->plan->release)
                diag(d, XR_RELEASE_MISMATCH, said->pos, b->plan->release->product, hint->product, NULL);
}

/* Passwords are hashed while the file is read, in a form that depends on the release, wherever its line stands. */
static unsigned hashes_of(struct yaml *y, struct fy_node *root, const struct site_options *o)
{
        const struct release *r = o->release_hint ? release_find(o->release_hint) : NULL;
        void *iterator = NULL;
        for (struct fy_node_pair *pair; fy_node_is_mapping(root) && (pair = fy_node_mapping_iterate(root, &iterator));) {
                const char *key = yaml_text(y, fy_node_pair_key(pair)), *value = yaml_text(y, fy_node_pair_value(pair));
                if (key && value && !strcmp(key, "release") && release_find(value))
                        r = release_find(value);
        }
        return r ? r->hashes : HASH_SHA512;
}

static void place_rows(struct site_builder *b, const struct site_options *o)
{
        for (size_t i = 0; i < b->raw->n_rows_from; i++) {
                const struct located *from = &b->raw->rows_from[i];
                struct err e = ERR_INIT;
                AUTO_STR text = STR_MAX(LARGEST_CSV);
                struct csv_rows rows = { 0 };
                size_t errors = diags_errors(b->reader->diags);
                if (!read_source(b->reader->dir, from->text, LARGEST_CSV, o, &text, &e))
                        diag(b->reader->diags, XR_FILE_UNREADABLE, from->pos, e.text, NULL);
                else
                        csv_read(diags_arena(b->reader->diags), b->reader->diags, from->text, str_bytes(&text), &rows);
                rows_place(b, &rows);
                b->rows_lost |= diags_errors(b->reader->diags) > errors;
        }
}

static void build_plan(struct site_builder *b, const struct site_options *o)
{
        struct plan *plan = b->plan;
        resolve_release(b, o);
        plan->district_id = b->raw->district_id.text;
        plan->district_name = b->raw->district_name.text;
        plan->volume_label = b->raw->volume_label.text;
        plan->volume_label_pos = b->raw->volume_label.pos;
        plan->upstream = b->raw->upstream;
        plan->notices = b->raw->notices;
        plan->n_notices = b->raw->n_notices;
        upstream_check(b->raw, b->reader->diags);
        b->base = settings_of_release(plan->arena, plan->release);
        b->merger = merger_new(plan->arena);
        if (!b->raw->n_schools)
                diag(b->reader->diags, XR_NO_SCHOOLS, (struct pos){ .file = b->reader->yaml->file, .line = 1, .col = 1 }, NULL);
        drafts_make(b);
        rows_place_machines(b);
        place_rows(b, o);
        plan_resolve(b);
        drafts_free(b);
        merger_free(b->merger);
        if (plan->release)
                plan_check(plan, b->reader->diags);
}

struct plan *site_load(int dir, const char *file, const struct site_options *o, struct diags *d, struct err *e)
{
        struct bytes text;
        if (!keep_text(d, dir, file, o, &text, e))
                return NULL;
        AUTO_FD int folder = folder_of(dir, file, e);
        if (folder < 0)
                return NULL;
        struct arena *a = arena_new();
        struct plan *plan = ARENA_NEW(a, struct plan);
        plan->arena = a;
        OWN(yaml_close) struct yaml yaml;
        struct raw_site raw = { 0 };
        struct reader r = { .yaml = &yaml, .arena = a, .diags = d, .dir = folder, .also_new = settings_new, .seed = o->seed, .context = &raw };
        if (!yaml_open(&yaml, a, d, file, text))
                return plan;
        struct fy_node *root = yaml_root(&yaml);
        struct pos top = { .file = yaml.file, .line = 1, .col = 1 };
        if (!root)
                diag(d, XR_NEEDS_KEYS, top, _("site file"), "schools", NULL);
        else {
                r.hashes = hashes_of(&yaml, root, o);
                section_read(&r, root, top, &site_section, &raw, NULL);
        }
        yaml_close(&yaml);      /* a district's document is larger than its plan */
        struct site_builder b = { .reader = &r, .raw = &raw, .plan = plan };
        build_plan(&b, o);
        return plan;
}

void plan_free(struct plan *plan)
{
        if (plan)
                arena_free(plan->arena);
}
