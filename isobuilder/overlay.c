#include "isobuilder/overlay.h"
#include "base/file.h"
#include "base/i18n.h"

#include <errno.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum { CHUNK = 8 << 20, BUFFER = 256 << 10 };

void overlay_clear(struct overlay *o)
{
        cleanup_fd(&o->fd);
        str_clear(&o->bytes);
        *o = (struct overlay)OVERLAY_INIT;
}

static bool cut_short(struct err *e)
{
        return err_set(e, ERR_WORLD, _("the base of the image ends too early; build again"));
}

static bool base_read(int fd, char *to, size_t n, uint64_t offset, struct err *e)
{
        while (n) {
                ssize_t got = pread(fd, to, n, (off_t)offset);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return err_sys(e, _("reading the base of the image"));
                if (!got)
                        return cut_short(e);
                to += got;
                offset += (uint64_t)got;
                n -= (size_t)got;
        }
        return true;
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* One piece of the image, from one place. */
struct part {
        uint64_t offset, n;
        const char *laid; /* NULL: of the base file */
};

static struct part next_part(const struct overlay *o, uint64_t offset, uint64_t n)
{
        uint64_t end = o->at + o->bytes.len;
        if (offset >= end || offset + n <= o->at)
                return (struct part){ offset, n, NULL };
        if (offset < o->at)
                return (struct part){ offset, o->at - offset, NULL };
        return (struct part){ offset, least(n, end - offset), str_text(&o->bytes) + (offset - o->at) };
}

bool overlay_read(const struct overlay *o, void *buffer, size_t n, uint64_t offset, struct err *e)
{
        char *to = buffer;
        if (offset > o->size || n > o->size - offset)
                return cut_short(e);
        for (struct part p; n; to += p.n, offset += p.n, n -= p.n) {
                p = next_part(o, offset, n);
                if (p.laid)
                        memcpy(to, p.laid, p.n);
                else if (!base_read(o->fd, to, p.n, p.offset, e))
                        return false;
        }
        return true;
}

enum way { SHARE, SEND, COPY };

struct sending {
        int from, to;
        enum way way;
        char *buffer; /* for COPY; owned */
        uint64_t done;
        void (*tick)(uint64_t, void *);
        void *arg;
};

/* What the kernel says when it cannot do it this way between these two. */
static bool try_another_way(int error)
{
        return error == EINVAL || error == EXDEV || error == EOPNOTSUPP || error == ENOSYS || error == EBADF ||
               error == EPERM || error == EISDIR || error == ESPIPE || error == ETXTBSY;
}

static ssize_t send_some(struct sending *s, uint64_t offset, size_t n)
{
        off_t at = (off_t)offset;
        if (s->way == SHARE)
                return copy_file_range(s->from, &at, s->to, NULL, n, 0);
        if (s->way == SEND)
                return sendfile(s->to, s->from, &at, n);
        if (!s->buffer && !(s->buffer = malloc(BUFFER)))
                file_out_of_memory();
        ssize_t got = pread(s->from, s->buffer, least(n, BUFFER), at);
        return got > 0 && !file_write_all(s->to, s->buffer, (size_t)got) ? -1 : got;
}

static bool send_base(struct sending *s, uint64_t offset, uint64_t n, struct err *e)
{
        while (n) {
                ssize_t got = send_some(s, offset, least(n, CHUNK));
                if (got < 0 && errno == EINTR)
                        continue;
                /* Some kernels say 0 where they cannot share blocks. */
                if (s->way != COPY && ((got < 0 && try_another_way(errno)) || !got)) {
                        s->way++;
                        continue;
                }
                if (got < 0)
                        return err_sys(e, _("writing the image"));
                if (!got)
                        return cut_short(e);
                offset += (uint64_t)got;
                n -= (uint64_t)got;
                s->done += (uint64_t)got;
                if (s->tick)
                        s->tick(s->done, s->arg);
        }
        return true;
}

bool overlay_send(const struct overlay *o, int to, uint64_t offset, uint64_t n, void (*tick)(uint64_t, void *),
        void *tick_arg, struct err *e)
{
        struct sending s = { .from = o->fd, .to = to, .tick = tick, .arg = tick_arg };
        bool fine = offset <= o->size && n <= o->size - offset ? true : cut_short(e);
        for (struct part p; fine && n; offset += p.n, n -= p.n) {
                p = next_part(o, offset, n);
                if (!p.laid)
                        fine = send_base(&s, p.offset, p.n, e);
                else if (!file_write_all(to, p.laid, p.n))
                        fine = err_sys(e, _("writing the image"));
                else
                        s.done += p.n;
        }
        free(s.buffer);
        return fine;
}
