/** What specifications say of a machine in a directory: below it where they were written for this machine's engines. */

import type { HostFiles } from "../core/host/host.ts"
import type { SpecifiedMachine } from "../core/plan/plan-cdi-devices.ts"
import { hostPath } from "../core/text/brand.ts"
import { findHostNode } from "./cdi/find-host-node.ts"

/** Where a simulated machine lies; undefined: paths of this machine mean themselves. */
export const simulatedRoot = (host: HostFiles): string | undefined =>
  host.provenance.kind === "simulated" ? host.livePath(hostPath("/")) : undefined

export const specifiedMachine = (host: HostFiles): SpecifiedMachine => ({
  findHostNode: findHostNode(host),
  directory: simulatedRoot(host),
})
