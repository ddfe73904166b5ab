/* Stock boot menus and what becomes of them: pairs of files in tests/golden/bootconfig, NAME.isolinux.cfg or NAME.grub.cfg
 * beside NAME.….out (the patched text, or "XR-nnn: sentence"). GOLDEN_UPDATE=1 writes the .out files, to be read then. */
#include "tests/unit/unit.h"
#include "base/file.h"
#include "base/i18n.h"
#include "isobuilder/bootconfig.h"
#include "isobuilder/prepare.h"
#include "isobuilder/treeinfo.h"

#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>

static void patch_file(const char *path, struct str *out)
{
        struct err e = ERR_INIT;
        AUTO_STR text = STR_MAX(1 << 20);
        bool grub = strstr(path, ".grub.");
        struct bootconfig_spec spec = { "boot.cfg", "2041-07-15-03-22-51-08", "xenroll-select", 10, strstr(path, "usb"),
                .ramdisk = !strstr(path, "xenserver-6.5") };
        if (!file_read(AT_FDCWD, path, 1 << 20, &text, &e) ||
                !(grub ? bootconfig_grub : bootconfig_isolinux)(&spec, str_bytes(&text), out, &e)) {
                str_reset(out);
                str_addf(out, "XR-%03d: %s\n", e.code, e.text);
        }
}

static void compare(const char *path)
{
        struct err e = ERR_INIT;
        AUTO_STR got = STR_MAX(1 << 20), want = STR_MAX(1 << 20), golden = STR_MAX(1000);
        patch_file(path, &got);
        str_addf(&golden, "%.*sout", (int)strlen(path) - 3, path);
        if (getenv("GOLDEN_UPDATE"))
                unit_case("bootconfig", path, file_publish(AT_FDCWD, str_text(&golden), str_bytes(&got), 0644, &e), e.text);
        else if (file_read(AT_FDCWD, str_text(&golden), 1 << 20, &want, &e))
                unit_case("bootconfig", path, !strcmp(str_text(&got), str_text(&want)), str_text(&got));
        else
                unit_case("bootconfig", path, false, e.text);
}

static const struct {
        const char *why, *text, *want;
} infos[] = {
        { "plain", "[a]\nkey = value\n", "value" }, { "other section", "[b]\nkey = value\n", NULL }, { "blanks and CRLF", "[a]\r\n  key=  two words \r\n", "two words" },
        { "no newline at the end", "[a]\nkey=x", "x" }, { "section repeated", "[a]\n[b]\n[a]\nkey=x\n", "x" }, { "empty", "", NULL }, { "longer key", "[a]\nkeys=x\n", NULL },
        { "unprintable bytes are dropped", "[a]\nkey=\x1b[31mred\xff\n", "[31mred" },
};

int main(void)
{
        i18n_init("en");
        glob_t found;
        if (glob("tests/golden/bootconfig/*.cfg", 0, NULL, &found) == 0) {
                for (size_t i = 0; i < found.gl_pathc; i++)
                        compare(found.gl_pathv[i]);
                globfree(&found);
        }
        for (size_t i = 0; i < COUNT(infos); i++) {
                char value[64] = "";
                bool got = treeinfo_get(bytes_of(infos[i].text, strlen(infos[i].text)), "a", "key", value, sizeof(value));
                unit_same("treeinfo", infos[i].why, got ? value : NULL, infos[i].want);
        }
        static const unsigned char low[32], high[32] = { 255, 255, 255, 255, 255, 255, 255, 255 };
        char uuid[23];
        prepare_uuid(low, uuid);
        unit_same("uuid", "smallest digest", uuid, "2000-01-01-00-00-00-00");
        prepare_uuid(high, uuid);
        unit_same("uuid", "largest digest", uuid, "2088-07-11-00-18-36-15");
        return 0;
}
