/**
 * The driver's directory in proc. The hook covers it: only the chosen GPUs are seen, and the driver in the container is told not to make
 * device nodes. In the wrapper's modes only the latter is done, and only where the machine's driver would make nodes.
 */

import { paramsPath, withoutNodeModification } from "../driver/params.ts"
import { containerPath } from "../text/brand.ts"
import type { Edit } from "./edit.ts"
import type { PlanContext, PlanPart } from "./plan-part.ts"
import type { HostSnapshot } from "./snapshot.ts"

const directory = "/proc/driver/nvidia"

export function planProcView(
  { mode, devices, log }: PlanContext,
  procFiles: HostSnapshot["procFiles"],
): PlanPart {
  const params = procFiles.find(({ name }) => name === "params")
  const isAsked = params !== undefined && withoutNodeModification(params.text) !== params.text
  if (procFiles.length === 0 || (mode !== "legacy" && !isAsked)) return { edits: [] }
  const evidence =
    params === undefined
      ? []
      : [{ from: "machine", path: paramsPath, value: "ModifyDeviceFiles: 1" } as const]
  const reasons = [
    log.add("proc.view", evidence, "the driver in the container must not make device nodes by itself"),
  ]
  const files = procFiles
    .filter((one) => mode === "legacy" || one === params)
    .map(
      ({ name, text }): Edit => ({
        kind: "file",
        path: containerPath(`${directory}/${name}`),
        text: name === "params" ? withoutNodeModification(text) : text,
        mode: 0o444,
        reasons,
      }),
    )
  if (mode !== "legacy") return { edits: files }
  const gpus = new Set(devices.flatMap(({ gpu }) => gpu.procDirectory ?? []))
  return {
    edits: [
      ...[...gpus].map(
        (path): Edit => ({
          kind: "mount",
          hostPath: path,
          containerPath: containerPath(path),
          isOptional: false,
          options: ["ro", "nosuid", "nodev", "noexec"],
          reasons,
        }),
      ),
      { kind: "cover", path: containerPath(directory), reasons },
      ...files,
    ],
  }
}
