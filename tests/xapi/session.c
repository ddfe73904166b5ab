#include "tests/xapi/session.h"
#include "base/file.h"

#include <crypt.h>
#include <string.h>

enum { LONGEST_SHADOW = 1 << 16 };

static const char *file_of(int dir)
{
        return faccessat(dir, "etc/shadow", F_OK, 0) ? "etc/passwd" : "etc/shadow";
}

/* Where root's hash stands in text; NULL when it does not. */
static const char *root_line(const char *text)
{
        for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
                if (!strncmp(line, "root:", 5))
                        return line + 5;
        return NULL;
}

/* Of the host's etc/shadow, or etc/passwd where it has none; false when there is none. */
static bool root_hash(int dir, struct str *out)
{
        struct err ignored = ERR_INIT;
        AUTO_STR text = STR_MAX(LONGEST_SHADOW);
        if (dir < 0 || !file_read(dir, file_of(dir), LONGEST_SHADOW, &text, &ignored))
                return false;
        const char *at = root_line(str_text(&text));
        if (at)
                str_addn(out, at, strcspn(at, ":\n"));
        return at;
}

/* A member's xapi takes root's password from its coordinator when it starts. */
void password_fetched(struct world *w, int host)
{
        int from = w->hosts[w->hosts[host].master].root, to = w->hosts[host].root;
        struct err ignored = ERR_INIT;
        AUTO_STR hash = STR_MAX(LONGEST_SHADOW);
        AUTO_STR old = STR_MAX(LONGEST_SHADOW);
        AUTO_STR new = STR_MAX(2 * LONGEST_SHADOW);
        if (to < 0 || !root_hash(from, &hash) || !file_read(to, file_of(to), LONGEST_SHADOW, &old, &ignored))
                return;
        const char *at = root_line(str_text(&old));
        if (!at)
                return;
        str_addn(&new, old.ptr, (size_t)(at - old.ptr));
        str_add(&new, str_text(&hash));
        str_add(&new, at + strcspn(at, ":\n"));
        host_writes(w, host, file_of(to), str_text(&new));
}

bool password_fits(struct world *w, int host, const char *user, const char *password)
{
        const struct host *h = &w->hosts[host];
        struct crypt_data data = { 0 };
        AUTO_STR hash = STR_MAX(LONGEST_SHADOW);
        if (strcmp(user, "root"))
                return false;
        if (!root_hash(h->root, &hash))
                return h->root < 0 && !strcmp(password, h->password);
        const char *made = crypt_r(password, str_text(&hash), &data);
        return made && *made != '*' && !strcmp(made, str_text(&hash));
}

void session_login(struct call *c)
{
        const char *originator = c->n > 3 ? c->args[3]->text : "";
        for (size_t i = 0; i < c->n; i++)
                if (c->args[i]->kind != V_TEXT) {
                        complain(c->w, "session.login_with_password: a parameter is no string");
                        fail(c, "FIELD_TYPE_ERROR", c->m->params[i].name, NULL);
                        return;
                }
        if (c->r->via == VIA_TCP && !password_fits(c->w, c->asked, c->args[0]->text, c->args[1]->text)) {
                fail(c, "SESSION_AUTHENTICATION_FAILED", NULL);
                return;
        }
        struct object *s = db_add(c->db, "session"), *h = host_object(c->w, c->asked);
        put_text(c->db, s, "this_host", h ? h->ref : NULL_REF);
        put_bool(c->db, s, "pool", false);
        put_bool(c->db, s, "is_local_superuser", true);
        put_text(c->db, s, "originator", originator);
        c->result = val_text(c->a, s->ref);
}

void session_logout(struct call *c) { db_remove(c->db, c->session); }

/* --- tasks --- */

void task_destroy(struct call *c)
{
        struct object *t = arg_object(c, 0);
        if (t)
                db_remove(c->db, t);
}

void task_create(struct call *c)
{
        struct object *t = db_add(c->db, "task");
        put_text(c->db, t, "name_label", arg_text(c, 0));
        put_text(c->db, t, "name_description", arg_text(c, 1));
        put_text(c->db, t, "status", "pending");
        c->result = val_text(c->a, t->ref);
}

/* --- secrets --- */

void secret_create(struct call *c)
{
        static const char *const needed[] = { "value", NULL };
        if (check_record(c, c->args[0], c->m->class, needed))
                add_from_record(c, c->args[0], "secret");
}

void secret_destroy(struct call *c)
{
        struct object *s = arg_object(c, 0);
        if (s)
                db_remove(c->db, s);
}
