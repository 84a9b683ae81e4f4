/** The machine as it will be when a start has made the nodes that are missing: for who asks beforehand. Changes nothing. */

import { fault } from "../../core/fault/fault.ts"
import type { Finding } from "../../core/fault/finding.ts"
import { nodePlace } from "../../core/host/dev-root.ts"
import type { Host } from "../../core/host/host.ts"
import { withNodes } from "../../core/host/with-nodes.ts"
import { findAbsence } from "../../core/inventory/find-absence.ts"
import type { NodeFact } from "../../core/inventory/inventory.ts"
import type { GpuDecision } from "../../core/plan/decide.ts"
import { type HostSnapshot, observeSnapshot } from "../../core/plan/snapshot.ts"
import { driverPlace } from "./driver-place.ts"
import { setsModes } from "./plan-start.ts"

export function observeSupplied(
  host: Host,
  decision: GpuDecision,
): { readonly snapshot: HostSnapshot; readonly toBeMade: readonly Finding[] } {
  const place = driverPlace(decision.config)
  const snapshot = observeSnapshot(host, place)
  const isWanted =
    decision.mode !== "csv" && decision.config.value("nvidia-container-cli.load-kmods") !== false
  const { devRoot } = snapshot.inventory
  const lying = (node: NodeFact): NodeFact => ({ ...node, path: nodePlace(devRoot, node.path) })
  const { nodes } = findAbsence(host, snapshot.inventory, { setsModes: setsModes(decision) })
  return isWanted && nodes.length > 0
    ? { snapshot: observeSnapshot(withNodes(host, nodes.map(lying)), place), toBeMade: nodes.map(toBeMade) }
    : { snapshot, toBeMade: [] }
}

const toBeMade = ({ path, major, minor }: NodeFact): Finding => ({
  severity: "note",
  fault: fault("DeviceNodeToBeMade", { path, has: `${major}:${minor}` }),
  evidence: [`${path}: not ${major}:${minor}`],
})
