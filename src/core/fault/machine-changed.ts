/** Does a failure to do what was planned say that the machine is not what was remembered of it? */

import type { Fault } from "./fault.ts"

/** Only the machine's files and nodes are opened by open_tree. */
const gone: readonly string[] = ["ENOENT", "ENOTDIR", "ESTALE"]

/** What fails in a container's root, at its cgroup or for its process says nothing of the machine: its image may have been made for that. */
export const saysMachineChanged = ({ tag, data }: Fault): boolean =>
  tag === "DeviceNodeChanged" ||
  tag === "CdiHostNodeMissing" ||
  tag === "CdiHostNodeOther" ||
  (tag === "SystemCallFailed" && data.syscall === "open_tree" && gone.includes(data.errno))
