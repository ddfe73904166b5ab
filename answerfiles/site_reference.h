/* site_reference.h - the site file's tables printed for people: the sample that init writes, and the manual page. */
#pragma once
#include "base/str.h"

/* A site file to start from, commented in the user's language; release is an id. */
void site_sample(struct str *out, const char *release);

/* Appends text so that scdoc takes none of it for markup. */
void scdoc_escape(struct str *out, const char *text);

/* scdoc source of xenroll-site(5): every section and key. */
void site_scdoc(struct str *out);
