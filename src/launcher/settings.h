/*
 * What Gantry wrote down for the launcher: which words make a container one to look at, and which low-level runtime is configured.
 * Format and owner: docs/state.md.
 */
#ifndef GANTRY_SETTINGS_H
#define GANTRY_SETTINGS_H

#include "scan.h"

#define RUNTIME_LIMIT 8

struct settings {
  /* Candidates for the low-level runtime: names, or paths. Order: as configured. */
  int runtime_count;
  const char *runtimes[RUNTIME_LIMIT];
  /* Everything passes: nothing is scanned for. */
  int is_off;
  struct words words;
};

/* 0: there are none, they are another user's, or what they were made from has changed since. */
int read_settings(struct settings *settings, char **environment);

#endif
