/* fake_xapi SCENARIO --roots FOLDER [--control SOCKET] [--ready FILE] [--speed N] [--seed N] [--http PORT] [--https
 * PORT] [--local]
 *
 * Hosts of the scenario over real sockets: FOLDER/HOST/var/lib/xcp/xapi, and the hosts' addresses (ports 80 and 443
 * unless said, 0 is none). --local puts them on 127.0.0.1 instead, at the port plus the host's number from 0. */
#include "base/file.h"
#include "tests/xapi/server.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>

static bool options(int argc, char **argv, struct server_options *o, uint64_t *seed)
{
        static const struct option names[] = { { "roots", 1, NULL, 'r' }, { "control", 1, NULL, 'c' },
                { "ready", 1, NULL, 'y' }, { "speed", 1, NULL, 's' }, { "seed", 1, NULL, 'e' },
                { "http", 1, NULL, 'p' }, { "https", 1, NULL, 't' }, { "local", 0, NULL, 'l' }, { NULL, 0, NULL, 0 } };
        for (int c; (c = getopt_long(argc, argv, "", names, NULL)) >= 0;)
                switch (c) {
                case 'r':
                        o->roots = optarg;
                        break;
                case 'c':
                        o->control = optarg;
                        break;
                case 'y':
                        o->ready = optarg;
                        break;
                case 's':
                        o->speed = atoi(optarg);
                        break;
                case 'e':
                        *seed = strtoull(optarg, NULL, 10);
                        break;
                case 'p':
                        o->http = atoi(optarg);
                        break;
                case 't':
                        o->https = atoi(optarg);
                        break;
                case 'l':
                        o->local = true;
                        break;
                default:
                        return false;
                }
        return optind == argc - 1 && o->roots && o->speed > 0;
}

int main(int argc, char **argv)
{
        struct err e = ERR_INIT;
        uint64_t seed = 1;
        struct server_options o = { .speed = 1, .http = 80, .https = 443 };
        AUTO_STR text = STR_MAX(1 << 20);
        if (!options(argc, argv, &o, &seed)) {
                fputs("usage: fake_xapi SCENARIO --roots FOLDER [--control SOCKET] [--ready FILE] [--speed N] [--seed "
                      "N] [--http PORT] [--https PORT] [--local]\n",
                        stderr);
                return 2;
        }
        struct world *w =
                file_read(AT_FDCWD, argv[optind], 1 << 20, &text, &e) ? world_new(str_text(&text), seed, &e) : NULL;
        bool fine = w && server_run(w, &o, &e);
        if (!fine)
                fprintf(stderr, "fake_xapi: %s\n", e.text);
        world_free(w);
        return fine ? 0 : 3;
}
