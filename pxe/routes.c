#include "pxe/routes.h"
#include "base/text.h"

#include <string.h>

/* One character of the target; -1 when it is none that a path has. */
static int take_character(const char **p)
{
        int c = (unsigned char)**p;
        if (c == '%') {
                c = text_percent(*p, strnlen(*p, 3));
                if (c < 0)
                        return -1;
                *p += 2;
        }
        ++*p;
        return c < 0x20 || c == 0x7f ? -1 : c;
}

/* The part between two slashes that ends at the end of text: "." or "..". */
static bool ends_in_dots(const char *text, size_t n)
{
        size_t dots = 0;
        while (dots < n && text[n - 1 - dots] == '.')
                dots++;
        return (dots == 1 || dots == 2) && text[n - 1 - dots] == '/';
}

bool path_decode(const char *target, char out[LONGEST_ASK_PATH + 1])
{
        size_t n = 0;
        if (*target != '/')
                return false;
        while (*target) {
                int c = take_character(&target);
                if (c < 0 || n >= LONGEST_ASK_PATH)
                        return false;
                if (c == '/' && n && out[n - 1] == '/')
                        continue;
                if (c == '/' && n && ends_in_dots(out, n))
                        return false;
                out[n++] = (char)c;
        }
        out[n] = '\0';
        return !ends_in_dots(out, n);
}

static const char *after(const char *path, const char *prefix)
{
        size_t n = strlen(prefix);
        return !strncmp(path, prefix, n) && path[n] ? path + n : NULL;
}

enum route route_of(const char *path, const char **name)
{
        if ((*name = after(path, "/repo/")))
                return ROUTE_REPO;
        if ((*name = after(path, "/boot/")))
                return ROUTE_LOADER;
        return route_is_backend(path, true) ? ROUTE_BACKEND : ROUTE_NONE;
}

bool route_is_backend(const char *path, bool post)
{
        bool below = after(path, "/h/") || after(path, "/enrol/");
        if (!below && !post)
                below = after(path, "/boot/pxelinux.cfg/") || after(path, "/boot/grub/") || after(path, "/boot/grub-serial/") || after(path, "/boot/ipxe/");
        return below && text_is_ascii(path);
}

void path_show(const char *path, struct str *out)
{
        const char *const secret[] = { "/h/", "/enrol/", "/events/" };
        for (size_t i = 0; i < sizeof(secret) / sizeof(*secret); i++) {
                const char *token = after(path, secret[i]);
                if (!token)
                        continue;
                str_addf(out, "%s****%s", secret[i], token + strcspn(token, "/"));
                return;
        }
        str_add(out, path);
}
