/* What machines tell the desk, and how much of the packages each has been served. */
#include "pxe/installing.h"
#include "pxe/served.h"
#include "pxe/told.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

/* --- reports --- */

static const struct {
        const char *why, *body, *want; /* "STAGE STEP OUTCOME CODE DETAIL"; NULL: none */
} told[] = {
        { "a form", "stage=install&outcome=completed&code=-&clock=1&detail=done", "install  completed 0 done" },
        { "of the agent", "stage=agent&step=join&outcome=stopped&code=921&detail=no%20a",
                "agent join stopped 921 no a" },
        { "no stage", "outcome=failed&code=503", "  failed 503 " },
        { "JSON", "{\"stage\":\"agent\",\"step\":\"ha\",\"outcome\":\"done\",\"code\":0}", "agent ha done 0 " },
        { "JSON, a code as text", " \n{\"outcome\":\"failed\",\"code\":\"052\",\"detail\":\"x\"}", "  failed 52 x" },
        { "JSON, control characters and what is not ASCII", "{\"outcome\":\"a\\u0001\",\"detail\":\"\\u5317<b>\"}",
                "  a? 0 ??"
                "?<b>" },
        { "an array: the last counts", "[{\"outcome\":\"begun\"},{\"outcome\":\"done\"}]", "  done 0 " },
        { "an empty array", "[]", NULL },
        { "an array of something else", "[1,\"outcome\"]", NULL },
        { "JSON that ends early", "{\"outcome\":\"done\"", NULL },
        { "another type", "{\"outcome\":{\"a\":1}}", NULL },
        { "no outcome", "stage=agent", NULL },
        { "an outcome that is too long", "outcome=abcdefghijklmnopqrstuvwxyz", NULL },
        { "nothing", "", NULL },
};

static void check_told(void)
{
        for (size_t i = 0; i < COUNT(told); i++) {
                struct told t;
                AUTO_STR got = STR_MAX(4000);
                if (told_read(bytes_of(told[i].body, strlen(told[i].body)), &t))
                        str_addf(&got, "%s %s %s %d %s", t.stage, t.step, t.outcome, t.code, t.detail);
                unit_same("told", told[i].why, str_text(&got), told[i].want ? told[i].want : "");
        }
}

/* --- packages --- */

/* "b A H": the machine at address A, called H, begins; other words are lines of what has been served, "A=BYTES". Of
 * 1,000 bytes. */
static const struct {
        const char *why, *script, *want;
} shares[] = {
        { "a machine gets on", "bA1 A=100 A=250", "1:10 1:35 " },
        { "nobody's address", "bA1 B=500", "" },
        { "less than one in a hundred is not told", "bA1 A=4 A=4 A=4", "1:1 " },
        { "never more than 99", "bA1 A=2000 A=1", "1:99 " },
        { "it begins again", "bA1 A=500 bA1 A=100", "1:50 1:10 " },
        { "from another address", "bA1 A=500 bB1 A=100 B=200", "1:50 1:20 " },
        { "another machine at the same address", "bA1 A=500 bA2 A=300", "1:50 2:30 " },
        { "two", "bA1 bB2 A=100 B=200", "1:10 2:20 " },
        { "what is no line", "bA1 A= =5 A", "" },
};

static void note(void *arg, const char *school, const char *host, int percent)
{
        (void)school;
        str_addf(arg, "%s:%d ", host, percent);
}

static void check_shares(void)
{
        for (size_t i = 0; i < COUNT(shares); i++) {
                AUTO_STR got = STR_MAX(1000);
                struct installing *all = installing_new(1000);
                AUTO_FREE char *script = strdup(shares[i].script);
                for (char *save, *word = strtok_r(script, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
                        char *equals = strchr(word, '=');
                        if (*word == 'b')
                                installing_begin(all, (char[]){ word[1], 0 }, "school", word + 2);
                        else {
                                if (equals)
                                        *equals = ' ';
                                installing_served(all, bytes_of(word, strlen(word)), note, &got);
                        }
                }
                unit_same("installing", shares[i].why, str_text(&got), shares[i].want);
                installing_free(all);
        }
}

static const struct {
        const char *path;
        bool counts;
} files[] = {
        { "Packages/xen.rpm", true },
        { "repodata/repomd.xml", true },
        { "packages.main/a.tar.bz2", true },
        { "boot/vmlinuz", false },
        { "EFI/xenserver/grubx64.efi", false },
        { "install.img", false },
        { ".treeinfo", false },
};

static void check_served(void)
{
        AUTO_STR got = STR_MAX(1000);
        struct served *s = served_new();
        for (size_t i = 0; i < COUNT(files); i++)
                unit_case("served", files[i].path, served_is_package(files[i].path) == files[i].counts, "");
        served_add(s, "192.0.2.1", 5);
        served_add(s, "192.0.2.2", 6);
        served_add(s, "192.0.2.1", 7);
        served_take(s, &got);
        served_take(s, &got);
        served_add(s, "192.0.2.1", 1);
        served_take(s, &got);
        unit_same("served", "it adds up, and begins anew", str_text(&got), "192.0.2.1 12\n192.0.2.2 6\n192.0.2.1 1\n");
        served_free(s);
}

int main(void)
{
        check_told();
        check_shares();
        check_served();
        return 0;
}
