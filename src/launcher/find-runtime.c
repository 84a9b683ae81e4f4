#include "find-runtime.h"

#include "kernel.h"

static const char usual[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static int is_executable(const char *path) {
  struct statx stat;
  return call5(__NR_statx, AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &stat) == 0 &&
         (stat.stx_mode & 0170000) == 0100000 && (stat.stx_mode & 0111) != 0;
}

/* Looks in each directory of a list. `found` has room for a path. */
static int find_in(const char *directories, const char *name, char *found, unsigned long size) {
  const unsigned long name_length = length_of(name);
  for (const char *at = directories; *at != 0;) {
    unsigned long length = 0;
    while (at[length] != 0 && at[length] != ':') length++;
    if (length + name_length + 2 <= size) {
      memcpy(found, at, length);
      found[length] = '/';
      memcpy(found + length + 1, name, name_length + 1);
      if (is_executable(found)) return 1;
    }
    at += length;
    if (*at == ':') at++;
  }
  return 0;
}

static int has_relative(const char *directories) {
  for (const char *at = directories; *at != 0; at++)
    if ((at == directories || at[-1] == ':') && *at != '/') return 1;
  return 0;
}

const char *find_runtime(const struct settings *settings, const char *path) {
  static char found[4096];
  if (has_relative(path)) return 0;
  for (int index = 0; index < settings->runtime_count; index++) {
    const char *name = settings->runtimes[index];
    if (is_same(base_name(name), name)) {
      if (find_in(path, name, found, sizeof(found)) || find_in(usual, name, found, sizeof(found))) return found;
    } else if (is_executable(name))
      return name;
  }
  return 0;
}
