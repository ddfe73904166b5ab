#include "cmd/pool_link.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/rule.h"
#include "cmd/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST_LIST = 4 << 20, LARGEST_PASSWORD = 4096, PROBE_MS = 20000 };

void pool_links_clear(struct pool_links *l) { secret_clear(&l->password); }

/* --- certificates that are known: lines "ADDRESS FINGERPRINT", the last one counts --- */

/* The folder of the list, made when it is not there; -1 and e set on failure. */
static int list_folder(struct err *e)
{
        AUTO_STR path = STR_MAX(4096);
        const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
        if (state && *state == '/')
                str_add(&path, state);
        else if (home && *home == '/')
                str_addf(&path, "%s/.local/state", home);
        else
                return err_set(e, ERR_WORLD, _("HOME is not set, and known certificates are kept there")), -1;
        str_add(&path, "/xenroll");
        const char *text = str_text(&path);
        for (char *slash = path.ptr + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
                *slash = '\0';
                if (mkdir(text, 0755) < 0 && errno != EEXIST)
                        break;
        }
        int dir = mkdir(text, 0700) < 0 && errno != EEXIST ? -1 : open(text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                err_sys(e, _("creating %s"), text);
        return dir;
}

static bool read_list(int dir, struct str *list, struct err *e)
{
        return faccessat(dir, "certificates", F_OK, 0) < 0 || file_read(dir, "certificates", LARGEST_LIST, list, e);
}

static bool find_known(const struct str *list, const char *address, char known[FINGERPRINT_TEXT])
{
        size_t n = strlen(address);
        bool found = false;
        for (const char *line = str_text(list); *line; line += strcspn(line, "\n"), line += *line == '\n')
                if (!strncmp(line, address, n) && line[n] == ' ' &&
                        strcspn(line + n + 1, "\n") == FINGERPRINT_TEXT - 1) {
                        snprintf(known, FINGERPRINT_TEXT, "%.64s", line + n + 1);
                        found = true;
                }
        return found;
}

/* What the host shows, to a goodbye from nobody: nothing secret is sent. */
static bool show_certificate(const char *url, char shown[FINGERPRINT_TEXT], struct err *e)
{
        static const char harmless[] =
                "<?xml version=\"1.0\"?><methodCall><methodName>session.logout</methodName><params><param>"
                "<value><string>OpaqueRef:NULL</string></value></param></params></methodCall>";
        AUTO_STR answer = STR_MAX(1 << 20);
        const struct transport_target target = { .url = url };
        struct transport *t = transport_new(&target, e);
        int status;
        if (!t)
                return false;
        enum transport_end end =
                transport_post(t, bytes_of(harmless, sizeof(harmless) - 1), PROBE_MS, &answer, &status, e);
        snprintf(shown, FINGERPRINT_TEXT, "%s", transport_fingerprint(t));
        transport_free(t);
        if (end == TRANSPORT_UNREACHED || !*shown)
                return false;
        *e = (struct err)ERR_INIT;
        return true;
}

static bool is_named(const struct pool_links *l, const char *shown)
{
        for (size_t i = 0; i < l->options->trust.n; i++)
                if (!strcmp(l->options->trust.items[i], shown))
                        return true;
        return false;
}

static bool is_confirmed(const char *address, const char *shown)
{
        AUTO_STR question = STR_MAX(1000);
        str_addf(&question,
                _("%s shows a certificate that is not known yet:\n  %s\nOn that host 'openssl x509 -noout -fingerprint "
                  "-sha256 -in /etc/xensource/xapi-ssl.pem' prints it too.\nIs it the same? [yes/no]"),
                address, shown);
        return ask_possible() && ask_yes(str_text(&question));
}

/* A known certificate is replaced only by one that was named: when the host shows another, the pin refuses it. */
static bool choose_pin(
        const struct pool_links *l, const char *address, const char *url, char pin[FINGERPRINT_TEXT], struct err *e)
{
        char shown[FINGERPRINT_TEXT] = "";
        AUTO_STR list = STR_MAX(LARGEST_LIST + 200);
        AUTO_FD int dir = list_folder(e);
        if (dir < 0 || !read_list(dir, &list, e))
                return false;
        bool known = find_known(&list, address, pin);
        if (known && !l->options->trust.n)
                return true;
        if (!show_certificate(url, shown, e))
                return false;
        if (known && (!strcmp(shown, pin) || !is_named(l, shown)))
                return true;
        if (!is_named(l, shown) && !is_confirmed(address, shown))
                return err_refuse(e, XR_TRANSPORT_NEW_CERTIFICATE, address, shown, NULL);
        memcpy(pin, shown, FINGERPRINT_TEXT);
        str_addf(&list, "%s %s\n", address, pin);
        return file_publish(dir, "certificates", str_bytes(&list), 0600, e);
}

/* --- the password --- */

static bool read_password(struct pool_links *l, struct err *e)
{
        const char *file = l->options->password_file;
        char text[LARGEST_PASSWORD];
        if (l->password.ptr)
                return true;
        if (!file)
                return ask_secret(_("Password of root on the pool's coordinator:"), &l->password, e);
        AUTO_FD int opened = strcmp(file, "-") ? open(file, O_RDONLY | O_CLOEXEC) : -1;
        ssize_t got = read(strcmp(file, "-") ? opened : STDIN_FILENO, text, sizeof(text) - 1);
        if (got < 0)
                return err_sys(e, _("reading %s"), file);
        text[got] = '\0';
        l->password = secret_of(text, strcspn(text, "\r\n"));
        explicit_bzero(text, sizeof(text));
        return l->password.len || err_set(e, ERR_INPUT, _("%s has no password in its first line"), file);
}

const char *pool_link_address(const struct pool_link_options *o, const struct agent_plan *p, struct err *e)
{
        const char *name = "", *address = o->address;
        for (size_t i = 0; i < p->n_members; i++)
                if (p->members[i].coordinator) {
                        name = p->members[i].name;
                        address = address ? address : p->members[i].address;
                }
        if (!address)
                err_rule(e, XR_TRANSPORT_NO_ADDRESS, p->pool, name, NULL);
        return address;
}

static void log_call(void *arg, const char *line) { log_event("xapi", line, "at", (const char *)arg, NULL); }

struct xapi *pool_link_open(struct pool_links *l, const char *address, bool plain, struct err *e)
{
        char pin[FINGERPRINT_TEXT] = "";
        AUTO_STR url = STR_MAX(300);
        str_addf(&url, "%s://%s/", plain ? "http" : "https", address);
        if ((!plain && !choose_pin(l, address, str_text(&url), pin, e)) || !read_password(l, e))
                return NULL;
        const struct transport_target target = { .url = str_text(&url), .pin = *pin ? pin : NULL };
        return xapi_new(&target, &l->password, log_call, (void *)(uintptr_t)address, e);
}
