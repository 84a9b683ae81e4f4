/** From a machine and what the command line says to a specification that the engines read. Nothing is written. */

import { splitKind } from "../core/cdi/name-rules.ts"
import type { Finding } from "../core/fault/finding.ts"
import { ok, type Result } from "../core/fault/result.ts"
import { type Engine, findVersionLimit, type VersionLimit } from "../core/generate/engine-versions.ts"
import { type FittedSpec, fitVersion } from "../core/generate/fit-version.ts"
import { generateSpec } from "../core/generate/generate-spec.ts"
import { placeOnMachine } from "../core/generate/place-on-machine.ts"
import { resolveMode, type SpecMode } from "../core/generate/spec-request.ts"
import type { HostFiles } from "../core/host/host.ts"
import type { HostSnapshot } from "../core/plan/snapshot.ts"
import { hostPath } from "../core/text/brand.ts"
import { detectEngines } from "../host/detect-engines.ts"
import { stateDirectory } from "../host/state-directory.ts"
import type { SpecCall } from "./spec-call.ts"

export interface MadeSpec extends FittedSpec {
  readonly engines: readonly Engine[]
  /** undefined: no engine holds it down. */
  readonly limit: VersionLimit | undefined
}

/** Faults: those of generateSpec and fitVersion. */
export async function makeSpec(
  host: HostFiles,
  snapshot: HostSnapshot,
  call: SpecCall,
): Promise<Result<MadeSpec>> {
  const { mode } = call
  const kind = splitKind(call.kind ?? kindOf(resolveMode(mode, snapshot.inventory)))
  const generated = generateSpec(snapshot, { ...call.request, mode, ...kind })
  if (!generated.ok) return generated
  const isElsewhere = host.provenance.kind === "simulated"
  const placed = isElsewhere
    ? placeOnMachine(generated.value.spec, (path) => host.livePath(hostPath(path)))
    : generated.value.spec
  const engines =
    call.engines ??
    (host.provenance.kind === "live" ? await detectEngines(process.env["PATH"] ?? "", stateDirectory()) : [])
  const limit = findVersionLimit(engines)
  const fitted = fitVersion(placed, limit)
  if (!fitted.ok) return fitted
  const findings: readonly Finding[] = [...generated.value.findings, ...fitted.value.findings]
  return ok({ spec: fitted.value.spec, findings, engines, limit })
}

/** The reference's names of what its modes are for, so that two specifications of one machine never share a device. */
const kindOf = (mode: Exclude<SpecMode, "auto">): string => {
  if (mode === "management") return "management.nvidia.com/gpu"
  if (mode === "imex") return "nvidia.com/imex-channel"
  return ["nvml", "csv", "wsl"].includes(mode) ? "nvidia.com/gpu" : `nvidia.com/${mode}`
}
