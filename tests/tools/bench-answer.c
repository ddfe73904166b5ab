/* bench-answer [HOSTS [RELEASE]] - CPU time to write and validate answer files, without any file being written. */
#include "answerfiles/answer.h"
#include "tests/unit/sample_host.h"

#include <time.h>

static double cpu(void)
{
        struct timespec t;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
        long hosts = argc > 1 ? atol(argv[1]) : 100000;
        const struct release *r = release_find(argc > 2 ? argv[2] : "xcp-ng-8.3");
        struct err e = ERR_INIT;
        static struct sample s;
        sample_init(&s);
        struct answer_options o = { .hook_base = "file:///tmp/xenroll",
                .own_hook = { [STAGE_FILESYSTEM_POPULATED] = "xenroll-hook" } };
        double start = cpu();
        struct answer_writer *w = r ? answer_writer_new(r, &o, &e) : NULL;
        if (!w) {
                fprintf(stderr, "bench-answer: %s\n", r ? e.text : "no such release");
                return 2;
        }
        double ready = cpu();
        AUTO_STR out = STR_MAX(1 << 20);
        size_t bytes = 0;
        for (long i = 0; i < hosts; i++) {
                str_reset(&out);
                s.host.address.addr = 0x0a000000u + (uint32_t)i;
                if (!answer_write(w, &s.host, &out, &e)) {
                        fprintf(stderr, "bench-answer: %s\n", e.text);
                        return 3;
                }
                bytes += out.len;
        }
        double end = cpu();
        printf("%s: %ld hosts, %zu bytes, schema %.3f s, %.3f s, %.1f us per host\n", r->id, hosts, bytes,
                ready - start, end - ready, (end - ready) / (double)hosts * 1e6);
        answer_writer_free(w);
        return 0;
}
