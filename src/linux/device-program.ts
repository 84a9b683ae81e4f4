/**
 * The device filter of cgroup v2 is a BPF program. Permission for more devices is a new program that first checks these and
 * else does what the old one did; it takes the old one's place in one step, so that no moment is without a filter.
 * Source: linux/bpf.h; cgroup v2 documentation, "Device controller".
 */

import { closeSync, constants, openSync } from "node:fs"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { cString } from "./c-string.ts"
import { call } from "./checked.ts"
import { addressOf, allocate } from "./libc.ts"

export interface DevicePermission {
  readonly major: number
  readonly minor: number
}

const command = { load: 5, attach: 8, fdById: 13, info: 15, query: 16 } as const
const cgroupDevice = 6
const programType = 15
const allowMulti = 2
const replaceFlag = 4
const instructionBytes = 8

/** Allows reading and writing of character devices in one cgroup. Faults: SystemCallFailed, DeviceProgramUnreadable. */
export function allowDevices(cgroup: string, devices: readonly DevicePermission[]): Result<true> {
  let directory: number
  try {
    directory = openSync(cgroup, constants.O_RDONLY | constants.O_DIRECTORY)
  } catch (error) {
    const errno = (error as { readonly code?: string }).code ?? "EIO"
    return fail(fault("SystemCallFailed", { syscall: "open", target: cgroup, errno }))
  }
  try {
    const attached = queryPrograms(directory, cgroup)
    if (!attached.ok) return attached
    // Without any program nothing is forbidden.
    for (const id of attached.value.ids) {
      const replaced = replaceProgram(directory, cgroup, id, attached.value.flags, devices)
      if (!replaced.ok) return replaced
    }
    return ok(true)
  } finally {
    closeSync(directory)
  }
}

const block = (): { readonly bytes: Uint8Array; readonly view: DataView } => {
  const bytes = allocate(1024)
  return { bytes, view: new DataView(bytes.buffer) }
}

const bpf = (name: keyof typeof command, target: string, attribute: Uint8Array): Result<number> =>
  call("bpf", `${name} ${target}`, command[name], addressOf(attribute), 128)

function queryPrograms(
  directory: number,
  cgroup: string,
): Result<{ readonly ids: readonly number[]; readonly flags: number }> {
  const { bytes, view } = block()
  const ids = block()
  view.setUint32(0, directory, true)
  view.setUint32(4, cgroupDevice, true)
  view.setBigUint64(16, BigInt(addressOf(ids.bytes)), true)
  view.setUint32(24, 64, true)
  const asked = bpf("query", cgroup, bytes)
  if (!asked.ok) return asked
  const count = view.getUint32(24, true)
  const found = Array.from({ length: count }, (_, index) => ids.view.getUint32(index * 4, true))
  return ok({ ids: found, flags: view.getUint32(12, true) })
}

function replaceProgram(
  directory: number,
  cgroup: string,
  id: number,
  attachFlags: number,
  devices: readonly DevicePermission[],
): Result<true> {
  const asked = block()
  asked.view.setUint32(0, id, true)
  const old = bpf("fdById", cgroup, asked.bytes)
  if (!old.ok) return old
  try {
    const instructions = readInstructions(old.value, cgroup)
    if (!instructions.ok) return instructions
    const loaded = loadProgram(joinBytes(permissionCode(devices), instructions.value), cgroup)
    if (!loaded.ok) return loaded
    const { bytes, view } = block()
    const isMulti = (attachFlags & allowMulti) !== 0
    view.setUint32(0, directory, true)
    view.setUint32(4, loaded.value, true)
    view.setUint32(8, cgroupDevice, true)
    view.setUint32(12, isMulti ? allowMulti | replaceFlag : attachFlags, true)
    view.setUint32(16, isMulti ? old.value : 0, true)
    const attached = bpf("attach", cgroup, bytes)
    closeSync(loaded.value)
    return attached.ok ? ok(true) : attached
  } finally {
    closeSync(old.value)
  }
}

/** The kernel zeroes instructions that it does not want to show (bpf_jit_harden = 2): such a program cannot be built upon. */
function readInstructions(program: number, cgroup: string): Result<Uint8Array> {
  const info = block()
  const ask = (): Result<number> => {
    const { bytes, view } = block()
    view.setUint32(0, program, true)
    view.setUint32(4, 128, true)
    view.setBigUint64(8, BigInt(addressOf(info.bytes)), true)
    return bpf("info", cgroup, bytes)
  }
  const sized = ask()
  if (!sized.ok) return sized
  const length = info.view.getUint32(20, true)
  const code = allocate(length)
  info.bytes.fill(0)
  info.view.setUint32(20, length, true)
  info.view.setBigUint64(32, BigInt(addressOf(code)), true)
  const read = ask()
  if (!read.ok) return read
  const instructions = code.subarray(0, length)
  return instructions.some((byte) => byte !== 0)
    ? ok(instructions)
    : fail(fault("DeviceProgramUnreadable", { cgroup }))
}

function loadProgram(instructions: Uint8Array, cgroup: string): Result<number> {
  const { bytes, view } = block()
  const license = cString("Apache-2.0")
  view.setUint32(0, programType, true)
  view.setUint32(4, instructions.length / instructionBytes, true)
  view.setBigUint64(8, BigInt(addressOf(instructions)), true)
  view.setBigUint64(16, BigInt(license), true)
  return bpf("load", cgroup, bytes)
}

/**
 * r1 points to { access << 16 | type, major, minor } and stays as it is for the old program, as do r6 to r10.
 *   not a character device, or mknod asked for: to the old program
 *   for each device: major and minor match: allowed · else the next · at the end: to the old program
 */
export function permissionCode(devices: readonly DevicePermission[]): Uint8Array {
  const [characterDevice, mknod] = [2, 1]
  const perDevice = 4
  const toEnd = devices.length * perDevice
  const code: (readonly [code: number, registers: number, offset: number, value: number])[] = [
    [0x61, 0x12, 0, 0], // r2 = access and type
    [0xbc, 0x23, 0, 0], // r3 = r2
    [0x54, 0x02, 0, 0xffff], // r2 = type
    [0x74, 0x03, 0, 16], // r3 = access
    [0x61, 0x14, 4, 0], // r4 = major
    [0x61, 0x15, 8, 0], // r5 = minor
    [0x55, 0x02, toEnd + 2, characterDevice], // r2 != character: old program
    [0x54, 0x03, 0, mknod], // r3 = mknod asked for
    [0x55, 0x03, toEnd, 0], // r3 != 0: old program
  ]
  for (const { major, minor } of devices)
    code.push(
      [0x55, 0x04, 3, major], // r4 != major: next
      [0x55, 0x05, 2, minor], // r5 != minor: next
      [0xb4, 0x00, 0, 1], // r0 = 1
      [0x95, 0x00, 0, 0], // exit
    )
  const bytes = new Uint8Array(code.length * instructionBytes)
  const view = new DataView(bytes.buffer)
  for (const [index, [operation, registers, offset, value]] of code.entries()) {
    const at = index * instructionBytes
    view.setUint8(at, operation)
    view.setUint8(at + 1, registers)
    view.setInt16(at + 2, offset, true)
    view.setInt32(at + 4, value, true)
  }
  return bytes
}

function joinBytes(one: Uint8Array, other: Uint8Array): Uint8Array {
  const joined = allocate(one.length + other.length)
  joined.set(one)
  joined.set(other, one.length)
  return joined.subarray(0, one.length + other.length)
}
