/** Whether a command line names standard output, by either of its names. */

/** Behind /dev/stdout may lie a file to which somebody appends: to put another in its place takes away what is in it, and what comes. */
export const isStandardOutput = (output: string): boolean => output === "-" || output === "/dev/stdout"
