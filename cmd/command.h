/* command.h - a subcommand as a table: parsing, --help, the man page and shell completion all come from it. */
#pragma once
#include "base/err.h"
#include "base/cleanup.h"
#include <stddef.h>
#include <stdio.h>

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_NUMBER, OPTION_LIST };

/* An option that may be given several times. */
enum { MOST_LISTED = 32 };
struct option_list {
        const char *items[MOST_LISTED]; /* borrowed from argv, in order */
        size_t n;
};

struct option_row {
        const char *name;               /* without the dashes */
        char letter;                    /* 0 = none */
        const char *value;              /* what stands behind it, as help shows: "FILE"; NULL for flags */
        enum option_kind kind;
        size_t offset;                  /* in the command's options: bool, const char *, int, or struct option_list */
        const char *help;               /* N_() */
};

struct command {
        const char *name;
        const char *arguments;          /* "[SITE]" */
        const char *summary;            /* N_(): one line */
        const char *about;              /* N_(): paragraphs for the man page */
        const char *example;            /* command lines, verbatim */
        const struct option_row *options;
        size_t n_options;
        size_t size;                    /* of the options' struct */
        int min_args, max_args;         /* max -1 = any */
        bool (*run)(const void *options, int argc, char **argv, struct err *e);
};

#define COMMAND(name) extern const struct command command_##name;
#include "cmd/commands.def"
#undef COMMAND

const struct command *command_at(size_t index);                 /* NULL past the last */
const struct command *command_find(const char *name);

/* Options that every command takes. */
struct global_options {
        const char *language;
        bool help, verbose;
};

/* Fills options (zeroed, of command->size) and moves the arguments to the front of argv. False and e (ERR_USAGE) set. */
MUST_USE bool options_parse(const struct command *, struct global_options *, void *options, int *argc, char **argv, struct err *e);

/* "xenroll: XR-438: …" and the remedy on stderr; returns the exit code. Only main and commands that do several things at once, each of
 * which may fail, call it. */
int command_report(const struct err *);

void help_print(FILE *);                                        /* all commands */
void help_print_command(const struct command *, FILE *);
/* scdoc source: of a command, of "xenroll", "xenroll-site" or "xenroll-rules". False when there is no such page. */
bool help_print_scdoc(const char *page, FILE *);
