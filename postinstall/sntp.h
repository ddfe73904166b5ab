/* sntp.h - asks one NTP server what time it is, to the second. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* False when it does not answer within two seconds, or not sensibly. server: a name or an address. */
bool sntp_ask(const char *server, int64_t *seconds);
