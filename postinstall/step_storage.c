/* Storage of the pool, made on the coordinator: found again by its mark or by what it points at, taken over when an SR
 * is there already, made when nothing is, refused when something else is. */
#include "postinstall/lun.h"
#include "postinstall/probe.h"
#include "postinstall/storage.h"
#include "base/i18n.h"

#include <string.h>

struct storage_view { /* zero-initialised is empty */
        struct rpc_answer srs, pbds;
};

static void view_clear(struct storage_view *v)
{
        rpc_answer_clear(&v->srs);
        rpc_answer_clear(&v->pbds);
}

static enum look view_read(struct agent *a, struct storage_view *v, struct err *e)
{
        enum look l = all_records(a, a->local, "SR", &v->srs, e);
        return l == LOOK_SO ? all_records(a, a->local, "PBD", &v->pbds, e) : l;
}

static const struct rpc_value *own_pbd(const struct agent *a, const struct rpc_value *pbds, const char *sr)
{
        for (size_t i = 0; i < pbds->n; i++)
                if (!strcmp(rpc_text(&pbds->items[i], "SR"), sr) && !strcmp(rpc_text(&pbds->items[i], "host"), a->host))
                        return &pbds->items[i];
        return NULL;
}

/* --- finding an SR again --- */

static bool is_marked(const struct agent *a, const struct agent_storage *s, const struct rpc_value *sr)
{
        const struct rpc_value *other = rpc_member(sr, "other_config");
        return !strcmp(rpc_text(other, MARK_DEPLOYMENT), a->plan->deployment) &&
               !strcmp(rpc_text(other, MARK_NAME), s->name);
}

/* The SR that the installer made on this host's own disks. */
static bool is_installers(const struct agent *a, const struct rpc_value *pbds, const struct rpc_value *sr)
{
        const char *type = rpc_text(sr, "type");
        return (!strcmp(type, "lvm") || !strcmp(type, "ext")) && !rpc_true(sr, "shared") && own_pbd(a, pbds, sr->key);
}

static bool points_there(
        const struct agent_storage *s, const char *scsi_id, const struct rpc_value *sr, const struct rpc_value *pbds)
{
        const char *driver = storage_driver(s);
        if (!driver || strcmp(rpc_text(sr, "type"), driver))
                return false;
        for (size_t i = 0; i < pbds->n; i++)
                if (!strcmp(rpc_text(&pbds->items[i], "SR"), sr->key) &&
                        storage_is_same(s, scsi_id, rpc_member(&pbds->items[i], "device_config")))
                        return true;
        return false;
}

/* scsi_id may be "" while nothing was probed yet. */
static const struct rpc_value *find_sr(
        const struct agent *a, const struct agent_storage *s, const struct storage_view *v, const char *scsi_id)
{
        for (size_t i = 0; i < v->srs.value.n; i++)
                if (is_marked(a, s, &v->srs.value.items[i]))
                        return &v->srs.value.items[i];
        for (size_t i = 0; i < v->srs.value.n; i++) {
                const struct rpc_value *sr = &v->srs.value.items[i];
                if (s->type == AGENT_LOCAL ? is_installers(a, &v->pbds.value, sr)
                                           : points_there(s, scsi_id, sr, &v->pbds.value))
                        return sr;
        }
        return NULL;
}

static bool is_described(const struct agent_storage *s, const struct rpc_value *sr)
{
        return !strcmp(rpc_text(sr, "name_label"), s->name) &&
               (!s->description || !strcmp(rpc_text(sr, "name_description"), s->description)) &&
               (!storage_keeps_images(s) || !strcmp(rpc_text(rpc_member(sr, "other_config"), "auto-scan"), "true"));
}

static bool sr_is_so(
        const struct agent *a, const struct agent_storage *s, const struct storage_view *v, const struct rpc_value *sr)
{
        const struct rpc_value *pbd = own_pbd(a, &v->pbds.value, sr->key);
        return is_marked(a, s, sr) && is_described(s, sr) && pbd && rpc_true(pbd, "currently_attached");
}

/* --- secrets --- */

static enum look secret_made(
        struct agent *a, const struct agent_storage *s, char ref[REF_TEXT], char uuid[UUID_TEXT], struct err *e)
{
        *ref = *uuid = '\0';
        if (!s->password)
                return LOOK_SO;
        OWN(rpc_answer_clear) struct rpc_answer made = { 0 }, known = { 0 };
        const char *const marks[] = { MARK_DEPLOYMENT, a->plan->deployment, NULL };
        const struct rpc_named record[] = { { "value", RPC_S(s->password) }, { "other_config", RPC_M(marks) } };
        enum look l = change(a, &made, e, "secret.create", XAPI_ARGS(RPC_R(record)));
        if (l != LOOK_SO)
                return l;
        snprintf(ref, REF_TEXT, "%s", made.value.text);
        l = after_call(a, xapi_call(a->local, &known, e, "secret.get_uuid", XAPI_ARGS(RPC_S(ref))), e);
        snprintf(uuid, UUID_TEXT, "%s", known.value.text ? known.value.text : "");
        return l;
}

/* xapi keeps copies of its own with each PBD; ours are only for the moment, and one may be left from an earlier life.
 */
static enum look secrets_removed(struct agent *a, struct err *e)
{
        bool any = false;
        for (size_t i = 0; i < a->plan->n_storage; i++)
                any |= a->plan->storage[i].password != NULL;
        if (!any)
                return LOOK_SO;
        OWN(rpc_answer_clear) struct rpc_answer secrets = { 0 };
        enum look l = all_records(a, a->local, "secret", &secrets, e);
        for (size_t i = 0; l == LOOK_SO && i < secrets.value.n; i++) {
                const struct rpc_value *s = &secrets.value.items[i];
                if (!strcmp(rpc_text(rpc_member(s, "other_config"), MARK_DEPLOYMENT), a->plan->deployment))
                        l = call(a, e, "secret.destroy", XAPI_ARGS(RPC_S(s->key)));
        }
        return l;
}

/* --- asking the storage --- */

static enum look probe(struct agent *a, const struct agent_storage *s, const char *scsi_id, const char *secret,
        struct rpc_answer *out, struct err *e)
{
        static const char *const nothing[] = { NULL };
        struct device_config c;
        storage_config(s, scsi_id, secret, &c);
        xapi_patience(a->local, 300000);
        enum xapi_end end = xapi_call(a->local, out, e, "SR.probe",
                XAPI_ARGS(RPC_S(a->host), RPC_M(c.pairs), RPC_S(storage_driver(s)), RPC_M(nothing)));
        xapi_patience(a->local, 60000);
        return after_call(a, end, e);
}

static bool is_wanted(const struct agent_storage *s, const struct lun *l)
{
        return s->scsi_id      ? !strcmp(l->scsi_id, s->scsi_id)
               : s->lun_serial ? !strcmp(l->serial, s->lun_serial)
                               : l->number == s->lun;
}

static enum look choose(
        const struct agent_storage *s, const struct lun_list *list, char scsi_id[SCSI_ID_TEXT], struct err *e)
{
        size_t found = 0;
        AUTO_STR offered = STR_MAX(400);
        for (size_t i = 0; i < list->n; i++) {
                const struct lun *l = &list->items[i];
                str_addf(&offered, "%s%d (%.40s)", i ? ", " : "", l->number, *l->serial ? l->serial : l->scsi_id);
                if (!*l->scsi_id || !is_wanted(s, l) || !strcmp(scsi_id, l->scsi_id))
                        continue;
                found++;
                snprintf(scsi_id, SCSI_ID_TEXT, "%s", l->scsi_id);
        }
        if (found == 1)
                return LOOK_SO;
        err_rule(e, found ? XR_STEP_LUNS : XR_STEP_NO_LUN, s->name, str_text(&offered), NULL);
        return found ? LOOK_STOP : LOOK_WAIT;
}

static void say_left_out(struct agent *a, const struct agent_storage *s, const struct lun_list *list)
{
        char offered[24], looked_at[24];
        snprintf(offered, sizeof(offered), "%zu", list->offered);
        snprintf(looked_at, sizeof(looked_at), "%zu", list->n);
        if (list->offered > list->n)
                agent_warn(a, XR_STEP_MANY_LUNS, s->name, offered, looked_at, NULL);
}

/* xapi lists the LUNs in the error for the missing SCSIid. */
static enum look find_lun(
        struct agent *a, const struct agent_storage *s, const char *secret, char scsi_id[SCSI_ID_TEXT], struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer ignored = { 0 };
        struct lun_list list;
        *scsi_id = '\0';
        if (s->type != AGENT_ISCSI && s->type != AGENT_HBA)
                return LOOK_SO;
        enum look l = probe(a, s, "", secret, &ignored, e);
        const struct xapi_failure *f = xapi_failure(a->local);
        if (!xapi_failed_with(a->local, "SR_BACKEND_FAILURE_107") || f->n < 3)
                return l == LOOK_SO ? LOOK_WAIT : l;
        if (!probe_luns(bytes_of(f->params[2], strlen(f->params[2])), &list)) {
                err_rule(e, XR_STEP_NO_LUN, s->name, "-", NULL);
                return LOOK_WAIT;
        }
        *e = (struct err)ERR_INIT;
        say_left_out(a, s, &list);
        return choose(s, &list, scsi_id, e);
}

/* sr: the uuid of the SR that lies there; "" when the place is free. */
static enum look find_existing(struct agent *a, const struct agent_storage *s, const char *scsi_id, const char *secret,
        char sr[UUID_TEXT], struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer answer = { 0 };
        *sr = '\0';
        if (storage_keeps_images(s) || s->type == AGENT_SMB) /* files in a folder: nothing there is touched */
                return LOOK_SO;
        enum look l = probe(a, s, scsi_id, secret, &answer, e);
        if (l != LOOK_SO)
                return l;
        int n = answer.value.text ? probe_srs(bytes_of(answer.value.text, strlen(answer.value.text)), sr) : -1;
        if (n == 0 || (n == 1 && *sr))
                return LOOK_SO;
        err_refuse(e, n > 1 ? XR_STEP_SEVERAL_SRS : XR_STEP_PROBE, s->name, NULL);
        return LOOK_STOP;
}

static enum look refuse_foreign(struct agent *a, const struct agent_storage *s, const char *scsi_id, struct err *e)
{
        if (s->type != AGENT_ISCSI && s->type != AGENT_HBA)
                return LOOK_SO;
        switch (lun_look(a->root, !strcmp(a->root_path, "/"), s, scsi_id, e)) {
        case LUN_BLANK:
                return LOOK_SO;
        case LUN_DATA:
                err_refuse(e, XR_STEP_FOREIGN_DATA, s->name, scsi_id, NULL);
                return LOOK_STOP;
        default: {
                AUTO_FREE char *why = strdup(e->text);
                err_rule(e, XR_STEP_LUN_UNREADABLE, s->name, why ? why : "", NULL);
                return LOOK_WAIT;
        }
        }
}

/* --- making it --- */

/* The SR's reference; an earlier life may have come as far as this. */
static enum look introduced(struct agent *a, const struct agent_storage *s, const struct storage_view *v,
        const char *uuid, char ref[REF_TEXT], struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer sr = { 0 };
        static const char *const nothing[] = { NULL };
        const struct rpc_value *known = record_where(&v->srs.value, "uuid", uuid);
        if (known) {
                snprintf(ref, REF_TEXT, "%s", known->key);
                return LOOK_SO;
        }
        agent_log(a, "%s: taking over SR %s", s->name, uuid);
        enum look l = change(a, &sr, e, "SR.introduce",
                XAPI_ARGS(RPC_S(uuid), RPC_S(s->name), RPC_S(s->description ? s->description : ""),
                        RPC_S(storage_driver(s)), RPC_S("user"), RPC_B(true), RPC_M(nothing)));
        if (l == LOOK_SO)
                snprintf(ref, REF_TEXT, "%s", sr.value.text);
        return l;
}

/* With its PBD it is found again by what that points at. */
static enum look introduce(struct agent *a, const struct agent_storage *s, const struct storage_view *v,
        const char *uuid, const struct device_config *c, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer pbd = { 0 };
        char ref[REF_TEXT];
        enum look l = introduced(a, s, v, uuid, ref, e);
        if (l != LOOK_SO || own_pbd(a, &v->pbds.value, ref))
                return l;
        const struct rpc_named record[] = { { "host", RPC_S(a->host) }, { "SR", RPC_S(ref) },
                { "device_config", RPC_M(c->pairs) } };
        l = change(a, &pbd, e, "PBD.create", XAPI_ARGS(RPC_R(record)));
        return l == LOOK_SO ? call(a, e, "PBD.plug", XAPI_ARGS(RPC_S(pbd.value.text))) : l;
}

static enum look create(struct agent *a, const struct agent_storage *s, const struct device_config *c, struct err *e)
{
        static const char *const nothing[] = { NULL };
        return call(a, e, "SR.create",
                XAPI_ARGS(RPC_S(a->host), RPC_M(c->pairs), RPC_S("0"), RPC_S(s->name),
                        RPC_S(s->description ? s->description : ""), RPC_S(storage_driver(s)),
                        RPC_S(storage_keeps_images(s) ? "iso" : "user"), RPC_B(true), RPC_M(nothing)));
}

static enum look make_new(
        struct agent *a, const struct agent_storage *s, const struct storage_view *v, const char *secret, struct err *e)
{
        char scsi_id[SCSI_ID_TEXT] = "", uuid[UUID_TEXT] = "";
        enum look l = find_lun(a, s, secret, scsi_id, e);
        if (l != LOOK_SO)
                return l;
        /* Made in an earlier life, whose end came before the mark. */
        const struct rpc_value *sr = *scsi_id ? find_sr(a, s, v, scsi_id) : NULL;
        if (sr)
                return mark(a, "SR", sr->key, sr, MARK_NAME, s->name, e) == LOOK_SO
                               ? mark(a, "SR", sr->key, sr, MARK_DEPLOYMENT, a->plan->deployment, e)
                               : LOOK_WAIT;
        struct device_config c;
        l = find_existing(a, s, scsi_id, secret, uuid, e);
        if (l == LOOK_SO && !*uuid)
                l = refuse_foreign(a, s, scsi_id, e);
        if (l != LOOK_SO)
                return l;
        storage_config(s, scsi_id, secret, &c);
        return *uuid ? introduce(a, s, v, uuid, &c, e) : create(a, s, &c, e);
}

static enum look finish_sr(struct agent *a, const struct agent_storage *s, const struct storage_view *v,
        const struct rpc_value *sr, struct err *e)
{
        const struct rpc_value *pbd = own_pbd(a, &v->pbds.value, sr->key);
        enum look l = mark(a, "SR", sr->key, sr, MARK_NAME, s->name, e);
        if (l == LOOK_SO)
                l = mark(a, "SR", sr->key, sr, MARK_DEPLOYMENT, a->plan->deployment, e);
        if (l == LOOK_SO && storage_keeps_images(s))
                l = mark(a, "SR", sr->key, sr, "auto-scan", "true", e);
        if (l == LOOK_SO && strcmp(rpc_text(sr, "name_label"), s->name))
                l = call(a, e, "SR.set_name_label", XAPI_ARGS(RPC_S(sr->key), RPC_S(s->name)));
        if (l == LOOK_SO && s->description && strcmp(rpc_text(sr, "name_description"), s->description))
                l = call(a, e, "SR.set_name_description", XAPI_ARGS(RPC_S(sr->key), RPC_S(s->description)));
        if (l == LOOK_SO && pbd && !rpc_true(pbd, "currently_attached"))
                l = call(a, e, "PBD.plug", XAPI_ARGS(RPC_S(pbd->key)));
        return l;
}

static enum look make_one(struct agent *a, const struct agent_storage *s, struct storage_view *v, struct err *e)
{
        char secret[UUID_TEXT], ref[REF_TEXT];
        struct device_config whole;
        storage_config(s, "", "", &whole);
        if (whole.cut) {
                err_rule(e, XR_STEP_TOO_LONG, s->name, NULL);
                return LOOK_STOP;
        }
        const struct rpc_value *sr = find_sr(a, s, v, "");
        if (sr)
                return finish_sr(a, s, v, sr, e);
        if (s->type == AGENT_LOCAL) {
                err_rule(e, XR_STEP_NO_LOCAL_SR, s->name, NULL);
                return LOOK_STOP;
        }
        enum look l = secret_made(a, s, ref, secret, e);
        if (l == LOOK_SO)
                l = make_new(a, s, v, secret, e);
        struct err ignored = ERR_INIT;
        if (*ref && call(a, &ignored, "secret.destroy", XAPI_ARGS(RPC_S(ref))) != LOOK_SO)
                agent_log(a, "%s", ignored.text); /* the step does not end before it is gone */
        return l;
}

/* --- the step --- */

static const struct agent_storage *first_wrong(const struct agent *a, const struct storage_view *v)
{
        for (size_t i = 0; i < a->plan->n_storage; i++) {
                const struct rpc_value *sr = find_sr(a, &a->plan->storage[i], v, "");
                if (!sr || !sr_is_so(a, &a->plan->storage[i], v, sr))
                        return &a->plan->storage[i];
        }
        return NULL;
}

static enum look look(struct agent *a, struct err *e)
{
        OWN(view_clear) struct storage_view v = { 0 };
        if (!a->plan->n_storage)
                return LOOK_SO;
        enum look l = view_read(a, &v, e);
        if (l != LOOK_SO)
                return l;
        return first_wrong(a, &v) ? LOOK_NOT_SO : secrets_removed(a, e);
}

static enum look make(struct agent *a, struct err *e)
{
        enum { CHANGES = 3 /* at most, to one storage: made, named, attached */ };
        enum look l = LOOK_SO;
        for (size_t i = 0; l == LOOK_SO && i < CHANGES * a->plan->n_storage; i++) {
                OWN(view_clear) struct storage_view v = { 0 };
                l = view_read(a, &v, e);
                const struct agent_storage *s = l == LOOK_SO ? first_wrong(a, &v) : NULL;
                if (!s)
                        return l;
                l = make_one(a, s, &v, e);
        }
        return l;
}

const struct step step_storage = { .name = "storage", .needs_host = true, .look = look, .make = make, .patience = 900 };

/* --- what virtual machines use when nothing else is said --- */

static const struct rpc_value *sr_flagged(
        const struct agent *a, const struct storage_view *v, bool (*flag)(const struct agent_storage *))
{
        for (size_t i = 0; i < a->plan->n_storage; i++)
                if (flag(&a->plan->storage[i]))
                        return find_sr(a, &a->plan->storage[i], v, "");
        return NULL;
}

static bool is_default(const struct agent_storage *s) { return s->is_default; }
static bool is_suspend(const struct agent_storage *s) { return s->suspend; }
static bool is_crash_dump(const struct agent_storage *s) { return s->crash_dump; }

static const struct {
        bool (*flag)(const struct agent_storage *);
        const char *field, *method;
} uses[] = {
        { is_default, "default_SR", "pool.set_default_SR" },
        { is_suspend, "suspend_image_SR", "pool.set_suspend_image_SR" },
        { is_crash_dump, "crash_dump_SR", "pool.set_crash_dump_SR" },
};

static enum look defaults(struct agent *a, bool make_so, struct err *e)
{
        OWN(view_clear) struct storage_view v = { 0 };
        const struct rpc_value *pool;
        enum look l = view_read(a, &v, e);
        if (l == LOOK_SO)
                l = own_pool(a, &pool, e);
        for (size_t i = 0; l == LOOK_SO && i < COUNT(uses); i++) {
                const struct rpc_value *sr = sr_flagged(a, &v, uses[i].flag);
                if (!sr || !strcmp(rpc_text(pool, uses[i].field), sr->key))
                        continue;
                l = make_so ? call(a, e, uses[i].method, XAPI_ARGS(RPC_S(a->pool), RPC_S(sr->key))) : LOOK_NOT_SO;
        }
        return l;
}

static enum look look_defaults(struct agent *a, struct err *e)
{
        return a->plan->n_storage ? defaults(a, false, e) : LOOK_SO;
}
static enum look make_defaults(struct agent *a, struct err *e) { return defaults(a, true, e); }
const struct step step_defaults = {
        .name = "defaults", .needs_host = true, .look = look_defaults, .make = make_defaults, .patience = 600
};

/* --- every host sees every storage --- */

static bool is_pools(const struct agent *a, const struct rpc_value *sr)
{
        return rpc_true(sr, "shared") &&
               !strcmp(rpc_text(rpc_member(sr, "other_config"), MARK_DEPLOYMENT), a->plan->deployment);
}

/* Members attach what is theirs, with the disks of their own, which a join leaves behind detached; the coordinator looks
 * after everybody's. */
static bool concerns(const struct agent *a, const struct storage_view *v, const struct rpc_value *pbd)
{
        const struct rpc_value *sr = record_of(&v->srs.value, rpc_text(pbd, "SR"));
        bool own = !strcmp(rpc_text(pbd, "host"), a->host);
        return sr && ((is_pools(a, sr) && (own || a->plan->coordinator)) ||
                             (own && is_installers(a, &v->pbds.value, sr)));
}

static bool has_pbd(const struct rpc_value *pbds, const char *sr, const char *host)
{
        for (size_t i = 0; i < pbds->n; i++)
                if (!strcmp(rpc_text(&pbds->items[i], "SR"), sr) && !strcmp(rpc_text(&pbds->items[i], "host"), host))
                        return true;
        return false;
}

/* xapi links a new member to the pool's storage when it starts. */
static enum look linked(struct agent *a, const struct storage_view *v, const char *host, const char *name, struct err *e)
{
        for (size_t i = 0; i < v->srs.value.n; i++) {
                const struct rpc_value *sr = &v->srs.value.items[i];
                if (is_pools(a, sr) && !has_pbd(&v->pbds.value, sr->key, host)) {
                        err_rule(e, XR_STEP_NO_PBD, name, rpc_text(sr, "name_label"), NULL);
                        return LOOK_WAIT;
                }
        }
        return LOOK_SO;
}

static enum look all_linked(struct agent *a, const struct storage_view *v, struct err *e)
{
        OWN(rpc_answer_clear) struct rpc_answer hosts = { 0 };
        if (!a->plan->coordinator)
                return linked(a, v, a->host, a->plan->host, e);
        enum look l = all_records(a, a->local, "host", &hosts, e);
        for (size_t i = 0; l == LOOK_SO && i < hosts.value.n; i++)
                l = linked(a, v, hosts.value.items[i].key, rpc_text(&hosts.value.items[i], "name_label"), e);
        return l;
}

static enum look attach(struct agent *a, bool make_so, struct err *e)
{
        OWN(view_clear) struct storage_view v = { 0 };
        enum look l = view_read(a, &v, e), worst = LOOK_SO;
        if (l == LOOK_SO && !make_so)
                l = all_linked(a, &v, e);
        for (size_t i = 0; l == LOOK_SO && i < v.pbds.value.n; i++) {
                const struct rpc_value *pbd = &v.pbds.value.items[i];
                if (!concerns(a, &v, pbd) || rpc_true(pbd, "currently_attached"))
                        continue;
                if (!make_so)
                        return LOOK_NOT_SO;
                enum look one = call(a, e, "PBD.plug", XAPI_ARGS(RPC_S(pbd->key)));
                worst = one > worst ? one : worst;
        }
        return l == LOOK_SO ? worst : l;
}

static enum look look_attach(struct agent *a, struct err *e) { return attach(a, false, e); }
static enum look make_attach(struct agent *a, struct err *e) { return attach(a, true, e); }
const struct step step_attach = {
        .name = "attach", .needs_host = true, .look = look_attach, .make = make_attach, .patience = 900
};
