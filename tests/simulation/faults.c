#include "tests/simulation/faults.h"

#include <string.h>

const char *const fault_names[FAULT_KINDS] = { "kill", "power", "disk", "pause", "unreached", "lost", "http", "half",
        "refused", "clock", "plan", "certificate", "world" };

struct fault *faults_add(struct faults *f, struct fault one)
{
        if (f->n == MOST_FAULTS)
                return NULL;
        f->items[f->n] = one;
        return &f->items[f->n++];
}

struct fault *faults_at_point(struct faults *f, int host)
{
        struct fault *hit = NULL;
        for (size_t i = 0; i < f->n; i++) {
                struct fault *one = &f->items[i];
                if (one->when == AT_POINT && one->host == host && !one->spent && ++one->seen == one->nth && !hit) {
                        one->spent = true;
                        hit = one;
                }
        }
        return hit;
}

struct fault *faults_at_request(struct faults *f, int host, const char *method, struct bytes body)
{
        struct fault *hit = NULL;
        for (size_t i = 0; i < f->n; i++) {
                struct fault *one = &f->items[i];
                if (one->when != AT_REQUEST || one->host != host || one->spent ||
                        (*one->method && strcmp(one->method, method)) ||
                        (*one->key && !memmem(body.ptr, body.len, one->key, strlen(one->key))))
                        continue;
                if (++one->seen >= one->nth && !hit) {
                        one->spent = true;
                        hit = one;
                }
        }
        return hit;
}

struct fault *faults_by_time(struct faults *f, int64_t now)
{
        for (size_t i = 0; i < f->n; i++) {
                struct fault *one = &f->items[i];
                if (one->when == AT_TIME && !one->spent && one->nth <= now) {
                        one->spent = true;
                        return one;
                }
        }
        return NULL;
}

int64_t faults_due(const struct faults *f)
{
        int64_t due = INT64_MAX;
        for (size_t i = 0; i < f->n; i++)
                if (f->items[i].when == AT_TIME && !f->items[i].spent && f->items[i].nth < due)
                        due = f->items[i].nth;
        return due;
}

static void show_one(const struct fault *f, struct str *out)
{
        str_addf(out, "        %s host %d, ", fault_names[f->kind], f->host);
        if (f->when == AT_TIME)
                str_addf(out, "at %lld s", (long long)(f->nth / 1000));
        else if (f->when == AT_START)
                str_add(out, "from the start");
        else
                str_addf(out, "%s %s%s%s#%lld%s", f->when == AT_POINT ? "point" : "request", f->method,
                        *f->key ? " with " : "", f->key, (long long)f->nth, f->after ? " (sent)" : "");
        if (f->value)
                str_addf(out, ", %lld", (long long)f->value);
        if (f->code)
                str_addf(out, ", code %d", f->code);
        if ((f->kind == FAULT_POWER || f->kind == FAULT_KILL) && f->cut >= 0)
                str_addf(out, ", cut after %lld bytes", (long long)f->cut);
        str_addf(out, "%s%s%s\n", *f->text ? ", " : "", f->text, f->spent ? "" : " [did not happen]");
}

void faults_show(const struct faults *f, struct str *out)
{
        for (size_t i = 0; i < f->n; i++)
                show_one(&f->items[i], out);
}
