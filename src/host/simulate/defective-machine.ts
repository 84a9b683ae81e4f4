/** A machine that defects are ordered for, and the few ways in which a list of what lies on it is changed. */

import { baseName, parentPath } from "../../core/text/path.ts"
import { decodeUtf8, encodeUtf8 } from "../../core/text/utf8.ts"
import { problemOfPath } from "./listing.ts"
import type { Made } from "./made.ts"
import type { NvmlBehaviour } from "./nvml-behaviour.ts"

export interface DefectiveMachine {
  readonly made: readonly Made[]
  /** Paths that answer "permission denied", also to root. */
  readonly denied: readonly string[]
  readonly nvml: NvmlBehaviour
}

/** undefined: the defect does not fit this machine. */
export type Change = (machine: DefectiveMachine, argument: string) => DefectiveMachine | undefined

export interface Defect {
  /** What the argument after the colon means; undefined: there is none. */
  readonly argument: string | undefined
  readonly change: Change
}

export const plain = (change: Change): Defect => ({ argument: undefined, change })
export const taking = (argument: string, change: Change): Defect => ({ argument, change })

/** The file that tells of a GPU; `index` counts by PCI address. */
export const informationOf = ({ made }: DefectiveMachine, index: string): string | undefined =>
  made
    .map(({ path }) => path)
    .filter((path) => /^\/proc\/driver\/nvidia\/gpus\/[^/]+\/information$/.test(path))
    .sort()[/^\d{1,3}$/.test(index) ? Number(index) : -1]

/** A file or link of a library: `libcuda`, or `libcuda.so.1`, which means the same. */
export const isLibrary =
  (name: string) =>
  ({ path }: Made): boolean => {
    const stem = name.replace(/\.so.*$/, "")
    const file = baseName(path)
    return path.includes("/lib") && (file === `${stem}.so` || file.startsWith(`${stem}.so.`))
  }

export const without = (
  machine: DefectiveMachine,
  isGone: (one: Made) => boolean,
): DefectiveMachine | undefined => {
  const made = machine.made.filter((one) => !isGone(one))
  return made.length === machine.made.length ? undefined : { ...machine, made }
}

export const altered = (
  machine: DefectiveMachine,
  isMeant: (one: Made) => boolean,
  change: (one: Made) => Made,
): DefectiveMachine | undefined =>
  machine.made.some(isMeant)
    ? { ...machine, made: machine.made.map((one) => (isMeant(one) ? change(one) : one)) }
    : undefined

/** A file with other text; a listed size no longer binds it. */
export function rewritten(one: Made, edit: (text: string) => string): Made {
  if (one.kind !== "file") return one
  const { sizeBytes, isPadded, ...rest } = one
  return { ...rest, content: encodeUtf8(edit(decodeUtf8(one.content))) }
}

/** The machine with this in the place of whatever lay there; undefined: nothing can lie there. */
export function replaced(machine: DefectiveMachine, one: Made): DefectiveMachine | undefined {
  const { path } = one
  if (problemOfPath(path) !== undefined || !isDirectory(machine, parentPath(path))) return undefined
  const isGone = (other: Made): boolean => other.path === path || other.path.startsWith(`${path}/`)
  return { ...machine, made: [...machine.made.filter((other) => !isGone(other)), one] }
}

/** Listed itself, or only by what lies in it. */
function isDirectory({ made }: DefectiveMachine, path: string): boolean {
  const itself = made.find((one) => one.path === path)
  if (itself !== undefined) return itself.kind === "directory"
  return path === "/" || made.some((one) => one.path.startsWith(`${path}/`))
}
