/* networks.h - a host's interfaces on the networks of the plan, as xapi's records show them. */
#pragma once
#include "postinstall/agent_parts.h"

struct network_view {                   /* zero-initialised is empty */
        struct rpc_answer networks, pifs, bonds;
};
void network_view_clear(struct network_view *);
enum look network_view_read(struct agent *, struct network_view *, struct err *);

/* The card or bond below a network, and this host's interface on it; NULL when it does not exist (yet). */
const struct rpc_value *network_carrier(const struct agent *, const struct network_view *, const struct agent_network *);
const struct rpc_value *network_pif(const struct agent *, const struct network_view *, const struct agent_network *);
