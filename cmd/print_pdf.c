#include "cmd/print_pdf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEADLINE = 60 * 1000, LARGEST_PDF = 64 << 20, LARGEST_HTML = 16 << 20 };

static const char *find_browser(void)
{
        static const char *const names[] = { "chromium", "chromium-browser", "google-chrome" };
        for (size_t i = 0; i < COUNT(names); i++)
                if (proc_have(names[i]))
                        return names[i];
        return NULL;
}

struct folder {
        char path[40]; /* "" = none */
};

static void folder_remove(struct folder *f)
{
        struct err ignored = ERR_INIT;
        if (*f->path && !file_remove_tree(AT_FDCWD, f->path, &ignored))
                *f->path = '\0';
}

static bool copy(int from, const char *name, int to, const char *as, size_t max, struct err *e)
{
        AUTO_STR content = STR_MAX(max);
        return file_read(from, name, max, &content, e) && file_publish(to, as, str_bytes(&content), 0644, e);
}

/* The browser sees a folder with this page alone, and no network: nothing outside is named, and nothing shall be
 * fetched. Its own sandbox needs rights that root, or a container, takes from it. */
static bool run_browser(const char *browser, const char *folder, struct err *e)
{
        AUTO_STR home = STR_MAX(200), profile = STR_MAX(200), print = STR_MAX(200), page = STR_MAX(200);
        str_addf(&home, "HOME=%s", folder);
        str_addf(&profile, "--user-data-dir=%s/profile", folder);
        str_addf(&print, "--print-to-pdf=%s/page.pdf", folder);
        str_addf(&page, "file://%s/page.html", folder);
        const char *const argv[] = { browser, "--headless", "--disable-gpu", "--disable-dev-shm-usage",
                "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9", "--no-pdf-header-footer",
                str_text(&profile), str_text(&print), geteuid() ? str_text(&page) : "--no-sandbox",
                geteuid() ? NULL : str_text(&page), NULL };
        const char *const env[] = { "PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", str_text(&home), NULL };
        const struct proc p = { .argv = argv, .env = env, .deadline_ms = DEADLINE };
        return proc_run(&p, e);
}

bool print_pdf(int dir, const char *html, const char *pdf, struct err *e)
{
        const char *browser = find_browser();
        if (!browser)
                return err_set(e, ERR_WORLD, _("no browser is installed"));
        OWN(folder_remove) struct folder f = { "/tmp/xenroll-print-XXXXXX" };
        if (!mkdtemp(f.path)) {
                *f.path = '\0';
                return err_sys(e, _("creating %s"), "/tmp/xenroll-print");
        }
        AUTO_FD int work = open(f.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return work >= 0 && copy(dir, html, work, "page.html", LARGEST_HTML, e) && run_browser(browser, f.path, e) &&
               copy(work, "page.pdf", dir, pdf, LARGEST_PDF, e);
}
