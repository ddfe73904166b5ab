/* print_pdf.h - an HTML file as PDF, by a browser that is installed on this machine: a child process without a window, with a profile of
 * its own that is removed afterwards. */
#pragma once
#include "base/err.h"

/* html and pdf: names in dir. The PDF appears whole or not at all. ERR_WORLD when there is no browser, or it fails. */
MUST_USE bool print_pdf(int dir, const char *html, const char *pdf, struct err *e);
