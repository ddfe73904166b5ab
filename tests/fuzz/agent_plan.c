/* Plans from a disk that may have lost anything: no input may crash the reader; what it takes, the writer writes, and
 * the reader takes again with the same result. */
#include "base/rule.h"
#include "postinstall/agent_plan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        struct err e = ERR_INIT;
        struct agent_plan *p = agent_plan_read(bytes_of((const char *)data, n), &e);
        if (!p) {
                if (e.kind != ERR_INPUT || !e.code || !*e.text)
                        abort();
                return 0;
        }
        AUTO_STR first = STR_MAX(8 * AGENT_PLAN_LONGEST), again = STR_MAX(8 * AGENT_PLAN_LONGEST);
        if (!agent_plan_write(p, &first, &e))
                abort();
        struct agent_plan *back = agent_plan_read(str_bytes(&first), &e);
        /* Escapes may make it longer than a plan may be. */
        if (!back && first.len <= AGENT_PLAN_LONGEST)
                abort();
        if (back && (!agent_plan_write(back, &again, &e) || again.len != first.len ||
                            memcmp(again.ptr, first.ptr, first.len)))
                abort();
        agent_plan_free(back);
        agent_plan_free(p);
        return 0;
}
