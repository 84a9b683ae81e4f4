/** Devices by name: of what was remembered where it still holds, else of all specifications, which are then remembered. */

import { collectEdits, type ResolvedDevices } from "../core/cdi/collect-edits.ts"
import { ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import { hostPath } from "../core/text/brand.ts"
import { recallDevices, rememberDevices } from "../host/cdi-index.ts"
import { stateDirectory } from "../host/state-directory.ts"

/** Faults: CdiDeviceUnresolvable. */
export async function resolveOn(
  host: HostFiles,
  directories: readonly string[],
  names: readonly string[],
): Promise<Result<ResolvedDevices>> {
  const state = stateDirectory()
  const recalled = recallDevices(host, directories, names, state)
  if (recalled !== undefined) return ok(collectEdits(recalled.devices))
  const [{ readSpecifications }, { resolveDevices }, { beginWitness }] = await Promise.all([
    import("./read-specifications.ts"),
    import("../core/cdi/resolve-devices.ts"),
    import("../host/make-proof.ts"),
  ])
  const witness = beginWitness(host, directories.map(hostPath))
  const registry = readSpecifications(host, directories)
  rememberDevices(host, directories, registry, witness, state)
  return resolveDevices(registry, names)
}
