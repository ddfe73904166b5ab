#include "cmd/build_record.h"
#include "base/file.h"
#include "base/i18n.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>

static json_t *head_of(const struct build_record *b)
{
        json_t *o = json_pack("{s:i, s:s, s:s, s:s, s:i}", "version", 1, "xenroll", VERSION, "build", b->id, "release",
                b->plan->release->id, "count", (int)b->plan->n_hosts);
        if (*b->base_sha256)
                json_object_set_new(o, "base", json_pack("{s:s}", "sha256", b->base_sha256));
        if (*b->image_sha256)
                json_object_set_new(o, "image", json_pack("{s:s, s:s, s:s}", "file", "media/universal.iso", "sha256", b->image_sha256, "uuid", b->uuid));
        return o;
}

static bool put_host(FILE *f, const struct build_record *b, size_t i)
{
        const struct host *h = b->plan->hosts[i];
        char hex[65];
        for (int k = 0; k < 32; k++)
                snprintf(hex + 2 * k, 3, "%02x", b->answers.digest[i][k]);
        return fprintf(f, "%s\n{\"school\":\"%s\",\"pool\":\"%s\",\"host\":\"%s\",\"answer-sha256\":\"%s\"}", i ? "," : "", h->pool->school->id, h->pool->id,
                       h->name, hex) > 0;
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
        bool fine = text && fprintf(f, "%.*s,\"hosts\":[", (int)strlen(text) - 1, text) > 0;
        for (size_t i = 0; fine && i < b->plan->n_hosts; i++)
                fine = put_host(f, b, i);
        if (fine && fputs("\n]}\n", f) != EOF && fflush(f) == 0)
                return true;
        return err_sys(e, _("writing %s"), "build.json");
}
