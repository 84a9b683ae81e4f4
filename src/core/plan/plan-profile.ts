/** The driver's application profile: without it EGL counts the machine's GPUs, not the container's. For who draws, with a GPU. */

import {
  applicationProfilePath,
  profileMinorLimit,
  renderApplicationProfile,
} from "../driver/application-profile.ts"
import { containerPath } from "../text/brand.ts"
import { parentPath } from "../text/path.ts"
import type { Edit } from "./edit.ts"
import type { PlanContext, PlanPart } from "./plan-part.ts"

export function planProfile({ mode, granted, devices, because }: PlanContext): PlanPart {
  if (!granted.implied.has("graphics")) return { edits: [] }
  const reasons = [...because.devices, ...because.capabilities]
  const minors = [...new Set(devices.flatMap(({ gpu }) => gpu.minor?.value ?? []))]
  const text = renderApplicationProfile(minors.filter((minor) => minor <= profileMinorLimit))
  const omissions = minors
    .filter((minor) => minor > profileMinorLimit)
    .map((minor) => ({
      what: `/dev/nvidia${minor} in the application profile, whose mask has 64 bits`,
      reasons,
    }))
  if (text === undefined) return { edits: [], omissions }
  const file: Edit = { kind: "file", path: containerPath(applicationProfilePath), text, mode: 0o444, reasons }
  // The reference's hook covers the directory, its wrapper's hook adds the file to it.
  const cover: Edit = { kind: "cover", path: containerPath(parentPath(applicationProfilePath)), reasons }
  return { edits: mode === "legacy" ? [cover, file] : [file], omissions }
}
