/** A file or directory of the machine's as containers get it: to read, and nothing that gives rights. */

import { containerPath, type HostPath } from "../text/brand.ts"
import type { MountEdit } from "./edit.ts"

export const fileMount = (path: HostPath, target: string, reasons: readonly string[]): MountEdit => ({
  kind: "mount",
  hostPath: path,
  containerPath: containerPath(target),
  isOptional: false,
  options: ["ro", "nosuid", "nodev"],
  reasons,
})
