#include "pxe/served.h"
#include "base/file.h"
#include "pxe/peer.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

enum { MOST_PEERS = 1024 }; /* between two times of telling; of more than these some are told late */

struct served {
        pthread_mutex_t lock;
        struct {
                char peer[PEER_SIZE];
                uint64_t bytes;
        } items[MOST_PEERS];
        size_t n;
};

struct served *served_new(void)
{
        struct served *s = calloc(1, sizeof(*s));
        if (!s)
                file_out_of_memory();
        pthread_mutex_init(&s->lock, NULL);
        return s;
}

void served_free(struct served *s)
{
        if (!s)
                return;
        pthread_mutex_destroy(&s->lock);
        free(s);
}

bool served_is_package(const char *path)
{
        static const char *const others[] = { "boot/", "EFI/", "isolinux/" };
        for (size_t i = 0; i < COUNT(others); i++)
                if (!strncmp(path, others[i], strlen(others[i])))
                        return false;
        return strchr(path, '/');
}

void served_add(struct served *s, const char *peer, uint64_t bytes)
{
        size_t i = 0;
        pthread_mutex_lock(&s->lock);
        while (i < s->n && strcmp(s->items[i].peer, peer) != 0)
                i++;
        if (i < MOST_PEERS) {
                if (i == s->n) {
                        snprintf(s->items[i].peer, sizeof(s->items[i].peer), "%s", peer);
                        s->items[i].bytes = 0;
                        s->n++;
                }
                s->items[i].bytes += bytes;
        }
        pthread_mutex_unlock(&s->lock);
}

void served_take(struct served *s, struct str *out)
{
        pthread_mutex_lock(&s->lock);
        for (size_t i = 0; i < s->n; i++)
                str_addf(out, "%s %" PRIu64 "\n", s->items[i].peer, s->items[i].bytes);
        s->n = 0;
        pthread_mutex_unlock(&s->lock);
}
