/* The steps of the sheet: how the servers are installed, what to do when one refuses, and who signs. */
#include "rollcall/sheet_parts.h"
#include "base/i18n.h"
#include "base/rule.h"

static void add_steps(struct str *out, const char *head, const char *const *steps, size_t n)
{
        str_add(out, "<div>");
        element(out, "h3", head);
        str_add(out, "<ol>");
        for (size_t i = 0; i < n; i++)
                element(out, "li", _(steps[i]));
        str_add(out, "</ol></div>\n");
}

void sheet_ways(const struct sheet *s, struct str *out)
{
        static const char *const stick[] = {
                N_("Plug the stick in and switch the server on. Choose the stick in the start menu, in UEFI mode if "
                   "the server has it."),
                N_("Touch nothing. After ten seconds the server finds out which host it is, checks its disks and "
                   "installs; this takes 10 to 30 minutes."),
                N_("When the screen says “Installed”, pull the stick out. The server restarts from its own disk."),
                N_("Tick “installed” and take the stick to the next server. The coordinator first, or all at once with "
                   "several sticks."),
                N_("At the end give the stick back: what happened on each server is written on it."),
        };
        static const char *const network[] = {
                N_("Plug the boot server into the same switch; the administrator arms the servers and starts 'xenroll "
                   "serve'."),
                N_("Switch the servers on and let them start from the network once (PXE or HTTP boot, often F12)."),
                N_("Touch nothing. Each one that is armed installs itself, once; others start from their own disk."),
                N_("Watch the status page. When a server restarts from its disk, tick “installed”."),
        };
        (void)s;
        str_add(out, "<div class=\"whole\">");
        element(out, "h2", _("Installing"));
        str_add(out, "<div class=\"ways\">");
        add_steps(out, _("From a stick"), stick, COUNT(stick));
        add_steps(out, _("Over the network"), network, COUNT(network));
        str_add(out, "</div>\n");
        element(out, "p",
                _("After the restart each server joins its pool by itself. “Arrived” may be ticked when the "
                  "status page, or 'xenroll-agent status' on the server's screen, says so; half an hour is normal."));
        str_add(out, "</div>\n");
}

void sheet_trouble(const struct sheet *s, struct str *out)
{
        static const struct {
                enum rule code;
                const char *sign, *remedy;
        } rows[] = {
                { XR_MACHINE_UNKNOWN, N_("the server is not on the list"),
                        N_("Compare MAC address and serial number on the screen with this sheet; send a photograph of "
                           "the screen to the administrator.") },
                { XR_CLOCK_WRONG, N_("the clock is wrong"),
                        N_("Set date and time in the firmware; replace the battery if they get lost again.") },
                { XR_DISK_NONE, N_("no disk fits"),
                        N_("Look whether the disk is plugged in and seen by the firmware or the RAID controller.") },
                { XR_DISK_INSTALLED, N_("the disk holds an installation"),
                        N_("Do not go on: is it the right server? Only the administrator may allow that it is "
                           "replaced.") },
                { XR_DISK_OTHER_DATA, N_("the disk holds data"),
                        N_("Do not go on before somebody knows whose data it is.") },
                { XR_NIC_NO_LINK, N_("no network card has a link"),
                        N_("Plug the cable in, look at the lights of the switch.") },
        };
        (void)s;
        str_add(out, "<div class=\"whole\">");
        element(out, "h2", _("When a server refuses"));
        element(out, "p",
                _("It has changed nothing. The screen shows a code XR-nnn and a sentence, and waits. Take a "
                  "photograph, then look here; 'xenroll explain XR-nnn' tells the administrator more."));
        str_add(out, "<table>\n<tbody>\n");
        for (size_t i = 0; i < COUNT(rows); i++) {
                str_add(out, "<tr>");
                elementf(out, "td class=\"num\"", "XR-%03d", (int)rows[i].code);
                element(out, "td class=\"what\"", _(rows[i].sign));
                element(out, "td", _(rows[i].remedy));
                str_add(out, "</tr>\n");
        }
        str_add(out, "</tbody>\n</table>\n</div>\n");
}

void sheet_sign(const struct sheet *s, struct str *out)
{
        const char *const lines[] = { _("Installed by (name, date)"), _("Checked by (name, date)"),
                _("Taken over by the school (signature)") };
        (void)s;
        str_add(out, "<div class=\"whole\">");
        element(out, "h2", _("Remarks and hand-over"));
        str_add(out, "<div class=\"lines\"></div>\n<div class=\"sign\">");
        for (size_t i = 0; i < COUNT(lines); i++)
                element(out, "div", lines[i]);
        str_add(out, "</div>\n</div>\n");
}
