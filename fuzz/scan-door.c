/* The launcher's pure functions, with the plain types that a test can call. */
#include "../src/launcher/scan.h"

int door_read_call(char **arguments, const char **bundle) {
  const struct call call = read_call(arguments);
  *bundle = call.bundle;
  return (int)call.subcommand;
}

/* `lines`: a word a line. Words that cannot be taken count as found: the launcher then passes nothing on. */
int door_has_trigger(const char *text, unsigned long length, const char *lines) {
  struct words words = {0};
  while (*lines != 0) {
    const char *end = lines;
    while (*end != 0 && *end != '\n') end++;
    if (!add_word(&words, lines, (unsigned long)(end - lines))) return 1;
    lines = *end == 0 ? end : end + 1;
  }
  return has_trigger(text, length, &words);
}
