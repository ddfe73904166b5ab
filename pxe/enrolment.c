#include "pxe/enrolment.h"
#include "pxe/form.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CARDS = 16, LARGEST_REPORT = 32 << 10 };

static bool is_mac(const char *text)
{
        if (strlen(text) != 17)
                return false;
        for (int i = 0; i < 17; i++)
                if (i % 3 == 2 ? text[i] != ':' : !isxdigit((unsigned char)text[i]))
                        return false;
        return true;
}

/* Appends to a list with a sign between; what no longer fits is left out. */
static void append(char *list, size_t size, const char *between, const char *item)
{
        size_t n = strlen(list);
        if (n + strlen(between) + strlen(item) < size)
                snprintf(list + n, size - n, "%s%s", n ? between : "", item);
}

static void take_mac(struct enrolled *m, char *mac)
{
        for (char *c = mac; *c; c++)
                *c = (char)tolower((unsigned char)*c);
        if (is_mac(mac) && !strstr(m->macs, mac))
                append(m->macs, sizeof(m->macs), " ", mac);
}

/* "BY-ID|BYTES|BUS|MODEL" */
static void take_disk(struct enrolled *m, char *disk)
{
        for (char *c = disk; *c; c++)
                *c = *c == '|' ? '\t' : *c == '\t' ? ' ' : *c;
        append(m->disks, sizeof(m->disks), "\n", disk);
}

static void take(struct enrolled *m, const char *key, char *value)
{
        if (!strcmp(key, "mac"))
                take_mac(m, value);
        else if (!strcmp(key, "serial"))
                snprintf(m->serial, sizeof(m->serial), "%s", value);
        else if (!strcmp(key, "model"))
                snprintf(m->model, sizeof(m->model), "%s", value);
        else if (!strcmp(key, "cpu"))
                snprintf(m->cpu, sizeof(m->cpu), "%s", value);
        else if (!strcmp(key, "cpus"))
                m->cpus = (int)strtol(value, NULL, 10);
        else if (!strcmp(key, "memory-kib"))
                m->memory = (int64_t)(strtoull(value, NULL, 10) % (1ULL << 42)) * 1024;
        else if (!strcmp(key, "firmware"))
                snprintf(m->firmware, sizeof(m->firmware), "%s", !strcmp(value, "UEFI") ? "UEFI" : "BIOS");
        else if (!strcmp(key, "disk"))
                take_disk(m, value);
}

bool enrolment_read(struct bytes form, struct enrolled *m)
{
        char *text = malloc(LARGEST_REPORT), *rest;
        *m = (struct enrolled){ .cpus = 0 };
        if (text && form_field(form, "report", text, LARGEST_REPORT))
                for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
                        char *tab = strchr(line, '\t');
                        if (!tab)
                                continue;
                        *tab = '\0';
                        take(m, line, tab + 1);
                }
        free(text);
        return *m->macs;
}
