/**
 * What MIG needs beside nodes: the files of proc by which the driver's libraries find the capabilities of a MIG device, or, with a right
 * over MIG, all of them and the directory of their nodes, with permission for every instance that the GPUs can have.
 * Source: facts, nvidia-container-cli §2.5.
 */

import { nodePlace } from "../host/dev-root.ts"
import { canBeCut, type MigRight } from "../inventory/mig-rights.ts"
import { containerPath, type HostPath, hostPath } from "../text/brand.ts"
import type { Edit, MountEdit, MountOption } from "./edit.ts"
import type { Omission } from "./plan.ts"
import { lastReason, type PlanContext, type PlanPart } from "./plan-part.ts"

const capabilityFiles = hostPath("/proc/driver/nvidia/capabilities")
const capabilityNodes = hostPath("/dev/nvidia-caps")
const ofProc = ["ro", "nosuid", "nodev", "noexec"] as const

export function planMig(context: PlanContext): PlanPart {
  return context.rights.length > 0 ? planRights(context) : planAccessFiles(context)
}

function planAccessFiles({ devices, because }: PlanContext): PlanPart {
  const files = devices.flatMap((one) => (one.kind === "mig" ? one.device.accessFiles : []))
  return { edits: files.map((path) => mount(path, path, ofProc, because.devices)) }
}

function planRights({ rights, devices, inventory, log }: PlanContext): PlanPart {
  const gpus = new Set(devices.filter(({ gpu }) => canBeCut(gpu)).map(({ gpu }) => gpu.minor?.value))
  const { migRights } = inventory
  const omissions: Omission[] = []
  const edits: Edit[] = []
  for (const right of rights) {
    const reasons = lastReason(log, `mig.${right}`)
    if (migRights === undefined || gpus.size === 0) {
      omissions.push({
        what: `the right to ${verbs[right]} MIG: no GPU of this container can be cut`,
        reasons,
      })
      continue
    }
    edits.push(mount(capabilityFiles, capabilityFiles, ofProc, reasons))
    const major = inventory.majors["nvidia-caps"]
    if (major === undefined) continue
    edits.push(
      mount(nodePlace(inventory.devRoot, capabilityNodes), capabilityNodes, ["nosuid", "noexec"], reasons),
    )
    const own = migRights[right]
    const runs = migRights.gpus.flatMap(({ minor, runs: every }) => (gpus.has(minor) ? every : []))
    const minors = [
      ...(own === undefined ? [] : [own]),
      ...runs.flatMap(([first, last]) =>
        Array.from({ length: last - first + 1 }, (_, place) => first + place),
      ),
    ]
    edits.push(...minors.map((minor): Edit => ({ kind: "cgroupRule", major, minor, access: "rw", reasons })))
  }
  return { edits, omissions }
}

const verbs: { readonly [R in MigRight]: string } = { config: "configure", monitor: "watch" }

const mount = (
  path: HostPath,
  target: string,
  options: readonly MountOption[],
  reasons: readonly string[],
): MountEdit => ({
  kind: "mount",
  hostPath: path,
  containerPath: containerPath(target),
  isOptional: false,
  options,
  reasons,
})
