/** The engines that read a specification: those that were named, else those that the machine has. */

import { fault } from "../../core/fault/fault.ts"
import type { Finding } from "../../core/fault/finding.ts"
import {
  asReleased,
  findVersionLimit,
  type Readers,
  type ReadingEngine,
  renderEngine,
} from "../../core/generate/version-limit.ts"
import type { HostFiles } from "../../core/host/host.ts"
import { absolutePath, parentPath } from "../../core/text/path.ts"
import { engineDirectoriesAt } from "../../host/cdi/engine-directories.ts"
import { statIfThere } from "../../host/files/stat-if-there.ts"
import { createLiveFiles } from "../../host/live-files.ts"
import { stateDirectory } from "../../host/state/state-directory.ts"
import type { SpecCall } from "./spec-call.ts"

export async function findReaders(
  { engines: named, output }: Pick<SpecCall, "engines" | "output">,
  host: HostFiles,
): Promise<Readers> {
  // Where this machine's engines look they read it, whichever machine it is of.
  const isHere = host.provenance.kind !== "live" && engineDirectoriesAt(outputDirectory(output)).length > 0
  const engines = named?.map(asReleased) ?? (await findEngines(isHere ? createLiveFiles() : host))
  return { engines, limit: findVersionLimit(engines) }
}

/** Where a specification comes to lie that is written there. */
function outputDirectory(output: string): string {
  const path = absolutePath(output, process.cwd())
  return output.endsWith("/") || statIfThere(path)?.isDirectory() === true ? path : parentPath(path)
}

/**
 * Programs of this machine are asked. One that does not answer, as in the middle of a boot, or says no release, as a nightly build, is known by
 * its file, as to verify.
 */
async function findEngines(host: HostFiles): Promise<readonly ReadingEngine[]> {
  const [{ observeEngines }, { detectEngines }] = await Promise.all([
    import("../../core/inventory/observe-engines.ts"),
    import("../../host/detect-engines.ts"),
  ])
  const isHere = host.provenance.kind === "live"
  const asked = isHere ? await detectEngines(process.env["PATH"] ?? "", stateDirectory()) : []
  const seen = observeEngines(host).flatMap(
    ({ engine: name, version, highest }): readonly ReadingEngine[] => {
      if (asked.some((one) => one.name === name)) return []
      if (version !== undefined) return [asReleased({ name, version })]
      // Of no release that is known, it says which library is in it, or nothing at all.
      return highest === "none" || highest === "unknown" ? [] : [{ name, version, reads: highest }]
    },
  )
  return [...asked.map(asReleased), ...seen]
}

/** Of engines that read no specification at all. Who named one is told of it. */
export const findEnginesWithoutCdi = (
  { engines }: Pick<Readers, "engines">,
  { engines: named }: Pick<SpecCall, "engines">,
): readonly Finding[] =>
  engines
    .filter(({ reads }) => reads === undefined)
    .map((engine) => ({
      severity: named === undefined ? "note" : "warning",
      fault: fault("CdiEngineWithout", { engine: renderEngine(engine) }),
      evidence: [],
    }))
