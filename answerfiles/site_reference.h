/* site_reference.h - the site file's tables printed for people: the sample that init writes, and the manual page. */
#pragma once
#include "base/str.h"

/* A site file to start from, commented in the user's language; release is an id. */
void site_sample(struct str *out, const char *release);

/* scdoc source of xenroll-site(5): every section and key. */
void site_scdoc(struct str *out);
