#include "pxe/told.h"
#include "pxe/form.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* What does not fit is as good as not said, but for the detail, which is cut by who wrote it. */
static void copy(const char *text, size_t n, char *out, size_t size)
{
        *out = '\0';
        if (n >= size)
                return;
        for (size_t i = 0; i < n; i++)
                out[i] = (text[i] >= ' ' && text[i] <= '~') || text[i] == '\n' || text[i] == '\t' ? text[i] : '?';
        out[n] = '\0';
}

static void member(const json_t *object, const char *name, char *out, size_t size)
{
        char number[24];
        const json_t *v = json_object_get(object, name);
        *out = '\0';
        if (json_is_string(v))
                copy(json_string_value(v), json_string_length(v), out, size);
        else if (json_is_integer(v)) {
                int n = snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(v));
                copy(number, (size_t)n, out, size);
        }
}

static void field(struct bytes form, const char *name, char *out, size_t size)
{
        if (!form_field(form, name, out, size))
                *out = '\0';
}

static void read_json(struct bytes body, struct told *t, char code[8])
{
        json_t *root = json_loadb(body.ptr, body.len, 0, NULL);
        const json_t *o = json_is_array(root) ? json_array_get(root, json_array_size(root) - 1) : root;
        member(o, "stage", t->stage, sizeof(t->stage));
        member(o, "step", t->step, sizeof(t->step));
        member(o, "outcome", t->outcome, sizeof(t->outcome));
        member(o, "detail", t->detail, sizeof(t->detail));
        member(o, "code", code, 8);
        json_decref(root);
}

static bool is_json(struct bytes body)
{
        size_t i = 0;
        while (i < body.len && strchr(" \t\r\n", body.ptr[i]))
                i++;
        return i < body.len && (body.ptr[i] == '{' || body.ptr[i] == '[');
}

bool told_read(struct bytes body, struct told *t)
{
        char code[8] = "";
        *t = (struct told){ .code = 0 };
        if (is_json(body))
                read_json(body, t, code);
        else {
                field(body, "stage", t->stage, sizeof(t->stage));
                field(body, "step", t->step, sizeof(t->step));
                field(body, "outcome", t->outcome, sizeof(t->outcome));
                field(body, "detail", t->detail, sizeof(t->detail));
                field(body, "code", code, sizeof(code));
        }
        t->code = atoi(code);
        return *t->outcome;
}
