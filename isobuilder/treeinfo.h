/* treeinfo.h - .treeinfo, the INI file by which installation media name themselves. */
#pragma once
#include "base/str.h"

/* The value of a key in a section, trimmed; false when absent. */
bool treeinfo_get(struct bytes text, const char *section, const char *key, char *value, size_t size);
