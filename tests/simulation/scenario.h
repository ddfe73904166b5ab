/* scenario.h - the world around a deployment, in the words that tests/xapi reads. */
#pragma once
#include "tests/simulation/deployment.h"

#define SCENARIO_SCSI_ID "36001405aabbccdd"
#define SCENARIO_HBA_ID "3600507680c8081234"
#define SCENARIO_SERIAL "SN0815"
#define SCENARIO_TEMPLATE "Other install media"

const char *scenario_of(const struct deployment *, struct chance *);
const char *scenario_mac(struct arena *, int host, int nic);
int scenario_eth(const struct deployment *, int host, int nic);         /* which ethN the card at a place is */
int scenario_management(const struct deployment *, int host);           /* the place of the card with the host's own address */
