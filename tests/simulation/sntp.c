/* postinstall/sntp.h in a school without internet: nobody answers. */
#include "postinstall/sntp.h"

bool sntp_ask(const char *server, int64_t *seconds)
{
        (void)server;
        (void)seconds;
        return false;
}
