#include "rollcall/turn.h"
#include "base/random.h"
#include "base/text.h"
#include "rollcall/cursor.h"

enum { TURN_MS = 30 * 1000, RENEW_MS = 10 * 1000 };

void turn_init(struct turn *t, struct database *db)
{
        unsigned char bytes[16] = { 0 };
        *t = (struct turn){ .db = db };
        if (!random_bytes(bytes, sizeof(bytes)))
                snprintf((char *)bytes, sizeof(bytes), "%d", getpid());
        text_hex(bytes, sizeof(bytes), t->me);
}

bool turn_take(struct turn *t, int64_t now, bool *mine, struct err *e)
{
        int64_t changed = 0;
        *mine = !database_is_shared(t->db) || (now < t->until - TURN_MS + RENEW_MS && now > t->until - TURN_MS);
        if (*mine)
                return true;
        if (!database_do(t->db, e, NULL,
                    "INSERT INTO cursor (name, position, detail) VALUES ('courier', 0, '') ON CONFLICT (name) DO "
                    "NOTHING",
                    "") ||
                !database_do(t->db, e, &changed,
                        "UPDATE cursor SET position = ?, detail = ? WHERE name = 'courier' AND (detail = ? OR position "
                        "< ?)",
                        "issi", now + TURN_MS, t->me, t->me, now))
                return false;
        *mine = changed > 0;
        t->until = *mine ? now + TURN_MS : 0;
        return true;
}

void turn_give_back(struct turn *t)
{
        struct err ignored = ERR_INIT;
        if (t->until && !database_do(t->db, &ignored, NULL,
                                "UPDATE cursor SET position = 0 WHERE name = 'courier' AND detail = ?", "s", t->me))
                return; /* it ends by itself */
        t->until = 0;
}
