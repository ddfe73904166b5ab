/* What stampable images are read by: directory trees from images made here byte by byte, slot maps, deltas, overlays. */
#include "tests/unit/unit.h"
#include "base/cleanup.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "isobuilder/directory.h"
#include "isobuilder/overlay.h"
#include "isobuilder/slot.h"
#include "isobuilder/stamp.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SECTOR = 2048, SECTORS = 40, SIZE = SECTORS * SECTOR, ROOT = 20, SUB = 21, MORE = 22, JOLIET = 23 };

static void put_le(unsigned char *at, uint64_t v)
{
        for (int i = 0; i < 4; i++)
                at[i] = (unsigned char)(v >> 8 * i);
}

/* Appends a record and returns where the next one goes. */
static unsigned char *record(unsigned char *at, const char *name, size_t n, uint32_t sector, uint32_t size, int flags, const char *use, size_t n_use)
{
        size_t length = 33 + n + !(n & 1) + n_use;
        at[0] = (unsigned char)(length + (length & 1));
        put_le(at + 2, sector);
        put_le(at + 10, size);
        at[25] = (unsigned char)flags;
        at[32] = (unsigned char)n;
        memcpy(at + 33, name, n);
        memcpy(at + 33 + n + !(n & 1), use, n_use);
        return at + at[0];
}

static void descriptor(unsigned char *image, int sector, int type, int root)
{
        unsigned char *d = image + sector * SECTOR;
        d[0] = (unsigned char)type;
        memcpy(d + 1, "CD001\1", 6);
        record(d + 156, "\0", 1, (uint32_t)root, SECTOR, 2, "", 0);
        if (type == 2)
                memcpy(d + 88, "%/E", 3);
}

#define NM(text) "NM" "\x0a" "\1\0" text        /* of five letters */

/* /README (Rock Ridge: ReadM), /SUB/FILE.;1 (fileX, continued in another sector), and the Joliet tree: 中 */
static void make_image(unsigned char *image)
{
        unsigned char *at = image + ROOT * SECTOR, *nm = image + MORE * SECTOR;
        descriptor(image, 16, 1, ROOT);
        descriptor(image, 17, 2, JOLIET);
        descriptor(image, 18, 255, 0);
        at = record(at, "\0", 1, ROOT, SECTOR, 2, "SP\7\1\xbe\xef\0", 7);
        at = record(at, "\1", 1, ROOT, SECTOR, 2, "", 0);
        at = record(at, "README.;1", 9, 30, 5000, 0, NM("ReadM"), 10);
        record(at, "SUB", 3, SUB, SECTOR, 2, "", 0);
        at = record(image + SUB * SECTOR, "\0", 1, SUB, SECTOR, 2, "", 0);
        at = record(at, "\1", 1, ROOT, SECTOR, 2, "", 0);
        record(at, "FILE.;1", 7, 34, 10, 0, "CE\x1c\1\x16\0\0\0\0\0\0\x16\0\0\0\0\0\0\0\0\x1c\0\0\0\0\0\0\x1c", 28);
        memcpy(nm, NM("fileX"), 10);
        at = record(image + JOLIET * SECTOR, "\0", 1, JOLIET, SECTOR, 2, "", 0);
        record(at, "\x4e\x2d\0;\0" "1", 6, 30, 5000, 0, "", 0);
}

static bool add_line(void *arg, const struct directory_entry *entry, struct err *e)
{
        struct str *out = arg;
        (void)e;
        str_addf(out, "%s%s %llu+%llu", out->len ? "|" : "", entry->path, (unsigned long long)entry->offset, (unsigned long long)entry->size);
        return true;
}

#define WHOLE "ReadM 61440+5000|SUB 43008+2048|SUB/fileX 69632+10"
#define FIRST (ROOT * SECTOR + 42 + 34)         /* README's record: behind "." with SP and ".." */

static const struct {
        const char *why;
        int at;
        const char *bytes;
        size_t n;
        const char *want;               /* NULL: damaged */
        uint32_t root_size;             /* 0: a sector */
} trees[] = {
        { "nothing changed", 0, "", 0, WHOLE, 0 },
        { "no Rock Ridge", ROOT * SECTOR + 34, "XX", 2, "README 61440+5000|SUB 43008+2048|SUB/FILE 69632+10", 0 },
        { "no descriptor", 16 * SECTOR + 1, "X", 1, NULL, 0 },
        { "root outside the image", 16 * SECTOR + 158, "\xff\xff\xff\x7f", 4, NULL, 0 },
        { "root of absurd size", 16 * SECTOR + 166, "\0\0\0\x7f", 4, NULL, 0 },
        { "a file outside the image", FIRST + 10, "\0\0\0\1", 4, NULL, 0 },
        { "a file that wraps around", FIRST + 2, "\xff\xff\xff\xff", 4, NULL, 0 },
        { "a folder that contains itself", ROOT * SECTOR + 42 + 34 + 52 + 2, "\x14", 1, NULL, 0 },
        { "a record cut short", FIRST, "\x21", 1, NULL, 0 },
        { "a record of four bytes at the folder's end", FIRST, "\4", 1, NULL, 42 + 34 + 4 },
        { "a name longer than its record", FIRST + 32, "\xf0", 1, NULL, 0 },
        { "a name that leads upwards", FIRST + 42, "NM\7\1\0..", 7, NULL, 0 },
        { "a name with a slash", FIRST + 42, "NM\x0a\1\0a/b/c", 10, NULL, 0 },
        { "a name that goes on outside", SUB * SECTOR + 68 + 40 + 4, "\xff\xff\xff\x7f", 4, NULL, 0 },
        { "a name that goes on in itself", MORE * SECTOR, "CE\x1c\1\x16\0\0\0\0\0\0\x16\0\0\0\0\0\0\0\0\x1c\0\0\0\0\0\0\x1c", 28, NULL, 0 },
};

static int image_fd(const unsigned char *image, size_t n)
{
        int fd = memfd_create("image", MFD_CLOEXEC);
        if (fd < 0 || pwrite(fd, image, n, 0) != (ssize_t)n)
                abort();
        return fd;
}

static void test_trees(void)
{
        for (size_t i = 0; i < COUNT(trees); i++) {
                static unsigned char image[SIZE];
                struct err e = ERR_INIT;
                AUTO_STR got = STR_MAX(4096);
                memset(image, 0, SIZE);
                make_image(image);
                memcpy(image + trees[i].at, trees[i].bytes, trees[i].n);
                if (trees[i].root_size)
                        put_le(image + 16 * SECTOR + 166, trees[i].root_size);
                AUTO_FD int fd = image_fd(image, SIZE);
                bool fine = directory_walk(fd, SIZE, TREE_PRIMARY, add_line, &got, &e);
                if (trees[i].want)
                        unit_same("directory", trees[i].why, fine ? str_text(&got) : e.text, trees[i].want);
                else
                        unit_case("directory", trees[i].why, !fine && e.kind == ERR_INPUT && *e.text, str_text(&got));
        }
        static unsigned char image[SIZE];
        struct err e = ERR_INIT;
        AUTO_STR got = STR_MAX(4096);
        make_image(image);
        AUTO_FD int fd = image_fd(image, SIZE);
        unit_same("directory", "Joliet", directory_walk(fd, SIZE, TREE_JOLIET, add_line, &got, &e) ? str_text(&got) : e.text, "\xe4\xb8\xad 61440+5000");
}

/* A prepared image in the small: 8 pages, the map in the third, the slot in the two behind it. */
enum { PAGES = 8, MAP = 2 };

static int prepared_fd_with(struct slot_map *m)
{
        static unsigned char image[PAGES * SLOT_PAGE];
        struct err e = ERR_INIT;
        *m = (struct slot_map){ .uuid = "2041-07-15-03-22-51-08", .image_size = sizeof(image), .slot_size = 2 * SLOT_PAGE };
        memset(m->key, 'a', 64);
        memset(m->base, 'b', 64);
        for (size_t i = 0; i < sizeof(image); i++)
                image[i] = i / SLOT_PAGE < MAP || i / SLOT_PAGE > MAP + 2 ? (unsigned char)(i * 7) : 0;
        int fd = image_fd(image, sizeof(image));
        if (!slot_measure(fd, MAP * SLOT_PAGE - SECTOR, m, &e) || !slot_write(fd, m, &e))
                abort();
        return fd;
}

static void test_map(void)
{
        struct slot_map m, back;
        struct err e = ERR_INIT;
        char page[SLOT_PAGE], line[32] = "";
        AUTO_FD int fd = prepared_fd_with(&m);
        if (pread(fd, page, sizeof(page), MAP * SLOT_PAGE) != sizeof(page) || pread(fd, line, 20, MAP * SLOT_PAGE - SECTOR) != 20)
                abort();
        unit_same("slot", "the line half a page before leads to the slot", line, "xenroll-slot 1 6144\n");
        unit_case("slot", "the map reads back", slot_parse(bytes_of(page, sizeof(page)), &back) && back.at == m.at && back.slot_size == m.slot_size &&
                !memcmp(&back.before, &m.before, sizeof(m.before)) && !memcmp(back.behind, m.behind, 32), page);
        unit_case("slot", "the image fits its map", slot_check(fd, "image", &m, &e), e.text);
        size_t wrong = 0;
        for (size_t i = 0; i < strlen(page); i++) {
                page[i] ^= 1;
                wrong += slot_parse(bytes_of(page, sizeof(page)), &back);
                page[i] ^= 1;
        }
        unit_case("slot", "any flipped bit makes it no map", !wrong, "some are accepted");
        static const off_t places[] = { 0, MAP * SLOT_PAGE - 1, (MAP + 3) * SLOT_PAGE, PAGES * SLOT_PAGE - 1 };
        for (size_t i = 0; i < COUNT(places); i++) {
                unsigned char c;
                bool fits;
                if (pread(fd, &c, 1, places[i]) != 1)
                        abort();
                c ^= 1;
                if (pwrite(fd, &c, 1, places[i]) != 1)
                        abort();
                fits = slot_check(fd, "image", &m, &e);
                c ^= 1;
                if (pwrite(fd, &c, 1, places[i]) != 1)
                        abort();
                unit_case("slot", "a byte changed around it is noticed", !fits && e.code == XR_SLOT_MAP_WRONG, "not noticed");
        }
}

static const struct {
        uint64_t need, size;
} sizes[] = { { 0, 65536 }, { 32768, 65536 }, { 32769, 131072 }, { 524288, 1 << 20 }, { 524289, 1 << 20 }, { 3000000, 5 << 20 }, { 40 << 20, 60 << 20 }, { 50 << 20, 64 << 20 }, { 64 << 20, 64 << 20 }, { (64 << 20) + 1, 0 } };

static void test_sizes(void)
{
        for (size_t i = 0; i < COUNT(sizes); i++) {
                char why[60];
                snprintf(why, sizeof(why), "slot for %llu bytes", (unsigned long long)sizes[i].need);
                unit_case("slot", why, slot_size_for(sizes[i].need) == sizes[i].size, "another size");
        }
}

/* Every piece of an overlay is what the whole one is. */
static void test_overlay(void)
{
        static char base[1000], whole[1000], got[1000];
        struct err e = ERR_INIT;
        size_t wrong = 0;
        for (size_t i = 0; i < sizeof(base); i++)
                base[i] = (char)(i % 251);
        memcpy(whole, base, sizeof(base));
        memcpy(whole + 300, "laid over it", 12);
        struct overlay o = { .fd = image_fd((unsigned char *)base, sizeof(base)), .size = sizeof(base), .at = 300, .bytes = STR_MAX(100) };
        str_add(&o.bytes, "laid over it");
        for (size_t at = 280; at < 330; at++)
                for (size_t n = 0; n < 60; n++)
                        wrong += !overlay_read(&o, got, n, at, &e) || memcmp(got, whole + at, n);
        unit_case("overlay", "read in pieces", !wrong, "some differ");
        AUTO_FD int to = memfd_create("out", MFD_CLOEXEC);
        unit_case("overlay", "sent", overlay_send(&o, to, 0, o.size, NULL, NULL, &e) && pread(to, got, 1000, 0) == 1000 && !memcmp(got, whole, 1000), e.text);
        int ends[2];
        if (pipe(ends) < 0)
                abort();
        unit_case("overlay", "a range into a pipe", overlay_send(&o, ends[1], 295, 20, NULL, NULL, &e) && read(ends[0], got, 100) == 20 && !memcmp(got, whole + 295, 20), e.text);
        close(ends[0]);
        close(ends[1]);
        unit_case("overlay", "nothing beyond its end", !overlay_read(&o, got, 2, 999, &e) && !overlay_send(&o, to, 1000, 1, NULL, NULL, &e) &&
                !overlay_read(&o, got, 2, UINT64_MAX, &e), "something was read");
        overlay_clear(&o);
}

#define SUM "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  /* of nothing */

static const struct {
        const char *why, *text;
        bool fine;
} deltas[] = {
        { "an empty pack", "xenroll-delta 1\nbase k\nimage " SUM "\npack " SUM "\nbytes 0\n\n", true },
        { "cut off", "xenroll-delta 1\nbase k\nimage " SUM "\npack " SUM "\nbytes 0\n", false },
        { "more bytes than it says", "xenroll-delta 1\nbase k\nimage " SUM "\npack " SUM "\nbytes 0\n\nx", false },
        { "another sum", "xenroll-delta 1\nbase k\nimage " SUM "\npack " SUM "\nbytes 1\n\nx", false },
        { "no number", "xenroll-delta 1\nbase k\nimage " SUM "\npack " SUM "\nbytes 00\n\n", false },
        { "capital digits", "xenroll-delta 1\nbase k\nimage E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855\npack " SUM "\nbytes 0\n\n", false },
        { "another version", "xenroll-delta 2\nbase k\nimage " SUM "\npack " SUM "\nbytes 0\n\n", false },
        { "nothing", "", false },
};

static void test_deltas(void)
{
        for (size_t i = 0; i < COUNT(deltas); i++) {
                struct delta d;
                unit_case("delta", deltas[i].why, delta_parse(bytes_of(deltas[i].text, strlen(deltas[i].text)), &d) == deltas[i].fine, "judged wrongly");
        }
}

/* The state goes on where it was left, whatever was hashed before. */
static void test_digest(void)
{
        static unsigned char bytes[200000];
        unsigned char want[32], got[32];
        struct err e = ERR_INIT;
        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (unsigned char)(i * 31);
        struct digest *d = digest_new(NULL), *front = digest_new(NULL);
        digest_add(d, bytes, sizeof(bytes));
        digest_finish(d, want);
        AUTO_FD int fd = image_fd(bytes, sizeof(bytes));
        bool fine = digest_add_file(front, fd, "bytes", 0, 4096, &e);
        struct digest_state s = digest_state_of(front);
        digest_free(front);
        d = digest_new(&s);
        fine = fine && s.bytes == 4096 && digest_add_file(d, fd, "bytes", 4096, sizeof(bytes) - 4096, &e);
        digest_finish(d, got);
        unit_case("digest", "goes on from a kept state", fine && !memcmp(want, got, 32), "another sum");
}

int main(void)
{
        i18n_init("en");
        test_trees();
        test_map();
        test_sizes();
        test_overlay();
        test_deltas();
        test_digest();
        return 0;
}
