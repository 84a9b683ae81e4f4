/* Asks the real dynamic loader for libcuda.so.1 by its name alone, and prints what its function answers. */
#include <dlfcn.h>
#include <stdio.h>

int main(void) {
  void *library = dlopen("libcuda.so.1", RTLD_NOW);
  if (library == NULL) {
    puts(dlerror());
    return 1;
  }
  int (*answer)(void) = (int (*)(void))dlsym(library, "gantry_libcuda");
  if (answer == NULL) return 2;
  printf("libcuda answers %d\n", answer());
  return 0;
}
