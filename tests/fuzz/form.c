/* What anybody on the network may post to the boot server. What is accepted is printable and bounded. */
#include "pxe/enrolment.h"
#include "pxe/form.h"
#include "pxe/told.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const char *text, size_t size)
{
        if (strnlen(text, size) == size)
                abort();
        for (; *text; text++)
                if ((*text < ' ' || *text > '~') && *text != '\n' && *text != '\t')
                        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        struct bytes form = { (const char *)data, n };
        struct enrolled m;
        char detail[ARM_DETAIL];
        if (form_field(form, "detail", detail, sizeof(detail)))
                check(detail, sizeof(detail));
        if (enrolment_read(form, &m) && !*m.macs)
                abort();
        check(m.macs, sizeof(m.macs));
        check(m.serial, sizeof(m.serial));
        check(m.disks, sizeof(m.disks));
        struct told t;
        if (told_read(form, &t) != (*t.outcome != 0))
                abort();
        check(t.stage, sizeof(t.stage));
        check(t.step, sizeof(t.step));
        check(t.outcome, sizeof(t.outcome));
        check(t.detail, sizeof(t.detail));
        return 0;
}
