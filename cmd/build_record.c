#include "cmd/build_record.h"
#include "base/file.h"
#include "postinstall/agent_plan.h"
#include "base/i18n.h"
#include "base/text.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>

void build_record_clear(struct build_record *b)
{
        answer_tree_clear(&b->answers);
        free(b->images);
        b->images = NULL;
}

static void add_text(struct digest *d, const char *text) { digest_add(d, text, strlen(text) + 1); }

/* The agent's plans say where their hosts report. */
void build_identify(struct build_record *b)
{
        struct digest *d = digest_new(NULL);
        unsigned char sum[32];
        digest_add(d, VERSION, sizeof(VERSION));
        digest_add(d, b->base_sha256, sizeof(b->base_sha256));
        digest_add(d, b->answers.digest, b->answers.n * sizeof(*b->answers.digest));
        if (b->agent->there)
                digest_add(d, b->agent->digest, sizeof(b->agent->digest));
        else
                for (size_t i = 0; i < b->plan->n_hosts; i++)
                        if (b->plan->hosts[i]->set->roll_call)
                                add_text(d, b->plan->hosts[i]->set->roll_call);
        digest_finish(d, sum);
        text_hex(sum, 8, b->id);
}

bool build_record_pack(const struct build_record *b, struct selector_pack *pack, size_t host, struct err *e)
{
        AUTO_STR plan = STR_MAX(AGENT_PLAN_LONGEST), report = STR_MAX(1000);
        build_agent_report(b->agent, b->plan->hosts[host], &report);
        if (b->agent->there)
                selector_pack_agent(pack, b->agent->sha256, b->agent->md5, b->agent->binary.len);
        bool fine = build_agent_plan(b->agent, b->plan->hosts[host], b->id, &plan, e) &&
                    selector_pack_add(pack, b->plan->hosts[host], bytes_of(b->answers.text[host], b->answers.len[host]),
                            str_bytes(&plan), str_text(&report), e);
        if (plan.ptr)
                explicit_bzero(plan.ptr, plan.cap);
        if (report.ptr)
                explicit_bzero(report.ptr, report.cap);
        return fine;
}

static json_t *head_of(const struct build_record *b)
{
        json_t *o = json_pack("{s:i, s:s, s:s, s:s, s:i}", "version", 2, "xenroll", VERSION, "build", b->id, "release",
                b->plan->release->id, "count", (int)b->plan->n_hosts);
        if (*b->base_sha256)
                json_object_set_new(o, "base", json_pack("{s:s}", "sha256", b->base_sha256));
        if (*b->uuid)
                json_object_set_new(o, "volume-uuid", json_string(b->uuid));
        if (b->agent->there)
                json_object_set_new(o, "agent", json_pack("{s:s}", "sha256", b->agent->sha256));
        return o;
}

static bool put_image(FILE *f, const struct build_record *b, size_t i)
{
        const struct media_unit *u = &b->images[i];
        char hex[65];
        digest_hex(u->sha256, hex);
        return fprintf(f, "%s\n{\"file\":\"media/%s.%s\",\"sha256\":\"%s\",\"hosts\":%zu}", i ? "," : "", u->name,
                       b->image_files ? "iso" : "delta", hex, u->last - u->first) > 0;
}

static bool put_images(FILE *f, const struct build_record *b)
{
        if (!b->n_images)
                return true;
        bool fine = fputs(",\"images\":[", f) != EOF;
        for (size_t i = 0; fine && i < b->n_images; i++)
                fine = put_image(f, b, i);
        return fine && fputs("\n]", f) != EOF;
}

static bool put_host(FILE *f, const struct build_record *b, size_t i)
{
        const struct host *h = b->plan->hosts[i];
        char hex[65];
        digest_hex(b->answers.digest[i], hex);
        return fprintf(f, "%s\n{\"school\":\"%s\",\"pool\":\"%s\",\"host\":\"%s\",\"answer-sha256\":\"%s\"}",
                       i ? "," : "", h->pool->school->id, h->pool->id, h->name, hex) > 0;
}

/* Ids and host names are plain ASCII words (checked), so hosts need no JSON escaping. */
bool build_record_write(const struct build_record *b, int dir, struct err *e)
{
        int fd = openat(dir, "build.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
        AUTO_FILE FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
        if (!f)
                return err_sys(e, _("creating %s"), "build.json");
        json_t *head = head_of(b);
        AUTO_FREE char *text = json_dumps(head, JSON_COMPACT);
        json_decref(head);
        bool fine = text && fprintf(f, "%.*s", (int)strlen(text) - 1, text) > 0 && put_images(f, b) &&
                    fputs(",\"hosts\":[", f) != EOF;
        for (size_t i = 0; fine && i < b->plan->n_hosts; i++)
                fine = put_host(f, b, i);
        if (fine && fputs("\n]}\n", f) != EOF && fflush(f) == 0)
                return true;
        return err_sys(e, _("writing %s"), "build.json");
}
