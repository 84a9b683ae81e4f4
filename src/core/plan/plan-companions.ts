/** GPUDirect Storage, InfiniBand, GDRCopy and NVSwitch nodes, where the container asks for them. What is not there is a finding. */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { NodeFact, SupportNodes } from "../inventory/inventory.ts"
import { companionVariable } from "../request/companions.ts"
import type { Companion } from "../request/profile.ts"
import type { Edit } from "./edit.ts"
import { fileMount } from "./file-mount.ts"
import type { Omission } from "./plan.ts"
import type { DriverlessContext } from "./plan-part.ts"

/** What the machine has for each, and what it would be called. */
const nodesOf: { readonly [C in Companion]: (nodes: SupportNodes) => readonly NodeFact[] } = {
  gds: ({ gds }) => gds,
  mofed: ({ mofed }) => mofed,
  gdrcopy: ({ gdrcopy }) => gdrcopy,
  nvswitch: ({ nvswitch }) => nvswitch,
}

const placesOf: { readonly [C in Companion]: string } = {
  gds: "/dev/nvidia-fs*",
  mofed: "/dev/infiniband/uverbs*",
  gdrcopy: "/dev/gdrdrv",
  nvswitch: "/dev/nvidia-nvswitch*",
}

export interface CompanionPlan {
  readonly nodes: readonly { readonly node: NodeFact; readonly reasons: readonly string[] }[]
  readonly edits: readonly Edit[]
  readonly omissions: readonly Omission[]
  readonly findings: readonly Finding[]
}

export function planCompanions({ request, inventory, log, because }: DriverlessContext): CompanionPlan {
  const nodes: CompanionPlan["nodes"][number][] = []
  const edits: Edit[] = []
  const omissions: Omission[] = []
  const findings: Finding[] = []
  for (const companion of request.companions) {
    const asked = log.reasons.findLast(({ rule }) => rule === `companion.${companion}`)
    const reasons = asked === undefined ? because.devices : [asked.id]
    const found = nodesOf[companion](inventory.nodes)
    nodes.push(...found.map((node) => ({ node, reasons })))
    if (companion === "gds")
      for (const path of inventory.gdsFiles)
        edits.push({ ...fileMount(path, path, reasons), isOptional: true })
    if (found.length > 0) continue
    const place = placesOf[companion]
    omissions.push({ what: `${place}: the machine has none`, reasons })
    findings.push({
      severity: "warning",
      fault: fault("CompanionMissing", { variable: companionVariable(companion), place }),
      evidence: [`${place}: absent`],
    })
  }
  return { nodes, edits, omissions, findings }
}
