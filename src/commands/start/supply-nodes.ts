/** What the driver has and the machine has not yet is loaded and made, as the driver's own tool would. Loaded only when something is missing. */

import { makeNodes } from "../../apply/make-nodes.ts"
import type { Finding } from "../../core/fault/finding.ts"
import type { HostFiles } from "../../core/host/host.ts"
import type { Absence } from "../../core/inventory/find-absence.ts"
import type { Inventory } from "../../core/inventory/inventory.ts"
import type { SnapshotOptions } from "../../core/plan/snapshot.ts"
import { loadModule } from "../../host/load-module.ts"

export interface Supply {
  /** The machine is not what it was: it has to be looked at anew. */
  readonly isChanged: boolean
  /** What could not be had. */
  readonly findings: readonly Finding[]
}

export async function supplyNodes(
  host: HostFiles,
  { modules, nodes }: Absence,
  { devRoot }: Pick<Inventory, "devRoot">,
  { driverRoot }: Pick<SnapshotOptions, "driverRoot">,
): Promise<Supply> {
  // The kernel is this machine's, and no simulated one's; a driver that lies elsewhere was loaded by who put it there.
  const isLoaded = host.provenance.kind === "live" && driverRoot === "/"
  const notLoaded: Finding[] = []
  for (const module of isLoaded ? modules : []) {
    const problem = await loadModule(module)
    if (problem !== undefined) notLoaded.push(problem)
  }
  const notMade = makeNodes(host, devRoot, nodes)
  return {
    isChanged: (isLoaded && notLoaded.length < modules.length) || notMade.length < nodes.length,
    findings: [...notLoaded, ...notMade],
  }
}
