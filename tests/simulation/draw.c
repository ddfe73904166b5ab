/* What goes wrong in a run of the fault ring. */
#include "tests/simulation/faults.h"
#include "tests/simulation/deployment.h"
#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

enum whose { ANYBODY, COORDINATOR, MEMBER };

static const struct refusal {
        enum whose whose;
        const char *method, *error;
} refusals[] = {
        { ANYBODY, "", "INTERNAL_ERROR Unix.Unix_error(Unix.ECONNRESET,_\"read\",_\"\")" },
        { ANYBODY, "", "HOST_STILL_BOOTING" },
        { ANYBODY, "", "SESSION_INVALID OpaqueRef:00000000-0000-4000-8000-000000000000" },
        { MEMBER, "pool.join", "JOINING_HOST_SERVICE_FAILED" },
        { MEMBER, "pool.join", "JOINING_HOST_CONNECTION_FAILED" },
        { MEMBER, "pool.join", "OTHER_OPERATION_IN_PROGRESS pool OpaqueRef:NULL" },
        { MEMBER, "pool.join", "POOL_JOINING_HOST_TLS_VERIFICATION_MISMATCH" },
        { MEMBER, "pool.join", "POOL_JOINING_MASTER_CERTIFICATE_NOT_IN_POOL_BUNDLE" },
        { MEMBER, "pool.join", "HOSTS_NOT_HOMOGENEOUS CPUs_differ" },
        { MEMBER, "pool.join", "LICENCE_RESTRICTION pool_size" },
        { ANYBODY, "session.login_with_password", "SESSION_AUTHENTICATION_FAILED root Authentication_failure" },
        { ANYBODY, "session.login_with_password", "HOST_STILL_BOOTING" },
        { COORDINATOR, "SR.create", "SR_BACKEND_FAILURE_73  NFS_mount_error " },
        { COORDINATOR, "SR.create", "SR_BACKEND_FAILURE_108  NFS_server_is_down " },
        { COORDINATOR, "SR.create", "SR_BACKEND_FAILURE_140  Incorrect_DNS_name " },
        { COORDINATOR, "SR.probe", "SR_BACKEND_FAILURE_141  Unable_to_connect " },
        { COORDINATOR, "SR.introduce", "INTERNAL_ERROR Not_found" },
        { ANYBODY, "PBD.plug", "SR_BACKEND_FAILURE_73  NFS_mount_error " },
        { COORDINATOR, "PBD.create", "INTERNAL_ERROR Not_found" },
        { ANYBODY, "pool.add_to_other_config", "INTERNAL_ERROR Db_exn.Read_missing_uuid" },
        { ANYBODY, "pool.remove_from_other_config", "HOST_OFFLINE OpaqueRef:NULL" },
        { COORDINATOR, "pool.enable_ha", "CANNOT_CREATE_STATE_FILE" },
        { COORDINATOR, "pool.enable_ha", "HOST_OFFLINE OpaqueRef:NULL" },
        { COORDINATOR, "Bond.create", "INTERNAL_ERROR Not_found" },
        { COORDINATOR, "network.create", "INTERNAL_ERROR Not_found" },
        { COORDINATOR, "pool.create_VLAN_from_PIF", "INTERNAL_ERROR Not_found" },
        { ANYBODY, "PIF.reconfigure_ip", "INTERNAL_ERROR Not_found" },
        { COORDINATOR, "secret.create", "INTERNAL_ERROR Not_found" },
        { COORDINATOR, "VM.clone", "OTHER_OPERATION_IN_PROGRESS VM OpaqueRef:NULL" },
        { COORDINATOR, "VM.provision", "SR_BACKEND_FAILURE_44  Not_enough_space " },
        { COORDINATOR, "VM.start", "HOST_NOT_ENOUGH_FREE_MEMORY 1 0" },
        { ANYBODY, "host.set_name_label", "INTERNAL_ERROR Not_found" },
        { ANYBODY, "host.add_to_other_config", "INTERNAL_ERROR Not_found" },
        { COORDINATOR, "pool.set_default_SR", "INTERNAL_ERROR Not_found" },
};

/* Calls at which a lost answer, a death or a long pause matter most. */
static const struct tender {
        enum whose whose;
        const char *method;
} tender[] = {
        { MEMBER, "pool.join" },
        { MEMBER, "pool.join" },
        { COORDINATOR, "SR.create" },
        { COORDINATOR, "SR.introduce" },
        { COORDINATOR, "PBD.create" },
        { ANYBODY, "PBD.plug" },
        { COORDINATOR, "pool.enable_ha" },
        { COORDINATOR, "VM.clone" },
        { COORDINATOR, "VM.provision" },
        { COORDINATOR, "VBD.create" },
        { COORDINATOR, "VIF.create" },
        { COORDINATOR, "VM.start" },
        { COORDINATOR, "Bond.create" },
        { COORDINATOR, "network.create" },
        { COORDINATOR, "pool.create_VLAN_from_PIF" },
        { ANYBODY, "PIF.reconfigure_ip" },
        { COORDINATOR, "secret.create" },
        { COORDINATOR, "secret.destroy" },
        { ANYBODY, "pool.add_to_other_config" },
        { ANYBODY, "pool.remove_from_other_config" },
        { ANYBODY, "host.add_to_other_config" },
        { ANYBODY, "session.login_with_password" },
        { COORDINATOR, "VMSS.create" },
};

static void belongs_to(struct fault *f, enum whose whose, const struct deployment *d, struct chance *c)
{
        if (whose == COORDINATOR || d->n == 1)
                f->host = 0;
        else if (whose == MEMBER)
                f->host = (int)chance_in(c, 1, d->n - 1);
}

static void when_asked(struct fault *f, const struct deployment *d, struct chance *c)
{
        f->when = AT_REQUEST;
        f->after = chance_one_in(c, 2);
        if (chance_one_in(c, 2)) {
                const struct tender *t = &tender[chance_in(c, 0, COUNT(tender) - 1)];
                snprintf(f->method, sizeof(f->method), "%s", t->method);
                belongs_to(f, t->whose, d, c);
                f->nth = chance_in(c, 1, 3);
        } else {
                f->nth = chance_in(c, 1, 60);
        }
}

static void at_point(struct fault *f, struct chance *c)
{
        f->when = AT_POINT;
        f->nth = chance_in(c, 1, chance_one_in(c, 3) ? 200 : 60);
}

static void at_time(struct fault *f, struct chance *c)
{
        f->when = AT_TIME;
        f->nth = chance_in(c, 0, chance_one_in(c, 4) ? 30 * MINUTE : 5 * MINUTE);
}

static void any_moment(struct fault *f, const struct deployment *d, struct chance *c)
{
        if (chance_one_in(c, 2))
                at_point(f, c);
        else if (chance_one_in(c, 3))
                at_time(f, c);
        else
                when_asked(f, d, c);
}

static void draw_disk(struct faults *all, struct fault *f, const struct deployment *d, struct chance *c)
{
        static const int codes[] = { ENOSPC, EIO, EROFS };
        f->code = codes[chance_in(c, 0, 2)];
        f->value = chance_in(c, 1, 1800) * SECOND;
        if (chance_one_in(c, 8)) {
                f->value = 6 * HOUR;
                all->lasting = true;
        }
        any_moment(f, d, c);
}

/* A right to join that is old by the time its holder goes on is one way to have two of them. */
static void draw_pause(struct fault *f, const struct deployment *d, struct chance *c)
{
        f->value = chance_in(c, 1, 60) * MINUTE;
        when_asked(f, d, c);
        if (chance_one_in(c, 2)) {
                belongs_to(f, MEMBER, d, c);
                snprintf(f->method, sizeof(f->method), "pool.add_to_other_config");
                snprintf(f->key, sizeof(f->key), "xenroll-lease-");
                f->nth = 1;
        }
}

static void draw_clock(struct faults *all, struct fault *f, struct chance *c)
{
        f->value = chance_in(c, 1, 12) * HOUR * (chance_one_in(c, 2) ? 1 : -1);
        at_time(f, c);
        if (chance_one_in(c, 2)) {
                f->value = f->value / 24;
                struct fault back = *f;
                back.nth += chance_in(c, 1, 40) * MINUTE;
                back.value = -f->value;
                faults_add(all, back);
        } else {
                all->lasting = true;
        }
}

static void draw_refusal(struct fault *f, const struct deployment *d, struct chance *c)
{
        const struct refusal *r = &refusals[chance_in(c, 0, COUNT(refusals) - 1)];
        when_asked(f, d, c);
        belongs_to(f, r->whose, d, c);
        snprintf(f->text, sizeof(f->text), "%s", r->error);
        if (*r->method) {
                snprintf(f->method, sizeof(f->method), "%s", r->method);
                f->nth = chance_in(c, 1, 3);
        }
}

/* What happens to xapi, to the network and to the storage, in the world's own words. */
static void draw_world(struct faults *all, struct fault *f, const struct deployment *d, struct chance *c)
{
        const struct agent_plan *p = &d->plans[0];
        const char *name = p->members[f->host].name, *other = p->members[chance_in(c, 0, d->n - 1)].name;
        const struct tender *t = &tender[chance_in(c, 0, COUNT(tender) - 1)];
        any_moment(f, d, c);
        switch (chance_in(c, 0, 6)) {
        case 0:
                snprintf(f->text, sizeof(f->text), "restart %s for=%d", name, (int)chance_in(c, 5, 300));
                break;
        case 1:
                snprintf(f->text, sizeof(f->text), "cut %s for=%d", name, (int)chance_in(c, 10, 3600));
                break;
        case 2:
                snprintf(f->text, sizeof(f->text), "cut %s %s for=%d", name, other, (int)chance_in(c, 10, 1800));
                break;
        case 3: {
                const char *server = chance_one_in(c, 2) ? "192.168.0.6" : "192.168.0.7";
                at_time(f, c);
                snprintf(f->text, sizeof(f->text), "storage-down %s", server);
                struct fault up = *f;
                up.nth += chance_in(c, 1, 60) * MINUTE;
                snprintf(up.text, sizeof(up.text), "storage-up %s", server);
                faults_add(all, up);
                break;
        }
        case 4:
                f->when = AT_START;
                snprintf(f->text, sizeof(f->text), "fault %s nth=%d delay=%d", t->method, (int)chance_in(c, 1, 3),
                        (int)chance_in(c, 1, 900) * SECOND);
                break;
        case 5:
                f->when = AT_START;
                snprintf(f->text, sizeof(f->text), "fault pool.join-amid nth=%d code=JOINING_HOST_SERVICE_FAILED",
                        (int)chance_in(c, 1, 3));
                break;
        default:
                f->when = AT_START;
                snprintf(f->text, sizeof(f->text), "fault %s nth=%d kill", t->method, (int)chance_in(c, 1, 3));
        }
}

static void draw_one(struct faults *all, const struct deployment *d, struct chance *c)
{
        static const int http[] = { 400, 403, 404, 500, 502, 503 };
        struct fault f = {
                .kind = (enum fault_kind)chance_in(c, 0, FAULT_KINDS), .host = (int)chance_in(c, 0, d->n - 1), .cut = -1
        };
        if (f.kind >= FAULT_WORLD)
                f.kind = FAULT_WORLD; /* twice as often: there are many */
        /* Those that end a rollout are drawn less often. */
        if ((f.kind == FAULT_PLAN || f.kind == FAULT_CERTIFICATE) && !chance_one_in(c, 3))
                f.kind = FAULT_POWER;
        switch (f.kind) {
        case FAULT_KILL:
                f.value = chance_in(c, 1, 60) * SECOND;
                any_moment(&f, d, c);
                break;
        case FAULT_POWER:
                f.value = chance_one_in(c, 6) ? HOUR : chance_in(c, 60, 600) * SECOND;
                any_moment(&f, d, c);
                break;
        case FAULT_DISK:
                draw_disk(all, &f, d, c);
                break;
        case FAULT_PAUSE:
                draw_pause(&f, d, c);
                break;
        case FAULT_HTTP:
                f.code = http[chance_in(c, 0, COUNT(http) - 1)];
                when_asked(&f, d, c);
                break;
        case FAULT_REFUSED:
                draw_refusal(&f, d, c);
                break;
        case FAULT_CLOCK:
                draw_clock(all, &f, c);
                break;
        case FAULT_PLAN:
                f.when = chance_one_in(c, 2) ? AT_START : AT_TIME;
                f.nth = chance_in(c, 0, 600) * SECOND;
                f.value = chance_in(c, 0, 1 << 20);
                f.code = (int)chance_in(c, 0, 1);
                all->lasting = true;
                break;
        case FAULT_CERTIFICATE:
                f.host = 0;
                at_time(&f, c);
                all->lasting = true;
                break;
        case FAULT_WORLD:
                draw_world(all, &f, d, c);
                break;
        default:
                when_asked(&f, d, c);
        }
        faults_add(all, f);
}

void faults_draw(struct faults *all, const struct deployment *d, struct chance *c)
{
        int n = chance_one_in(c, 5) ? (int)chance_in(c, 4, 8) : (int)chance_in(c, 1, 3);
        for (int i = 0; i < n; i++)
                draw_one(all, d, c);
}
