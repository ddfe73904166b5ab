/* simulation - whole rollouts in virtual time, each decided by a number. */
#include "tests/simulation/modes.h"

#include <getopt.h>
#include <string.h>

enum { ROLLOUT = 256, SEED, SEEDS, SAME, TORTURE, TORTURE_ONE, TRACE, KEEP, WORK, JOBS, EVERYTHING, ODD };

static const struct option options[] = {
        { "rollout", required_argument, NULL, ROLLOUT },
        { "seed", required_argument, NULL, SEED },
        { "seeds", required_argument, NULL, SEEDS },
        { "same", required_argument, NULL, SAME },
        { "torture", no_argument, NULL, TORTURE },
        { "torture-one", required_argument, NULL, TORTURE_ONE },
        { "trace", no_argument, NULL, TRACE },
        { "everything", no_argument, NULL, EVERYTHING },
        { "odd", no_argument, NULL, ODD },
        { "keep", no_argument, NULL, KEEP },
        { "work", required_argument, NULL, WORK },
        { "jobs", required_argument, NULL, JOBS },
        { 0 },
};

struct wish {
        int mode;
        const char *value;
        int hosts;
        uint64_t seed;
        bool everything;
};

static int usage(void)
{
        fputs("usage: simulation [--work DIR] [--jobs N] [--trace] [--keep] [--everything] --rollout HOSTS [--seed N] "
              "| --odd | --seed N | "
              "--seeds FROM-TO |\n"
              "                  --same N | --torture | --torture-one 'HOST POINT kill|power|journal CUT'\n",
                stderr);
        return 2;
}

static int run(const struct modes *m, const struct wish *w)
{
        char *end;
        uint64_t from, to;
        switch (w->mode) {
        case ROLLOUT:
                modes_rollout(m, w->hosts, w->everything, w->seed);
                return 0;
        case ODD:
                modes_odd(m, w->seed);
                return 0;
        case SEED:
                return modes_seed(m, w->seed) ? 0 : 1;
        case SEEDS:
                from = strtoull(w->value, &end, 10);
                to = *end == '-' ? strtoull(end + 1, NULL, 10) : from;
                modes_seeds(m, from, to);
                return 0;
        case SAME:
                modes_same(m, strtoull(w->value, NULL, 10));
                return 0;
        case TORTURE:
                modes_torture(m);
                return 0;
        case TORTURE_ONE:
                return modes_torture_one(m, w->value) ? 0 : 1;
        default:
                return usage();
        }
}

static void read_option(struct modes *m, struct wish *w, int o)
{
        switch (o) {
        case TRACE:
                m->trace = true;
                break;
        case EVERYTHING:
                w->everything = true;
                break;
        case KEEP:
                m->keep = true;
                break;
        case WORK:
                m->work = optarg;
                break;
        case JOBS:
                m->processes = atoi(optarg);
                break;
        case SEED:
                w->seed = strtoull(optarg, NULL, 10);
                w->mode = w->mode ? w->mode : SEED;
                break;
        default:
                w->mode = o;
                w->value = optarg;
                w->hosts = o == ROLLOUT ? atoi(optarg) : 0;
        }
}

int main(int argc, char **argv)
{
        struct modes m = { .processes = 2, .again = argv[0] };
        struct wish w = { .seed = 1 };
        char made[] = "/dev/shm/xenroll-simulation.XXXXXX";
        for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
                if (o == '?')
                        return usage();
                read_option(&m, &w, o);
        }
        if (!m.work && !(m.work = mkdtemp(made))) {
                perror(made);
                return 3;
        }
        int code = run(&m, &w);
        if (m.work == made && !m.keep)
                rmdir(made);
        else if (m.keep)
                printf("kept: %s\n", m.work);
        return code;
}
