/* stick_list.h - what 'xenroll stick' shows: the sticks and cards that are plugged in. */
#pragma once
#include "base/err.h"

MUST_USE bool stick_list(bool json, struct err *e);
