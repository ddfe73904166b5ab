/* rivals.h - may we answer DHCP in this network, given who else does?
 *
 * Two servers that both give addresses give the same one twice, and a whole school loses its network. */
#pragma once
#include "pxe/dnsmasq.h"
#include "pxe/probe.h"

/* Does anybody give addresses? Proxies do not. */
bool dhcp_offers_addresses(const struct dhcp_offers *);

/* False and e (ERR_REFUSED) when the mode is DHCP_OURS and another server gives addresses: it names each, and the option that
 * overrides; although: that option was given. */
MUST_USE bool dhcp_rivals(const struct dhcp_offers *, enum dhcp_mode, bool although, struct err *e);

/* What may go wrong all the same: nobody gives addresses beside a proxy, another proxy answers, another boot file is offered, or, with
 * DHCP_NONE, nobody names us. ours: our address. False when there is nothing to say; else *warning is a sentence to print, not a failure. */
bool dhcp_warning(const struct dhcp_offers *, enum dhcp_mode, uint32_t ours, struct err *warning);
