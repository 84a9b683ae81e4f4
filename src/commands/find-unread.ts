/** What keeps engines from a specification that was written where they look: that they pass over its directory, or that another file wins. */

import { defaultDirectories } from "../core/cdi/spec-directories.ts"
import { fault } from "../core/fault/fault.ts"
import type { Finding } from "../core/fault/finding.ts"
import type { MadeSpec } from "../core/generate/made-spec.ts"
import { parentPath } from "../core/text/path.ts"
import { createLiveFiles } from "../host/live-files.ts"
import { readCdiDirectories } from "../host/read-cdi-directories.ts"
import { realDirectory } from "./find-rivals.ts"

/** Empty too where nobody looks: who wrote it there knows for whom. What parses other files is loaded only where there are some. */
export async function findUnread(
  { kind, deviceNames }: Pick<MadeSpec, "kind" | "deviceNames">,
  path: string,
  directories: readonly string[] = defaultDirectories,
): Promise<readonly Finding[]> {
  const written = realDirectory(parentPath(path))
  const at = directories.findIndex((directory) => realDirectory(directory) === written)
  const own = directories[at]
  if (own === undefined) return []
  const files = createLiveFiles()
  const warn = (one: Finding["fault"]): Finding => ({ severity: "warning", fault: one, evidence: [] })
  const [seen] = readCdiDirectories(files, [own], () => false)
  if (seen?.files.ok === false) return [warn(seen.files.fault)]
  const later = readCdiDirectories(files, directories.slice(at + 1))
  if (later.every((one) => one.files.ok && one.files.value.length === 0)) return []
  const { buildRegistry } = await import("../core/cdi/registry.ts")
  const names = new Set(deviceNames)
  return buildRegistry(later).specs.flatMap((other): readonly Finding[] => {
    if (other.spec.kind !== kind) return []
    const devices = other.spec.devices.flatMap(({ name }) => (names.has(name) ? `${kind}=${name}` : []))
    const isWhole = devices.length === names.size
    return devices.length === 0
      ? []
      : [warn(fault("CdiDevicesHidden", { file: path, by: other.path, devices, areSame: false, isWhole }))]
  })
}
