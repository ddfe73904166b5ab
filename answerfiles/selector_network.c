#include "answerfiles/selector_network.h"
#include "base/i18n.h"

#include <openssl/evp.h>
#include <string.h>

/* Base64, because a user's own hook script may hold any byte. base64 is among the tools of every installer (6.5 to 9).
 */
static bool add_file(struct str *out, const char *name, struct bytes content, struct err *e)
{
        enum { LINE = 57 }; /* bytes to a line of 76 letters */
        unsigned char line[LINE / 3 * 4 + 1];
        str_addf(out, "base64 -d >\"$home/%s\" <<'XENROLL' || exit 1\n", name);
        for (size_t at = 0; at < content.len; at += LINE) {
                size_t n = content.len - at < LINE ? content.len - at : LINE;
                int letters = EVP_EncodeBlock(line, (const unsigned char *)content.ptr + at, (int)n);
                str_addn(out, (const char *)line, (size_t)letters);
                str_addc(out, '\n');
        }
        str_add(out, "XENROLL\n");
        explicit_bzero(line, sizeof(line));
        return str_ok(out, name, e);
}

static bool add_slot(struct str *out, struct bytes pack, struct err *e)
{
        static const char lead[] = "xenroll-slot 1 18\n"; /* the pack begins behind this line */
        AUTO_STR slot = STR_MAX(SIZE_MAX / 2);
        _Static_assert(sizeof(lead) - 1 == 18, "the line names its own length");
        str_add(&slot, lead);
        str_addn(&slot, pack.ptr, pack.len);
        bool fine = str_ok(&slot, "xenroll-slot", e) && add_file(out, "xenroll-slot", str_bytes(&slot), e);
        if (slot.ptr)
                explicit_bzero(slot.ptr, slot.len);
        return fine;
}

bool network_script_write(const struct network_script *s, struct str *out, struct err *e)
{
        AUTO_STR server = STR_MAX(4096);
        str_add(out, "#!/bin/bash\n"
                     "# For one machine only: finds out whether it is the one, and whether its disks may be written.\n"
                     "umask 077\n"
                     "export PATH=\"$PATH:/usr/sbin:/usr/bin:/sbin:/bin\"\n"
                     "home=${XENROLL_TEST_ROOT:-}/tmp/xenroll-net\n"
                     "rm -rf \"$home\"\n"
                     "mkdir -p \"$home\" || exit 1\n");
        str_addf(&server, "%s\n%s\n", s->server, s->report);
        if (!str_ok(&server, "xenroll-server", e) || !add_file(out, "xenroll-server", str_bytes(&server), e) ||
                !add_slot(out, s->pack, e))
                return false;
        for (size_t i = 0; i < s->files->n; i++)
                if (!add_file(out, s->files->items[i].name, str_bytes(&s->files->items[i].content), e))
                        return false;
        str_add(out, "exec bash \"$home/xenroll-select\"\n");
        return str_ok(out, "xenroll-select", e);
}
