#include "postinstall/sntp.h"
#include "base/cleanup.h"

#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum {
        PACKET = 48,
        CLIENT = 0x23,    /* version 4, mode 3 */
        TRANSMITTED = 40, /* where the server's time stands */
        PATIENCE = 2000,  /* ms */
};
static const int64_t FROM_1900 = 2208988800LL; /* seconds to 1970 */

static bool exchange(int fd, const struct addrinfo *to, unsigned char answer[PACKET])
{
        unsigned char question[PACKET] = { CLIENT };
        struct pollfd p = { .fd = fd, .events = POLLIN };
        return connect(fd, to->ai_addr, to->ai_addrlen) == 0 && send(fd, question, PACKET, 0) == PACKET &&
               poll(&p, 1, PATIENCE) == 1 && recv(fd, answer, PACKET, 0) == PACKET;
}

bool sntp_ask(const char *server, int64_t *seconds)
{
        const struct addrinfo wish = { .ai_family = AF_INET, .ai_socktype = SOCK_DGRAM };
        struct addrinfo *to = NULL;
        unsigned char a[PACKET] = { 0 };
        if (getaddrinfo(server, "123", &wish, &to) != 0)
                return false;
        AUTO_FD int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        bool fine = fd >= 0 && exchange(fd, to, a);
        freeaddrinfo(to);
        uint32_t time = (uint32_t)a[TRANSMITTED] << 24 | (uint32_t)a[TRANSMITTED + 1] << 16 |
                        (uint32_t)a[TRANSMITTED + 2] << 8 | a[TRANSMITTED + 3];
        /* Mode 4, a stratum that is synchronised to something, and a clock that was ever set. */
        if (!fine || (a[0] & 7) != 4 || a[1] == 0 || a[1] > 15 || !time)
                return false;
        /* The counter begins anew in 2036. */
        *seconds = (int64_t)time - FROM_1900 + (time < 0x80000000u ? 1LL << 32 : 0);
        return true;
}
