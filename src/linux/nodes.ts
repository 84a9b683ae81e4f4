/** Making device nodes. Needs root in the initial user namespace. */

import { errnoName } from "../core/fault/errno.ts"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { cString } from "./c-string.ts"
import { systemCall } from "./libc.ts"
import { numbers } from "./system-call-numbers.ts"

const atFdCwd = -100
const characterDevice = 0o020000
const socketFile = 0o140000

/** Device number as the kernel's mknod takes it: 12 bits of major amid 20 bits of minor. Source: new_encode_dev. */
export const deviceNumber = (major: number, minor: number): number =>
  (minor & 0xff) + major * 256 + (minor & 0xfff00) * 4096

/** Faults: SystemCallFailed. The mode is subject to the umask. */
export function makeCharacterNode(path: string, major: number, minor: number, mode: number): Result<true> {
  const buffer = cString(path)
  const made = systemCall(
    numbers.mknodat,
    atFdCwd,
    buffer,
    characterDevice | mode,
    deviceNumber(major, minor),
  )
  if (made.value === 0) return ok(true)
  return fail(fault("SystemCallFailed", { syscall: "mknod", target: path, errno: errnoName(made.errno) }))
}

/** A socket's file at which nobody listens. Anybody may make one. Faults: SystemCallFailed. The mode is subject to the umask. */
export function makeSocketFile(path: string, mode: number): Result<true> {
  const made = systemCall(numbers.mknodat, atFdCwd, cString(path), socketFile | mode, 0)
  if (made.value === 0) return ok(true)
  return fail(fault("SystemCallFailed", { syscall: "mknod", target: path, errno: errnoName(made.errno) }))
}
