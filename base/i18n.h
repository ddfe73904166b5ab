/* i18n.h - every sentence in English and zh_CN, through gettext. */
#pragma once
#include <libintl.h>
#include <stdbool.h>

#define _(text) gettext(text)
#define N_(text) (text)         /* marks a string in a table; translated where it is printed */

/* Binds the catalogue. language: "zh_CN", "en" or one of their locales, or NULL for what the environment says. False when it is none
 * of ours; then the environment's counts. Call once, before threads. */
bool i18n_init(const char *language);

/* Where the catalogues are: FOLDER/LANGUAGE/LC_MESSAGES/xenroll.mo. */
const char *i18n_folder(void);
