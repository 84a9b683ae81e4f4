/*
 * What the launcher may know of a start without parsing it: pure functions on bytes, compiled a second time as a shared object for
 * the test that holds them against the full path.
 */
#ifndef GANTRY_SCAN_H
#define GANTRY_SCAN_H

/* Which subcommand a low-level runtime would run. */
enum subcommand { SUBCOMMAND_OTHER, SUBCOMMAND_CREATE, SUBCOMMAND_RUN };

struct call {
  enum subcommand subcommand;
  /* As written; 0: the working directory is the bundle. */
  const char *bundle;
};

/* Reads a command line as runc does. */
struct call read_call(char **arguments);

#define WORD_LIMIT 64

struct words {
  int count;
  const char *at[WORD_LIMIT];
  unsigned long length[WORD_LIMIT];
  /* Words by their first byte: bit n of first[b] is word n. */
  unsigned long first[256];
};

/* 0: there are too many, or one is empty. */
int add_word(struct words *words, const char *at, unsigned long length);

/* 1: a word occurs, or an escape that could hide one. */
int has_trigger(const char *text, unsigned long length, const struct words *words);

#endif
