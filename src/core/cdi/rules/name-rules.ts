/**
 * The rules of vendor, class and device names, each broken one with its reason. Source: the released Go parser (facts §6.3), which is
 * wider than the specification's text: what that demands beyond is a warning elsewhere. Names of one letter are allowed.
 * A container's start has a shorter judgement of its own, qualify.ts, which needs no reasons.
 */

import { deviceName } from "./qualify.ts"

const letter = /^[A-Za-z]/
const letterOrDigit = /^[A-Za-z0-9]/
const lastLetterOrDigit = /[A-Za-z0-9]$/

const quote = JSON.stringify

/** undefined: it is one. */
export function vendorOrClassProblem(part: "vendor" | "class", name: string): string | undefined {
  if (name === "") return `invalid ${part}. empty name`
  if (!letter.test(name)) return `invalid ${part}. ${quote(name)}, should start with letter`
  const strange = /[^A-Za-z0-9_.-]/u.exec(name)
  if (strange !== null) return `invalid ${part}. invalid character '${strange[0]}' in name ${quote(name)}`
  return lastLetterOrDigit.test(name)
    ? undefined
    : `invalid ${part}. ${quote(name)}, should end with a letter or digit`
}

/** undefined: it is one. */
export function deviceNameProblem(name: string): string | undefined {
  if (deviceName.test(name)) return undefined
  if (name === "") return "invalid (empty) device name"
  if (!letterOrDigit.test(name))
    return `invalid device name ${quote(name)}, should start with a letter or digit`
  const strange = /[^A-Za-z0-9_.:-]/u.exec(name)
  if (strange !== null) return `invalid character '${strange[0]}' in device name ${quote(name)}`
  return lastLetterOrDigit.test(name)
    ? undefined
    : `invalid device name ${quote(name)}, should end with a letter or digit`
}

/** The parts of a kind; an empty vendor where it has none, as the reference's parser answers. */
export function splitKind(kind: string): { readonly vendor: string; readonly class: string } {
  const slash = kind.indexOf("/")
  return slash <= 0 || slash === kind.length - 1
    ? { vendor: "", class: kind }
    : { vendor: kind.slice(0, slash), class: kind.slice(slash + 1) }
}

/**
 * What keeps a vendor or class from being written into a file: the release that Docker, Podman and CRI-O have crashes on one of a letter, which the
 * rules allow, whenever it looks into the directory. undefined: nothing.
 */
export const crashProblem = (part: "vendor" | "class", name: string): string | undefined =>
  name.length === 1
    ? `invalid ${part}. ${quote(name)} has one letter, and engines with CDI 1.1.0 and older crash on it`
    : undefined

/** undefined: it is one. */
export function kindProblem(kind: string): string | undefined {
  const parts = splitKind(kind)
  return vendorOrClassProblem("vendor", parts.vendor) ?? vendorOrClassProblem("class", parts.class)
}
