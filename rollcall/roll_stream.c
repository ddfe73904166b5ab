#include "rollcall/roll_stream.h"
#include "base/file.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

struct streams {
        pthread_mutex_t lock; /* for all of it, and for the pieces' uses */
        pthread_cond_t news, wanted;
        struct stream_piece *ring[STREAM_KEEPS];
        size_t first, n, bytes;
        int64_t newest; /* the last change that was found out */
        unsigned listeners;
        bool over;
};

struct streams *streams_new(void)
{
        pthread_condattr_t monotonic;
        struct streams *s = calloc(1, sizeof(*s));
        if (!s)
                file_out_of_memory();
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_mutex_init(&s->lock, NULL);
        pthread_cond_init(&s->news, &monotonic);
        pthread_cond_init(&s->wanted, &monotonic);
        pthread_condattr_destroy(&monotonic);
        return s;
}

/* --- pieces --- */

static void release(struct stream_piece *p)
{
        if (--p->uses == 0)
                free(p);
}

void stream_piece_release(struct stream_piece *p)
{
        if (!p)
                return;
        struct streams *s = p->of;
        pthread_mutex_lock(&s->lock);
        release(p);
        pthread_mutex_unlock(&s->lock);
}

/* Every line of the text has the field's name in front, or the rest of it would be another field. */
static void add_data(struct str *out, struct bytes json)
{
        const char *at = json.ptr, *end = json.ptr + json.len;
        do {
                const char *stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
                stop = stop ? stop : end;
                str_add(out, "data: ");
                str_addn(out, at, (size_t)(stop - at));
                str_addc(out, '\n');
                at = stop + 1;
        } while (at < end);
        str_addc(out, '\n');
}

static struct stream_piece *make(struct streams *s, int64_t since, int64_t change, struct bytes json)
{
        AUTO_STR text = STR_MAX(2 * STREAM_LARGEST);
        bool large = json.len > STREAM_LARGEST;
        str_addf(&text, "id: %" PRId64 "\nevent: %s\n", change, large ? "reload" : "change");
        add_data(&text, large ? bytes_of("{}", 2) : json);
        if (text.failed) {
                str_reset(&text);
                str_addf(&text, "id: %" PRId64 "\nevent: reload\ndata: {}\n\n", change);
        }
        struct stream_piece *p = malloc(sizeof(*p) + text.len);
        if (!p)
                file_out_of_memory();
        *p = (struct stream_piece){ .of = s, .uses = 1, .since = since, .change = change, .length = text.len };
        memcpy(p->text, str_text(&text), text.len);
        return p;
}

static struct stream_piece *make_reload(struct streams *s)
{
        AUTO_STR text = STR_MAX(200);
        str_addf(&text, "id: %" PRId64 "\nevent: reload\ndata: {}\n\n", s->newest);
        struct stream_piece *p = malloc(sizeof(*p) + text.len);
        if (!p)
                file_out_of_memory();
        *p = (struct stream_piece){ .of = s, .uses = 1, .since = 0, .change = s->newest, .length = text.len };
        memcpy(p->text, str_text(&text), text.len);
        return p;
}

/* --- the ring --- */

static void drop_oldest(struct streams *s)
{
        struct stream_piece *p = s->ring[s->first];
        s->bytes -= p->length;
        s->first = (s->first + 1) % STREAM_KEEPS;
        s->n--;
        release(p);
}

static void drop_all(struct streams *s)
{
        while (s->n)
                drop_oldest(s);
}

void streams_free(struct streams *s)
{
        if (!s)
                return;
        drop_all(s);
        pthread_cond_destroy(&s->news);
        pthread_cond_destroy(&s->wanted);
        pthread_mutex_destroy(&s->lock);
        free(s);
}

/* From where on nothing is missing. */
static int64_t complete_since(const struct streams *s) { return s->n ? s->ring[s->first]->since : s->newest; }

void streams_add(struct streams *s, int64_t change, struct bytes json)
{
        pthread_mutex_lock(&s->lock);
        if (change > s->newest) {
                struct stream_piece *p = make(s, s->newest, change, json);
                while (s->n == STREAM_KEEPS || (s->n && s->bytes + p->length > STREAM_BYTES))
                        drop_oldest(s);
                s->ring[(s->first + s->n++) % STREAM_KEEPS] = p;
                s->bytes += p->length;
                s->newest = change;
                pthread_cond_broadcast(&s->news);
        }
        pthread_mutex_unlock(&s->lock);
}

/* --- listening --- */

/* Nobody has found out anything while nobody listened: the first listener knows better than we do. What it says is not
 * believed for longer than until somebody says less, so that a number out of thin air harms only who sent it. */
static void begin_at(struct streams *s, int64_t from)
{
        if (s->listeners == 0 && from > s->newest) {
                drop_all(s);
                s->newest = from;
        } else if (!s->n && from < s->newest)
                s->newest = from;
}

int64_t streams_join(struct streams *s, int64_t from)
{
        pthread_mutex_lock(&s->lock);
        if (from >= 0)
                begin_at(s, from);
        int64_t position = from >= 0 ? from : s->newest;
        s->listeners++;
        pthread_cond_signal(&s->wanted);
        pthread_mutex_unlock(&s->lock);
        return position;
}

void streams_leave(struct streams *s)
{
        pthread_mutex_lock(&s->lock);
        s->listeners--;
        pthread_mutex_unlock(&s->lock);
}

static struct timespec after_ms(int ms)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        t.tv_sec += ms / 1000;
        t.tv_nsec += ms % 1000 * 1000000L;
        if (t.tv_nsec >= 1000000000L) {
                t.tv_sec++;
                t.tv_nsec -= 1000000000L;
        }
        return t;
}

static struct stream_piece *find(struct streams *s, int64_t position)
{
        if (position < complete_since(s))
                return make_reload(s);
        for (size_t i = 0; i < s->n; i++) {
                struct stream_piece *p = s->ring[(s->first + i) % STREAM_KEEPS];
                if (p->change > position) {
                        p->uses++;
                        return p;
                }
        }
        return NULL;
}

enum stream_next streams_next(struct streams *s, int64_t *position, int ms, struct stream_piece **piece)
{
        struct timespec until = after_ms(ms);
        int late = 0;
        *piece = NULL;
        pthread_mutex_lock(&s->lock);
        while (!s->over && !(*piece = find(s, *position)) && !late)
                late = pthread_cond_timedwait(&s->news, &s->lock, &until);
        bool over = s->over;
        if (*piece)
                *position = (*piece)->change;
        pthread_mutex_unlock(&s->lock);
        return over ? STREAM_OVER : *piece ? STREAM_PIECE : STREAM_NOTHING;
}

/* --- finding out --- */

bool streams_wanted(struct streams *s, int ms)
{
        struct timespec until = after_ms(ms);
        pthread_mutex_lock(&s->lock);
        for (int late = 0; !s->over && !s->listeners && !late;)
                late = pthread_cond_timedwait(&s->wanted, &s->lock, &until);
        bool wanted = !s->over && s->listeners;
        pthread_mutex_unlock(&s->lock);
        return wanted;
}

int64_t streams_position(struct streams *s)
{
        pthread_mutex_lock(&s->lock);
        int64_t position = s->newest;
        pthread_mutex_unlock(&s->lock);
        return position;
}

void streams_stop(struct streams *s)
{
        pthread_mutex_lock(&s->lock);
        s->over = true;
        pthread_cond_broadcast(&s->news);
        pthread_cond_broadcast(&s->wanted);
        pthread_mutex_unlock(&s->lock);
}

bool streams_stopped(struct streams *s)
{
        pthread_mutex_lock(&s->lock);
        bool over = s->over;
        pthread_mutex_unlock(&s->lock);
        return over;
}
