/** Whether a command line names standard output, by any of its names. */

/** Behind /dev/stdout may lie a file to which somebody appends: to put another in its place takes away what is in it, and what comes. */
export const isStandardOutput = (output: string): boolean =>
  /^(?:-|\/dev\/stdout|\/(?:dev|proc\/self)\/fd\/1)$/.test(output)
