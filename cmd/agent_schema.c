#include "cmd/agent_schema.h"
#include "base/embed.h"
#include "base/file.h"
#include "base/i18n.h"

#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <string.h>

EMBED(agent_plan_rng, "postinstall/agent-plan.rng");

struct agent_schema {
        xmlRelaxNG *schema;
        xmlRelaxNGValidCtxt *valid;
        char first[300]; /* problem of the last check */
};

/* A message may quote the value that does not fit, and that may be a secret: only where it is, is told. */
static void keep_first(void *arg, xmlErrorPtr error)
{
        struct agent_schema *s = arg;
        if (!*s->first)
                snprintf(s->first, sizeof(s->first), _("line %d (libxml2's error %d)"), error->line, error->code);
}

struct agent_schema *agent_schema_new(struct err *e)
{
        struct agent_schema *s = calloc(1, sizeof(*s));
        xmlInitParser();
        xmlRelaxNGParserCtxt *parser =
                xmlRelaxNGNewMemParserCtxt(agent_plan_rng, (int)(agent_plan_rng_end - agent_plan_rng));
        if (!s || !parser)
                file_out_of_memory();
        xmlRelaxNGSetParserStructuredErrors(parser, keep_first, s);
        s->schema = xmlRelaxNGParse(parser);
        xmlRelaxNGFreeParserCtxt(parser);
        s->valid = s->schema ? xmlRelaxNGNewValidCtxt(s->schema) : NULL;
        if (s->valid) {
                xmlRelaxNGSetValidStructuredErrors(s->valid, keep_first, s);
                return s;
        }
        err_set(e, ERR_WORLD, _("xenroll's own schema %s does not compile: %s"), "agent-plan.rng", s->first);
        agent_schema_free(s);
        return NULL;
}

void agent_schema_free(struct agent_schema *s)
{
        if (!s)
                return;
        xmlRelaxNGFreeValidCtxt(s->valid);
        xmlRelaxNGFree(s->schema);
        free(s);
}

bool agent_schema_check(struct agent_schema *s, const char *host, struct bytes plan, struct err *e)
{
        *s->first = '\0';
        xmlDoc *doc = xmlReadMemory(
                plan.ptr, (int)plan.len, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
        bool fits = doc && xmlRelaxNGValidateDoc(s->valid, doc) == 0;
        xmlFreeDoc(doc);
        return fits ||
               err_set(e, ERR_WORLD,
                       _("the agent's plan of %s does not fit xenroll's own schema, which is a defect of xenroll: %s"),
                       host, s->first);
}
