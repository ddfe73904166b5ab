/* Packs from anybody's stick: no input may crash the reader, lead outside of the slot, or yield a text that is not
 * clean. */
#include "answerfiles/pack_read.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void judge_text(const char *text)
{
        if (!text || !text_is_ascii(text))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        struct err e = ERR_INIT;
        struct pack_read *r = pack_read(bytes_of((const char *)data, n), &e);
        if (!r) {
                if (e.kind != ERR_INPUT || !*e.text)
                        abort();
                return 0;
        }
        judge_text(pack_read_build(r));
        judge_text(pack_read_release(r));
        for (size_t i = 0; i < pack_read_hosts(r); i++) {
                struct pack_host h = pack_read_host(r, i);
                judge_text(h.school);
                judge_text(h.name);
                judge_text(h.mac);
                judge_text(h.serial);
        }
        struct bytes lines = pack_read_file(r, "xenroll-lines");
        if (pack_read_length(r) > n || lines.ptr < (const char *)data || lines.ptr + lines.len > (const char *)data + n)
                abort();
        pack_read_free(r);
        return 0;
}
