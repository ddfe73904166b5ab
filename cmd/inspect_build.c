#include "cmd/inspect_parts.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { LARGEST_RECORD = 256 << 20 };

json_t *build_record_read(const char *path, struct err *e)
{
        AUTO_STR text = STR_MAX(LARGEST_RECORD);
        AUTO_FD int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0 || faccessat(dir, "build.json", R_OK, 0) < 0) {
                err_rule(e, XR_NOT_A_BUILD, path, NULL);
                return NULL;
        }
        if (!file_read(dir, "build.json", LARGEST_RECORD, &text, e))
                return NULL;
        json_t *o = json_loadb(str_text(&text), text.len, 0, NULL);
        if (!json_is_object(o) || !json_is_array(json_object_get(o, "hosts"))) {
                json_decref(o);
                err_rule(e, XR_BUILD_RECORD_DAMAGED, path, NULL);
                return NULL;
        }
        return o;
}

const char *json_text(const json_t *o, const char *key)
{
        const char *text = json_string_value(json_object_get(o, key));
        return text ? text : "";
}

static long long size_of(const char *folder, const char *file)
{
        struct stat st;
        AUTO_FD int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return dir >= 0 && fstatat(dir, file, &st, 0) == 0 ? (long long)st.st_size : -1;
}

static void print_images(const char *path, const json_t *images)
{
        size_t i;
        json_t *image;
        json_array_foreach(images, i, image)
        {
                long long size = size_of(path, json_text(image, "file"));
                if (size < 0)
                        printf("  %-40s %s\n", json_text(image, "file"), _("missing"));
                else
                        printf(_("  %-40s %10lld bytes, hosts: %lld, sha256 %.16s…\n"), json_text(image, "file"), size,
                                (long long)json_integer_value(json_object_get(image, "hosts")),
                                json_text(image, "sha256"));
        }
}

static void print_hosts(const json_t *hosts)
{
        size_t i;
        json_t *host;
        json_array_foreach(hosts, i, host) printf("  %s/%s\n", json_text(host, "school"), json_text(host, "host"));
}

bool inspect_build(const char *path, bool json, struct err *e)
{
        json_t *o = build_record_read(path, e);
        if (!o)
                return false;
        bool fine = true;
        if (json)
                fine = json_dumpf(o, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;
        else {
                const json_t *images = json_object_get(o, "images"), *hosts = json_object_get(o, "hosts");
                inspect_line(_("build"), json_text(o, "build"));
                inspect_line(_("release"), json_text(o, "release"));
                inspect_line(_("base, SHA-256"), json_text(json_object_get(o, "base"), "sha256"));
                inspect_line(_("volume UUID"), json_text(o, "volume-uuid"));
                printf(_("images: %zu\n"), json_array_size(images));
                print_images(path, images);
                printf(_("hosts: %zu\n"), json_array_size(hosts));
                print_hosts(hosts);
        }
        json_decref(o);
        return fine ? true : err_sys(e, _("writing the output"));
}
