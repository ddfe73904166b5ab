#include "cmd/command.h"
#include "cmd/build_record.h"
#include "cmd/load.h"
#include "answerfiles/answer_tree.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/progress.h"
#include "isobuilder/image.h"
#include "isobuilder/output.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>

struct options {
        const char *out, *iso;
        bool strict, no_image;
        int countdown;
};

enum { COUNTDOWN = 10 };

/* Names of our own hooks on the medium. */
static const struct answer_options answers_on_medium = {
        .hook_base = "file:///tmp/ramdisk",
        .own_hook = { [STAGE_FILESYSTEM_POPULATED] = "hook-populated", [STAGE_INSTALLATION_COMPLETE] = "hook-complete" },
};

static void show_progress(size_t done, void *progress) { progress_to(progress, done); }

static bool write_answers(struct build_record *b, const struct output *out, bool keep, struct err *e)
{
        AUTO_FD int dir = mkdirat(out->draft, "answerfiles", 0700) < 0 ? -1 : openat(out->draft, "answerfiles", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return err_sys(e, _("creating %s"), "answerfiles");
        struct progress progress;
        progress_start(&progress, _("answer files"), b->plan->n_hosts);
        bool fine = answer_tree_write(b->plan, &answers_on_medium, dir, keep, show_progress, &progress, &b->answers, e);
        progress_end(&progress);
        return fine;
}

/* What identifies a build: the base and every answer, in order. */
static void build_digest(struct build_record *b)
{
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
        EVP_DigestUpdate(ctx, VERSION, sizeof(VERSION));
        EVP_DigestUpdate(ctx, b->base_sha256, sizeof(b->base_sha256));
        EVP_DigestUpdate(ctx, b->answers.digest, b->answers.n * sizeof(*b->answers.digest));
        EVP_DigestFinal_ex(ctx, b->digest, NULL);
        EVP_MD_CTX_free(ctx);
        for (int i = 0; i < 8; i++)
                snprintf(b->id + 2 * i, 3, "%02x", b->digest[i]);
}

static bool pack_hosts(const struct build_record *b, int64_t not_before, struct pack_files *files, struct err *e)
{
        struct selector_pack *pack = selector_pack_new(b->plan, e);
        bool fine = pack;
        for (size_t i = 0; fine && i < b->plan->n_hosts; i++)
                fine = selector_pack_add(pack, b->plan->hosts[i], bytes_of(b->answers.text[i], b->answers.len[i]), e);
        fine = fine && selector_pack_finish(pack, b->id, not_before, files, e);
        selector_pack_free(pack);
        return fine;
}

/* The image's UUID follows from all that is on it: equal sticks are interchangeable, others are never mistaken. */
static void uuid_of(const struct build_record *b, const struct pack_files *files, char uuid[23])
{
        unsigned char digest[32];
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
        EVP_DigestUpdate(ctx, b->digest, sizeof(b->digest));
        for (size_t i = 0; i < files->n; i++) {
                EVP_DigestUpdate(ctx, files->items[i].name, strlen(files->items[i].name) + 1);
                EVP_DigestUpdate(ctx, str_text(&files->items[i].content), files->items[i].content.len);
        }
        EVP_DigestFinal_ex(ctx, digest, NULL);
        EVP_MD_CTX_free(ctx);
        image_uuid(digest, uuid);
}

static bool write_image(struct build_record *b, const struct medium *base, const struct output *out, int countdown, struct err *e)
{
        OWN(pack_files_clear) struct pack_files files = { 0 };
        AUTO_FD int media = mkdirat(out->draft, "media", 0700) < 0 ? -1 : openat(out->draft, "media", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (media < 0)
                return err_sys(e, _("creating %s"), "media");
        if (!pack_hosts(b, base->volume_date, &files, e))
                return err_ctx(e, _("packing the hosts"));
        uuid_of(b, &files, b->uuid);
        struct image_spec spec = { .base = base, .release = b->plan->release, .xsinst = &files, .uuid = b->uuid,
                .label = b->plan->volume_label, .countdown = countdown };
        return image_write(&spec, media, "universal.iso", b->image_sha256, e);
}

static bool build(const struct options *o, struct loaded *l, struct output *out, struct err *e)
{
        struct build_record b = { .plan = l->plan };
        if (l->base && !medium_sha256(l->base, b.base_sha256, e))
                return false;
        bool fine = write_answers(&b, out, !o->no_image, e);
        if (fine) {
                build_digest(&b);
                log_event("build", "answers", "id", b.id, NULL);
                fine = (o->no_image || write_image(&b, l->base, out, o->countdown ? o->countdown : COUNTDOWN, e)) &&
                       build_record_write(&b, out->draft, e) && output_commit(out, e);
        }
        answer_tree_clear(&b.answers);
        return fine;
}

static void say_done(const struct options *o, const struct loaded *l, const char *out)
{
        printf(_("%s: answer files written (hosts: %zu, schools: %zu, release: %s)\n"), out, l->plan->n_hosts, l->plan->n_schools, l->plan->release->product);
        if (!o->no_image)
                printf(_("%s/media/universal.iso: one image for all of them. Write it to a USB stick or burn it, and boot each machine from it.\n"), out);
}

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        const char *path = o->out ? o->out : "out";
        if (!o->iso && !o->no_image)
                return err_set(e, ERR_USAGE, _("'xenroll build' needs the base ISO: --iso FILE (or --no-image for the answer files alone)"));
        unsigned char seed[32];
        if (!output_seed(path, seed, e))
                return false;
        OWN(loaded_clear) struct loaded l = { 0 };
        struct load_options lo = { .site = argc ? argv[0] : NULL, .iso = o->iso, .strict = o->strict, .seed = seed };
        if (!load_site(&l, &lo, e))
                return false;
        OWN(output_close) struct output out = OUTPUT_INIT;
        bool opened = output_open(&out, path, seed, e);
        explicit_bzero(seed, sizeof(seed));
        if (!opened)
                return false;
        if (!build(o, &l, &out, e))
                return err_ctx(e, _("building %s"), path);
        say_done(o, &l, path);
        return true;
}

static const struct option_row rows[] = {
        { "iso", 'i', "ISO", OPTION_TEXT, offsetof(struct options, iso), N_("the vendor's installation ISO; it is only read") },
        { "output", 'o', "DIR", OPTION_TEXT, offsetof(struct options, out), N_("folder for the results (out)") },
        { "no-image", 'n', NULL, OPTION_FLAG, offsetof(struct options, no_image), N_("write the answer files only") },
        { "countdown", 'c', "SECONDS", OPTION_NUMBER, offsetof(struct options, countdown), N_("how long the boot menu waits before it installs (10)") },
        { "strict", 's', NULL, OPTION_FLAG, offsetof(struct options, strict), N_("treat warnings as errors") },
};

const struct command command_build = {
        .name = "build", .arguments = "[SITE]",
        .summary = N_("make the answer files and one bootable image for all hosts"),
        .about = N_("Checks the site file, then writes every host's answer file and one image that boots from CD and USB, under BIOS and UEFI. On each machine the image finds out which host it is, refuses where data could be lost, and installs with nobody at the keyboard. The folder is replaced as a whole or not at all."),
        .example = "  xenroll build --iso xcp-ng-8.3.0.iso\n  xenroll build --no-image -o /tmp/look district.yaml\n",
        .options = rows, .n_options = COUNT(rows), .size = sizeof(struct options), .min_args = 0, .max_args = 1, .run = run,
};
