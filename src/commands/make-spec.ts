/** From a machine and what the command line says to a specification that the engines read. Nothing is written. */

import { splitKind } from "../core/cdi/name-rules.ts"
import { ok, type Result } from "../core/fault/result.ts"
import { type FittedSpec, fitVersion } from "../core/generate/fit-version.ts"
import { generateSpec } from "../core/generate/generate-spec.ts"
import { placeOnMachine } from "../core/generate/place-on-machine.ts"
import { resolveMode, type SpecMode } from "../core/generate/spec-request.ts"
import { type Engine, findVersionLimit, type VersionLimit } from "../core/generate/version-limit.ts"
import type { HostFiles } from "../core/host/host.ts"
import type { HostSnapshot } from "../core/plan/snapshot.ts"
import { hostPath } from "../core/text/brand.ts"
import { stateDirectory } from "../host/state-directory.ts"
import { findMissingHookPrograms } from "./missing-hook-programs.ts"
import type { SpecCall } from "./spec-call.ts"

export interface Readers {
  readonly engines: readonly Engine[]
  /** undefined: no engine holds it down. */
  readonly limit: VersionLimit | undefined
}

/** The engines that were named, else those that the machine has. */
export async function findReaders({ engines: named }: SpecCall, host: HostFiles): Promise<Readers> {
  const engines = named ?? (await findEngines(host))
  return { engines, limit: findVersionLimit(engines) }
}

/** Programs of this machine are asked. One that does not answer, as in the middle of a boot, is known by its file, as to verify. */
async function findEngines(host: HostFiles): Promise<readonly Engine[]> {
  const [{ observeEngines }, { detectEngines }] = await Promise.all([
    import("../core/inventory/observe-engines.ts"),
    import("../host/detect-engines.ts"),
  ])
  const isHere = host.provenance.kind === "live"
  const asked = isHere ? await detectEngines(process.env["PATH"] ?? "", stateDirectory()) : []
  const seen = observeEngines(host).flatMap(({ engine: name, version }): readonly Engine[] =>
    version === undefined || asked.some((one) => one.name === name) ? [] : [{ name, version }],
  )
  return [...asked, ...seen]
}

/** Of NVIDIA's GPUs. Faults: those of generateSpec. */
export function makeSpec(snapshot: HostSnapshot, { mode, kind, request }: SpecCall): Result<FittedSpec> {
  const named = splitKind(kind ?? kindOf(resolveMode(mode, snapshot.inventory)))
  return generateSpec(snapshot, { ...request, mode, ...named })
}

/** As engines find its files, and in a version that they read. Faults: those of fitVersion. */
export function finishSpec(made: FittedSpec, host: HostFiles, { limit }: Readers): Result<FittedSpec> {
  const isElsewhere = host.provenance.kind === "simulated"
  const placed = isElsewhere ? placeOnMachine(made.spec, (path) => host.livePath(hostPath(path))) : made.spec
  const fitted = fitVersion(placed, limit)
  return fitted.ok
    ? ok({
        spec: fitted.value.spec,
        findings: [
          ...made.findings,
          ...fitted.value.findings,
          ...findMissingHookPrograms(fitted.value.spec, host),
        ],
      })
    : fitted
}

/** The reference's names of what its modes are for, so that two specifications of one machine never share a device. */
const kindOf = (mode: Exclude<SpecMode, "auto">): string => {
  if (mode === "management") return "management.nvidia.com/gpu"
  if (mode === "imex") return "nvidia.com/imex-channel"
  return ["nvml", "csv", "wsl"].includes(mode) ? "nvidia.com/gpu" : `nvidia.com/${mode}`
}
