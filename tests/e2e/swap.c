/* Swaps two names for as long as it lives: what was a directory a moment ago is a link now. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>

int main(int count, char **arguments) {
  if (count != 3) return 2;
  for (;;) renameat2(AT_FDCWD, arguments[1], AT_FDCWD, arguments[2], RENAME_EXCHANGE);
}
