#include "bind-params.h"

#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>

#include "faults.h"
#include "kernel.h"

#define PARAMS "/proc/driver/nvidia/params"
#define PARAMS_LIMIT 65536UL

__attribute__((noreturn)) static void refuse(const char *what, const char *subject) {
  fail(what, subject, PARAMS_NOT_COVERED);
}

/* The call's result, which is no error. `what`: what its failure costs. */
static int need(long result, const char *what) {
  if (result == -38 /* ENOSYS */) refuse("Linux 5.12 or later is needed to mount over", PARAMS);
  if (result < 0) refuse(what, error_name(result));
  return (int)result;
}

static int open_in(int root, unsigned long flags) {
  /* No link is followed: proc has none on this way, and an image's proc is no proc. */
  const struct open_how how = {
      .flags = flags | O_CLOEXEC,
      .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
  };
  return (int)call4(__NR_openat2, root, PARAMS, &how, sizeof(how));
}

/* A negative number: this container's proc says nothing of a driver. */
static int open_params(const char *path) {
  const int root = (int)call4(__NR_openat, AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  if (root < 0) refuse("cannot open the container's root", path);
  /* Looked at before it is opened: opening a device does things. */
  const int seen = open_in(root, O_PATH);
  if (seen == -2 /* ENOENT */ || seen == -20 /* ENOTDIR */ || seen == -40 /* ELOOP */) return -1;
  struct statx stat;
  need(seen, "cannot look at " PARAMS);
  need(call5(__NR_statx, seen, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stat), "cannot look at " PARAMS);
  if (!has_regular_mode(&stat)) return -1;
  return need(open_in(root, O_RDONLY | O_NONBLOCK), "cannot open " PARAMS);
}

static char *read_params(int params, unsigned long *length) {
  char *text = allocate(PARAMS_LIMIT + 1);
  *length = 0;
  for (long got = 1; got != 0;) {
    got = text == 0 ? -1 : call3(__NR_read, params, text + *length, PARAMS_LIMIT + 1 - *length);
    if (got == -4 /* EINTR */) continue;
    if (got < 0 || (*length += (unsigned long)got) > PARAMS_LIMIT) refuse("cannot read", PARAMS);
  }
  return text;
}

/* Changes the text in place, whole lines of it alone. 0: there is nothing to change. */
static int forbid_nodes(char *text) {
  int is_changed = 0;
  for (char *line = text; *line != 0; line++) {
    char *rest = (char *)behind(line, "ModifyDeviceFiles: 1");
    if (rest != 0 && (*rest == '\n' || *rest == 0)) {
      rest[-1] = '0';
      is_changed = 1;
    }
    while (*line != '\n' && *line != 0) line++;
    if (*line == 0) break;
  }
  return is_changed;
}

/*
 * A detached mount of a file with this text. Before Linux 6.15 only what is mounted somewhere can be mounted a second time; where it is,
 * nobody else is to see it, so that is a mount namespace that ends with our stay in it, and there over proc, which alone need not be shared
 * any more: what lies at our root is no mount's root where an engine was started in a directory that is none (chroot).
 */
static int mount_text(const char *text, unsigned long length) {
  static const char *const no_namespace = "cannot make a mount namespace, to mount over " PARAMS;
  static const char *const no_system = "cannot make a file system, to mount over " PARAMS;
  static const char *const no_copy = "cannot mount a file a second time, over " PARAMS;
  const int home = need(call4(__NR_openat, AT_FDCWD, "/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC, 0), no_namespace);
  need(call1(__NR_unshare, CLONE_NEWNS), no_namespace);
  need(call5(__NR_mount, 0, "/proc", 0, MS_PRIVATE, 0), no_namespace);
  const int context = need(call2(__NR_fsopen, "tmpfs", FSOPEN_CLOEXEC), no_system);
  call5(__NR_fsconfig, context, FSCONFIG_SET_STRING, "mode", "0555", 0);
  need(call5(__NR_fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0), no_system);
  const int mount = need(call3(__NR_fsmount, context, FSMOUNT_CLOEXEC, 0), no_system);
  need(call5(__NR_move_mount, mount, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH), no_system);
  /* Whatever the engine has masked: who cannot read that nodes must not be made makes them. */
  call1(__NR_umask, 0);
  const int file = (int)call4(__NR_openat, mount, "params", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
  if (file < 0 || !write_all(file, text, length)) refuse("cannot write", "params");
  call1(__NR_close, file);
  const int tree = need(call3(__NR_open_tree, mount, "params", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC), no_copy);
  struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
  need(call5(__NR_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)), no_copy);
  need(call2(__NR_setns, home, CLONE_NEWNS), "cannot return from a mount namespace, to mount over " PARAMS);
  return tree;
}

void bind_params(const char *root) {
  const int params = open_params(root);
  if (params < 0) leave(0);
  unsigned long length;
  char *text = read_params(params, &length);
  if (!forbid_nodes(text)) leave(0);
  const int mount = mount_text(text, length);
  need(call5(__NR_move_mount, mount, "", params, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH), "cannot mount over " PARAMS);
  leave(0);
}
