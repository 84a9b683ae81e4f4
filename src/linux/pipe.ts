/** A pipe to a child: the child writes and waits when it is full, we read and never wait. */

import { closeSync, constants, openSync } from "node:fs"
import { errnoName } from "../core/fault/errno.ts"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { addressOf, allocate, systemCall } from "./libc.ts"
import { numbers } from "./system-call-numbers.ts"

const closeOnExec = 0o2000000

export interface Pipe {
  /** Reading when there is nothing is EAGAIN. */
  readonly readEnd: number
  readonly writeEnd: number
}

/** Both ends are closed in programs that are started, unless given to them. Faults: SystemCallFailed. */
export function openPipe(): Result<Pipe> {
  const buffer = allocate(8)
  const made = systemCall(numbers.pipe2, addressOf(buffer), closeOnExec)
  if (made.value !== 0)
    return fail(
      fault("SystemCallFailed", { syscall: "pipe", target: "a child", errno: errnoName(made.errno) }),
    )
  const view = new DataView(buffer.buffer)
  const [blocking, writeEnd] = [view.getInt32(0, true), view.getInt32(4, true)]
  // Opened anew, because the two ends would share the flag, and the child's must wait.
  const readEnd = openSync(`/proc/self/fd/${blocking}`, constants.O_RDONLY | constants.O_NONBLOCK)
  closeSync(blocking)
  return ok({ readEnd, writeEnd })
}
