#include "settings.h"

#include "kernel.h"

#define SETTINGS_LIMIT 65536

/* Reads a decimal number and the blank behind it; moves `at` on. */
static unsigned long take_number(const char **at) {
  unsigned long number = 0;
  for (; **at >= '0' && **at <= '9'; (*at)++) number = number * 10 + (unsigned long)(**at - '0');
  if (**at == ' ') (*at)++;
  return number;
}

static unsigned long nanoseconds(struct statx_timestamp time) {
  return (unsigned long)time.tv_sec * 1000000000UL + time.tv_nsec;
}

/* As stat(2) has it in one number. */
static unsigned long device_of(const struct statx *stat) {
  const unsigned long major = stat->stx_dev_major, minor = stat->stx_dev_minor;
  return (minor & 0xff) | (major << 8) | ((minor & ~0xffUL) << 12);
}

static long look_at(const char *path, struct statx *stat) {
  return call5(__NR_statx, AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_BASIC_STATS, stat);
}

static int is_unchanged(const char *line) {
  struct statx stat;
  unsigned long wanted[5];
  for (int field = 0; field < 5; field++) wanted[field] = take_number(&line);
  if (look_at(line, &stat) != 0) return 0;
  const unsigned long found[5] = {device_of(&stat), stat.stx_ino, stat.stx_size, nanoseconds(stat.stx_mtime),
                                  nanoseconds(stat.stx_ctime)};
  for (int field = 0; field < 5; field++)
    if (found[field] != wanted[field]) return 0;
  return 1;
}

static int is_absent(const char *path) {
  struct statx stat;
  const long error = look_at(path, &stat);
  return error == -2 /* ENOENT */ || error == -20 /* ENOTDIR */;
}

/* `gantry` in a directory, when it is this user's and nobody else may enter it. */
static int open_own(const char *base, unsigned long user) {
  static char path[4096];
  const unsigned long length = length_of(base);
  if (base[0] != '/' || length > sizeof(path) - sizeof("/gantry")) return -1;
  memcpy(path, base, length);
  memcpy(path + length, "/gantry", sizeof("/gantry"));
  const int directory = (int)call4(__NR_openat, AT_FDCWD, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
  struct statx stat;
  if (directory < 0) return -1;
  if (call5(__NR_statx, directory, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stat) == 0 && stat.stx_uid == user &&
      (stat.stx_mode & 077) == 0)
    return directory;
  call1(__NR_close, directory);
  return -1;
}

/* Root of a user namespace finds the machine's directory not its own, and has a user's. */
static int open_state_directory(char **environment) {
  const unsigned long user = (unsigned long)call0(__NR_geteuid);
  const int directory = user == 0 ? open_own("/run", user) : -1;
  return directory >= 0 ? directory : open_own(variable(environment, "XDG_RUNTIME_DIR"), user);
}

/* One line, its end replaced by a zero. 0: it says that the settings hold no more, or nothing that is known. */
static int take_line(struct settings *settings, char *line, int *is_whole) {
  const char *rest;
  if ((rest = behind(line, "word ")) != 0) return add_word(&settings->words, rest, length_of(rest));
  if ((rest = behind(line, "file ")) != 0) return is_unchanged(rest);
  if ((rest = behind(line, "absent ")) != 0) return is_absent(rest);
  if ((rest = behind(line, "runtime ")) != 0) {
    if (settings->runtime_count == RUNTIME_LIMIT) return 0;
    settings->runtimes[settings->runtime_count++] = rest;
    return 1;
  }
  if (is_same(line, "off")) return settings->is_off = 1;
  return *is_whole = is_same(line, "end");
}

int read_settings(struct settings *settings, char **environment) {
  /* Another configuration is named: these are not its words. */
  if (*variable(environment, "NVIDIA_CTK_CONFIG_FILE_PATH") != 0 || *variable(environment, "XDG_CONFIG_HOME") != 0) return 0;
  const int directory = open_state_directory(environment);
  if (directory < 0) return 0;
  struct statx stat;
  unsigned long length;
  char *at = read_file(directory, "launcher", SETTINGS_LIMIT, &length, &stat);
  call1(__NR_close, directory);
  if (at == 0 || stat.stx_uid != (unsigned long)call0(__NR_geteuid) || (stat.stx_mode & 022) != 0) return 0;
  char *end = at + length;
  int is_first = 1, is_whole = 0;
  for (char *line = at; at < end; at++) {
    if (*at != '\n') continue;
    *at = 0;
    if (is_first ? !is_same(line, "gantry-launcher 1") : !take_line(settings, line, &is_whole)) return 0;
    is_first = 0;
    line = at + 1;
  }
  return is_whole && settings->runtime_count > 0;
}
