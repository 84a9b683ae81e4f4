/* A program that says what it was given: arguments, environment, descriptors, limits, signals. Bytes as they are, zero-ended. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

extern char **environ;

static void say(const char *kind, const char *text) {
  printf("%s %s", kind, text);
  putchar(0);
}

int main(int count, char **arguments) {
  char text[4096];
  for (int index = 0; index < count; index++) say("argument", arguments[index]);
  for (char **entry = environ; *entry != 0; entry++) say("environment", *entry);
  DIR *directory = opendir("/proc/self/fd");
  for (struct dirent *entry; (entry = readdir(directory)) != 0;) {
    if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(directory)) continue;
    say("descriptor", entry->d_name);
  }
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  snprintf(text, sizeof(text), "%lu %lu", (unsigned long)limit.rlim_cur, (unsigned long)limit.rlim_max);
  say("files", text);
  for (int number = 1; number < 32; number++) {
    struct sigaction action;
    if (sigaction(number, 0, &action) != 0 || action.sa_handler == SIG_DFL) continue;
    snprintf(text, sizeof(text), "%d", number);
    say("ignored", text);
  }
  say("directory", getcwd(text, sizeof(text)) == 0 ? "gone" : text);
  return 0;
}
