#include "cmd/command.h"
#include "cmd/build_media.h"
#include "cmd/build_expected.h"
#include "cmd/build_network.h"
#include "cmd/load.h"
#include "answerfiles/answer_tree.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/rule.h"
#include "isobuilder/output.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct options {
        const char *out, *iso, *per, *form, *agent;
        bool strict, no_image;
        int countdown;
};

enum { COUNTDOWN = 10 };

static const char *const per_names[] = { [PER_DISTRICT] = "district", [PER_SCHOOL] = "school", [PER_HOST] = "host" };
static const char *const form_names[] = { [FORM_AUTO] = "auto", [FORM_DELTA] = "delta", [FORM_IMAGE] = "image" };

/* Sets value to the number of the word; an absent word is number 0. */
static bool choose(const char *word, const char *const *names, size_t n, const char *option, int *value, struct err *e)
{
        *value = 0;
        for (size_t i = 0; word && i < n; i++)
                if (!strcmp(word, names[i])) {
                        *value = (int)i;
                        return true;
                }
        return !word ||
               err_set(e, ERR_USAGE, _("%s is %s, %s or %s, not '%s'"), option, names[0], names[1], names[2], word);
}

/* Names of our own hooks on the medium, and the one-time passwords of coordinators. */
static struct answer_options answers_with(const struct build_agent *agent)
{
        return (struct answer_options){ .hook_base = "file:///tmp/xenroll",
                .own_hook = { [STAGE_FILESYSTEM_POPULATED] = "hook-populated",
                        [STAGE_INSTALLATION_COMPLETE] = "hook-complete" },
                .root_hash = agent->there ? build_agent_root_hash : NULL,
                .root_hash_arg = (void *)(uintptr_t)agent };
}

static void show_progress(size_t done, void *progress) { progress_to(progress, done); }

static bool write_answers(struct build_record *b, const struct output *out, bool keep, struct err *e)
{
        AUTO_FD int dir = mkdirat(out->draft, "answerfiles", 0700) < 0
                                  ? -1
                                  : openat(out->draft, "answerfiles", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return err_sys(e, _("creating %s"), "answerfiles");
        const struct answer_options options = answers_with(b->agent);
        struct progress progress;
        progress_start(&progress, _("answer files"), b->plan->n_hosts);
        bool fine = answer_tree_write(b->plan, &options, dir, keep, show_progress, &progress, &b->answers, e);
        progress_end(&progress);
        return fine;
}

static int open_previous(const struct output *out)
{
        return openat(out->dir, ".current/media", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool write_media(struct build_record *b, const struct medium *base, const struct options *o,
        const struct output *out, struct err *e)
{
        AUTO_FD int previous = open_previous(out);
        struct media_wish wish = { .base = base, .countdown = o->countdown ? o->countdown : COUNTDOWN };
        if (!choose(o->per, per_names, COUNT(per_names), "--per", (int *)&wish.per, e) ||
                !choose(o->form, form_names, COUNT(form_names), "--form", (int *)&wish.form, e))
                return false;
        return build_media(b, &wish, out->draft, previous, e) &&
               build_network(b, base->volume_date, b->prepared, out->draft, e);
}

static bool build(
        const struct options *o, struct build_record *b, const struct medium *base, struct output *out, struct err *e)
{
        if (o->no_image && base && !build_base_sha256(base, b->base_sha256, e))
                return false;
        if (!write_answers(b, out, !o->no_image, e))
                return false;
        build_identify(b);
        if (!o->no_image && !write_media(b, base, o, out, e))
                return false;
        log_event("build", "made", "id", b->id, NULL);
        if (!build_agent_write(b->agent, b->id, out->draft, e) || !build_expected(b, out->draft, e) ||
                !build_record_write(b, out->draft, e) || !output_commit(out, e))
                return false;
        build_media_tidy(b, base);
        return true;
}

static void warn_of_no_agent(void)
{
        struct err e = ERR_INIT;
        err_rule(&e, XR_AGENT_MISSING, NULL);
        fflush(stdout);
        fprintf(stderr, "%s XR-%03d: %s\n        %s\n", _("warning"), e.code, e.text, e.remedy);
}

static void say_done(const struct build_record *b, const char *out)
{
        printf(_("%s: answer files written (hosts: %zu, schools: %zu, release: %s)\n"), out, b->plan->n_hosts,
                b->plan->n_schools, b->plan->release->product);
        if (!b->agent->there)
                warn_of_no_agent();
        if (!b->n_images)
                return;
        if (b->images_copied)
                printf(_("This file system cannot share blocks between files: every image is a full copy.\n"));
        printf(ngettext("%s/media: %zu image made.\n", "%s/media: %zu images made.\n", b->n_images), out, b->n_images);
        const char *which = b->n_images > 1 ? strchr(b->images[0].name, '/') ? " SCHOOL/HOST" : " SCHOOL" : "";
        printf(_("Write it to a stick:   xenroll stick %s%s --device /dev/sdX\n"), out, which);
        printf(_("Or save it as a file:  xenroll image %s%s -o xenroll.iso\n"), out, which);
        printf(_("Or over the network:   xenroll arm %s --all && xenroll serve %s\n"), out, out);
}

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        const char *path = o->out ? o->out : "out";
        if (!o->iso && !o->no_image)
                return err_set(e, ERR_USAGE,
                        _("'xenroll build' needs the base ISO: --iso FILE (or --no-image for the answer files alone)"));
        unsigned char seed[32];
        if (!output_seed(path, seed, e))
                return false;
        OWN(loaded_clear) struct loaded l = { 0 };
        struct load_options lo = { .site = argc ? argv[0] : NULL, .iso = o->iso, .strict = o->strict, .seed = seed };
        if (!load_site(&l, &lo, e))
                return false;
        OWN(output_close) struct output out = OUTPUT_INIT;
        OWN(build_agent_clear) struct build_agent agent = { 0 };
        bool opened = output_open(&out, path, seed, e) && build_agent_open(&agent, o->agent, l.plan, out.dir, seed, e);
        explicit_bzero(seed, sizeof(seed));
        if (!opened)
                return false;
        OWN(build_record_clear) struct build_record b = { .plan = l.plan, .agent = &agent };
        if (!build(o, &b, l.base, &out, e))
                return err_ctx(e, _("building %s"), path);
        say_done(&b, path);
        return true;
}

static const struct option_row rows[] = {
        { "iso", 'i', "ISO", OPTION_TEXT, offsetof(struct options, iso),
                N_("the vendor's installation ISO; it is only read") },
        { "output", 'o', "DIR", OPTION_TEXT, offsetof(struct options, out), N_("folder for the results (out)") },
        { "no-image", 'n', NULL, OPTION_FLAG, offsetof(struct options, no_image), N_("write the answer files only") },
        { "per", 'p', "WHAT", OPTION_TEXT, offsetof(struct options, per),
                N_("one image for each host, for each school, or for the whole district (district)") },
        { "form", 'f', "FORM", OPTION_TEXT, offsetof(struct options, form),
                N_("image: files to burn; delta: small files beside one base, for 'stick', 'image' and 'serve'; auto: "
                   "image where it takes no more room (auto)") },
        { "agent", 'a', "FILE", OPTION_TEXT, offsetof(struct options, agent),
                N_("the agent that finishes the hosts after their installation (the one that was installed with xenroll)") },
        { "countdown", 'c', "SECONDS", OPTION_NUMBER, offsetof(struct options, countdown),
                N_("how long the boot menu waits before it installs (10)") },
        { "strict", 's', NULL, OPTION_FLAG, offsetof(struct options, strict), N_("treat warnings as errors") },
};

const struct command command_build = {
        .name = "build",
        .arguments = "[SITE]",
        .summary = N_("make the answer files and bootable images"),
        .about = N_("Checks the site file, then writes every host's answer file and an image that boots from CD and "
                    "USB, under BIOS and UEFI. On each machine the image finds out which host it is, refuses where "
                    "data could be lost, and installs with nobody at the keyboard. The ISO is prepared once and kept "
                    "in xenroll-cache beside it; after that, an image costs milliseconds and a few KB. The folder is "
                    "replaced as a whole or not at all."),
        .example = "  xenroll build --iso xcp-ng-8.3.0.iso\n  xenroll build --iso xcp-ng-8.3.0.iso --per school\n  "
                   "xenroll build --no-image -o /tmp/look district.yaml\n",
        .options = rows,
        .n_options = COUNT(rows),
        .size = sizeof(struct options),
        .min_args = 0,
        .max_args = 1,
        .run = run,
};
