#include "pxe/peer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool is_address(const char *text)
{
        unsigned char bytes[16];
        return strlen(text) < PEER_SIZE &&
               (inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1);
}

static void print(const struct sockaddr *a, char peer[PEER_SIZE])
{
        if (a && a->sa_family == AF_INET)
                inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)a)->sin_addr, peer, PEER_SIZE);
        else if (a && a->sa_family == AF_INET6)
                inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, peer, PEER_SIZE);
        else
                snprintf(peer, PEER_SIZE, "?");
}

bool peer_find(struct MHD_Connection *from, bool believe, char peer[PEER_SIZE])
{
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(from, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        print(info ? info->client_addr : NULL, peer);
        bool here = !strncmp(peer, "127.", 4) || !strcmp(peer, "::1");
        const char *real = believe && here ? MHD_lookup_connection_value(from, MHD_HEADER_KIND, "X-Real-IP") : NULL;
        if (real && is_address(real))
                snprintf(peer, PEER_SIZE, "%s", real);
        return here;
}
