#include "cmd/load.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/rule.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

void loaded_clear(struct loaded *l)
{
        plan_free(l->plan);
        diags_free(l->diags);
        medium_free(l->base);
        *l = (struct loaded){ 0 };
}

static bool judge(const struct loaded *l, const struct load_options *o, struct err *e)
{
        size_t errors = diags_errors(l->diags), warnings = diags_warnings(l->diags);
        if (o->json) {
                if (!diags_print_json(l->diags, stdout, o->strict))
                        return err_sys(e, _("writing the output"));
        } else
                diags_print(l->diags, stderr, o->strict);
        if (errors || (o->strict && warnings)) {
                AUTO_STR text = STR_MAX(200);
                str_addf(&text, ngettext("%zu error", "%zu errors", errors + (o->strict ? warnings : 0)), errors + (o->strict ? warnings : 0));
                if (warnings && !o->strict) {
                        str_add(&text, ", ");
                        str_addf(&text, ngettext("%zu warning", "%zu warnings", warnings), warnings);
                }
                return err_set(e, ERR_INPUT, "%s: %s", o->site, str_text(&text));
        }
        return true;
}

bool load_site(struct loaded *l, const struct load_options *given, struct err *e)
{
        struct load_options o = *given;
        *l = (struct loaded){ .diags = diags_new() };
        if (!o.site)
                o.site = "site.yaml";
        if (o.iso && !(l->base = medium_open(AT_FDCWD, o.iso, e)))
                return false;
        if (l->base && !l->base->release)
                return err_rule(e, XR_MEDIUM_UNKNOWN_RELEASE, o.iso, l->base->brand, l->base->version, NULL);
        struct site_options so = { .seed = o.seed, .draft_of = o.draft_of, .draft = o.draft };
        if (l->base && l->base->release)
                so.release_hint = l->base->release->id;
        log_event("load", "reading", "site", o.site, "release", so.release_hint ? so.release_hint : "", NULL);
        l->plan = site_load(AT_FDCWD, o.site, &so, l->diags, e);
        if (!l->plan && !*e->remedy && access(o.site, F_OK) < 0)
                snprintf(e->remedy, sizeof(e->remedy), "%s",
                        _("Go to the site file's folder, or name the file; 'xenroll init' writes one to start from."));
        return l->plan && judge(l, &o, e);
}
