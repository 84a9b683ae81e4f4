/** From a machine and what the command line says to a specification that the engines read. Nothing is written. */

import { splitKind } from "../../core/cdi/rules/name-rules.ts"
import type { CdiSpec } from "../../core/cdi/spec.ts"
import type { Fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { noAdditions } from "../../core/generate/add-edits.ts"
import { type FittedSpec, fitVersion } from "../../core/generate/fit-version.ts"
import { generateSpec } from "../../core/generate/generate-spec.ts"
import { placeOnMachine } from "../../core/generate/place-on-machine.ts"
import { resolveMode, type SpecMode } from "../../core/generate/spec-request.ts"
import type { Readers } from "../../core/generate/version-limit.ts"
import type { HostFiles } from "../../core/host/host.ts"
import type { HostSnapshot } from "../../core/plan/snapshot.ts"
import { hostPath } from "../../core/text/brand.ts"
import type { SpecCall } from "./spec-call.ts"

/** Of NVIDIA's GPUs. Faults: those of generateSpec. */
export function makeSpec(snapshot: HostSnapshot, { mode, kind, request }: SpecCall): Result<FittedSpec> {
  const named = splitKind(kind ?? kindOfMode(resolveMode(mode, snapshot.inventory)))
  return generateSpec(snapshot, { ...request, mode, ...named })
}

/** As engines find its files, and in a version that they read. Faults: those of fitVersion and, with additions, validateSpec. */
export async function finishSpec(
  made: FittedSpec,
  host: HostFiles,
  { limit }: Readers,
  { additions }: Pick<SpecCall["request"], "additions">,
): Promise<Result<FittedSpec>> {
  const isElsewhere = host.provenance.kind === "simulated"
  const placed = isElsewhere ? placeOnMachine(made.spec, (path) => host.livePath(hostPath(path))) : made.spec
  const fitted = fitVersion(placed, limit)
  if (!fitted.ok) return fitted
  const { spec, findings } = fitted.value
  const broken = additions === noAdditions ? undefined : await findBrokenRule(spec)
  return broken === undefined ? ok({ spec, findings: [...made.findings, ...findings] }) : fail(broken)
}

/** Additions of which each is right may not go together: the device that is all others has the network interfaces of all. */
async function findBrokenRule(spec: CdiSpec): Promise<Fault | undefined> {
  const [{ validateSpec }, { locateNowhere }] = await Promise.all([
    import("../../core/cdi/rules/validate-spec.ts"),
    import("../../core/cdi/read/spec-source.ts"),
  ])
  return validateSpec(spec, locateNowhere("the specification with what --edits adds"))[0]
}

/** The reference's names of what its modes are for, so that two specifications of one machine never share a device. */
export const kindOfMode = (mode: Exclude<SpecMode, "auto">): string => {
  if (mode === "management") return "management.nvidia.com/gpu"
  if (mode === "imex") return "nvidia.com/imex-channel"
  return ["nvml", "csv", "wsl"].includes(mode) ? "nvidia.com/gpu" : `nvidia.com/${mode}`
}
