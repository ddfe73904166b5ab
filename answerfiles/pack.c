/* The pack format, version 1: what stands in a medium's slot. ASCII text; "-" is an absent field.
 *
 * xenroll-pack 1 BYTES SHA256 MD5                                         BYTES: what follows this line; the sums are its
 * NAME BYTES                                                              ordered by name; then that many bytes
 *
 * xenroll-lines    every distinct line of all answer files and agents' plans, once
 * hook-…           the user's hook scripts
 * xenroll-hosts    fields divided by one tab, in this order:
 *   xenroll 1
 *   build ID | made SECONDS | release PRODUCT FIRMWARE | lines COUNT      (FIRMWARE: "BIOS", "UEFI" or "BIOS UEFI")
 *   agent SHA256 MD5 BYTES                                                the agent of those hosts that have a plan
 *   set N refuse|reinstall refuse|erase NIC                               one for each different set of interlocks
 *   mirror N DEVICE                                                       the array that the installer makes
 *   disk N primary|guest|raid KIND AT-LEAST AT-MOST BUSES VALUE           in the order of the answer file's elements
 *   host MAC SERIAL N SCHOOL NAME LINES PLAN [REPORT]                     LINES: "1-12,841,14-30", in xenroll-lines;
 *                                                                         PLAN: the same, of the agent's plan; REPORT: URL
 *                                                                         of its roll call
 *   end COUNT                                                             of host records
 *
 * Hosts that differ in name and address share all other lines, so that one costs some 250 bytes.
 *
 * The slot, the file xenroll-slot: "xenroll-slot 1 OFFSET" is its first line; at OFFSET the pack begins, and behind it
 * are zero bytes to the end. Zeros at OFFSET: nothing has been written for any host yet. */
#include "answerfiles/pack.h"
#include "base/i18n.h"

#include <string.h>

static uint32_t hash_of(const char *s, size_t n)
{
        uint32_t h = 2166136261u;
        for (size_t i = 0; i < n; i++)
                h = (h ^ (unsigned char)s[i]) * 16777619u;
        return h ^ h >> 15;
}

static uint32_t *slot_of(const struct pack_texts *t, const char *s, size_t n, uint32_t hash)
{
        size_t at = hash & (t->n_slots - 1);
        for (; t->slots[at]; at = (at + 1) & (t->n_slots - 1)) {
                const struct pack_text *known = &t->items[t->slots[at] - 1];
                if (known->hash == hash && known->len == n && !memcmp(known->ptr, s, n))
                        break;
        }
        return &t->slots[at];
}

static bool grow(struct pack_texts *t)
{
        size_t cap = t->cap ? t->cap * 2 : 128;
        struct pack_text *items = realloc(t->items, cap * sizeof(*items));
        if (!items)
                return false;
        t->items = items;
        t->cap = cap;
        uint32_t *slots = calloc(cap * 2, sizeof(*slots));
        if (!slots)
                return false;
        free(t->slots);
        t->slots = slots;
        t->n_slots = cap * 2;
        for (size_t i = 0; i < t->n; i++)
                *slot_of(t, items[i].ptr, items[i].len, items[i].hash) = (uint32_t)i + 1;
        return true;
}

bool pack_text_number(struct pack_texts *t, struct arena *a, const char *s, size_t n, uint32_t *number, struct err *e)
{
        if (n >= UINT32_MAX || t->n >= UINT32_MAX / 4 || (t->n == t->cap && !grow(t)))
                return err_set(e, ERR_WORLD, _("out of memory"));
        uint32_t hash = hash_of(s, n);
        uint32_t *slot = slot_of(t, s, n, hash);
        if (!*slot) {
                t->items[t->n++] = (struct pack_text){ arena_strndup(a, s, n), (uint32_t)n, hash };
                *slot = (uint32_t)t->n;
        }
        *number = *slot - 1;
        return true;
}

void pack_texts_clear(struct pack_texts *t)
{
        free(t->items);
        free(t->slots);
        *t = (struct pack_texts){ 0 };
}

bool pack_name_fits(struct bytes name)
{
        if (!name.len || name.len > LONGEST_PACK_NAME || name.ptr[0] == '.')
                return false;
        for (size_t i = 0; i < name.len; i++)
                if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", name.ptr[i]) || !name.ptr[i])
                        return false;
        return true;
}
