/**
 * Is a device name a fully qualified CDI name, `vendor/class=name`? Source: CDI specification 1.1, "kind" and device names.
 * The reference's check crashes on a vendor or class of one letter, which any image can name; here that is an outcome.
 */

const word = /^[A-Za-z](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$/
/** What a device may be called, behind vendor and class. */
export const deviceName = /^[A-Za-z0-9](?:[A-Za-z0-9_.:-]*[A-Za-z0-9])?$/

/** Kinds whose devices this machine's own GPUs are, with the sign before the name. The second is of specifications made at a start. */
export const ownKinds: readonly string[] = ["nvidia.com/gpu=", "runtime.nvidia.com/gpu="]

export const isOfOwnKind = (device: string): boolean => ownKinds.some((kind) => device.startsWith(kind))

export type Qualification = "qualified" | "unqualified" | "oneLetter"

export function qualify(device: string): Qualification {
  const equals = device.indexOf("=")
  const slash = device.indexOf("/")
  if (slash <= 0 || equals <= slash + 1 || equals === device.length - 1) return "unqualified"
  for (const part of [device.slice(0, slash), device.slice(slash + 1, equals)]) {
    if (part.length === 1 && /[A-Za-z]/.test(part)) return "oneLetter"
    if (!word.test(part)) return "unqualified"
  }
  return deviceName.test(device.slice(equals + 1)) ? "qualified" : "unqualified"
}
