/* media - the steps of the media engine one by one, timed: what bench and the ring `stamp` drive.
 *
 *     media prepare BASE.iso DIR [SLOT]       DIR/prepared.base
 *     media stamp DIR N delta|image PREFIX    DIR/PREFIX0 … PREFIXN-1, synced; every pack has 4,000 bytes of its own
 *     media stream DIR I                      image I to stdout
 *
 * Prints "what seconds" on stderr's place of honour: the last line. */
#include "isobuilder/media.h"
#include "base/file.h"
#include "base/i18n.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

static double now(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int give_up(const struct err *e)
{
        fprintf(stderr, "media: %s\n", e->text);
        return 1;
}

static int open_dir(const char *path) { return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); }

static bool prepare_base(const char *iso, int dir, uint64_t slot, struct err *e)
{
        static char script[] = "#!/bin/bash\nexit 1\n";
        char sum[65] = "";
        struct pack_file file = { .name = script + 12, .content = { .ptr = script, .len = sizeof(script) - 1, .max = sizeof(script) } };
        static char name[] = "xenroll-select";
        file.name = name;
        struct pack_files files = { &file, 1 };
        struct medium *base = medium_open(AT_FDCWD, iso, e);
        if (!base)
                return false;
        struct prepare_spec s = { .base = base, .release = base->release, .files = &files, .uuid = "2041-07-15-03-22-51-08", .countdown = 10, .slot_size = slot };
        struct media m = { 0 };
        const struct base_cache none = BASE_CACHE_INIT;
        bool fine = media_open(&m, &s, &none, dir, -1, sum, e);
        media_close(&m);
        medium_free(base);
        return fine;
}

static bool make_pack(void *arg, const struct media_unit *u, struct str *out, struct err *e)
{
        (void)arg;
        (void)e;
        while (out->len < 4000)
                str_addf(out, "%s %zu\n", u->name, u->first * 2654435761u + out->len);
        return true;
}

static bool stamp_many(int dir, size_t n, bool images, const char *prefix, struct err *e)
{
        struct media m = { .dir = dir, .base = prepared_open(dir, MEDIA_BASE, e) };
        AUTO_FREE struct media_unit *units = calloc(n ? n : 1, sizeof(*units));
        bool too_small;
        if (!m.base || !units)
                return false;
        for (size_t i = 0; i < n; i++) {
                snprintf(units[i].name, sizeof(units[i].name), "%s%zu", prefix, i);
                units[i].first = i;
        }
        struct media_job job = { .units = units, .n = n, .images = images, .pack = make_pack };
        bool fine = media_stamp(&m, &job, &too_small, e) && syncfs(dir) == 0;
        for (size_t i = 0; fine && i < n; i++) {
                char hex[65];
                digest_hex(units[i].sha256, hex);
                printf("%s  %s.%s\n", hex, units[i].name, images ? "iso" : "delta");
        }
        prepared_free(m.base);
        return fine;
}

static bool stream_one(int dir, const char *number, struct err *e)
{
        struct prepared *base = prepared_open(dir, MEDIA_BASE, e);
        struct media_unit u = { .first = strtoul(number, NULL, 10) };
        AUTO_STR pack = STR_MAX(1 << 20);
        OWN(overlay_clear) struct overlay o = OVERLAY_INIT;
        snprintf(u.name, sizeof(u.name), "host-%s", number);
        bool fine = base && make_pack(NULL, &u, &pack, e) && stamp(base, str_bytes(&pack), &o, e) && overlay_send(&o, 1, 0, o.size, NULL, NULL, e);
        prepared_free(base);
        return fine;
}

int main(int argc, char **argv)
{
        struct err e = ERR_INIT;
        double start = now();
        bool fine = false;
        i18n_init("en");
        if (argc >= 4 && !strcmp(argv[1], "prepare")) {
                AUTO_FD int dir = open_dir(argv[3]);
                fine = dir >= 0 && prepare_base(argv[2], dir, argc > 4 ? strtoul(argv[4], NULL, 10) : SLOT_SMALLEST, &e);
        } else if (argc == 6 && !strcmp(argv[1], "stamp")) {
                int dir = open_dir(argv[2]);
                fine = dir >= 0 && stamp_many(dir, strtoul(argv[3], NULL, 10), !strcmp(argv[4], "image"), argv[5], &e);
        } else if (argc == 4 && !strcmp(argv[1], "stream")) {
                AUTO_FD int dir = open_dir(argv[2]);
                fine = dir >= 0 && stream_one(dir, argv[3], &e);
        }
        if (!fine)
                return give_up(&e);
        fprintf(stderr, "%.4f\n", now() - start);
        return 0;
}
