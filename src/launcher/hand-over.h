/* The compiled program decides, in a child with an environment of our making; this process acts on its verdict. */
#ifndef GANTRY_HAND_OVER_H
#define GANTRY_HAND_OVER_H

/* Becomes `path` with our own arguments, but for the first, and our own environment. Returns only when that failed. */
void become(const char *path, char **arguments, char **environment);

__attribute__((noreturn)) void hand_over(char **arguments, char **environment);

#endif
