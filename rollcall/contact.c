#include "rollcall/contact.h"
#include "base/i18n.h"
#include "base/random.h"
#include "base/rule.h"

#include <string.h>

static uint32_t draw(void)
{
        uint32_t chance = 0;
        if (!random_bytes(&chance, sizeof(chance)))
                return 0; /* no jitter is no harm */
        return chance;
}

static void say_rule(struct contact *c, const char *place, int rule, const char *why)
{
        bool same = c->said == rule && !strcmp(c->why, why);
        c->said = rule;
        snprintf(c->why, sizeof(c->why), "%s", why);
        if (same || !c->say)
                return;
        struct err e = ERR_INIT;
        err_rule(&e, (enum rule)rule, place, why, NULL);
        AUTO_STR line = STR_MAX(2000);
        str_addf(&line, "XR-%03d %s. %s", rule, e.text, e.remedy);
        c->say(str_text(&line));
}

void contact_failed(struct contact *c, const char *place, int64_t now, const struct route_result *r)
{
        bool stuck = r->end == ROUTE_REFUSED || r->end == ROUTE_TOO_MUCH;
        if (stuck)
                backoff_stuck(&c->backoff, now);
        else
                backoff_failed(&c->backoff, now, draw(), r->asked);
        say_rule(c, place, stuck ? XR_COURIER_REFUSED : XR_COURIER_UNREACHED, r->why);
}

void contact_failed_as(struct contact *c, const char *place, int64_t now, int rule, const char *why)
{
        backoff_failed(&c->backoff, now, draw(), 0);
        say_rule(c, place, rule, why);
}

void contact_fine(struct contact *c, const char *place)
{
        if (c->said && c->say) {
                static const char reached[] = N_("{1} takes again what it is sent");
                AUTO_STR line = STR_MAX(1000);
                rule_expand(&line, _(reached), (const char *const[RULE_ARGS]){ place });
                c->say(str_text(&line));
        }
        c->said = 0;
        backoff_clear(&c->backoff);
}
