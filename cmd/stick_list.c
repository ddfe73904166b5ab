#include "cmd/stick_list.h"
#include "cmd/command.h"
#include "base/i18n.h"
#include "isobuilder/contents.h"
#include "isobuilder/device.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>

/* One that --device may name without more, or may not, and why. */
struct shown {
        const struct device *device;
        struct contents contents;
        bool known;                     /* contents: root could look */
        struct err no;                  /* kind ERR_NONE: usable */
};

/* Looking disturbs nothing, also not where it is mounted. */
static void look(const struct device *d, struct shown *s)
{
        struct err e = ERR_INIT;
        *s = (struct shown){ .device = d, .no = ERR_INIT };
        AUTO_FD int fd = d->size ? open(d->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
        s->known = fd >= 0 && contents_read(fd, d->size, &s->contents, &e);
        if (!s->known)
                snprintf(s->contents.text, sizeof(s->contents.text), "%s", d->size ? _("not known (root may look)") : "-");
        /* The judgement stands in s->no. */
        if (!device_judge(d, 0, false, &s->no))
                return;
}

static void line(const char *key, const char *value) { printf("    %s: %s\n", key, value); }

static void print_one(const struct shown *s)
{
        AUTO_STR what = STR_MAX(512);
        device_describe(s->device, &what);
        printf("%s  %s\n", s->device->path, str_text(&what));
        line(_("on it"), s->contents.text);
        if (s->no.kind)
                line(_("not usable"), s->no.text);
        else
                line(_("usable"), !s->known || s->contents.blank || s->contents.ours ? _("yes") : _("yes, with --erase: everything on it is lost"));
}

static json_t *to_json(const struct shown *s)
{
        const struct device *d = s->device;
        return json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:b, s:b, s:i, s:s, s:s, s:s, s:b, s:b, s:b, s:s?, s:i}", "path", d->path, "size",
                (json_int_t)d->size, "vendor", d->vendor, "model", d->model, "serial", d->serial, "bus", d->bus, "removable", d->removable,
                "read-only", d->read_only, "partitions", (int)d->partitions, "mounted", d->mounted, "in-use", d->used_by, "contents",
                s->contents.text, "blank", s->contents.blank, "xenroll", s->contents.ours, "usable", s->no.kind == ERR_NONE, "why-not",
                s->no.kind ? s->no.text : NULL, "code", s->no.code);
}

static bool print_json(json_t *all, struct err *e)
{
        bool fine = json_dumpf(all, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;
        json_decref(all);
        return fine ? true : err_sys(e, _("writing the output"));
}

static void clear_list(struct device_list *l) { device_list_clear(l); }

bool stick_list(bool json, struct err *e)
{
        OWN(clear_list) struct device_list list = { 0 };
        if (!device_list(device_root(), false, &list, e))
                return false;
        json_t *all = json_array();
        size_t found = 0;
        for (size_t i = 0; i < list.n; i++) {
                const struct device *d = &list.items[i];
                struct shown s;
                /* A fixed disk on USB is shown, and why it is not taken. */
                if (!d->removable && strcmp(d->bus, "usb"))
                        continue;
                found++;
                look(d, &s);
                if (!json)
                        print_one(&s);
                else if (json_array_append_new(all, to_json(&s)) < 0) {
                        json_decref(all);
                        return err_set(e, ERR_WORLD, _("%s has a name that is not UTF-8 text"), d->path);
                }
        }
        if (json)
                return print_json(all, e);
        json_decref(all);
        if (!found)
                printf("%s\n", _("No USB stick or card is plugged in."));
        return true;
}
