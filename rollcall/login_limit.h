/* login_limit.h - how often a password may be tried: five wrong ones in five minutes from one address, and when thirty
 * were wrong from wherever, one try in two seconds. Kept in memory. Times are ms. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { LIMIT_OF_PEER = 5, LIMIT_OF_ALL = 30, LIMIT_PEERS = 256, LIMIT_WINDOW = 5 * 60 * 1000, LIMIT_PACE = 2000 };

struct login_limit { /* all zero at first */
        struct login_peer {
                char name[64];
                int64_t wrong[LIMIT_OF_PEER]; /* a ring */
                size_t next;
        } peers[LIMIT_PEERS];
        int64_t wrong[LIMIT_OF_ALL], tried;
        size_t next;
};

/* How long to wait until this peer may try; 0 = now, and then the try counts. */
int64_t login_limit_wait(struct login_limit *, const char *peer, int64_t now);
void login_limit_wrong(struct login_limit *, const char *peer, int64_t now);
void login_limit_right(struct login_limit *, const char *peer);
