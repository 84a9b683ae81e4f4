/** Hook programs that a specification names and this machine lacks: every container with one fails at its start. */

import { fault } from "../../core/fault/fault.ts"
import type { Finding } from "../../core/fault/finding.ts"
import type { HostFiles } from "../../core/host/host.ts"
import { hostPath } from "../../core/text/brand.ts"
import { createLiveFiles } from "../../host/live-files.ts"
import { ownHookProgram } from "./own-hook-program.ts"

/**
 * A simulated machine's engine is this machine's, and so are its hooks; of a recording nothing is known. Order: as given.
 */
export function findMissingHookPrograms(
  programs: readonly string[],
  { provenance }: HostFiles,
): readonly Finding[] {
  if (provenance.kind === "recording") return []
  const files = createLiveFiles()
  const own = ownHookProgram()
  return programs
    .filter((path) => path !== own && !files.exists(hostPath(path)))
    .map((path) => ({ severity: "warning", fault: fault("CdiHookProgramAbsent", { path }), evidence: [] }))
}
