/** What keeps engines from a specification that was written where they look: that they pass over its directory, or that other files count. */

import { defaultDirectories } from "../../core/cdi/registry/spec-directories.ts"
import type { Fault } from "../../core/fault/fault.ts"
import type { Finding } from "../../core/fault/finding.ts"
import type { MadeSpec } from "../../core/generate/made-spec.ts"
import { parentPath } from "../../core/text/path.ts"
import { engineDirectoriesAt } from "../../host/cdi/engine-directories.ts"
import { readCdiDirectories } from "../../host/cdi/read-cdi-directories.ts"
import { createLiveFiles } from "../../host/live-files.ts"

/**
 * Empty too where nobody looks: who wrote it there knows for whom. What parses files is loaded only where a directory that wins has some, and all
 * are read only where one of them has a device of this name.
 */
export async function findUnread(
  { kind, deviceNames }: Pick<MadeSpec, "kind" | "deviceNames">,
  path: string,
  directories: readonly string[] = defaultDirectories,
): Promise<readonly Finding[]> {
  const files = createLiveFiles()
  const own = engineDirectoriesAt(parentPath(path), directories)
  const seen = readCdiDirectories(files, own, () => false)
  const read = seen.findLast((one) => one.files.ok)
  if (read === undefined) return seen.flatMap((one) => (one.files.ok ? [] : warn(one.files.fault)))
  const later = readCdiDirectories(files, directories.slice(directories.indexOf(read.path) + 1))
  if (later.every((one) => one.files.ok && one.files.value.length === 0)) return []
  const [{ buildRegistry }, { checkPrecedence }] = await Promise.all([
    import("../../core/cdi/registry/registry.ts"),
    import("../../core/diagnose/files/check-precedence.ts"),
  ])
  const names = new Set(deviceNames)
  const isRival = buildRegistry(later).specs.some(
    ({ spec }) => spec.kind === kind && spec.devices.some(({ name }) => names.has(name)),
  )
  if (!isRival) return []
  const registry = buildRegistry([...readCdiDirectories(files, [read.path]), ...later])
  const isAmongOwn = (name: string): boolean =>
    name.startsWith(`${kind}=`) && names.has(name.slice(kind.length + 1))
  return [
    ...checkPrecedence({ registry }).filter(({ fault: { tag, data } }) =>
      tag === "CdiDevicesHidden" ? data.devices.some(isAmongOwn) : false,
    ),
    ...registry.findings.flatMap(({ fault: one }) =>
      one.tag === "CdiDeviceConflict" && isAmongOwn(one.data.device) ? warn(one) : [],
    ),
  ]
}

const warn = (fault: Fault): Finding => ({ severity: "warning", fault, evidence: [] })
