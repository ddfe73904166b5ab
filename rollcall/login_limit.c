#include "rollcall/login_limit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* Whoever has an IPv6 address usually has the whole /64. */
static void name_of(const char *peer, char name[64])
{
        struct in6_addr a;
        snprintf(name, 64, "%s", peer);
        if (inet_pton(AF_INET6, peer, &a) != 1 || IN6_IS_ADDR_V4MAPPED(&a))
                return;
        memset(a.s6_addr + 8, 0, 8);
        inet_ntop(AF_INET6, &a, name, 64);
}

static int64_t newest(const struct login_peer *p) { return p->wrong[(p->next + LIMIT_OF_PEER - 1) % LIMIT_OF_PEER]; }

static struct login_peer *find(struct login_limit *l, const char *peer)
{
        char name[64];
        name_of(peer, name);
        for (size_t i = 0; i < LIMIT_PEERS; i++)
                if (!strcmp(l->peers[i].name, name))
                        return &l->peers[i];
        return NULL;
}

/* The one that was wrong longest ago makes room. */
static struct login_peer *add(struct login_limit *l, const char *peer)
{
        struct login_peer *oldest = &l->peers[0];
        for (size_t i = 1; i < LIMIT_PEERS; i++)
                if (newest(&l->peers[i]) < newest(oldest))
                        oldest = &l->peers[i];
        *oldest = (struct login_peer){ 0 };
        name_of(peer, oldest->name);
        return oldest;
}

/* Until the moment is as old as that; 0 when it never was. */
static int64_t left(int64_t moment, int64_t age, int64_t now)
{
        return moment && now < moment + age ? moment + age - now : 0;
}

int64_t login_limit_wait(struct login_limit *l, const char *peer, int64_t now)
{
        struct login_peer *p = find(l, peer);
        int64_t wait = p ? left(p->wrong[p->next], LIMIT_WINDOW, now) : 0;
        if (!wait && left(l->wrong[l->next], LIMIT_WINDOW, now))
                wait = left(l->tried, LIMIT_PACE, now);
        if (!wait)
                l->tried = now;
        return wait;
}

void login_limit_wrong(struct login_limit *l, const char *peer, int64_t now)
{
        struct login_peer *p = find(l, peer);
        p = p ? p : add(l, peer);
        p->wrong[p->next] = now;
        p->next = (p->next + 1) % LIMIT_OF_PEER;
        l->wrong[l->next] = now;
        l->next = (l->next + 1) % LIMIT_OF_ALL;
}

void login_limit_right(struct login_limit *l, const char *peer)
{
        struct login_peer *p = find(l, peer);
        if (p)
                *p = (struct login_peer){ 0 };
}
