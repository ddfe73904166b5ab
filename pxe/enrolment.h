/* enrolment.h - what an unknown machine says of itself, read with suspicion: anybody on the network may post it. */
#pragma once
#include "pxe/arming.h"
#include "base/str.h"

/* form: as posted (form.h), field "report", lines "KEY<TAB>VALUE". False when it names no network card. */
bool enrolment_read(struct bytes form, struct enrolled *out);
