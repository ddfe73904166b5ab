/* i18n.h - every sentence in English and zh_CN, through gettext. */
#pragma once
#include <libintl.h>

#define _(text) gettext(text)
#define N_(text) (text)         /* marks a string in a table; translated where it is printed */

/* Binds the catalogue. language: "zh_CN", "en", or NULL for what the environment says. Call once, before threads. */
void i18n_init(const char *language);

/* Where the catalogues are: FOLDER/LANGUAGE/LC_MESSAGES/xenroll.mo. */
const char *i18n_folder(void);
