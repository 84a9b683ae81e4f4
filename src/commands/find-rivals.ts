/** What would make a specification's devices nobody's: another file beside it that defines one of them. */

import { realpathSync } from "node:fs"
import type { SpecFormat } from "../core/cdi/render-spec.ts"
import { type Fault, fault } from "../core/fault/fault.ts"
import type { MadeSpec } from "../core/generate/made-spec.ts"
import { baseName, joinPath, parentPath } from "../core/text/path.ts"
import { createLiveFiles } from "../host/live-files.ts"
import { readCdiDirectories } from "../host/read-cdi-directories.ts"
import { specPath } from "./write-spec-file.ts"

/** Of one for a file. Most directories have no other, and what parses one is loaded only then. Faults: CdiDeviceConflict. */
export async function findRivals(
  { kind, deviceNames }: Pick<MadeSpec, "kind" | "deviceNames">,
  file: string,
  format: SpecFormat,
): Promise<readonly Fault[]> {
  const path = specPath(file, format)
  // Where a link leads, engines may look by another way.
  const directory = realDirectory(parentPath(path))
  const own = joinPath(directory, baseName(path))
  const others = readCdiDirectories(createLiveFiles(), [directory], (other) => other !== own)
  if (others.every(({ files }) => files.ok && files.value.length === 0)) return []
  const { buildRegistry } = await import("../core/cdi/registry.ts")
  const names = new Set(deviceNames)
  return buildRegistry(others).specs.flatMap((other): readonly Fault[] => {
    const shared = other.spec.kind === kind && other.spec.devices.find(({ name }) => names.has(name))
    if (!shared) return []
    return [fault("CdiDeviceConflict", { device: `${kind}=${shared.name}`, files: [path, other.path] })]
  })
}

function realDirectory(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
