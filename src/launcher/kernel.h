/* Calls and small helpers that all roles of the launcher share. Every descriptor is close-on-exec. */
#ifndef GANTRY_KERNEL_H
#define GANTRY_KERNEL_H

#include <linux/fcntl.h>
#include <linux/stat.h>

#include "system-calls.h"

#ifndef O_NONBLOCK
#include <asm/fcntl.h>
#endif

#define NULL_TERMINATED(...) ((const char *const[]){__VA_ARGS__, 0})

unsigned long length_of(const char *text);
int is_same(const char *one, const char *other);
/* The part of `text` behind `prefix`; 0: it begins otherwise. */
const char *behind(const char *text, const char *prefix);
const char *base_name(const char *path);
/* A variable's value; empty when there is none. */
const char *variable(char **environment, const char *name);

void *memcpy(void *to, const void *from, unsigned long length);
void *memset(void *to, int byte, unsigned long length);

/* Anonymous memory, zeroed; 0: there is none. */
void *allocate(unsigned long size);
/* Writes all of it. 0: something failed. */
int write_all(int descriptor, const char *bytes, unsigned long length);
int has_regular_mode(const struct statx *stat);
/* Reads a regular file of at most `limit` bytes to its end. 0: it is something else, larger, or cannot be read. */
char *read_file(int directory, const char *path, unsigned long limit, unsigned long *length, struct statx *stat);

/* Of a call's result, which is negative. */
const char *error_name(long result);
__attribute__((noreturn)) void leave(int status);
/* One line on standard error. `remedy`: of faults.h, with its code. */
void say(const char *what, const char *subject, const char *remedy);
/* The same; then the program ends with status 1. */
__attribute__((noreturn)) void fail(const char *what, const char *subject, const char *remedy);

#endif
