/**
 * From names that a container asks for to the edits that it gets, as an engine resolves them: all or nothing. Where a name leads nowhere
 * the reason is told: no qualified name, no such kind, no such device, a conflict, a file that cannot be loaded. Source: the released Go
 * cache (facts §6.4, §6.5).
 */

import { fault } from "../../fault/fault.ts"
import { fail, ok, type Result } from "../../fault/result.ts"
import { nearestOf } from "../../text/nearest.ts"
import { collectEdits, type ResolvedDevices } from "../edits/collect-edits.ts"
import { parseQualifiedName } from "../rules/qualified-name.ts"
import type { RegisteredDevice, Registry } from "./registry.ts"

/** All of them with what they do, or why there is none. A device that is asked for twice is applied twice. Order: as asked for. Faults: CdiDeviceUnresolvable. */
export function resolveDevices(registry: Registry, names: readonly string[]): Result<ResolvedDevices> {
  const devices: RegisteredDevice[] = []
  const unresolved: string[] = []
  for (const name of names) {
    const device = registry.devices.get(name)
    if (device === undefined) unresolved.push(name)
    else devices.push(device)
  }
  return unresolved.length === 0
    ? ok(collectEdits(devices))
    : fail(fault("CdiDeviceUnresolvable", { devices: unresolved, ...explainAll(registry, unresolved) }))
}

/** Of more, only the names are told: each is looked for among all there are. */
const explainedLimit = 3

function explainAll(registry: Registry, names: readonly string[]): Unresolved {
  const absences = [...new Set(names)].slice(0, explainedLimit).map((name) => explainAbsence(registry, name))
  const meant = [...new Set(absences.flatMap((one) => one.meant ?? []))]
  return {
    why: [...new Set(absences.map(({ why }) => why))].join("; "),
    meant: meant.length === 0 ? undefined : meant.join(" and "),
  }
}

interface Unresolved {
  readonly why: string
  /** Names that are there and may be meant. */
  readonly meant: string | undefined
}

function explainAbsence(registry: Registry, name: string): Unresolved {
  const quoted = JSON.stringify(name)
  const conflict = registry.conflicts.find((one) => one.name === name)
  if (conflict !== undefined)
    return { why: `${quoted} is defined by ${conflict.files.join(" and ")}`, meant: undefined }
  const meant = guess(name, registry)
  const parsed = parseQualifiedName(name)
  if (!parsed.ok) return { why: `${quoted} is not a qualified name, vendor/class=device`, meant }
  const unseen = [...registry.rejected.map(({ path }) => path), ...closedDirectories(registry)]
  if (registry.specs.length === 0 && unseen.length === 0)
    return { why: "there is no CDI specification on this machine", meant: undefined }
  const kind = `${parsed.value.vendor}/${parsed.value.class}`
  const maybe = unseen.length === 0 ? "" : `; it may be in what cannot be loaded: ${unseen.join(", ")}`
  return registry.specs.some(({ spec }) => spec.kind === kind)
    ? { why: `${kind} has no device ${JSON.stringify(parsed.value.device)}${maybe}`, meant }
    : // Another kind's device is no answer to who has a file that cannot be loaded.
      { why: `no specification is of kind ${kind}${maybe}`, meant: unseen.length === 0 ? meant : undefined }
}

const closedDirectories = ({ findings }: Registry): readonly string[] =>
  findings.flatMap(({ fault: one }) =>
    one.tag === "CdiDirectoryUnused" || one.tag === "CdiDirectoryUnreadable" ? [one.data.directory] : [],
  )

/** Names that are compared letter by letter, at most. */
const guessLimit = 2000

/** The same device under its qualified name first, then what is spelled alike; of a node in /dev/dri, who has it. */
function guess(name: string, { devices }: Registry): string | undefined {
  const known = [...devices.keys()]
  const device = name.slice(name.indexOf("=") + 1)
  // `card1` is as likely the GPU `0` as `1`.
  if (/^(?:card|renderD)\d+$/.test(device)) return ownerOf(device, [...devices.values()])
  const bare = device.replace(/^(?:gpu|mig|nvidia)(?=[0-9])/i, "")
  const called = (wanted: string): string | undefined => {
    const same = known.filter((one) => one.endsWith(`=${wanted}`)).slice(0, guessLimit)
    // Of several vendors' the one that is of a part of it (`runtime.nvidia.com`), or spelled most alike, or that says least besides.
    return (
      same.find((one) => name.toLowerCase().endsWith(`.${one}`)) ??
      nearestOf(name, same) ??
      same.sort((one, other) => one.length - other.length)[0]
    )
  }
  const other = called(device) ?? called(bare)
  if (other !== undefined) return other
  const uuid = /^(?:gpu|mig)-[0-9a-f]{4}[0-9a-f-]*$/i.test(device) ? device.toLowerCase() : undefined
  // The beginning of a UUID says which GPU is meant, and no other GPU is.
  return uuid === undefined
    ? nearestOf(name, known.slice(0, guessLimit))
    : known.find((one) => one.toLowerCase().includes(`=${uuid}`))
}

/** Of several names the shortest, of the device with the fewest nodes: all GPUs together have it too. */
function ownerOf(node: string, devices: readonly RegisteredDevice[]): string | undefined {
  const sizeOf = ({ device }: RegisteredDevice): number => device.containerEdits.deviceNodes.length
  const [owner] = devices
    .filter(({ device }) => device.containerEdits.deviceNodes.some(({ path }) => path === `/dev/dri/${node}`))
    .sort((one, other) => sizeOf(one) - sizeOf(other) || one.name.length - other.name.length)
  return owner?.name
}
