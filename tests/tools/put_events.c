/* put_events OUT FILE: keeps the events of a JSON array (rollcall/event.h, named) in OUT/rollcall.db. A number "ago" of each, in
 * seconds, is when it reached us. */
#include "rollcall/store.h"
#include "base/file.h"

#include <fcntl.h>
#include <jansson.h>
#include <time.h>

static struct event events[MOST_EVENTS];

int main(int argc, char **argv)
{
        struct err e = ERR_INIT;
        AUTO_STR text = STR_MAX(LARGEST_EVENTS);
        size_t n = 0, fresh = 0;
        int dir = argc == 3 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        struct store *store = NULL;
        if (dir < 0)
                return 2;
        bool fine = file_read(AT_FDCWD, argv[2], LARGEST_EVENTS, &text, &e) &&
                    events_read(str_bytes(&text), "application/json", true, events, MOST_EVENTS, &n, &e);
        json_t *list = json_loadb(str_text(&text), text.len, 0, NULL);
        for (size_t i = 0; i < n; i++)
                events[i].received = ((int64_t)time(NULL) - json_integer_value(json_object_get(json_array_get(list, i), "ago"))) * 1000;
        fine = fine && (store = store_open(dir, NULL, true, &e)) && store_put(store, events, n, &fresh, &e);
        store_close(store);
        json_decref(list);
        close(dir);
        if (!fine)
                fprintf(stderr, "put_events: %s\n", e.text);
        return !fine;
}
