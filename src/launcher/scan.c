#include "scan.h"

static int is_equal(const char *one, const char *other) {
  while (*one != 0 && *one == *other) one++, other++;
  return *one == *other;
}

static int is_one_of(const char *name, const char *const *names) {
  for (; *names != 0; names++)
    if (is_equal(name, *names)) return 1;
  return 0;
}

/* Options that take the next argument when no `=` follows. Source: the manual pages of runc and crun. */
static const char *const valued_before[] = {"root", "log", "log-format", "criu", "rootless", "log-level", "cgroup-manager", 0};
static const char *const valued_after[] = {
    "bundle", "b", "console-socket", "pid-file", "preserve-fds", "pidfd-socket", "config", "f", 0};

static const char *after_dashes(const char *argument) {
  return argument[1] == '-' ? argument + 2 : argument + 1;
}

/* The value of `--bundle=VALUE`, `-b=VALUE`; 0: it is another option. */
static const char *bundle_given(const char *option) {
  const char *rest = option;
  if (*rest++ != 'b') return 0;
  for (const char *more = "undle"; *more != 0 && *rest == *more; more++) rest++;
  const unsigned long length = (unsigned long)(rest - option);
  return *rest == '=' && (length == 1 || length == 6) ? rest + 1 : 0;
}

/* What runc and crun can be told to do. Another word there belongs to an option that is not known here. */
static const char *const subcommands[] = {
    "checkpoint", "create", "delete", "events", "exec", "features", "help", "init",  "kill", "list",   "mounts", "pause",
    "ps",         "restore", "resume", "run",   "spec", "start",    "state", "update", "version", 0};

struct call read_call(char **arguments) {
  struct call call = {SUBCOMMAND_OTHER, 0};
  int at = 1;
  for (; arguments[at] != 0 && !is_one_of(arguments[at], subcommands); at++)
    if (arguments[at][0] == '-' && is_one_of(after_dashes(arguments[at]), valued_before) && arguments[at + 1] != 0) at++;
  if (arguments[at] == 0) return call;
  if (is_equal(arguments[at], "create")) call.subcommand = SUBCOMMAND_CREATE;
  else if (is_equal(arguments[at], "run")) call.subcommand = SUBCOMMAND_RUN;
  else return call;
  /* Options may stand behind the container's name too. The last bundle counts. */
  for (at++; arguments[at] != 0; at++) {
    if (arguments[at][0] != '-') continue;
    if (is_equal(arguments[at], "--")) break;
    const char *option = after_dashes(arguments[at]);
    const char *given = bundle_given(option);
    if (given != 0) call.bundle = given;
    else if (is_one_of(option, valued_after) && arguments[at + 1] != 0) {
      at++;
      if (option[0] == 'b') call.bundle = arguments[at];
    }
  }
  return call;
}

int add_word(struct words *words, const char *at, unsigned long length) {
  if (length == 0 || words->count == WORD_LIMIT) return 0;
  words->at[words->count] = at;
  words->length[words->count] = length;
  words->first[(unsigned char)*at] |= 1UL << words->count;
  words->count++;
  return 1;
}

static int begins_with(const char *text, const char *end, const char *word, unsigned long length) {
  if ((unsigned long)(end - text) < length) return 0;
  for (unsigned long at = 0; at < length; at++)
    if (text[at] != word[at]) return 0;
  return 1;
}

/* What Go's encoder escapes, `&`, `<`, `>` and two line separators, stands in no word. */
static int is_harmless_escape(const char *text, const char *end) {
  static const char *const harmless[] = {"\\u0026", "\\u003c", "\\u003e", "\\u2028", "\\u2029", 0};
  for (const char *const *one = harmless; *one != 0; one++)
    if (begins_with(text, end, *one, 6)) return 1;
  return 0;
}

int has_trigger(const char *text, unsigned long length, const struct words *words) {
  const char *end = text + length;
  for (; text < end; text++) {
    if (*text == '\\' && text + 1 < end) {
      if (text[1] == '/' || (text[1] == 'u' && !is_harmless_escape(text, end))) return 1;
      text++;
      continue;
    }
    for (unsigned long left = words->first[(unsigned char)*text]; left != 0; left &= left - 1) {
      const int word = __builtin_ctzl(left);
      if (begins_with(text, end, words->at[word], words->length[word])) return 1;
    }
  }
  return 0;
}
