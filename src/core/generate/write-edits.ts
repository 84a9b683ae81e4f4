/** From the edits of a plan to the words of a CDI specification. Links, the loader's cache and what is covered in proc are hooks' work. */

import type { ContainerEdits, DeviceNode, Mount } from "../cdi/spec.ts"
import { noEdits } from "../cdi/spec.ts"
import type { DeviceNodeEdit, Edit, MountEdit } from "../plan/edit.ts"
import type { SpecRequest } from "./spec-request.ts"

export type WritingStyle = Pick<SpecRequest, "nodes" | "hasGroups">

export function writeEdits(edits: readonly Edit[], style: WritingStyle): ContainerEdits {
  const env: string[] = []
  const deviceNodes: DeviceNode[] = []
  const mounts: Mount[] = []
  const additionalGids: number[] = []
  for (const edit of edits)
    switch (edit.kind) {
      case "env":
        env.push(`${edit.name}=${edit.value}`)
        break
      case "deviceNode":
        deviceNodes.push(writeNode(edit, style))
        break
      case "mount":
        mounts.push(writeMount(edit))
        break
      case "gid":
        if (style.hasGroups) additionalGids.push(edit.gid)
        break
      default:
        break
    }
  return { ...noEdits, env, deviceNodes, mounts, additionalGids }
}

function writeNode(
  { path, hostPath, major, minor, fileMode, uid, gid }: DeviceNodeEdit,
  { nodes }: WritingStyle,
): DeviceNode {
  const isWritten = nodes.numbers === "written"
  const hasRights = nodes.rights === "written"
  const isMachines = nodes.owners === "machine"
  return {
    path,
    hostPath: hostPath === (path as string) ? "" : hostPath,
    type: "",
    major: isWritten ? major : 0,
    minor: isWritten ? minor : 0,
    fileMode: hasRights ? fileMode : undefined,
    permissions: hasRights ? "rwm" : "",
    uid: isMachines ? uid : undefined,
    gid: isMachines || (hasRights && gid !== 0) ? gid : undefined,
  }
}

/** In the reference's order, so that files of both are alike. */
const writeMount = ({ hostPath, containerPath, options }: MountEdit): Mount => ({
  hostPath,
  containerPath,
  options: [
    ...options.filter((one) => one !== "noexec"),
    "rbind",
    "rprivate",
    ...options.filter((one) => one === "noexec"),
  ],
  type: "",
})
