/* build_agent.h - the agent's part of `xenroll build`: its plans, its passwords, and the program itself.
 *
 *     out/agent/SCHOOL/HOST.xml       each host's plan, 0600
 *     out/agent/xenroll-agent         the program, for hosts that are installed over the network
 *     out/secrets/join                the pools' one-time passwords
 *
 * Where there is no program, there is none of it: a password that nobody replaces would lock the administrator out. */
#pragma once
#include "answerfiles/answer.h"
#include "base/str.h"

struct join_secrets;

struct build_agent {                    /* zero-initialised is: no agent */
        bool there;
        const struct plan *plan;        /* borrowed */
        struct join_secrets *secrets;   /* owned */
        unsigned char seed[32];         /* also when there is no agent */
        char deployment[33];
        struct str binary;              /* owned */
        char sha256[65], md5[33];       /* of the program */
        unsigned char digest[32];       /* of all plans but for the build's name, keyed by the seed: they hold passwords that
                                           could be guessed by it otherwise */
};
void build_agent_clear(struct build_agent *);

/* named: --agent, or NULL. out: the output folder, locked. With no program and none named, `there` stays false. */
MUST_USE bool build_agent_open(struct build_agent *, const char *named, const struct plan *, int out, const unsigned char seed[32],
        struct err *e);

/* For answer_options: the coordinator of several hosts is installed with the one-time password. arg: the struct. */
bool build_agent_root_hash(void *arg, const struct host *, char hash[ANSWER_HASH]);

/* Appends where the host reports when it is installed from a stick; nothing when its site file names no roll call. A secret: its
 * token is in it. */
void build_agent_report(const struct build_agent *, const struct host *, struct str *out);

/* Appends the host's plan; nothing when there is no agent. Thread-safe. */
MUST_USE bool build_agent_plan(const struct build_agent *, const struct host *, const char *build, struct str *out, struct err *e);

/* Writes the folder agent/ into draft, every plan checked by its schema and read back; nothing when there is no agent. */
MUST_USE bool build_agent_write(const struct build_agent *, const char *build, int draft, struct err *e);
