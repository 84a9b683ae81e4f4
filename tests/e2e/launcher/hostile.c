/* What a stranger would have loaded into a program of root's: it leaves a trace, and the program does not know. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void leave_trace(void) {
  const char *trace = getenv("TRACE");
  if (trace != 0) close(open(trace, O_CREAT | O_WRONLY, 0644));
}
