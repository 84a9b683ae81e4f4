#include "kernel.h"

#include <linux/mman.h>

unsigned long length_of(const char *text) {
  unsigned long length = 0;
  while (text[length] != 0) length++;
  return length;
}

int is_same(const char *one, const char *other) {
  while (*one != 0 && *one == *other) one++, other++;
  return *one == *other;
}

const char *behind(const char *text, const char *prefix) {
  while (*prefix != 0)
    if (*text++ != *prefix++) return 0;
  return text;
}

const char *base_name(const char *path) {
  const char *name = path;
  for (; *path != 0; path++)
    if (*path == '/') name = path + 1;
  return name;
}

const char *variable(char **environment, const char *name) {
  for (; *environment != 0; environment++) {
    const char *rest = behind(*environment, name);
    if (rest != 0 && *rest == '=') return rest + 1;
  }
  return "";
}

void *allocate(unsigned long size) {
  const long at = call6(__NR_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at < 0 && at > -4096 ? 0 : (void *)at;
}

int write_all(int descriptor, const char *bytes, unsigned long length) {
  while (length > 0) {
    const long written = call3(__NR_write, descriptor, bytes, length);
    if (written == -4 /* EINTR */) continue;
    if (written <= 0) return 0;
    bytes += written;
    length -= (unsigned long)written;
  }
  return 1;
}

int has_regular_mode(const struct statx *stat) {
  return (stat->stx_mode & 0170000) == 0100000;
}

char *read_file(int directory, const char *path, unsigned long limit, unsigned long *length, struct statx *stat) {
  /* Looked at before it is opened: opening a device does things, and a FIFO's writer would lose what it has to say. */
  if (call5(__NR_statx, directory, path, AT_NO_AUTOMOUNT, STATX_BASIC_STATS, stat) != 0 || !has_regular_mode(stat)) return 0;
  const int descriptor =
      (int)call4(__NR_openat, directory, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0);
  if (descriptor < 0) return 0;
  char *content = 0;
  const long known = call5(__NR_statx, descriptor, "", AT_EMPTY_PATH, STATX_BASIC_STATS, stat);
  if (known == 0 && has_regular_mode(stat) && stat->stx_size <= limit)
    content = allocate(limit + 1);
  *length = 0;
  while (content != 0) {
    const long got = call3(__NR_read, descriptor, content + *length, limit + 1 - *length);
    if (got == -4 /* EINTR */) continue;
    if (got == 0) break;
    if (got > 0) *length += (unsigned long)got;
    if (got < 0 || *length > limit) content = 0;
  }
  call1(__NR_close, descriptor);
  return content;
}

void leave(int status) {
  for (;;) call1(__NR_exit_group, status);
}

void say(const char *what, const char *subject, const char *remedy) {
  for (const char *const *part = NULL_TERMINATED("gantry: ", what, ": ", subject, " ", remedy, "\n"); *part != 0; part++)
    write_all(2, *part, length_of(*part));
}

void fail(const char *what, const char *subject, const char *remedy) {
  say(what, subject, remedy);
  leave(1);
}

const char *error_name(long error) {
  switch (-error) {
    case 1: return "EPERM";
    case 12: return "ENOMEM";
    case 13: return "EACCES";
    case 22: return "EINVAL";
    case 23: return "ENFILE";
    case 24: return "EMFILE";
    case 28: return "ENOSPC";
    case 38: return "ENOSYS";
    default: return "for an unusual reason";
  }
}

/* The compiler calls these for copies and clears that it thinks up by itself. */
void *memcpy(void *to, const void *from, unsigned long length) {
  for (unsigned long at = 0; at < length; at++) ((char *)to)[at] = ((const char *)from)[at];
  return to;
}

void *memset(void *to, int byte, unsigned long length) {
  for (unsigned long at = 0; at < length; at++) ((char *)to)[at] = (char)byte;
  return to;
}
