/*
 * In front of every name that root starts on a container's way: what needs no decision is passed on at once, and nothing that
 * a stranger put into an environment or a working directory reaches the program that decides. Roles by the name it is called by:
 *   nvidia-container-runtime (.cdi, .legacy)   a container whose config.json has none of the words: the low-level runtime
 *   nvidia-container-runtime-hook (-toolkit)   poststart and poststop: done
 *   gantry-launcher bind-params ROOT           the one hook that it leaves in a container, see bind-params.h
 * Everything else is decided by the compiled program (hand-over.h).
 */
#include "bind-params.h"
#include "faults.h"
#include "find-runtime.h"
#include "hand-over.h"
#include "kernel.h"
#include "scan.h"
#include "settings.h"

#define SPEC_LIMIT (8UL * 1024 * 1024)

/* 1: the bundle's config.json was read whole and has none of the words. */
static int wants_nothing(const char *bundle, const struct words *words) {
  const int directory =
      bundle == 0 ? AT_FDCWD : (int)call4(__NR_openat, AT_FDCWD, bundle, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  if (directory < 0 && bundle != 0) return 0;
  struct statx stat;
  unsigned long length;
  const char *spec = read_file(directory, "config.json", SPEC_LIMIT, &length, &stat);
  if (bundle != 0) call1(__NR_close, directory);
  return spec != 0 && !has_trigger(spec, length, words);
}

static void pass_on(char **arguments, char **environment) {
  static struct settings settings;
  if (!read_settings(&settings, environment)) return;
  const struct call call = read_call(arguments);
  if (call.subcommand != SUBCOMMAND_OTHER && !settings.is_off && !wants_nothing(call.bundle, &settings.words)) return;
  const char *runtime = find_runtime(&settings, variable(environment, "PATH"));
  if (runtime != 0) become(runtime, arguments, environment);
}

static int is_runtime(const char *name) {
  const char *rest = behind(name, "nvidia-container-runtime");
  return rest != 0 && (*rest == 0 || is_same(rest, ".cdi") || is_same(rest, ".legacy"));
}

static int is_hook(const char *name) {
  return is_same(name, "nvidia-container-runtime-hook") || is_same(name, "nvidia-container-toolkit");
}

__attribute__((noreturn)) static void refuse(const char *what, const char *subject) {
  say(what, subject, USAGE_INVALID);
  leave(2);
}

__attribute__((noreturn, used)) void start(long *stack) {
  char **arguments = (char **)(stack + 1);
  char **environment = arguments + stack[0] + 1;
  if (stack[0] == 0) refuse("cannot start", "no name was given");
  const char *name = base_name(arguments[0]);
  const char *word = stack[0] > 1 ? arguments[1] : "";
  if (is_same(name, "gantry-launcher")) {
    if (stack[0] != 3 || !is_same(word, "bind-params")) refuse("usage", "gantry-launcher bind-params ROOT");
    bind_params(arguments[2]);
  }
  if (is_runtime(name)) pass_on(arguments, environment);
  else if (is_hook(name) && (is_same(word, "poststart") || is_same(word, "poststop"))) leave(0);
  hand_over(arguments, environment);
}

/* The stack as the kernel left it is all there is. */
#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n  xor %ebp, %ebp\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call start\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n  mov x29, #0\n  mov x0, sp\n  bl start\n");
#endif
