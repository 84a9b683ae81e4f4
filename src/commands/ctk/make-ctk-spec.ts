/** A specification in the shapes of `nvidia-ctk cdi generate`, from what Gantry knows of the machine. */

import type { CdiSpec } from "../../core/cdi/spec.ts"
import type { Fault } from "../../core/fault/fault.ts"
import type { Finding } from "../../core/fault/finding.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { checkNamedDirectories } from "../../core/generate/check-named-directories.ts"
import { withExplicitLibraries } from "../../core/generate/explicit-libraries.ts"
import { generateSpec } from "../../core/generate/generate-spec.ts"
import { resolveMode } from "../../core/generate/spec-request.ts"
import { splitByCoherence } from "../../core/generate/split-by-coherence.ts"
import { withoutDiscrete } from "../../core/generate/without-discrete.ts"
import type { Host } from "../../core/host/host.ts"
import { withPlatformLists } from "../../core/inventory/with-platform-lists.ts"
import { chooseSnapshotOptions } from "../../core/plan/choose-snapshot-options.ts"
import { type HostSnapshot, observeSnapshot } from "../../core/plan/snapshot.ts"
import { hostPath } from "../../core/text/brand.ts"
import { joinPath } from "../../core/text/path.ts"
import { pathInRoot } from "../../core/text/path-in-root.ts"
import type { CtkGenerateCall } from "./ctk-generate-flags.ts"

export interface CtkSpec {
  readonly spec: CdiSpec
  /** Between the name of the file and its ending: empty, `.coherent`. */
  readonly infix: string
}

export interface CtkAnswer {
  readonly specs: readonly CtkSpec[]
  readonly findings: readonly Finding[]
}

/** The machine as the command line says where to look. */
export function observeForCtk(machine: Host, call: CtkGenerateCall): HostSnapshot {
  const host = withPlatformLists(machine, { files: call.csvFiles, ignored: call.csvIgnorePatterns })
  const driverRoot = joinPath(call.driverRoot || "/")
  const options = chooseSnapshotOptions(host, {
    driverRoot,
    devRoot: joinPath(call.devRoot || driverRoot),
    searchPaths: call.librarySearchPaths?.flatMap((path) => pathInRoot(path, driverRoot) ?? []),
  })
  const snapshot = observeSnapshot(host, {
    ...options,
    areExclusive: call.librarySearchPaths !== undefined,
    asksMigMode: true,
    ...(call.configSearchPaths === undefined ? {} : { dataDirectories: call.configSearchPaths }),
  })
  return call.features.has("enable-explicit-driver-libraries")
    ? withExplicitLibraries(host, snapshot)
    : snapshot
}

/** Lists of a board that are named and tell nothing. Order: as named. */
export const findUnreadLists = (
  machine: Pick<Host, "readFile">,
  { inventory }: HostSnapshot,
  { csvFiles = [], request }: CtkGenerateCall,
): readonly Fault[] =>
  resolveMode(request.mode, inventory) === "csv"
    ? csvFiles.flatMap((path) => {
        const read = machine.readFile(hostPath(path))
        return read.ok ? [] : [read.fault]
      })
    : []

/** Faults: those of generateSpec and checkNamedDirectories. */
export function generateAsCtk(seen: HostSnapshot, call: CtkGenerateCall): Result<CtkAnswer> {
  const mode = resolveMode(call.request.mode, seen.inventory)
  const isAlone = mode === "csv" && call.features.has("disable-multiple-csv-devices")
  const snapshot = isAlone ? withoutDiscrete(seen) : seen
  const hasLibraries = mode === "nvml" || mode === "management"
  const checked = hasLibraries ? checkNamedDirectories(snapshot, call.librarySearchPaths) : ok(true)
  if (!checked.ok) return checked
  const whole = generateSpec(snapshot, call.request)
  if (!whole.ok) return whole
  const specs: CtkSpec[] = [{ spec: whole.value.spec, infix: "" }]
  if (call.features.has("enable-coherent-annotations"))
    for (const { infix, devices } of splitByCoherence(snapshot.inventory, call.request)) {
      const part = generateSpec(snapshot, {
        ...call.request,
        devices,
        class: `${call.request.class}${infix}`,
      })
      if (!part.ok) return fail(part.fault)
      specs.push({ spec: part.value.spec, infix })
    }
  return ok({ specs, findings: whole.value.findings })
}
