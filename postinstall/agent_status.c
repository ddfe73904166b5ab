/* How far the agent on this host is, for 'xenroll-agent status'. */
#include "postinstall/agent.h"
#include "postinstall/agent_parts.h"
#include "base/i18n.h"

#include <string.h>
#include <time.h>

enum { LONGEST = 16384 };

/* The value behind "key<TAB>" at the beginning of a line; false when there is no such line. */
static bool value_of(const char *text, const char *key, char *out, size_t size)
{
        size_t n = strlen(key);
        for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
                if (!strncmp(line, key, n) && line[n] == '\t') {
                        snprintf(out, size, "%.*s", (int)strcspn(line + n + 1, "\n"), line + n + 1);
                        return true;
                }
        return false;
}

static void print_value(const char *label, const char *text, const char *key)
{
        char value[1300];
        if (value_of(text, key, value, sizeof(value)))
                printf("%s%s\n", label, value);
}

static void print_time(const char *text)
{
        char value[32], when[64];
        struct tm t;
        if (!value_of(text, "time", value, sizeof(value)))
                return;
        time_t seconds = strtoll(value, NULL, 10);
        if (localtime_r(&seconds, &t) && strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S %z", &t))
                printf(_("Since:    %s\n"), when);
}

bool agent_status(int root, struct err *e)
{
        AUTO_STR text = STR_MAX(LONGEST);
        char outcome[32] = "", code[16];
        if (!machine_exists(root, "/var/lib/xenroll/result")) {
                if (!machine_exists(root, "/etc/xenroll/plan.xml"))
                        return err_set(e, ERR_INPUT,
                                _("this host has no plan: xenroll did not install it, or it is finished"));
                printf("%s\n", _("The agent has not begun yet."));
                return true;
        }
        if (!machine_read(root, "/var/lib/xenroll/result", LONGEST, &text, e))
                return false;
        (void)value_of(str_text(&text), "outcome", outcome, sizeof(outcome));
        print_value(_("Host:     "), str_text(&text), "host");
        printf(_("State:    %s\n"), !strcmp(outcome, "converged") ? _("everything is as planned")
                                    : !strcmp(outcome, "stopped") ? _("stopped")
                                    : !strcmp(outcome, "waiting") ? _("waiting")
                                                                  : _("working"));
        print_value(_("Step:     "), str_text(&text), "step");
        print_time(str_text(&text));
        if (value_of(str_text(&text), "code", code, sizeof(code)))
                printf(_("Code:     XR-%s\n"), code);
        print_value(_("Reason:   "), str_text(&text), "text");
        print_value(_("Remedy:   "), str_text(&text), "remedy");
        print_value(_("Warning:  "), str_text(&text), "warning");
        return true;
}
