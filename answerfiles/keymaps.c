#include "answerfiles/release.h"
#include "base/cleanup.h"

#include <string.h>

/* What the installer's own menu offers; the same from 6.5 to 9. Ordered by strcmp. */
static const char *const names[] = {
        "ANSI-dvorak", "azerty", "be-latin1", "bg-cp1251", "bg-cp855", "bg_bds-cp1251", "bg_bds-utf8",
        "bg_pho-cp1251", "bg_pho-utf8", "br-abnt", "br-abnt2", "br-latin1-abnt2", "br-latin1-us", "by", "cf",
        "croat", "cz", "cz-cp1250", "cz-lat2", "cz-lat2-prog", "cz-us-qwertz", "de", "de-latin1",
        "de-latin1-nodeadkeys", "de_CH-latin1", "defkeymap", "defkeymap_V1.0", "dk", "dk-latin1", "dvorak",
        "dvorak-l", "dvorak-r", "emacs", "emacs2", "es", "es-cp850", "et", "et-nodeadkeys", "fi", "fi-latin1",
        "fi-latin9", "fi-old", "fr", "fr-latin0", "fr-latin1", "fr-latin9", "fr-old", "fr-pc", "fr_CH",
        "fr_CH-latin1", "gr", "gr-pc", "hu", "hu101", "hypermap.m4", "il", "il-heb", "il-phonetic",
        "is-latin1", "is-latin1-us", "it", "it-ibm", "it2", "jp106", "la-latin1", "lt", "lt.baltic", "lt.l4",
        "mk", "mk-cp1251", "mk-utf", "mk0", "nl", "nl2", "no", "no-latin1", "no-latin1.doc", "pc110", "pl",
        "pl2", "pt", "pt-latin1", "pt-latin9", "ro_win", "ru", "ru-cp1251", "ru-ms", "ru-yawerty",
        "ru.map.utf8ru", "ru1", "ru2", "ru3", "ru4", "ru_win", "se-fi-ir209", "se-fi-lat6", "se-ir209",
        "se-lat6", "se-latin1", "sg", "sg-latin1", "sg-latin1-lk450", "sk-prog-qwerty", "sk-prog-qwertz",
        "sk-qwerty", "sk-qwertz", "slovene", "sr-cy", "sv-latin1", "tr_q-latin5", "tralt", "trq", "ua",
        "ua-utf", "ua-utf-ws", "ua-ws", "uk", "us", "wangbe", "wangbe2",
};

const char *const *keymap_names(size_t *n)
{
        *n = COUNT(names);
        return names;
}

static int by_name(const void *key, const void *row) { return strcmp(key, *(const char *const *)row); }

bool release_knows_keymap(const struct release *r, const char *keymap)
{
        (void)r;
        return bsearch(keymap, names, COUNT(names), sizeof(names[0]), by_name) != NULL;
}
