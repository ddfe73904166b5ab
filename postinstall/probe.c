#include "postinstall/probe.h"
#include "base/cleanup.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

static void free_doc(xmlDoc **d) { xmlFreeDoc(*d); }

static void ignore(void *arg, const char *fmt, ...)
{
        (void)arg;
        (void)fmt;
}

/* Storage drivers write it, and storage servers supply the names in it. */
static xmlDoc *parse(struct bytes xml)
{
        if (!xml.len || xml.len > 1 << 20)
                return NULL;
        xmlSetGenericErrorFunc(NULL, ignore);
        xmlDoc *doc = xmlReadMemory(
                xml.ptr, (int)xml.len, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
        if (doc && (doc->intSubset || !xmlDocGetRootElement(doc))) {
                xmlFreeDoc(doc);
                doc = NULL;
        }
        return doc;
}

static bool is_named(const xmlNode *n, const char *name)
{
        return n->type == XML_ELEMENT_NODE && !strcmp((const char *)n->name, name);
}

static const xmlNode *child(const xmlNode *n, const char *name)
{
        for (const xmlNode *c = n->children; c; c = c->next)
                if (is_named(c, name))
                        return c;
        return NULL;
}

/* The element's text without blanks around it; what does not fit counts as not there. */
static void read_text(const xmlNode *n, const char *name, char *out, size_t size)
{
        const xmlNode *c = child(n, name);
        xmlChar *text = c ? xmlNodeGetContent(c) : NULL;
        const char *from = text ? (const char *)text + strspn((const char *)text, " \t\r\n") : "";
        size_t len = strlen(from);
        while (len && strchr(" \t\r\n", from[len - 1]))
                len--;
        snprintf(out, size, "%.*s", len < size ? (int)len : 0, from);
        xmlFree(text);
}

static void read_lun(const xmlNode *n, struct lun *l)
{
        char number[16];
        read_text(n, "LUNid", number, sizeof(number));
        if (!*number)
                read_text(n, "lun", number, sizeof(number));
        l->number = *number && !number[strspn(number, "0123456789")] ? atoi(number) : -1;
        read_text(n, "serial", l->serial, sizeof(l->serial));
        read_text(n, "SCSIid", l->scsi_id, sizeof(l->scsi_id));
        read_text(n, "size", l->size, sizeof(l->size));
}

bool probe_luns(struct bytes xml, struct lun_list *out)
{
        OWN(free_doc) xmlDoc *doc = parse(xml);
        const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
        bool iscsi = root && is_named(root, "iscsi-target");
        out->n = out->offered = 0;
        if (!iscsi && !(root && is_named(root, "Devlist")))
                return false;
        for (const xmlNode *c = root->children; c; c = c->next)
                if (is_named(c, iscsi ? "LUN" : "BlockDevice") && out->offered++ < MOST_LUNS)
                        read_lun(c, &out->items[out->n++]);
        return true;
}

int probe_srs(struct bytes xml, char uuid[37])
{
        OWN(free_doc) xmlDoc *doc = parse(xml);
        const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
        int n = 0;
        *uuid = '\0';
        if (!root || !is_named(root, "SRlist"))
                return -1;
        for (const xmlNode *c = root->children; c; c = c->next)
                if (is_named(c, "SR") && !n++)
                        read_text(c, "UUID", uuid, 37);
        return n;
}
