#include "answerfiles/answer_tree.h"
#include "base/file.h"
#include "base/i18n.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_WORKERS = 8, LARGEST_ANSWER = 1 << 20 };

struct job {
        const struct plan *plan;
        const struct answer_options *options;
        int dir;
        struct answer_tree *tree;
        bool keep;
        atomic_size_t next_school, done;
        atomic_bool stop;
        _Atomic uint64_t bytes;
        void (*tick)(size_t, void *);
        void *tick_arg;
};

struct worker {
        struct job *job;
        pthread_t thread;
        bool first;                     /* the one that ticks */
        struct answer_writer *writer;
        struct str text;
        struct err e;
};

static bool keep_result(struct worker *w, const struct host *h)
{
        struct answer_tree *t = w->job->tree;
        size_t i = h->number - 1;
        SHA256((const unsigned char *)str_text(&w->text), w->text.len, t->digest[i]);
        atomic_fetch_add(&w->job->bytes, w->text.len);
        if (!w->job->keep)
                return true;
        t->len[i] = w->text.len;
        t->text[i] = malloc(w->text.len + 1);
        if (!t->text[i])
                file_out_of_memory();
        memcpy(t->text[i], str_text(&w->text), w->text.len + 1);
        return true;
}

static bool write_host(struct worker *w, int folder, const struct host *h)
{
        AUTO_STR name = STR_MAX(200);
        str_reset(&w->text);
        if (!answer_write(w->writer, h, &w->text, &w->e))
                return err_ctx(&w->e, _("writing the answer file of %s"), h->name);
        str_addf(&name, "%s.xml", h->name);
        if (!str_ok(&w->text, str_text(&name), &w->e) || !str_ok(&name, h->name, &w->e))
                return false;
        /* Root's password hash is inside. */
        AUTO_FD int fd = openat(folder, str_text(&name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 || !file_write_all(fd, str_text(&w->text), w->text.len))
                return err_sys(&w->e, _("writing %s"), str_text(&name));
        return keep_result(w, h);
}

static bool write_school(struct worker *w, const struct school *s)
{
        struct job *j = w->job;
        if (mkdirat(j->dir, s->id, 0700) < 0)
                return err_sys(&w->e, _("creating %s"), s->id);
        AUTO_FD int folder = openat(j->dir, s->id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (folder < 0)
                return err_sys(&w->e, _("creating %s"), s->id);
        for (size_t p = 0; p < s->n_pools; p++)
                for (size_t h = 0; h < s->pools[p]->n_hosts; h++) {
                        if (atomic_load(&j->stop) || !write_host(w, folder, s->pools[p]->hosts[h]))
                                return false;
                        size_t done = atomic_fetch_add(&j->done, 1) + 1;
                        if (w->first && j->tick)
                                j->tick(done, j->tick_arg);
                }
        return true;
}

static void *work(void *arg)
{
        struct worker *w = arg;
        struct job *j = w->job;
        for (size_t i; (i = atomic_fetch_add(&j->next_school, 1)) < j->plan->n_schools;)
                if (!write_school(w, j->plan->schools[i])) {
                        atomic_store(&j->stop, true);
                        break;
                }
        return NULL;
}

static void tree_alloc(struct answer_tree *t, size_t n, bool keep)
{
        *t = (struct answer_tree){ .n = n };
        t->digest = calloc(n + 1, sizeof(*t->digest));
        t->text = keep ? calloc(n + 1, sizeof(*t->text)) : NULL;
        t->len = keep ? calloc(n + 1, sizeof(*t->len)) : NULL;
        if (!t->digest || (keep && (!t->text || !t->len)))
                file_out_of_memory();
}

void answer_tree_clear(struct answer_tree *t)
{
        for (size_t i = 0; t->text && i < t->n; i++) {
                if (t->text[i])
                        explicit_bzero(t->text[i], t->len[i]);
                free(t->text[i]);
        }
        free(t->text);
        free(t->len);
        free(t->digest);
        *t = (struct answer_tree){ 0 };
}

static size_t worker_count(const struct plan *plan)
{
        long cpus = sysconf(_SC_NPROCESSORS_ONLN);
        size_t n = cpus < 1 ? 1 : cpus > MOST_WORKERS ? MOST_WORKERS : (size_t)cpus;
        return n < plan->n_schools ? n : plan->n_schools ? plan->n_schools : 1;
}

static bool start_worker(struct worker *w, struct job *j, size_t i, struct err *e)
{
        *w = (struct worker){ .job = j, .first = !i, .text = STR_MAX(LARGEST_ANSWER), .e = ERR_INIT };
        w->writer = answer_writer_new(j->plan->release, j->options, e);
        if (!w->writer)
                return false;
        if (i && pthread_create(&w->thread, NULL, work, w) != 0) {
                answer_writer_free(w->writer);
                errno = EAGAIN;
                return err_sys(e, _("starting a thread"));
        }
        return true;
}

bool answer_tree_write(const struct plan *plan, const struct answer_options *options, int dir, bool keep_texts,
        void (*tick)(size_t, void *), void *tick_arg, struct answer_tree *out, struct err *e)
{
        struct worker workers[MOST_WORKERS];
        struct job job = { .plan = plan, .options = options, .dir = dir, .tree = out, .keep = keep_texts, .tick = tick, .tick_arg = tick_arg };
        size_t wanted = worker_count(plan), started = 0;
        tree_alloc(out, plan->n_hosts, keep_texts);
        while (started < wanted && start_worker(&workers[started], &job, started, e))
                started++;
        bool fine = started == wanted;
        if (!fine)
                atomic_store(&job.stop, true);
        if (started)
                work(&workers[0]);
        for (size_t i = 0; i < started; i++) {
                if (i)
                        pthread_join(workers[i].thread, NULL);
                if (fine && workers[i].e.kind != ERR_NONE) {
                        *e = workers[i].e;
                        fine = false;
                }
                answer_writer_free(workers[i].writer);
                if (workers[i].text.ptr)
                        explicit_bzero(workers[i].text.ptr, workers[i].text.cap);
                str_clear(&workers[i].text);
        }
        out->bytes = atomic_load(&job.bytes);
        if (!fine)
                answer_tree_clear(out);
        return fine;
}
