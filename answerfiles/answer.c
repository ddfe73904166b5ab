#include "answerfiles/answer.h"
#include "answerfiles/answer_parts.h"
#include "answerfiles/schema.h"
#include "base/file.h"
#include "base/i18n.h"

#include <string.h>

struct answer_writer {
        const struct release *release;
        char *hook_base, *own_hook[STAGES];     /* owned */
        bool (*root_hash)(void *arg, const struct host *, char hash[ANSWER_HASH]);
        void *root_hash_arg;
        xmlDict *names;                         /* element names, shared by every document */
        xmlRelaxNG *schema;
        xmlRelaxNGValidCtxt *valid;
        struct schema_problem problem;
};

static void *sure(void *p)
{
        if (!p)
                file_out_of_memory();
        return p;
}

static char *copy(const char *text) { return text ? sure(strdup(text)) : NULL; }

struct answer_writer *answer_writer_new(const struct release *r, const struct answer_options *o, struct err *e)
{
        struct answer_writer *w = sure(calloc(1, sizeof(*w)));
        w->release = r;
        w->hook_base = copy(o ? o->hook_base : NULL);
        w->root_hash = o ? o->root_hash : NULL;
        w->root_hash_arg = o ? o->root_hash_arg : NULL;
        for (size_t s = 0; s < STAGES; s++)
                w->own_hook[s] = copy(o ? o->own_hook[s] : NULL);
        w->schema = schema_compile(r->family, e);
        if (!w->schema) {
                answer_writer_free(w);
                return NULL;
        }
        w->valid = schema_context(w->schema, &w->problem);
        w->names = sure(xmlDictCreate());
        return w;
}

void answer_writer_free(struct answer_writer *w)
{
        if (!w)
                return;
        xmlRelaxNGFreeValidCtxt(w->valid);
        xmlRelaxNGFree(w->schema);
        xmlDictFree(w->names);
        for (size_t s = 0; s < STAGES; s++)
                free(w->own_hook[s]);
        free(w->hook_base);
        free(w);
}

xmlNode *answer_element(xmlNode *parent, const char *name, const char *text)
{
        const xmlChar *shared = sure((void *)(uintptr_t)xmlDictLookup(parent->doc->dict, BAD_CAST name, -1));
        xmlNode *node = sure(xmlNewDocNodeEatName(parent->doc, NULL, (xmlChar *)(uintptr_t)shared, NULL));
        if (text && *text)
                xmlAddChild(node, sure(xmlNewDocText(parent->doc, BAD_CAST text)));
        return xmlAddChild(parent, node);
}

void answer_attribute(xmlNode *node, const char *name, const char *value)
{
        sure(xmlNewProp(node, BAD_CAST name, BAD_CAST value));
}

static void add_script(const struct answer_page *p, const char *stage, const char *base, const char *name)
{
        AUTO_STR url = STR_MAX(4096);
        if (base)
                str_addf(&url, "%s/", base);
        str_add(&url, name);
        xmlNode *node = answer_element(p->root, "script", str_text(&url));
        answer_attribute(node, "stage", stage);
        answer_attribute(node, "type", strncmp(str_text(&url), "nfs://", 6) ? "url" : "nfs");
}

/* Several scripts of a stage run in the order of the file: ours first. */
static void add_scripts(const struct answer_page *p, const struct answer_writer *w)
{
        for (size_t s = 0; s < STAGES; s++) {
                if (s == STAGE_PACKAGES_INSTALLED && !p->release->stage_packages_installed)
                        continue;
                if (w->own_hook[s])
                        add_script(p, stage_names[s], w->hook_base, w->own_hook[s]);
                const struct script_list *user = &p->set->scripts[s];
                for (size_t i = 0; i < user->n; i++) {
                        const struct script *one = &user->items[i];
                        add_script(p, stage_names[s], one->url ? NULL : w->hook_base,
                                one->url ? one->url : one->medium_name);
                }
        }
}

static void add_texts(const struct answer_page *p, const char *name, const struct text_list *list)
{
        for (size_t i = 0; i < list->n; i++)
                answer_element(p->root, name, list->items[i]);
}

static void add_password(const struct answer_page *p, const struct answer_writer *w)
{
        char other[ANSWER_HASH];
        const char *hash = p->set->root_password.kind == PASSWORD_HASH ? p->set->root_password.hash : NULL;
        if (w->root_hash && w->root_hash(w->root_hash_arg, p->host, other))
                hash = other;
        if (hash)
                answer_attribute(answer_element(p->root, "root-password", hash), "type", "hash");
}

static void add_everything(const struct answer_page *p, const struct answer_writer *w)
{
        const struct settings *set = p->set;
        answer_attribute(p->root, "mode", "fresh");
        if (set->local_storage != LOCAL_NONE)
                answer_attribute(p->root, "sr-type", set->local_storage == LOCAL_EXT ? "ext" : "lvm");
        if (set->keyboard)
                answer_element(p->root, "keymap", set->keyboard);
        answer_disks(p);
        add_password(p, w);
        answer_sources(p);
        answer_network(p);
        if (set->timezone)
                answer_element(p->root, "timezone", set->timezone);
        add_texts(p, "ntp-server", &set->ntp);
        add_scripts(p, w);
}

static xmlDoc *new_document(const struct answer_writer *w)
{
        xmlDoc *doc = sure(xmlNewDoc(BAD_CAST "1.0"));
        doc->dict = w->names;
        xmlDictReference(w->names);
        const xmlChar *name = sure((void *)(uintptr_t)xmlDictLookup(w->names, BAD_CAST "installation", -1));
        xmlDocSetRootElement(doc, sure(xmlNewDocNodeEatName(doc, NULL, (xmlChar *)(uintptr_t)name, NULL)));
        return doc;
}

static bool validate(struct answer_writer *w, xmlDoc *doc, const struct host *h, struct err *e)
{
        w->problem.text[0] = '\0';
        if (xmlRelaxNGValidateDoc(w->valid, doc) == 0)
                return true;
        return err_set(e, ERR_WORLD,
                _("the answer file of %s does not fit xenroll's own schema, which is a defect of xenroll: %s"), h->name,
                w->problem.text);
}

bool answer_write(struct answer_writer *w, const struct host *h, struct str *out, struct err *e)
{
        xmlDoc *doc = new_document(w);
        struct answer_page page = {
                .root = xmlDocGetRootElement(doc), .release = w->release, .host = h, .set = h->set
        };
        add_everything(&page, w);
        bool fine = validate(w, doc, h, e);
        if (fine) {
                /* No encoding named: what is not ASCII becomes a character reference. */
                xmlChar *text = NULL;
                int length = 0;
                xmlDocDumpFormatMemory(doc, &text, &length, 1);
                str_addn(out, (const char *)sure(text), (size_t)length);
                explicit_bzero(text, (size_t)length);
                xmlFree(text);
                fine = str_ok(out, _("an answer file"), e);
        }
        xmlFreeDoc(doc);
        return fine;
}
