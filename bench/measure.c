/*
 * Measures one container start: runs CREATE, then START, waits for the container's first process, then runs DELETE unmeasured.
 *   measure CREATE... [-- START... [-- DELETE...]]
 * Words with an equals sign in front of a program are variables for it.
 * A subreaper, so that what outlives CREATE is counted too; a small program that forks, because a child's peak memory begins
 * with its parent's. Prints: nanoseconds of CREATE, nanoseconds from CREATE to the end, microseconds of CPU, peak KiB of the
 * largest process.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long cpu_us;
static long peak_kib;

static long long now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void count(const struct rusage *usage) {
  cpu_us += (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000LL + usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
  if (usage->ru_maxrss > peak_kib) peak_kib = usage->ru_maxrss;
}

static void run(char **argv) {
  pid_t pid = fork();
  if (pid == 0) {
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    while (strchr(argv[0], '=') != NULL) putenv(*argv++);
    execvp(argv[0], argv);
    perror(argv[0]);
    _exit(127);
  }
  int status = 0;
  struct rusage usage;
  if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
    perror("measure");
    exit(1);
  }
  count(&usage);
  if (status != 0) {
    fprintf(stderr, "measure: %s %s ended with status %d\n", argv[0], argv[1] ? argv[1] : "", status);
    exit(1);
  }
}

/* Cuts at the next "--"; returns what follows it, or NULL. */
static char **next(char **argv) {
  for (; *argv; argv++)
    if (strcmp(*argv, "--") == 0) {
      *argv = NULL;
      return argv + 1;
    }
  return NULL;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  char **create = argv + 1;
  char **start = next(create);
  char **delete = start ? next(start) : NULL;
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  long long begun = now_ns();
  run(create);
  long long created = now_ns();
  if (start) {
    run(start);
    struct rusage usage;
    while (wait4(-1, NULL, 0, &usage) > 0 || errno == EINTR) count(&usage);
  }
  long long ended = now_ns();
  printf("%lld %lld %lld %ld\n", created - begun, ended - begun, cpu_us, peak_kib);
  fflush(stdout);
  if (delete) run(delete);
  return 0;
}
