/** What would make a specification's devices nobody's: another file beside it that defines one of them. None is written then. */

import type { SpecFormat } from "../../core/cdi/render-spec.ts"
import { type Fault, fault } from "../../core/fault/fault.ts"
import { fail, type Result } from "../../core/fault/result.ts"
import type { MadeSpec } from "../../core/generate/made-spec.ts"
import { baseName, joinPath, parentPath } from "../../core/text/path.ts"
import { realDirectory } from "../../host/cdi/engine-directories.ts"
import { readCdiDirectories } from "../../host/cdi/read-cdi-directories.ts"
import { holdDirectory } from "../../host/files/hold-directory.ts"
import { createLiveFiles } from "../../host/live-files.ts"
import { makeDirectoryOf, putSpec, removeMade, specPath } from "./write-spec-file.ts"

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
  const { buildRegistry } = await import("../../core/cdi/registry/registry.ts")
  const names = new Set(deviceNames)
  return buildRegistry(others).specs.flatMap((other): readonly Fault[] => {
    const shared = other.spec.kind === kind && other.spec.devices.find(({ name }) => names.has(name))
    if (!shared) return []
    return [fault("CdiDeviceConflict", { device: `${kind}=${shared.name}`, files: [path, other.path] })]
  })
}

/** Where it was written to. Of two that would write the same devices at once, the second finds the first's. Faults: CdiDeviceConflict, CdiFileUnwritable. */
export async function writeWithoutConflict(
  spec: MadeSpec,
  file: string,
  format: SpecFormat,
): Promise<Result<string>> {
  const path = specPath(file, format)
  const made = makeDirectoryOf(path)
  if (!made.ok) return made
  return holdDirectory(parentPath(path), async (lock) => {
    const [rival] = await findRivals(spec, file, format)
    const written = rival === undefined ? putSpec(spec.text, path, lock) : fail(rival)
    if (!written.ok) removeMade(made.value)
    return written
  })
}
