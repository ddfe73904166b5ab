#include "answerfiles/schema.h"
#include "base/cleanup.h"
#include "base/embed.h"
#include "base/file.h"
#include "base/i18n.h"

#include <libxml/xmlschemastypes.h>
#include <pthread.h>
#include <string.h>

EMBED(answer_xs6_rng, "answerfiles/answer-xs6.rng");
EMBED(answer_xs7_rng, "answerfiles/answer-xs7.rng");
EMBED(answer_xs8_rng, "answerfiles/answer-xs8.rng");
EMBED(answer_xs9_rng, "answerfiles/answer-xs9.rng");
EMBED(answer_xcpng_rng, "answerfiles/answer-xcpng.rng");

static const struct { const char *begin, *end, *name; } sources[] = {
        [FAMILY_XS6] = { answer_xs6_rng, answer_xs6_rng_end, "answer-xs6.rng" },
        [FAMILY_XS7] = { answer_xs7_rng, answer_xs7_rng_end, "answer-xs7.rng" },
        [FAMILY_XS8] = { answer_xs8_rng, answer_xs8_rng_end, "answer-xs8.rng" },
        [FAMILY_XS9] = { answer_xs9_rng, answer_xs9_rng_end, "answer-xs9.rng" },
        [FAMILY_XCPNG] = { answer_xcpng_rng, answer_xcpng_rng_end, "answer-xcpng.rng" },
};

/* libxml2 fills tables of its own on first use, without a lock. */
static void init_tables(void)
{
        xmlInitParser();
        xmlSchemaInitTypes();
}

static void keep_first(void *arg, xmlError *error)
{
        struct schema_problem *p = arg;
        if (p->text[0])
                return;
        snprintf(p->text, sizeof(p->text), "%s", error->message ? error->message : "?");
        p->text[strcspn(p->text, "\n")] = '\0';
        p->line = error->line;
}

xmlRelaxNG *schema_compile(enum family family, struct err *e)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        pthread_once(&once, init_tables);
        struct schema_problem first = { .text = "" };
        xmlRelaxNGParserCtxt *parser =
                xmlRelaxNGNewMemParserCtxt(sources[family].begin, (int)(sources[family].end - sources[family].begin));
        if (!parser)
                file_out_of_memory();
        xmlRelaxNGSetParserStructuredErrors(parser, keep_first, &first);
        xmlRelaxNG *schema = xmlRelaxNGParse(parser);
        xmlRelaxNGFreeParserCtxt(parser);
        if (!schema)
                err_set(e, ERR_WORLD, _("xenroll's own schema %s does not compile: %s"), sources[family].name,
                        first.text);
        return schema;
}

xmlRelaxNGValidCtxt *schema_context(xmlRelaxNG *schema, struct schema_problem *first)
{
        xmlRelaxNGValidCtxt *valid = xmlRelaxNGNewValidCtxt(schema);
        if (!valid)
                file_out_of_memory();
        xmlRelaxNGSetValidStructuredErrors(valid, keep_first, first);
        return valid;
}
