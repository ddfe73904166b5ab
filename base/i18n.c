#include "base/i18n.h"
#include "base/cleanup.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#ifndef LOCALEDIR
#define LOCALEDIR "/usr/local/share/locale"
#endif

/* The catalogue beside a program that runs from its build tree wins over an installed one. */
const char *i18n_folder(void)
{
        static char dir[4096];
        ssize_t n = readlink("/proc/self/exe", dir, sizeof(dir) - 8);
        if (n <= 0)
                return LOCALEDIR;
        dir[n] = '\0';
        char *slash = strrchr(dir, '/');
        if (!slash || slash - dir + sizeof("/locale") > sizeof(dir))
                return LOCALEDIR;
        memcpy(slash, "/locale", sizeof("/locale"));
        return access(dir, R_OK) == 0 ? dir : LOCALEDIR;
}

/* The one of our languages that a locale's name is of; NULL: none. */
static const char *ours(const char *name)
{
        size_t n = strcspn(name, "_-.@");
        return n != 2 ? NULL : !strncmp(name, "zh", n) ? "zh_CN" : !strncmp(name, "en", n) ? "en" : NULL;
}

/* A system on which the user's locale is not installed still knows from its name what he reads. */
static void take_language_of_locale(void)
{
        static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
        for (size_t i = 0; i < COUNT(names); i++) {
                const char *name = getenv(names[i]);
                if (!name || !*name)
                        continue;
                if (ours(name))
                        setenv("LANGUAGE", ours(name), 0);
                return;
        }
}

bool i18n_init(const char *language)
{
        /* gettext translates nothing in locale "C"; a minimal system has C.UTF-8 and no other. */
        const char *locale = setlocale(LC_ALL, "");
        if (!locale)
                take_language_of_locale();
        if (!locale || !strcmp(locale, "C") || !strcmp(locale, "POSIX"))
                setlocale(LC_ALL, "C.UTF-8");
        /* Numbers and sorting never depend on who runs the program: same input, same bytes. */
        setlocale(LC_NUMERIC, "C");
        setlocale(LC_COLLATE, "C");
        bool known = !language || ours(language);
        if (language && known)
                setenv("LANGUAGE", ours(language), 1);
        bindtextdomain("xenroll", i18n_folder());
        bind_textdomain_codeset("xenroll", "UTF-8");
        textdomain("xenroll");
        return known;
}
