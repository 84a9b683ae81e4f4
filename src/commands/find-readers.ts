/** The engines that read a specification: those that were named, else those that the machine has. */

import { fault } from "../core/fault/fault.ts"
import type { Finding } from "../core/fault/finding.ts"
import {
  type Engine,
  findVersionLimit,
  renderEngine,
  type VersionLimit,
  versionReadBy,
} from "../core/generate/version-limit.ts"
import type { HostFiles } from "../core/host/host.ts"
import { stateDirectory } from "../host/state-directory.ts"
import type { SpecCall } from "./spec-call.ts"

export interface Readers {
  readonly engines: readonly Engine[]
  /** undefined: no engine holds it down. */
  readonly limit: VersionLimit | undefined
}

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

/** Of engines that read no specification at all. Who named one is told of it. */
export const findDeafEngines = ({ engines }: Readers, { engines: named }: SpecCall): readonly Finding[] =>
  engines
    .filter((engine) => versionReadBy(engine) === undefined)
    .map((engine) => ({
      severity: named === undefined ? "note" : "warning",
      fault: fault("CdiEngineWithout", { engine: renderEngine(engine) }),
      evidence: [],
    }))
