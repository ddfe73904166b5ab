/* sample_host.h - one host with everything that can be said about it, built without a site file. */
#pragma once
#include "answerfiles/site.h"

struct sample {
        struct settings set;
        struct school school;
        struct pool pool;
        struct host host;
        struct disk_rule guests[2];
        struct install_source packs[2], drivers[1];
        struct script start[1], populated[2];
};

#define SAMPLE_HASH "$6$samplesalt$smC5ET9NJttPfD598y0r0JQhYI6pFcv/KdDFfA/1GbyfbgWDXthvT5.cyHzLFRRCdZ7GyXSlwDJM9beKbX5oZ0"

static const char *sample_ntp[] = { "ntp.aliyun.com", "ntp.ntsc.ac.cn" };
static const char *sample_dns[] = { "223.5.5.5", "2400:3200::1" };

static void sample_disks(struct sample *s)
{
        s->set.disk = (struct disk_rule){ .kind = DISK_BY_ID, .value = "ata-INTEL_SSDSC2KB480G8_PHYF001" };
        s->guests[0] = (struct disk_rule){ .kind = DISK_BY_PATH, .value = "pci-0000:00:1f.2-ata-2" };
        s->guests[1] = (struct disk_rule){ .kind = DISK_DEVICE, .value = "sdc" };
        s->set.guest_disks = s->guests;
        s->set.n_guest_disks = 2;
        s->set.raid = (struct raid){ .device = "md127", .disks = { { .kind = DISK_BY_ID, .value = "ata-A" },
                { .kind = DISK_BY_ID, .value = "ata-B" } } };
}

static void sample_sources(struct sample *s)
{
        s->packs[0] = (struct install_source){ .type = SOURCE_URL, .url = "http://192.168.0.5/pack/?a=1&b=<2>" };
        s->packs[1] = (struct install_source){ .type = SOURCE_NFS, .url = "192.168.0.5:/packs/two" };
        s->set.packs = (struct source_list){ s->packs, 2 };
        s->drivers[0] = (struct install_source){ .type = SOURCE_URL, .url = "http://192.168.0.5/driver/" };
        s->set.driver_disks = (struct source_list){ s->drivers, 1 };
        s->start[0] = (struct script){ .url = "nfs://192.168.0.5/scripts/start.sh" };
        s->populated[0] = (struct script){ .file = "scripts/note.sh", .medium_name = "hook-1a2b3c4d5e6f" };
        s->populated[1] = (struct script){ .url = "http://192.168.0.5/two.sh" };
        s->set.scripts[STAGE_INSTALLATION_START] = (struct script_list){ s->start, 1 };
        s->set.scripts[STAGE_PACKAGES_INSTALLED] = (struct script_list){ s->populated, 1 };
        s->set.scripts[STAGE_FILESYSTEM_POPULATED] = (struct script_list){ s->populated, 2 };
}

static void sample_init(struct sample *s)
{
        *s = (struct sample){ .host = { .name = "nn36-xen1", .number = 1 } };
        s->school.subnet = (struct subnet){ .addr = 0xc0a80000, .mask = 0xffffff00, .prefix = 24, .given = true };
        s->school.gateway = (struct ip4){ .addr = 0xc0a80001, .given = true };
        s->pool.school = &s->school;
        s->host.pool = &s->pool;
        s->host.set = &s->set;
        s->host.mac = (struct mac){ .byte = { 0x00, 0x16, 0x3e, 0, 0, 0x11 }, .given = true };
        s->host.address = (struct ip4){ .addr = 0xc0a8000b, .given = true };
        s->host.address6 = "2001:db8::11/64";
        s->set = (struct settings){ .keyboard = "us", .timezone = "Asia/Shanghai", .local_storage = LOCAL_EXT,
                .ntp = { sample_ntp, NULL, 2 }, .dns = { sample_dns, NULL, 2 }, .domain = "school.example",
                .root_password = { PASSWORD_HASH, SAMPLE_HASH, { 0 } }, .vlan = 10, .ipv6 = IPV6_STATIC };
        sample_disks(s);
        sample_sources(s);
}
