#include "tests/simulation/child.h"
#include "postinstall/agent.h"

#include <fcntl.h>
#include <string.h>

int64_t child_steady, child_wall;
struct chance child_chance;
static int wire = -1;

void child_ask(struct wire question, struct bytes text, struct wire *answer, struct str *reply)
{
        AUTO_STR ignored = STR_MAX(WIRE_LONGEST);
        if (!wire_send(wire, question, text) || !wire_receive(wire, answer, reply ? reply : &ignored))
                _exit(0);
        child_steady = answer->steady;
        child_wall = answer->wall;
}

/* What the agent prints belongs into the trace, at its time. */
static ssize_t say(void *cookie, const char *text, size_t n)
{
        (void)cookie;
        if (!wire_send(wire, (struct wire){ .kind = WIRE_LOG }, bytes_of(text, n)))
                _exit(0);
        return (ssize_t)n;
}

_Noreturn void child_run(const struct child_start *start, const char *root_path)
{
        struct err e = ERR_INIT;
        AUTO_STR text = STR_MAX(4096);
        wire = start->wire;
        child_steady = start->steady;
        child_wall = start->wall;
        child_chance = start->chance;
        stderr = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = say });
        setvbuf(stderr, NULL, _IOLBF, 4096);
        int root = open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        points_on = true;
        enum agent_end end = agent_run(root, root_path, &e);
        points_on = false;
        fflush(stderr);
        str_addn(&text, e.text, strlen(e.text) + 1);
        str_addn(&text, e.remedy, strlen(e.remedy) + 1);
        if (!wire_send(wire, (struct wire){ .kind = WIRE_END, .a = end, .b = e.code }, str_bytes(&text)))
                _exit(0);
        _exit(0);
}
