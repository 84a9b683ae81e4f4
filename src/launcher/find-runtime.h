/* Where the low-level runtime lies, found as the reference does: PATH, then the usual directories. */
#ifndef GANTRY_FIND_RUNTIME_H
#define GANTRY_FIND_RUNTIME_H

#include "settings.h"

/* 0: nothing was found, or a relative directory is searched, which the full path judges. */
const char *find_runtime(const struct settings *settings, const char *path);

#endif
