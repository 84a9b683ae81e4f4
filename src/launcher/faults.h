/*
 * What ends each line that the launcher says: a stable code and what to do. docs/faults has a page of each, under the name that it has here
 * without its strokes; a code that the program says too means the same there (src/core/fault).
 */
#ifndef GANTRY_FAULTS_H
#define GANTRY_FAULTS_H

#define USAGE_INVALID "[GAN1001]: it is called by an engine, and by a hook that gantry wrote"
#define EXEC_FAILED "[GAN3002]: make it an executable program"
#define CALL_NOT_HANDED_OVER "[GAN3050]: raise the engine's limits of files, processes and memory, and let no filter of system calls refuse it the call"
#define PROGRAM_NOT_STARTED "[GAN3051]: install it beside gantry-launcher, so that it may be executed; /proc must be mounted"
#define PROGRAM_DIED "[GAN3052]: look whether memory ran out (dmesg), and report it if it happens again"
#define PARAMS_NOT_COVERED \
  "[GAN3053]: let the engine have CAP_SYS_ADMIN and Linux 5.12 or later, and no filter of system calls or security module refuse it the call"

#endif
