/** How programs open the device nodes through which GPUs are used, so that less than that is of no use. Source: facts, nvidia-container-cli §2.2. */

import type { DeviceNode } from "../../cdi/spec.ts"
import type { Access } from "../access.ts"

/** As modes have it. undefined: it is no GPU's node, and what it is for is its vendor's affair. */
export type Needed = "reading" | "reading and writing" | undefined

/** `path`: on the machine. One of the two names is enough to tell. */
export function neededOf(path: string, node: Pick<DeviceNode, "path">): Needed {
  if (!isOfGpu(path) && !isOfGpu(node.path)) return undefined
  return isRight(path) || isRight(node.path) ? "reading" : "reading and writing"
}

/** What the engine's user has to be able to do with a node of the machine, whatever it is for. */
export const accessTo = (path: string): readonly Access[] => (isRight(path) ? ["read"] : ["read", "write"])

const isOfGpu = (path: string): boolean => /^\/dev\/(?:nvidia|kfd$|dri\/renderD)/.test(path)

/** Rights over MIG and IMEX channels are opened for reading, and for nothing else. */
const isRight = (path: string): boolean => /\/nvidia-caps(?:-imex-channels)?\//.test(path)
