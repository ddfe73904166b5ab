#include "isobuilder/slot.h"
#include "isobuilder/directory.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#define FIRST_LINE "xenroll-slot 1 4096\n"
#define MAP_LINE "xenroll-map 1\n"

/* In few steps, so that a plan that grows a little needs no new base; the slot takes room in the installer's memory, so
 * that a large one has less to spare. */
uint64_t slot_size_for(uint64_t n)
{
        uint64_t size = SLOT_SMALLEST;
        while (size < 2 * n && size < SLOT_STEP)
                size *= 2;
        if (size < 2 * n)
                size = (n + n / 2 + SLOT_STEP - 1) / SLOT_STEP * SLOT_STEP;
        if (size > SLOT_LARGEST)
                size = SLOT_LARGEST;
        return n <= size ? size : 0;
}

/* --- the page --- */

static void state_hex(const struct digest_state *s, char hex[65])
{
        for (int i = 0; i < 8; i++)
                snprintf(hex + 8 * i, 9, "%08x", s->h[i]);
}

static void sum_of(struct bytes text, char hex[65])
{
        struct digest *d = digest_new(NULL);
        unsigned char sum[32];
        digest_add(d, text.ptr, text.len);
        digest_finish(d, sum);
        digest_hex(sum, hex);
}

static void page_of(const struct slot_map *m, char page[SLOT_PAGE])
{
        AUTO_STR text = STR_MAX(SLOT_PAGE);
        char state[65], behind[65], sum[65];
        state_hex(&m->before, state);
        digest_hex(m->behind, behind);
        str_addf(&text,
                FIRST_LINE MAP_LINE "key %s\nbase %s\nuuid %s\nsize %" PRIu64 "\nmap %" PRIu64 "\nslot %" PRIu64
                                    "\nstate %s\nbehind %s\n",
                m->key, m->base, m->uuid, m->image_size, m->at, m->slot_size, state, behind);
        sum_of(str_bytes(&text), sum);
        str_addf(&text, "sum %s\n", sum);
        memset(page, 0, SLOT_PAGE);
        memcpy(page, str_text(&text), text.len);
}

/* Takes the line `key value` from the front of the text. */
static bool take_line(const char **at, const char *key, char *value, size_t size)
{
        const char *end = strchr(*at, '\n');
        size_t n = strlen(key);
        if (!end || strncmp(*at, key, n) || (*at)[n] != ' ' || (size_t)(end - *at) - n - 1 >= size)
                return false;
        snprintf(value, size, "%.*s", (int)((size_t)(end - *at) - n - 1), *at + n + 1);
        *at = end + 1;
        return true;
}

static bool take_number(const char **at, const char *key, uint64_t *value)
{
        char text[24], *end;
        if (!take_line(at, key, text, sizeof(text)) || !isdigit((unsigned char)*text))
                return false;
        errno = 0;
        *value = strtoull(text, &end, 10);
        return !*end && !errno;
}

static bool take_digest(const char **at, const char *key, unsigned char digest[32])
{
        char text[65];
        return take_line(at, key, text, sizeof(text)) && strlen(text) == 64 && digest_unhex(text, digest);
}

static bool take_hex(const char **at, const char *key, char hex[65])
{
        unsigned char ignored[32];
        return take_line(at, key, hex, 65) && strlen(hex) == 64 && digest_unhex(hex, ignored);
}

static bool take_lead(const char **at)
{
        static const char lead[] = FIRST_LINE MAP_LINE;
        if (strncmp(*at, lead, sizeof(lead) - 1))
                return false;
        *at += sizeof(lead) - 1;
        return true;
}

/* Sizes that could belong to one image. */
static bool is_plausible(const struct slot_map *m)
{
        return m->image_size <= INT64_MAX && !(m->at % SLOT_PAGE) && m->slot_size && m->slot_size <= SLOT_LARGEST &&
               !(m->slot_size % SLOT_PAGE) && m->at < m->image_size &&
               m->slot_size + SLOT_PAGE <= m->image_size - m->at;
}

bool slot_parse(struct bytes page, struct slot_map *m)
{
        char text[SLOT_PAGE + 1], sum[65], said[65];
        unsigned char state[32];
        *m = (struct slot_map){ 0 };
        if (page.len < SLOT_PAGE)
                return false;
        memcpy(text, page.ptr, SLOT_PAGE);
        text[SLOT_PAGE] = '\0';
        const char *at = text;
        if (!take_lead(&at) || !take_hex(&at, "key", m->key) || !take_hex(&at, "base", m->base) ||
                !take_line(&at, "uuid", m->uuid, sizeof(m->uuid)) || !take_number(&at, "size", &m->image_size) ||
                !take_number(&at, "map", &m->at) || !take_number(&at, "slot", &m->slot_size) ||
                !take_digest(&at, "state", state) || !take_digest(&at, "behind", m->behind))
                return false;
        sum_of(bytes_of(text, (size_t)(at - text)), sum);
        if (!take_hex(&at, "sum", said) || strcmp(sum, said) || !is_plausible(m))
                return false;
        for (int i = 0; i < 8; i++)
                m->before.h[i] = (uint32_t)state[4 * i] << 24 | (uint32_t)state[4 * i + 1] << 16 |
                                 (uint32_t)state[4 * i + 2] << 8 | state[4 * i + 3];
        m->before.bytes = m->at;
        return true;
}

/* --- in the image --- */

static bool write_at(int fd, const void *p, size_t n, uint64_t offset, struct err *e)
{
        return pwrite(fd, p, n, (off_t)offset) == (ssize_t)n ? true : err_sys(e, _("writing the slot map"));
}

/* What the map says of the bytes around it. */
static bool digests_of(int fd, const char *name, const struct slot_map *m, struct digest_state *before,
        unsigned char behind[32], struct err *e)
{
        struct digest *front = digest_new(NULL), *back = digest_new(NULL);
        bool fine = digest_add_file(front, fd, name, 0, m->at, e) &&
                    digest_add_file(back, fd, name, slot_end(m), m->image_size - slot_end(m), e);
        *before = digest_state_of(front);
        digest_free(front);
        digest_finish(back, behind);
        return fine;
}

bool slot_measure(int fd, uint64_t file, struct slot_map *m, struct err *e)
{
        static const char lead[] = "xenroll-slot 1 6144\n";
        m->at = (file + SLOT_PAGE - 1) / SLOT_PAGE * SLOT_PAGE;
        if (m->at != file && !write_at(fd, lead, sizeof(lead) - 1, file, e))
                return false;
        return digests_of(fd, SLOT_FILE, m, &m->before, m->behind, e);
}

bool slot_write(int fd, const struct slot_map *m, struct err *e)
{
        char page[SLOT_PAGE];
        page_of(m, page);
        return write_at(fd, page, sizeof(page), m->at, e);
}

/* Where the map may begin: at /xsinst/xenroll-slot, or somewhere in the back part of /install.img. */
static bool look_for_places(int fd, uint64_t image_size, uint64_t *first, uint64_t *last, struct err *e)
{
        uint64_t offset, size;
        bool found;
        *first = *last = 0;
        if (!directory_find(fd, image_size, "xsinst/" SLOT_FILE, &offset, &size, &found, e))
                return false;
        if (found) {
                *first = *last = (offset + SLOT_PAGE - 1) / SLOT_PAGE * SLOT_PAGE;
                return true;
        }
        if (!directory_find(fd, image_size, "install.img", &offset, &size, &found, e))
                return false;
        if (found && size > SLOT_PAGE) {
                *last = (offset + size - SLOT_PAGE) / SLOT_PAGE * SLOT_PAGE;
                *first = size > 2 * (uint64_t)SLOT_LARGEST ? *last - 2 * (uint64_t)SLOT_LARGEST
                                                           : (offset + SLOT_PAGE - 1) / SLOT_PAGE * SLOT_PAGE;
        }
        return true;
}

static bool find_places(int fd, uint64_t image_size, const char *name, uint64_t *first, uint64_t *last, struct err *e)
{
        if (look_for_places(fd, image_size, first, last, e))
                return true;
        AUTO_STR why = STR_MAX(sizeof(e->text));
        str_add(&why, e->text);
        return err_rule(e, XR_MEDIUM_DAMAGED, name, str_text(&why), NULL);
}

bool slot_read(int fd, uint64_t image_size, const char *name, struct slot_map *m, bool *found, struct err *e)
{
        uint64_t first, last;
        char page[SLOT_PAGE];
        *found = false;
        if (!find_places(fd, image_size, name, &first, &last, e))
                return false;
        for (uint64_t at = last; last && at >= first && !*found; at -= SLOT_PAGE) {
                if (pread(fd, page, sizeof(page), (off_t)at) != sizeof(page))
                        break;
                if (memcmp(page, FIRST_LINE MAP_LINE, strlen(FIRST_LINE MAP_LINE)))
                        continue;
                *found = true;
                if (!slot_parse(bytes_of(page, sizeof(page)), m) || m->at != at || m->image_size > image_size)
                        return err_rule(e, XR_SLOT_MAP_WRONG, name, NULL);
        }
        return true;
}

bool slot_check(int fd, const char *name, const struct slot_map *m, struct err *e)
{
        struct digest_state state;
        unsigned char sum[32];
        if (!digests_of(fd, name, m, &state, sum, e))
                return false;
        return !memcmp(state.h, m->before.h, sizeof(state.h)) && !memcmp(sum, m->behind, sizeof(sum))
                       ? true
                       : err_rule(e, XR_SLOT_MAP_WRONG, name, NULL);
}
