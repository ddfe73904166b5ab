/* answer_parts.h - the groups of elements that answer.c puts together. Private to answer*.c. */
#pragma once
#include "answerfiles/answer.h"
#include <libxml/tree.h>

struct answer_page {                    /* one host's document while it is written */
        xmlNode *root;
        const struct release *release;
        const struct host *host;
        const struct settings *set;
};

/* text NULL or "" gives an empty element. Never returns NULL. */
xmlNode *answer_element(xmlNode *parent, const char *name, const char *text);
void answer_attribute(xmlNode *, const char *name, const char *value);

/* raid, primary-disk, guest-disk */
void answer_disks(const struct answer_page *);
/* admin-interface, name-server, hostname */
void answer_network(const struct answer_page *);
/* source, driver-source, and the gpg attributes they need on the root */
void answer_sources(const struct answer_page *);
