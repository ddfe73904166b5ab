/* treeinfo.h - how installation media name themselves: .treeinfo, an INI file, and before 7.0 each package folder's
 * XS-REPOSITORY, one XML element. */
#pragma once
#include "base/str.h"

/* The value of a key in a section, trimmed; false when absent. */
bool treeinfo_get(struct bytes text, const char *section, const char *key, char *value, size_t size);

/* The value of an attribute of <repository>; false when absent. */
bool repository_get(struct bytes text, const char *attribute, char *value, size_t size);
