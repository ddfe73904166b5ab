#include "answerfiles/answer_parts.h"

static const char *yes_no(enum tri t) { return t == TRI_NO ? "no" : "yes"; }

/* Once anything about signatures is said, it is said everywhere: a source must not inherit another one's laxness. */
static bool gpg_spoken(const struct settings *set)
{
        bool spoken = set->source.gpgcheck || set->source.repo_gpgcheck;
        for (size_t i = 0; i < set->packs.n; i++)
                spoken |= set->packs.items[i].gpgcheck || set->packs.items[i].repo_gpgcheck;
        return spoken;
}

static void add_gpg(xmlNode *node, const struct install_source *s)
{
        answer_attribute(node, "gpgcheck", yes_no(s->gpgcheck));
        answer_attribute(node, "repo-gpgcheck", yes_no(s->repo_gpgcheck));
}

static xmlNode *add_source(const struct answer_page *p, const char *element, const struct install_source *s)
{
        static const char *const types[] = { [SOURCE_LOCAL] = "local", [SOURCE_URL] = "url", [SOURCE_NFS] = "nfs" };
        xmlNode *node = answer_element(p->root, element, s->type == SOURCE_LOCAL ? NULL : s->url);
        answer_attribute(node, "type", types[s->type]);
        return node;
}

void answer_sources(const struct answer_page *p)
{
        const struct settings *set = p->set;
        bool per_source = p->release->gpg == GPG_PER_SOURCE && gpg_spoken(set);
        if (per_source)
                add_gpg(p->root, &set->source);
        if (p->release->gpg == GPG_NETINSTALL && (set->source.gpgcheck || set->source.repo_gpgcheck)) {
                bool off = set->source.gpgcheck == TRI_NO || set->source.repo_gpgcheck == TRI_NO;
                answer_attribute(p->root, "netinstall-gpg-check", off ? "no" : "yes");
        }
        xmlNode *main_source = add_source(p, "source", &set->source);
        if (per_source)
                add_gpg(main_source, &set->source);
        for (size_t i = 0; p->release->many_sources && i < set->packs.n; i++) {
                xmlNode *pack = add_source(p, "source", &set->packs.items[i]);
                if (per_source)
                        add_gpg(pack, &set->packs.items[i]);
        }
        for (size_t i = 0; p->release->driver_source && i < set->driver_disks.n; i++)
                add_source(p, "driver-source", &set->driver_disks.items[i]);
}
