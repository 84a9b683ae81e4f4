/* Stands where nvidia-container-cli would: writes its arguments and environment, as the kernel gave them, to .stub-report in
 * the working directory, then exits with the number in .stub-exit there. */
#include <fcntl.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

static void put(int fd, char kind, const char *text) {
  if (write(fd, &kind, 1) != 1 || write(fd, text, strlen(text) + 1) < 0) _exit(99);
}

int main(int argc, char **argv) {
  int fd = open(".stub-report", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) return 99;
  for (int i = 1; i < argc; i++) put(fd, 'A', argv[i]);
  for (char **entry = environ; *entry; entry++) put(fd, 'E', *entry);
  close(fd);
  char text[8] = {0};
  int status = open(".stub-exit", O_RDONLY);
  if (status >= 0 && read(status, text, sizeof text - 1) < 0) return 99;
  return atoi(text);
}
