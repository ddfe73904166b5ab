/* What a judge has never condemned it may not be able to: each kind of judgement is seen red here, on an agent with one
 * vice, and green on the same agent without. */
#include "tests/simulation/selftest/stand_in.h"
#include "tests/simulation/host.h"

#include <string.h>

static const struct row {
        const char *vice;
        const char *verdict; /* in the failures; NULL: none */
        int hosts;
        bool faultless;
        struct fault fault;
} rows[] = {
        { "", NULL, 3, true, { 0 } },
        { "stops-silently", "without saying why", 2, false, { 0 } },
        { "stops-helplessly", "without a remedy", 2, false, { 0 } },
        { "stops-in-verse", "more than one line", 2, false, { 0 } },
        { "gives-up", "gave up, though", 2, false, { 0 } },
        { "gives-up", "did not converge", 2, true, { 0 } },
        { "forgets-done", "not marked as done", 2, true, { 0 } },
        { "keeps-plan", "its plan is still there", 2, true, { 0 } },
        { "keeps-plan", "keeps the one-time password in /etc/xenroll/plan.xml", 2, true, { 0 } },
        { "keeps-password", "keeps the one-time password in /var/lib/xenroll/notes", 2, true, { 0 } },
        { "logs-password", "logs a secret", 2, true, { 0 } },
        { "never-rotates", "has ended, and the one-time password is still valid", 2, true, { 0 } },
        { "waits-long", "still valid", 2, false, { 0 } },
        { "turns-round", "no end after", 1, false, { 0 } },
        { "sleeps-forever", "no end after", 1, false, { 0 } },
        { "thinks-forever", "thinks without end", 1, false, { 0 } },
        { "crashes", "died of signal 6", 1, false, { 0 } },
        { "exits", "exited with 4", 1, false, { 0 } },
        { "does-twice", "SR.create+SR.introduce changed something 4 times, not 3", 2, true, { 0 } },
        { "does-nothing", "changed something 0 times, not 3", 2, true, { 0 } },
        { "joins-nobody", "is no member of the pool", 2, true, { 0 } },
        { "breaks-rules", "breach: two coordinators", 2, true, { 0 } },
        { "speaks-nonsense", "complaint: no such call", 2, true, { 0 } },
        { "leaves-lease", "still has xenroll-lease-", 2, true, { 0 } },
        { "forgets-secret", "a secret is left over", 2, true, { 0 } },
        { "makes-double", "2 times: SR 'iso'", 2, true, { 0 } },
        { "leaves the library unscanned", "0 times: SR \"iso\" other_config auto-scan=true", 2, true, { 0 } },
        { "unplugs", "0 times: PBD of 'iscsi' on xen2 attached", 2, true, { 0 } },
        { "disables", "0 times: host 'xen2' 192.168.0.12 enabled", 2, true, { 0 } },
        { "warns of nothing", "xen2 warns: XR-922", 2, true, { 0 } },
        { "warns nobody", "xen2 does not warn: XR-923", 2, true, { 0 } },
        { "wanders", "which is not below its root", 2, true, { 0 } },
        { "asks-much", "calls, more than", 2, true, { 0 } },
        { "waits-long", "whose joins take", 64, true, { 0 } },
        { "", NULL, 2, false, { .kind = FAULT_KILL, .when = AT_POINT, .nth = 6, .value = 1000, .cut = -1 } },
        { "", NULL, 2, false, { .kind = FAULT_POWER, .when = AT_POINT, .nth = 9, .value = 1000, .cut = 0 } },
        { "syncs-nothing", "changed something 4 times, not 3", 2, false,
                { .kind = FAULT_POWER, .when = AT_REQUEST, .nth = 3, .value = 1000, .cut = 0 } },
        { "", NULL, 2, false, { .kind = FAULT_DISK, .when = AT_TIME, .nth = 1, .value = 60000, .code = 28 } },
        { "", NULL, 2, false, { .kind = FAULT_UNREACHED, .when = AT_REQUEST, .nth = 1 } },
};

static void run(const char *work, const struct row *row, uint64_t seed)
{
        struct sim_result r;
        struct faults f = { .n = 0 };
        enum trouble odd = strcmp(row->vice, "warns nobody") ? NO_TROUBLE : OTHER_MANAGEMENT;
        struct deployment *d = deployment_new(row->hosts, WISH_NFS | WISH_ISCSI | WISH_ISO, "xcp-ng-8.3", odd, 1);
        if (row->fault.kind || row->fault.nth)
                faults_add(&f, row->fault);
        stand_in_vice = row->vice;
        sim_run(d, &f,
                &(struct sim_options){ .seed = seed, .work = work, .faultless = row->faultless, .most_turns = 20000 },
                &r);
        const char *said = str_text(&r.failures);
        const char *name = *row->vice ? row->vice : "an agent without vice";
        bool fine = row->verdict ? strstr(said, row->verdict) != NULL : !r.failures.len;
        if (fine)
                printf("ok - simulation: judged: %s%s%s\n", name, row->verdict ? ": " : "",
                        row->verdict ? row->verdict : "");
        else
                printf("not ok - simulation: judged: %s: %s\n%s", name, r.failures.len ? said : "not condemned",
                        str_text(&r.last));
        sim_result_clear(&r);
        deployment_free(d);
}

static void same(const char *work)
{
        uint64_t hashes[3];
        stand_in_vice = "";
        for (int i = 0; i < 3; i++) {
                struct sim_result r;
                struct faults none = { .n = 0 };
                struct deployment *d = deployment_new(5, WISH_ALL & ~(unsigned)WISH_HA, "xcp-ng-8.3", NO_TROUBLE, 1);
                sim_run(d, &none, &(struct sim_options){ .seed = i < 2 ? 5 : 6, .work = work, .faultless = true }, &r);
                hashes[i] = r.hash;
                sim_result_clear(&r);
                deployment_free(d);
        }
        puts(hashes[0] == hashes[1] ? "ok - simulation: one seed, one trace"
                                    : "not ok - simulation: one seed, one trace: two traces");
        puts(hashes[0] != hashes[2] ? "ok - simulation: another seed, another trace"
                                    : "not ok - simulation: another seed, another trace: the same");
}

int main(int argc, char **argv)
{
        if (argc != 2) {
                fputs("usage: selftest DIR\n", stderr);
                return 2;
        }
        host_patience = 1;
        for (size_t i = 0; i < COUNT(rows); i++)
                run(argv[1], &rows[i], i + 1);
        same(argv[1]);
        return 0;
}
