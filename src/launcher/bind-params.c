#include "bind-params.h"

#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>

#include "kernel.h"

#define PARAMS "/proc/driver/nvidia/params"
#define PARAMS_LIMIT 65536UL

__attribute__((noreturn)) static void refuse(long result, const char *what, const char *subject) {
  fail(result == -38 /* ENOSYS */ ? "Linux 5.12 or later is needed to mount over" : what, subject);
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
  if (root < 0) fail("cannot open the container's root", path);
  /* Looked at before it is opened: opening a device does things. */
  const int seen = open_in(root, O_PATH);
  if (seen == -2 /* ENOENT */ || seen == -20 /* ENOTDIR */ || seen == -40 /* ELOOP */) return -1;
  struct statx stat;
  if (seen < 0) refuse(seen, "cannot look at", PARAMS);
  if (call5(__NR_statx, seen, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stat) != 0) fail("cannot look at", PARAMS);
  if (!has_regular_mode(&stat)) return -1;
  const int params = open_in(root, O_RDONLY | O_NONBLOCK);
  if (params < 0) fail("cannot open", PARAMS);
  return params;
}

static char *read_params(int params, unsigned long *length) {
  char *text = allocate(PARAMS_LIMIT + 1);
  *length = 0;
  for (long got = 1; got != 0;) {
    got = text == 0 ? -1 : call3(__NR_read, params, text + *length, PARAMS_LIMIT + 1 - *length);
    if (got == -4 /* EINTR */) continue;
    if (got < 0 || (*length += (unsigned long)got) > PARAMS_LIMIT) fail("cannot read", PARAMS);
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
  const int home = (int)call4(__NR_openat, AT_FDCWD, "/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC, 0);
  if (home < 0 || call1(__NR_unshare, CLONE_NEWNS) != 0 || call5(__NR_mount, 0, "/proc", 0, MS_PRIVATE, 0) != 0)
    fail("cannot make a mount namespace for", "params");
  const int context = (int)call2(__NR_fsopen, "tmpfs", FSOPEN_CLOEXEC);
  call5(__NR_fsconfig, context, FSCONFIG_SET_STRING, "mode", "0555", 0);
  if (call5(__NR_fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0) != 0) fail("cannot make a file system for", "params");
  const int mount = (int)call3(__NR_fsmount, context, FSMOUNT_CLOEXEC, 0);
  if (call5(__NR_move_mount, mount, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH) != 0) fail("cannot mount", "params");
  /* Whatever the engine has masked: who cannot read that nodes must not be made makes them. */
  call1(__NR_umask, 0);
  const int file = (int)call4(__NR_openat, mount, "params", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
  if (file < 0 || !write_all(file, text, length)) fail("cannot write", "params");
  call1(__NR_close, file);
  const int tree = (int)call3(__NR_open_tree, mount, "params", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
  if (tree < 0) fail("cannot mount a second time", "params");
  const long set = call5(__NR_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes));
  if (set != 0) refuse(set, "cannot make read-only", PARAMS);
  if (call2(__NR_setns, home, CLONE_NEWNS) != 0) fail("cannot return from the mount namespace of", "params");
  return tree;
}

void bind_params(const char *root) {
  const int params = open_params(root);
  if (params < 0) leave(0);
  unsigned long length;
  char *text = read_params(params, &length);
  if (!forbid_nodes(text)) leave(0);
  const int mount = mount_text(text, length);
  if (call5(__NR_move_mount, mount, "", params, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
    fail("cannot mount over", PARAMS);
  leave(0);
}
