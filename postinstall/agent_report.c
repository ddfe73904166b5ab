/* What the agent says while it works: lines for the journal of the host, and forms for the boot server, or the roll call, if one
 * listens. */
#include "postinstall/agent_parts.h"
#include "base/i18n.h"
#include "postinstall/clock.h"

#include <ctype.h>
#include <string.h>

enum { PATIENCE = 3000 /* ms */, DEAF = 600000 /* ms for which a server that did not answer is left alone */ };

void agent_log(struct agent *a, const char *fmt, ...)
{
        (void)a;
        va_list ap;
        va_start(ap, fmt);
        flockfile(stderr);
        vfprintf(stderr, fmt, ap);
        fputc('\n', stderr);
        funlockfile(stderr);
        va_end(ap);
}

void agent_log_call(void *arg, const char *line) { agent_log(arg, "%s", line); }

void agent_warn(struct agent *a, enum rule rule, ...)
{
        struct err e = ERR_INIT;
        const char *args[RULE_ARGS] = { NULL };
        va_list ap;
        va_start(ap, rule);
        for (size_t i = 0; i < COUNT(args) && (args[i] = va_arg(ap, const char *)); i++)
                ;
        va_end(ap);
        err_rule(&e, rule, args[0], args[1], args[2], args[3], NULL);
        if (strstr(a->warning, e.text))
                return;
        size_t n = strlen(a->warning);
        snprintf(a->warning + n, sizeof(a->warning) - n, "%sXR-%03d %s", n ? "; " : "", rule, e.text);
        agent_log(a, "XR-%03d %s", rule, e.text);
}

static void add_field(struct str *out, const char *name, const char *value)
{
        str_addf(out, "%s%s=", out->len ? "&" : "", name);
        for (; *value; value++) {
                if (isalnum((unsigned char)*value) || strchr("-._", *value))
                        str_addc(out, *value);
                else
                        str_addf(out, "%%%02x", (unsigned char)*value);
        }
}

static const char *known_pin(const struct agent *a)
{
        return a->report_pin ? a->report_pin : *a->memory.report_pin ? a->memory.report_pin : NULL;
}

/* Whoever answered first is who is told from now on. A journal that takes no line is somebody else's trouble. */
static void keep_pin(struct agent *a, const struct transport *t)
{
        struct err ignored = ERR_INIT;
        const char *shown = transport_fingerprint(t);
        if (!known_pin(a) && *shown && !memory_note(a, "roll-call", shown, &ignored))
                agent_log(a, "%s", ignored.text);
}

static void post(struct agent *a, const struct str *form)
{
        struct err why = ERR_INIT;
        int status;
        AUTO_STR answer = STR_MAX(4096);
        const struct transport_target target = { .url = a->report,
                .pin = known_pin(a),
                .content_type = "application/x-www-form-urlencoded" };
        struct transport *t = form->failed ? NULL : transport_new(&target, &why);
        if (t && transport_post(t, str_bytes(form), PATIENCE, &answer, &status, &why) == TRANSPORT_DONE)
                keep_pin(a, t);
        else {
                a->deaf_until = clock_steady() + DEAF;
                agent_log(a, "XR-%03d %s", why.code, why.text);
        }
        transport_free(t);
}

void agent_tell(struct agent *a, const char *stage, const char *outcome, const struct err *why)
{
        char code[8], now[24];
        agent_log(a, "%s: %s", stage, outcome);
        if (!*a->report || clock_steady() < a->deaf_until)
                return;
        AUTO_STR form = STR_MAX(8192);
        snprintf(code, sizeof(code), "%03d", why ? why->code : 0);
        snprintf(now, sizeof(now), "%lld", (long long)clock_wall());
        add_field(&form, "stage", "agent");
        add_field(&form, "step", stage);
        add_field(&form, "outcome", outcome);
        add_field(&form, "code", code);
        add_field(&form, "detail", why ? why->text : "");
        add_field(&form, "time", now);
        post(a, &form);
}
