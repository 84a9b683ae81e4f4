/**
 * All specifications of a machine as an engine sees them: which file a device comes from, which files it hides, and which devices nobody
 * gets because two files of one directory define them. Source: CDI specification 1.1.0 and the released Go cache (facts §6.4): a later
 * directory wins over an earlier one; a conflict takes a device away from all of them.
 */

import { type Fault, fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import type { Result } from "../../fault/result.ts"
import { parseSpec } from "../read/parse-spec.ts"
import type { Locate } from "../read/spec-source.ts"
import { renderQualifiedName } from "../rules/qualified-name.ts"
import type { CdiDevice, CdiSpec } from "../spec.ts"
import { unreadableFile } from "./unreadable-file.ts"

/**
 * A directory as it was read: what lies in it, or why it could not be read (readFault). One that is not there has no files.
 * Faults: CdiDirectoryUnused: engines pass over it; any other: they end their search there.
 */
export interface SpecDirectory {
  readonly path: string
  /** Those that engines read (isSpecFileName), by name. Each with its bytes, or why they could not be read (readFault). */
  readonly files: Result<readonly SpecFileRead[]>
}

export interface SpecFileRead {
  readonly path: string
  readonly bytes: Result<Uint8Array>
}

export interface LoadedSpec {
  readonly path: string
  readonly directory: string
  /** The higher wins. */
  readonly priority: number
  readonly spec: CdiSpec
  readonly locate: Locate
  readonly warnings: readonly Finding[]
}

export interface RegisteredDevice {
  /** `vendor/class=device`. */
  readonly name: string
  readonly device: CdiDevice
  readonly source: LoadedSpec
  /** Files of earlier directories that define it too. Order: as read. */
  readonly hidden: readonly LoadedSpec[]
}

export interface DeviceConflict {
  readonly name: string
  /** Those of one directory, which make the conflict. */
  readonly files: readonly string[]
}

export interface RejectedFile {
  readonly path: string
  readonly faults: readonly Fault[]
}

export interface Registry {
  /** Order: as read. */
  readonly specs: readonly LoadedSpec[]
  /** Order: by name. */
  readonly devices: ReadonlyMap<string, RegisteredDevice>
  /** Order: by name. */
  readonly conflicts: readonly DeviceConflict[]
  /** Files that no engine loads. Order: as read. */
  readonly rejected: readonly RejectedFile[]
  /** Of directories and conflicts; those of files are with the files. */
  readonly findings: readonly Finding[]
}

/** Directories in the order of their priority, the lowest first. */
export function buildRegistry(directories: readonly SpecDirectory[]): Registry {
  const specs: LoadedSpec[] = []
  const rejected: RejectedFile[] = []
  const findings: Finding[] = []
  for (const [priority, { path: directory, files }] of directories.entries()) {
    if (!files.ok && files.fault.tag === "CdiDirectoryUnused") {
      findings.push(error(files.fault))
      continue
    }
    if (!files.ok) {
      // The reference's scan ends at the first directory that it cannot look at.
      const unread = directories.slice(priority + 1).map(({ path }) => path)
      findings.push(error(fault("CdiDirectoryUnreadable", { directory, unread }, files.fault)))
      break
    }
    for (const { path, bytes } of files.value) {
      const parsed = bytes.ok
        ? parseSpec({ path, bytes: bytes.value })
        : { ok: false as const, fault: [unreadableFile(path, bytes.fault)] }
      if (parsed.ok) specs.push({ path, directory, priority, ...parsed.value })
      else rejected.push({ path, faults: parsed.fault })
    }
  }
  const { devices, conflicts } = rankDevices(specs)
  const conflictFindings = conflicts.map(({ name, files }) =>
    error(fault("CdiDeviceConflict", { device: name, files })),
  )
  return { specs, devices, conflicts, rejected, findings: [...findings, ...conflictFindings] }
}

const error = (made: Fault): Finding => ({ severity: "error", fault: made, evidence: [] })

interface Definition {
  readonly device: CdiDevice
  readonly source: LoadedSpec
}

function rankDevices(specs: readonly LoadedSpec[]): Pick<Registry, "devices" | "conflicts"> {
  const definitions = new Map<string, Definition[]>()
  for (const source of specs)
    for (const device of source.spec.devices) {
      const name = renderQualifiedName(source.spec.kind, device.name)
      const known = definitions.get(name)
      if (known === undefined) definitions.set(name, [{ device, source }])
      else known.push({ device, source })
    }
  const devices = new Map<string, RegisteredDevice>()
  const conflicts: DeviceConflict[] = []
  for (const [name, all] of [...definitions].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const rivals = findRivals(all)
    const winner = all.at(-1)
    if (rivals !== undefined) conflicts.push({ name, files: rivals.map(({ source }) => source.path) })
    else if (winner !== undefined)
      devices.set(name, { name, ...winner, hidden: all.slice(0, -1).map(({ source }) => source) })
  }
  return { devices, conflicts }
}

/** Of every directory that has two. undefined: none has. */
function findRivals(all: readonly Definition[]): readonly Definition[] | undefined {
  const counts = new Map<number, number>()
  for (const { source } of all) counts.set(source.priority, (counts.get(source.priority) ?? 0) + 1)
  const rivals = all.filter(({ source }) => (counts.get(source.priority) ?? 0) > 1)
  return rivals.length === 0 ? undefined : rivals
}
