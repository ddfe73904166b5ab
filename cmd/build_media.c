#include "cmd/build_media.h"
#include "answerfiles/selector.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void close_cache(struct base_cache *s) { base_cache_close(s); }

bool build_base_sha256(const struct medium *base, char hex[65], struct err *e)
{
        OWN(close_cache) struct base_cache cache;
        base_cache_open(&cache, base);
        if (base_cache_known(&cache, base, hex))
                return true;
        if (!medium_sha256(base, hex, e))
                return false;
        base_cache_remember(&cache, base, hex);
        return true;
}

/* --- units: one image each --- */

static struct media_unit *units_alloc(size_t n)
{
        struct media_unit *units = calloc(n, sizeof(*units));
        if (!units)
                file_out_of_memory();
        return units;
}

/* Hosts stand in plan order, a school's one behind the other. */
static void units_of(const struct plan *p, enum image_per per, struct media_job *j)
{
        j->units = units_alloc(per == PER_DISTRICT ? 1 : p->n_hosts);
        if (per == PER_DISTRICT) {
                j->units[j->n++] = (struct media_unit){ .name = MEDIA_ALL, .last = p->n_hosts };
                return;
        }
        for (size_t i = 0; i < p->n_hosts; i++) {
                const struct host *h = p->hosts[i];
                const char *school = h->pool->school->id;
                struct media_unit *last = j->n ? &j->units[j->n - 1] : NULL;
                if (per == PER_SCHOOL && last && !strcmp(last->name, school)) {
                        last->last = i + 1;
                        continue;
                }
                struct media_unit *u = &j->units[j->n++];
                *u = (struct media_unit){ .first = i, .last = i + 1 };
                snprintf(u->name, sizeof(u->name), "%s%s%s", school, per == PER_HOST ? "/" : "",
                        per == PER_HOST ? h->name : "");
        }
}

struct packing {
        const struct build_record *record;
        int64_t not_before;
};

static bool pack_unit(void *arg, const struct media_unit *u, struct str *out, struct err *e)
{
        const struct packing *p = arg;
        const struct build_record *b = p->record;
        struct selector_pack *pack = selector_pack_new(b->plan, e);
        bool fine = pack;
        for (size_t i = u->first; fine && i < u->last; i++)
                fine = build_record_pack(b, pack, i, e);
        fine = fine && selector_pack_finish(pack, b->id, p->not_before, out, e);
        selector_pack_free(pack);
        return fine;
}

/* The unit with the most to say is the best guess at the largest pack; a wrong guess only costs time. */
static const struct media_unit *fullest(const struct build_record *b, const struct media_job *j)
{
        const struct media_unit *best = &j->units[0];
        size_t most = 0;
        for (size_t i = 0; i < j->n; i++) {
                size_t n = 0;
                for (size_t k = j->units[i].first; k < j->units[i].last; k++)
                        n += b->answers.len[k];
                if (n > most) {
                        most = n;
                        best = &j->units[i];
                }
        }
        return best;
}

static bool slot_for(uint64_t n, uint64_t *size, struct err *e)
{
        char have[24], most[24];
        *size = slot_size_for(n);
        if (*size)
                return true;
        snprintf(have, sizeof(have), "%llu", (unsigned long long)(n >> 20));
        snprintf(most, sizeof(most), "%d", SLOT_LARGEST >> 20);
        return err_rule(e, XR_XSINST_TOO_LARGE, have, most, NULL);
}

static bool first_slot(const struct media_job *j, uint64_t *size, struct err *e)
{
        AUTO_STR pack = STR_MAX(2 * (size_t)SLOT_LARGEST);
        const struct packing *p = j->arg;
        return pack_unit(j->arg, fullest(p->record, j), &pack, e) && str_ok(&pack, "xenroll-slot", e) &&
               slot_for(pack.len, size, e);
}

/* --- names --- */

static void add(struct digest *d, const char *text) { digest_add(d, text, strlen(text) + 1); }

/* One deployment, one UUID: it follows from the base and the schools, so that a changed answer needs no new
 * preparation. That two media of one deployment are in one machine, the selector notices. */
static void uuid_of(const struct build_record *b, const struct medium *base, char uuid[23])
{
        struct digest *d = digest_new(NULL);
        unsigned char sum[32];
        add(d, base->volume_uuid);
        add(d, b->plan->volume_label ? b->plan->volume_label : base->volume_id);
        for (size_t i = 0; i < b->plan->n_schools; i++) {
                add(d, b->plan->schools[i]->id);
                add(d, b->plan->schools[i]->name ? b->plan->schools[i]->name : "");
        }
        digest_finish(d, sum);
        prepare_uuid(sum, uuid);
}

/* --- all of it --- */

struct making {
        struct build_record *record;
        const struct media_wish *wish;
        struct prepare_spec spec;
        struct base_cache cache;
        struct media media;
        int dir, previous;
};

static bool stamp_all(struct making *k, struct media_job *j, bool *too_small, struct err *e)
{
        j->images = k->wish->form == FORM_IMAGE || (k->wish->form == FORM_AUTO && media_shares_blocks(&k->media));
        return media_stamp(&k->media, j, too_small, e);
}

static bool empty_again(int draft, int *dir, struct err *e)
{
        cleanup_fd(dir);
        *dir = -1;
        if (!file_remove_tree(draft, "media", e))
                return false;
        *dir = mkdirat(draft, "media", 0700) < 0 ? -1 : openat(draft, "media", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return *dir >= 0 ? true : err_sys(e, _("creating %s"), "media");
}

/* Until the slots are large enough: the first guess nearly always is. */
static bool make_all(struct making *k, struct media_job *j, int draft, struct err *e)
{
        bool too_small = true;
        if (!first_slot(j, &k->spec.slot_size, e))
                return false;
        while (too_small) {
                if (!empty_again(draft, &k->dir, e) ||
                        !media_open(&k->media, &k->spec, &k->cache, k->dir, k->previous, k->record->base_sha256, e))
                        return false;
                build_identify(k->record);
                if (stamp_all(k, j, &too_small, e))
                        return true;
                if (!too_small)
                        return false;
                log_event("prepare", "slots are too small", NULL);
                media_close(&k->media);
                if (!slot_for(j->largest, &k->spec.slot_size, e))
                        return false;
        }
        return true;
}

static void record_images(struct build_record *b, struct media_job *j, const struct prepared *base, const char *uuid)
{
        base_cache_name(b->base_sha256, prepared_map(base)->key, b->prepared);
        snprintf(b->uuid, sizeof(b->uuid), "%s", uuid);
        b->images = TAKE(j->units);
        b->n_images = j->n;
        b->image_files = j->images;
        b->images_copied = j->images && !j->shared;
}

bool build_media(struct build_record *b, const struct media_wish *w, int draft, int previous, struct err *e)
{
        OWN(pack_files_clear) struct pack_files files = { 0 };
        char uuid[23];
        struct packing packing = { b, w->base->volume_date };
        struct media_job job = { .pack = pack_unit, .arg = &packing };
        struct making k = { .record = b, .wish = w, .dir = -1, .previous = previous };
        uuid_of(b, w->base, uuid);
        if (!selector_files(&files, str_bytes(&b->agent->binary), e))
                return false;
        k.spec = (struct prepare_spec){ .base = w->base,
                .release = b->plan->release,
                .files = &files,
                .uuid = uuid,
                .label = b->plan->volume_label,
                .countdown = w->countdown };
        units_of(b->plan, w->per, &job);
        base_cache_open(&k.cache, w->base);
        if (!base_cache_known(&k.cache, w->base, b->base_sha256))
                *b->base_sha256 = '\0';
        build_identify(b);
        bool fine = make_all(&k, &job, draft, e);
        if (fine)
                record_images(b, &job, k.media.base, uuid);
        free(job.units);
        media_close(&k.media);
        cleanup_fd(&k.dir);
        base_cache_close(&k.cache);
        return fine;
}

void build_media_tidy(const struct build_record *b, const struct medium *base)
{
        if (!*b->prepared)
                return;
        OWN(close_cache) struct base_cache cache;
        base_cache_open(&cache, base);
        base_cache_tidy(&cache, b->prepared);
}
