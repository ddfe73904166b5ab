#include "cmd/command.h"
#include "cmd/inspect_parts.h"
#include "base/file.h"
#include "base/i18n.h"
#include "isobuilder/compare.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct options {
        bool json;
};

/* Everything found, as lists: what is printed either way. */
struct findings {
        json_t *facts; /* { key: [first, second] } */
        json_t *files; /* [ { path, change, sizes } ] */
        json_t *hosts; /* [ { host, change } ] */
        size_t same_files;
};

static void close_medium(struct medium **m) { medium_free(*m); }
static void drop_json(json_t **o) { json_decref(*o); }

static void findings_clear(struct findings *f)
{
        json_decref(f->facts);
        json_decref(f->files);
        json_decref(f->hosts);
}

/* Every key of either object whose values differ. */
static void compare_facts(struct findings *f, const json_t *a, const json_t *b, const char *const *skip)
{
        const char *key;
        json_t *value, *both = json_copy((json_t *)(uintptr_t)a);
        json_object_update_missing(both, (json_t *)(uintptr_t)b);
        json_object_foreach(both, key, value)
        {
                const json_t *one = json_object_get(a, key), *two = json_object_get(b, key);
                bool skipped = false;
                for (size_t i = 0; skip[i]; i++)
                        skipped |= !strcmp(skip[i], key);
                if (!skipped && !(one && two && json_equal(one, two)))
                        json_object_set_new(f->facts, key, json_pack("[O?, O?]", one, two));
        }
        json_decref(both);
}

static const char *const changes[] = {
        [ONLY_IN_FIRST] = "removed", [ONLY_IN_SECOND] = "added", [CONTENT_DIFFERS] = "changed"
};

static void note_file(void *arg, enum difference d, const char *path, uint64_t first, uint64_t second)
{
        struct findings *f = arg;
        json_t *o = json_pack("{s:s%, s:s, s:I, s:I}", "path", path, strlen(path), "change", changes[d], "first-size",
                (json_int_t)first, "second-size", (json_int_t)second);
        /* A name that is no UTF-8 has no place in JSON; that something differs is still said. */
        json_array_append_new(
                f->files, o ? o
                            : json_pack("{s:s, s:s, s:I, s:I}", "path", "?", "change", changes[d], "first-size",
                                      (json_int_t)first, "second-size", (json_int_t)second));
}

/* A list's objects by name, so that thousands are compared in one pass. Hosts are named SCHOOL/HOST, images by their
 * file. */
static json_t *by_name(const json_t *list)
{
        json_t *o = json_object(), *item;
        size_t i;
        json_array_foreach(list, i, item)
        {
                AUTO_STR name = STR_MAX(4096);
                const char *file = json_text(item, "file");
                str_addf(&name, "%s%s%s", *file ? file : json_text(item, "school"), *file ? "" : "/",
                        json_text(item, "host"));
                json_object_set(o, str_text(&name), item);
        }
        return o;
}

static void note(json_t *list, const char *key, const char *name, enum difference d)
{
        json_array_append_new(list, json_pack("{s:s, s:s}", key, name, "change", changes[d]));
}

static void compare_lists(const json_t *first, const json_t *second, json_t *out, const char *key)
{
        OWN(drop_json) json_t *a = by_name(first), *b = by_name(second);
        const char *name;
        json_t *item;
        json_object_foreach(a, name, item)
        {
                const json_t *other = json_object_get(b, name);
                if (!other)
                        note(out, key, name, ONLY_IN_FIRST);
                else if (!json_equal(item, other))
                        note(out, key, name, CONTENT_DIFFERS);
        }
        json_object_foreach(b, name, item) if (!json_object_get(a, name)) note(out, key, name, ONLY_IN_SECOND);
}

/* --- two images, two builds --- */

static bool diff_media(struct findings *f, const char *first, const char *second, struct err *e)
{
        static const char *const skip[] = { "file", "xenroll", "boot-menus", "obstacles", NULL };
        OWN(close_medium) struct medium *a = medium_open(AT_FDCWD, first, e);
        OWN(close_medium) struct medium *b = a ? medium_open(AT_FDCWD, second, e) : NULL;
        OWN(drop_json) json_t *one = b ? inspect_medium_json(a, false, e) : NULL;
        OWN(drop_json) json_t *two = one ? inspect_medium_json(b, false, e) : NULL;
        if (!two)
                return false;
        static const char *const skip_stamp[] = { "hosts", NULL };
        const json_t *stamp = json_object_get(one, "xenroll"), *other = json_object_get(two, "xenroll");
        compare_facts(f, one, two, skip);
        OWN(drop_json) json_t *none = json_object();
        compare_facts(f, stamp ? stamp : none, other ? other : none, skip_stamp);
        compare_lists(json_object_get(stamp, "hosts"), json_object_get(other, "hosts"), f->hosts, "host");
        const struct image_file x = { a->fd, a->size, first }, y = { b->fd, b->size, second };
        return compare_images(&x, &y, note_file, f, &f->same_files, e);
}

static bool diff_builds(struct findings *f, const char *first, const char *second, struct err *e)
{
        static const char *const skip[] = { "hosts", "images", NULL };
        OWN(drop_json) json_t *a = build_record_read(first, e);
        OWN(drop_json) json_t *b = a ? build_record_read(second, e) : NULL;
        if (!b)
                return false;
        compare_facts(f, a, b, skip);
        compare_lists(json_object_get(a, "hosts"), json_object_get(b, "hosts"), f->hosts, "host");
        compare_lists(json_object_get(a, "images"), json_object_get(b, "images"), f->files, "path");
        return true;
}

/* --- output --- */

static void print_value(const json_t *v)
{
        AUTO_FREE char *text =
                v && !json_is_null(v) && !json_is_string(v) ? json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
        printf("%s", text ? text : json_is_string(v) ? json_string_value(v) : "-");
}

static void print_facts(const json_t *facts)
{
        const char *key;
        json_t *pair;
        json_object_foreach((json_t *)(uintptr_t)facts, key, pair)
        {
                printf("  %s: ", key);
                print_value(json_array_get(pair, 0));
                printf(" -> ");
                print_value(json_array_get(pair, 1));
                putchar('\n');
        }
}

static const char *change_text(const json_t *o)
{
        static const char *const texts[] = { [ONLY_IN_FIRST] = N_("only in the first"),
                [ONLY_IN_SECOND] = N_("only in the second"),
                [CONTENT_DIFFERS] = N_("differs") };
        for (size_t i = 0; i < COUNT(changes); i++)
                if (!strcmp(changes[i], json_text(o, "change")))
                        return _(texts[i]);
        return "";
}

static void print_list(const json_t *list, const char *key)
{
        size_t i;
        json_t *o;
        json_array_foreach(list, i, o) printf("  %s: %s\n", json_text(o, key), change_text(o));
}

static bool is_equal(const struct findings *f)
{
        return !json_object_size(f->facts) && !json_array_size(f->files) && !json_array_size(f->hosts);
}

static void print_text(const struct findings *f, bool media)
{
        if (is_equal(f))
                printf("%s\n", _("no difference"));
        print_facts(f->facts);
        print_list(f->hosts, "host");
        print_list(f->files, "path");
        if (media)
                printf(ngettext("%zu file is equal\n", "%zu files are equal\n", f->same_files), f->same_files);
}

static bool print_json(const struct findings *f, struct err *e)
{
        OWN(drop_json)
        json_t *o = json_pack("{s:b, s:O, s:O, s:O, s:I}", "equal", is_equal(f), "facts", f->facts, "hosts", f->hosts,
                "files", f->files, "equal-files", (json_int_t)f->same_files);
        return o && json_dumpf(o, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF
                       ? true
                       : err_sys(e, _("writing the output"));
}

static bool is_folder(const char *path)
{
        struct stat st;
        return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        (void)argc;
        bool builds = is_folder(argv[0]);
        if (builds != is_folder(argv[1]))
                return err_set(e, ERR_INPUT,
                        _("%s and %s are no pair: compare two images, or the folders of two builds"), argv[0], argv[1]);
        OWN(findings_clear)
        struct findings f = { .facts = json_object(), .files = json_array(), .hosts = json_array() };
        if (!(builds ? diff_builds : diff_media)(&f, argv[0], argv[1], e))
                return false;
        if (o->json)
                return print_json(&f, e);
        print_text(&f, !builds);
        return true;
}

static const struct option_row rows[] = {
        { "json", 'j', NULL, OPTION_FLAG, offsetof(struct options, json), N_("print it as JSON") },
};

const struct command command_diff = {
        .name = "diff",
        .arguments = "A B",
        .summary = N_("say what differs between two media, bases or builds"),
        .about = N_("Compares two images (files or devices) by what they are, by the hosts in them and by every file's "
                    "content; or the folders of two builds by what they were made from and by each host's answers. "
                    "Passwords are never shown. The exit code is 0 whether or not something differs; a program reads "
                    "\"equal\" from --json."),
        .example = "  xenroll diff xcp-ng-8.3.0.iso xcp-ng-8.3.0-refresh.iso\n  xenroll diff out.old out\n",
        .options = rows,
        .n_options = COUNT(rows),
        .size = sizeof(struct options),
        .min_args = 2,
        .max_args = 2,
        .run = run,
};
