/* host.h - one host's power, process and files, as the simulation handles them. */
#pragma once
#include "postinstall/transport.h"
#include "tests/simulation/sim.h"

extern int host_patience; /* s of real time that a child may think */

void host_boot(struct sim *, int host);  /* its agent starts; listens until it waits */
void host_go_on(struct sim *, int host); /* what it waited for is there; listens until it waits again */
void host_kill(struct sim *, int host, int64_t back_in);
void host_lose_power(struct sim *, int host, int64_t back_in, int64_t cut);
void host_power_up(struct sim *, int host);
void host_damage_plan(struct sim *, int host, const struct fault *);
void host_strike(struct sim *, int host, struct fault *); /* a fault that needs no request */

/* network.c */
void network_ask(struct sim *, int host, int64_t timeout, struct bytes text);
void network_answer(struct sim *, struct world_reply *); /* takes its body */
void network_give_up(struct sim *, int host);            /* its time is over */
void network_finish(struct sim *, int host, int transport, int status, struct bytes body);

void network_fingerprint(const struct sim *, int host, char out[FINGERPRINT_TEXT]);

void world_told(struct sim *, const char *fmt, ...) PRINTF_LIKE(2, 3);
