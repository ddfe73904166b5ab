#include "isobuilder/report_fat.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

/* Both are on every stick, whatever language xenroll speaks: who finds it may speak either. Lines end as Windows wants. */
static const char note_zh[] =
        "\xef\xbb\xbf这个 U 盘由 xenroll 制作，用来在服务器上无人值守地安装 XenServer 或 XCP-ng。\r\n"
        "\r\n"
        "· 用它启动机器，安装会自动开始。请只在要安装的机器上使用。\r\n"
        "· 安装结束后，报告会保存在这个分区里。\r\n"
        "· Windows 可能会提示另一个分区“需要格式化”：请选择“取消”。格式化会毁掉安装映像。\r\n"
        "· 安装映像里有 root 密码的散列值、主机名和地址。请像保管钥匙一样保管这个 U 盘。\r\n";
static const char note_en[] =
        "This stick was written by xenroll. It installs XenServer or XCP-ng on servers with\r\n"
        "nobody at the keyboard.\r\n"
        "\r\n"
        "- Start a machine from it, and the installation begins by itself. Use it only on\r\n"
        "  machines that are to be installed.\r\n"
        "- Reports of installations appear in this partition.\r\n"
        "- Windows may offer to format the other partition: decline. Formatting destroys the\r\n"
        "  installation image.\r\n"
        "- The image holds hashes of root's password, names and addresses. Keep this stick\r\n"
        "  like a key.\r\n";

#define WHEN 946684800          /* 2000-01-01: FAT has no "no date" that Windows shows as such */
#define STRING(x) #x
#define VALUE(x) STRING(x)

static bool mtools(const char *const *argv, int image, int file, struct err *e)
{
        static const char *const env[] = { "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC0", "MTOOLS_SKIP_CHECK=1", "MTOOLSRC=/dev/null",
                "HOME=/nonexistent", "SOURCE_DATE_EPOCH=" VALUE(WHEN), NULL };
        struct proc p = { .argv = argv, .env = env, .pass_fds = { image, file }, .deadline_ms = 10000 };
        return proc_run(&p, e);
}

static int memory_file(const char *name, const void *content, size_t n, struct err *e)
{
        static const struct timespec times[2] = { { .tv_sec = WHEN }, { .tv_sec = WHEN } };
        AUTO_FD int fd = memfd_create(name, MFD_CLOEXEC);
        if (fd >= 0 && file_write_all(fd, content, n) && futimens(fd, times) == 0)
                return take_fd(&fd);
        err_sys(e, _("copying %s into memory"), name);
        return -1;
}

static bool put(int image, const char *name, const char *text, size_t n, struct err *e)
{
        char to[32], from[32], inner[64];
        AUTO_FD int file = memory_file("note", text, n, e);
        if (file < 0)
                return false;
        snprintf(to, sizeof(to), "/proc/self/fd/%d", image);
        snprintf(from, sizeof(from), "/proc/self/fd/%d", file);
        snprintf(inner, sizeof(inner), "::%s", name);
        const char *argv[] = { "mcopy", "-m", "-i", to, from, inner, NULL };
        return mtools(argv, image, file, e);
}

static bool format(int image, uint64_t bytes, uint64_t sector, struct err *e)
{
        char name[32], sectors[24], hidden[24];
        snprintf(name, sizeof(name), "/proc/self/fd/%d", image);
        snprintf(sectors, sizeof(sectors), "%llu", (unsigned long long)(bytes / 512));
        snprintf(hidden, sizeof(hidden), "%llu", (unsigned long long)sector);
        /* The number is fixed: without it mformat takes the time of day. */
        const char *argv[] = { "mformat", "-i", name, "-v", REPORT_FAT_LABEL, "-N", "58454e52", "-T", sectors, "-h", "255", "-s", "63", "-H", hidden,
                "::", NULL };
        return mtools(argv, image, 0, e);
}

static unsigned get16(const unsigned char *p) { return p[0] | (unsigned)p[1] << 8; }

/* Reserved sectors, FATs and root directory: they count also where they are zero. 0 when the boot sector is not as mformat makes it. */
static size_t least_bytes(const unsigned char *s)
{
        size_t sectors = get16(s + 14) + (size_t)s[16] * get16(s + 22) + (get16(s + 17) * 32u + 511) / 512;
        return get16(s + 11) == 512 && get16(s + 22) ? sectors * 512 : 0;
}

/* The image is sparse, and its files lie at the beginning of the data. */
static size_t used_bytes(const unsigned char *p, size_t n)
{
        size_t least = least_bytes(p), last = n;
        while (last > least && !p[last - 1])
                last--;
        return least && least < n ? (last + 4095) / 4096 * 4096 : 0;
}

bool report_fat_make(uint64_t bytes, uint64_t sector, struct str *out, struct err *e)
{
        AUTO_FD int image = memfd_create("reports", MFD_CLOEXEC);
        if (image < 0 || ftruncate(image, (off_t)bytes) < 0)
                return err_sys(e, _("copying %s into memory"), REPORT_FAT_LABEL);
        if (!format(image, bytes, sector, e) || !put(image, "说明.txt", note_zh, sizeof(note_zh) - 1, e) ||
            !put(image, "README.txt", note_en, sizeof(note_en) - 1, e))
                return err_ctx(e, _("making the partition for reports"));
        void *p = mmap(NULL, bytes, PROT_READ, MAP_SHARED, image, 0);
        if (p == MAP_FAILED)
                return err_sys(e, _("making the partition for reports"));
        size_t used = used_bytes(p, bytes);
        str_addn(out, p, used);
        munmap(p, bytes);
        if (!used)
                return err_set(e, ERR_WORLD, _("mformat made a file system that is not a FAT16"));
        return str_ok(out, REPORT_FAT_LABEL, e);
}
