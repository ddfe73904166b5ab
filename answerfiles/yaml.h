/* yaml.h - a YAML document as nodes with positions (libfyaml), safe to walk.
 *
 * Aliases are followed; one that leads to itself, and documents that explode when aliases are followed, are refused.
 * Duplicate keys are kept, so that the reader can report both places. */
#pragma once
#include "answerfiles/diag.h"
#include "base/arena.h"
#include <libfyaml.h>

struct yaml {
        struct diags *diags;
        struct arena *arena;
        struct bytes text;
        uint16_t file;
        struct fy_document *doc;
        unsigned depth;
        size_t visited;
        bool exhausted;                 /* a limit was met and reported */
};

/* NULL root after reporting to diags when the text is not YAML. The text must outlive everything. */
MUST_USE bool yaml_open(struct yaml *, struct arena *, struct diags *, const char *name, struct bytes text);
void yaml_close(struct yaml *);
struct fy_node *yaml_root(struct yaml *);

/* Goes into a child: the node an alias stands for, or the node itself; NULL after reporting when a limit is met. Each
 * yaml_enter that gave a node is paired with a yaml_leave. */
struct fy_node *yaml_enter(struct yaml *, struct fy_node *, struct pos pos);
void yaml_leave(struct yaml *);

/* Of a scalar, or of the first scalar inside a list or section; zero when there is none. */
struct pos yaml_pos(const struct yaml *, struct fy_node *);
/* A scalar's text in the arena; NULL when the node is no scalar, "" when it is null. */
const char *yaml_text(struct yaml *, struct fy_node *);
