/** Which CDI devices a machine has, which file each comes from, and what is wrong with files and names. Format: docs/cdi.md. */

import type { LoadedSpec, Registry } from "../cdi/registry/registry.ts"
import { splitKind } from "../cdi/rules/name-rules.ts"
import { minimumVersion } from "../cdi/rules/version.ts"
import { renderFaultLine } from "../fault/render.ts"
import { faultJson, findingJson } from "../fault/render-json.ts"
import { counted } from "../text/counted.ts"
import { escapeControl } from "../text/escape.ts"
import { alignColumns } from "../text/table.ts"

/** Order: devices by name, then problems of directories, names and files. */
export function renderCdiList(registry: Registry): string {
  const rows = [...registry.devices.values()].map(({ name, source, hidden }) => [
    escapeControl(name),
    escapeControl(source.path),
    hidden.length === 0 ? "" : `hides ${escapeControl(hidden.map(({ path }) => path).join(", "))}`,
  ])
  const problems = [
    ...registry.findings.map(({ severity, fault }) => `${severity}: ${renderFaultLine(fault)}`),
    ...registry.rejected.flatMap(({ faults }) => faults.map((fault) => `error: ${renderFaultLine(fault)}`)),
  ]
  const heading = `${counted(rows.length, "CDI device")} in ${counted(registry.specs.length, "file")}`
  const lines = [heading, ...(rows.length === 0 ? [] : ["", ...alignColumns(rows)])]
  return `${[...lines, ...(problems.length === 0 ? [] : ["", ...problems])].join("\n")}\n`
}

export const renderCdiListJson = (registry: Registry, directories: readonly string[]): string =>
  `${JSON.stringify(
    {
      version: 1,
      directories,
      devices: [...registry.devices.values()].map(({ name, device, source, hidden }) => ({
        name,
        ...splitKind(source.spec.kind),
        device: device.name,
        file: source.path,
        hidden: hidden.map(({ path }) => path),
      })),
      conflicts: registry.conflicts,
      files: registry.specs.map(fileJson),
      rejected: registry.rejected.map(({ path, faults }) => ({ file: path, faults: faults.map(faultJson) })),
      findings: registry.findings.map(findingJson),
    },
    null,
    2,
  )}\n`

export const fileJson = ({
  path,
  spec,
  warnings,
}: Pick<LoadedSpec, "path" | "spec" | "warnings">): object => ({
  file: path,
  kind: spec.kind,
  cdiVersion: spec.cdiVersion,
  minimumVersion: minimumVersion(spec).version,
  devices: spec.devices.map(({ name }) => name),
  warnings: warnings.map(findingJson),
})
