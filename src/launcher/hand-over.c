/*
 * Why a child: a Bun process raises its limit of open files, ignores signals, closes descriptors and obeys variables. What is started
 * in the end gets exactly what we were given, because this process was never anything but this.
 */
#include "hand-over.h"

#include <linux/memfd.h>
#include <linux/prctl.h>

#include "faults.h"
#include "kernel.h"

#define SIGKILL 9
#define SIGCHLD 17
#define SIGPWR 30
#define SEAL_ALL 15
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif
#define VERDICT_LIMIT (16UL * 1024 * 1024)

/* Where the program finds them. */
enum { CALL_DESCRIPTOR = 3, VERDICT_DESCRIPTOR = 4, FIRST_FREE_DESCRIPTOR = 5 };

void become(const char *path, char **arguments, char **environment) {
  char *own = arguments[0];
  arguments[0] = (char *)path;
  call3(__NR_execve, path, arguments, environment);
  arguments[0] = own;
}

static int write_text(int descriptor, const char *text) {
  return write_all(descriptor, text, length_of(text) + 1);
}

static int write_number(int descriptor, unsigned long number) {
  char digits[24];
  char *at = digits + sizeof(digits);
  *--at = 0;
  do *--at = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  return write_text(descriptor, at);
}

static int write_list(int descriptor, char **list) {
  unsigned long count = 0;
  while (list[count] != 0) count++;
  if (!write_number(descriptor, count)) return 0;
  for (; *list != 0; list++)
    if (!write_text(descriptor, *list)) return 0;
  return 1;
}

/*
 * The call as data: a header, the working directory (empty: it is gone), the parent's number, arguments, environment; every text ends
 * with a zero.
 */
static int describe_call(char **arguments, char **environment) {
  static char directory[4096];
  const unsigned long flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  /* Linux 6.3 to 6.5 refuse whoever does not say so where vm.memfd_noexec is 2; those before know no such flag. */
  int descriptor = (int)call2(__NR_memfd_create, "gantry-call", flags | MFD_NOEXEC_SEAL);
  if (descriptor == -22 /* EINVAL */) descriptor = (int)call2(__NR_memfd_create, "gantry-call", flags);
  if (descriptor < 0) fail("cannot start: memfd_create is refused", error_name(descriptor), CALL_NOT_HANDED_OVER);
  if (call2(__NR_getcwd, directory, sizeof(directory)) < 0 || directory[0] != '/') directory[0] = 0;
  if (!write_text(descriptor, "gantry-call 2") || !write_text(descriptor, directory) ||
      !write_number(descriptor, (unsigned long)call0(__NR_getppid)) || !write_list(descriptor, arguments) ||
      !write_list(descriptor, environment))
    fail("no memory for the call", "write", CALL_NOT_HANDED_OVER);
  call3(__NR_lseek, descriptor, 0, 0);
  call3(__NR_fcntl, descriptor, F_ADD_SEALS, SEAL_ALL);
  return descriptor;
}

/* `gantry` beside this executable. */
static const char *find_program(void) {
  static char path[4096];
  const long length = call4(__NR_readlinkat, AT_FDCWD, "/proc/self/exe", path, sizeof(path) - sizeof("gantry"));
  if (length <= 0) fail("cannot find the gantry executable", "/proc/self/exe cannot be read", PROGRAM_NOT_STARTED);
  path[length] = 0;
  memcpy((char *)base_name(path), "gantry", sizeof("gantry"));
  return path;
}

__attribute__((noreturn)) static void become_program(int call, int verdict, long parent) {
  /* Out of the way of the places that they are to have. */
  call = (int)call3(__NR_fcntl, call, F_DUPFD_CLOEXEC, FIRST_FREE_DESCRIPTOR);
  verdict = (int)call3(__NR_fcntl, verdict, F_DUPFD_CLOEXEC, FIRST_FREE_DESCRIPTOR);
  if (call3(__NR_dup3, call, CALL_DESCRIPTOR, 0) < 0 || call3(__NR_dup3, verdict, VERDICT_DESCRIPTOR, 0) < 0)
    fail("cannot start", "no descriptors are left", CALL_NOT_HANDED_OVER);
  call3(__NR_close_range, FIRST_FREE_DESCRIPTOR, ~0U, 0);
  /* Who ignores it is not told how a child ended, and the program may have one: modprobe, or whom it asks about the driver. */
  static const unsigned long usual[4] = {0};
  call4(__NR_rt_sigaction, SIGCHLD, usual, 0, sizeof(unsigned long));
  /* By this one Bun stops its own threads, and complains on standard error of whoever ignored it. */
  call4(__NR_rt_sigaction, SIGPWR, usual, 0, sizeof(unsigned long));
  call2(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL);
  if (call0(__NR_getppid) != parent) leave(1);
  call1(__NR_chdir, "/");
  const char *program = find_program();
  char *const arguments[] = {"gantry", "launched", 0};
  char *const environment[] = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      /* The program lives for milliseconds: nothing that it does pays for compiling it further. */
      "BUN_JSC_useBaselineJIT=0",
      /* Nor does another thread that makes memory ready ahead of time. */
      "BUN_JSC_useWarmUpMarkedBlocks=0",
      0,
  };
  call3(__NR_execve, program, arguments, environment);
  fail("cannot start the gantry executable", program, PROGRAM_NOT_STARTED);
}

/* Everything that the program says, ended by a zero more. */
static char *read_verdict(int descriptor, unsigned long *length) {
  char *text = allocate(VERDICT_LIMIT + 1);
  *length = 0;
  while (text != 0) {
    const long got = call3(__NR_read, descriptor, text + *length, VERDICT_LIMIT - *length);
    if (got == -4 /* EINTR */) continue;
    if (got == 0) break;
    if (got < 0) return 0;
    *length += (unsigned long)got;
  }
  return text;
}

struct reader {
  char *at;
  char *end;
};

/* 0: the verdict was cut off. */
static char *take_text(struct reader *reader) {
  char *text = reader->at;
  while (reader->at < reader->end && *reader->at != 0) reader->at++;
  if (reader->at == reader->end) return 0;
  reader->at++;
  return text;
}

static unsigned long take_count(struct reader *reader) {
  const char *text = take_text(reader);
  unsigned long count = 0;
  for (; text != 0 && *text >= '0' && *text <= '9' && count < VERDICT_LIMIT; text++)
    count = count * 10 + (unsigned long)(*text - '0');
  return count;
}

static char **take_list(struct reader *reader) {
  const unsigned long count = take_count(reader);
  char **list = count >= VERDICT_LIMIT ? 0 : allocate((count + 1) * sizeof(char *));
  for (unsigned long index = 0; list != 0 && index < count; index++)
    if ((list[index] = take_text(reader)) == 0) return 0;
  return list;
}

/* A verdict is `own PATH`, `exec PATH arguments environment` or `exit STATUS`, and `.` behind it. Returns when there is none. */
static void act_on(char *text, unsigned long length, char **arguments, char **environment) {
  struct reader reader = {text, text + length};
  const char *kind = take_text(&reader);
  if (kind == 0) return;
  const char *path = 0;
  int status = 0;
  if (is_same(kind, "exit")) status = (int)take_count(&reader);
  else path = take_text(&reader);
  if (is_same(kind, "exec")) {
    arguments = take_list(&reader);
    environment = take_list(&reader);
  }
  const char *last = take_text(&reader);
  if (last == 0 || !is_same(last, ".") || arguments == 0 || environment == 0) return;
  if (path == 0) leave(status);
  if (is_same(kind, "own")) become(path, arguments, environment);
  else call3(__NR_execve, path, arguments, environment);
  fail("cannot execute", path, EXEC_FAILED);
}

void hand_over(char **arguments, char **environment) {
  const int call = describe_call(arguments, environment);
  int verdict[2];
  if (call2(__NR_pipe2, verdict, O_CLOEXEC) != 0) fail("cannot start", "no descriptors are left", CALL_NOT_HANDED_OVER);
  const long own = call0(__NR_getpid);
  const long child = call5(__NR_clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) become_program(call, verdict[1], own);
  if (child < 0) fail("cannot start", "no process is left", CALL_NOT_HANDED_OVER);
  call1(__NR_close, call);
  call1(__NR_close, verdict[1]);
  unsigned long length;
  char *text = read_verdict(verdict[0], &length);
  call1(__NR_close, verdict[0]);
  /* Who ignores SIGCHLD is not told how it ended. */
  int status = 0;
  while (call4(__NR_wait4, child, &status, 0, 0) == -4 /* EINTR */) continue;
  if (text != 0) act_on(text, length, arguments, environment);
  /* It died. Whoever ends with a status has said why. */
  const int signal = status & 0x7f, own_status = (status >> 8) & 0xff;
  if (signal == 0 && own_status != 0) leave(own_status);
  say("the gantry executable ended without an answer, try again", signal == SIGKILL ? "it was killed" : "it died",
      PROGRAM_DIED);
  leave(signal != 0 ? 128 + signal : 1);
}
