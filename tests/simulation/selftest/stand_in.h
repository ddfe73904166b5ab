/* stand_in.h - an agent that is nothing but its crash safety, and that can be told to be bad in one way. */
#pragma once

extern const char *stand_in_vice; /* "" = none */
