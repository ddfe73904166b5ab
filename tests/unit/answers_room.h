/* answers_room.h - what answers are asked of in unit programs: a build of two schools, its folder, store and arming. */
#pragma once
#include "tests/unit/unit.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "rollcall/answers.h"
#include "rollcall/web_password.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEED "0123456789abcdef0123456789abcdef"

static int64_t passed; /* ms */
static int64_t now(void) { return 1700000000000 + passed; }

static const struct expected_machine main_hosts[] = { { "xen1", "10.0.0.11", "00:16:3e:00:00:01", "S1", true },
        { "xen2", "10.0.0.12", "00:16:3e:00:00:02", "S2", false } };
static const struct expected_machine lab_hosts[] = { { "<script>", "10.0.0.13", "00:16:3e:00:00:03", "S3", false } };
static const struct expected_pool pools[] = { { "main", "主资源池", main_hosts, 2 }, { "lab", "Lab", lab_hosts, 1 } };
static const struct expected_pool far_pools[] = { { "main", "Main", main_hosts, 2 } };
static const struct expected_school schools[] = { { "nn36", "南宁市第三十六中学", pools, 2 },
        { "gl1", "Guilin", far_pools, 1 } };
static const struct expected build = {
        .timezone = "Asia/Shanghai", .district = "Qingxiu", .with_agent = true, .schools = schools, .n_schools = 2
};

struct room {
        char path[64], cookie[200], csrf[64], last[65536];
        int out;
        struct store *store;
        struct arming *arming;
        struct answers *answers;
};

static bool expect(struct store *store, struct err *e)
{
        struct expected_host list[8];
        size_t n = 0;
        for (size_t s = 0; s < build.n_schools; s++)
                for (size_t p = 0; p < schools[s].n_pools; p++)
                        for (size_t i = 0; i < schools[s].pools[p].n_hosts; i++) {
                                const struct expected_machine *m = &schools[s].pools[p].hosts[i];
                                list[n++] =
                                        (struct expected_host){ schools[s].id, schools[s].name, schools[s].pools[p].id,
                                                schools[s].pools[p].name, m->name, m->address, m->mac, m->serial };
                        }
        return store_expect(store, list, n, e);
}

static bool room_open(struct room *r, bool everybody, struct err *e)
{
        *r = (struct room){ .out = -1 };
        snprintf(r->path, sizeof(r->path), "/tmp/answers.XXXXXX");
        if (!mkdtemp(r->path))
                return err_sys(e, "mkdtemp");
        r->out = open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (mkdirat(r->out, "secrets", 0700) < 0)
                return err_sys(e, "secrets");
        AUTO_FD int secrets = openat(r->out, "secrets", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        AUTO_FREE char *hash = web_password_hash("correct horse", e);
        r->store = store_open(r->out, NULL, true, e);
        r->arming = arming_open(r->out, true, e);
        if (!hash || !r->store || !r->arming || !expect(r->store, e) ||
                !file_publish(secrets, "seed", bytes_of(SEED, 32), 0600, e) ||
                !file_publish(secrets, "web.hash", bytes_of(hash, strlen(hash)), 0600, e))
                return false;
        r->answers = answers_new(&(struct answers_config){ r->store, &build, r->arming, r->out, everybody, now }, e);
        return r->answers;
}

static void room_close(struct room *r)
{
        struct err e = ERR_INIT;
        answers_free(r->answers);
        arming_close(r->arming);
        store_close(r->store);
        close(r->out);
        (void)!file_remove_tree(AT_FDCWD, r->path, &e);
}

/* "GET /path?query" or "POST /path"; what came stays in last. */
static int ask(struct room *r, const char *peer, const char *question, const char *fields, const char *body)
{
        struct reply reply = REPLY_INIT;
        const char *path = strchr(question, ' ') + 1;
        bool get = !strncmp(question, "GET", 3);
        answers_answer(r->answers,
                &(struct ask){
                        get ? "GET" : "POST", path, peer, { body ? body : "", body ? strlen(body) : 0 }, fields },
                &reply);
        snprintf(r->last, sizeof(r->last), "%s\n%s", str_text(&reply.fields), str_text(&reply.body));
        int status = reply.status;
        reply_clear(&reply);
        return status;
}
