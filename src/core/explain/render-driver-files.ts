/** The driver's files with why each is in; for people and, as JSON, for machines. */

import type { DriverCapability } from "../driver/capability.ts"
import type { DriverCatalogue, FileReason } from "../driver/catalogue.ts"
import { impliedLibraries } from "../driver/implied-files.ts"
import { faultCode, faultSentence } from "../fault/render.ts"
import { findingJson } from "../fault/render-json.ts"
import type { HostPath } from "../text/brand.ts"
import { escapeControl } from "../text/escape.ts"
import { baseName } from "../text/path.ts"
import { alignColumns } from "../text/table.ts"

export type DriverFileKind = "library" | "binary" | "firmware" | "configuration" | "module" | "platform"

/** One file, whatever it is. */
export interface DriverFileRow {
  readonly kind: DriverFileKind
  readonly path: HostPath
  readonly rootPath: HostPath
  readonly containerPath: HostPath
  readonly bits: 32 | 64 | undefined
  readonly soname: string | undefined
  /** The oldest C library that a container must have for it; undefined: any. */
  readonly glibc: string | undefined
  readonly capabilities: readonly DriverCapability[]
  readonly reasons: readonly FileReason[]
  readonly links: readonly { readonly path: HostPath; readonly target: string }[]
}

/** Every file of a catalogue. Order: libraries, binaries, configurations, modules, firmware, platform files. */
export function listDriverFiles(driver: DriverCatalogue): readonly DriverFileRow[] {
  const plain = { bits: undefined, soname: undefined, glibc: undefined, links: [] }
  // A board's release lies on the machine, wherever its driver does.
  const inRoot = (path: HostPath): HostPath =>
    (path.startsWith(`${driver.driverRoot}/`) ? path.slice(driver.driverRoot.length) : path) as HostPath
  return [
    ...driver.libraries.map(
      (one): DriverFileRow => ({ kind: "library", ...one, containerPath: one.rootPath }),
    ),
    ...driver.binaries.map(
      (one): DriverFileRow => ({ kind: "binary", ...plain, ...one, containerPath: one.rootPath }),
    ),
    ...driver.configurations.map((one): DriverFileRow => ({ kind: "configuration", ...plain, ...one })),
    ...driver.modules.map(
      (one): DriverFileRow => ({ kind: "module", ...plain, ...one, containerPath: one.rootPath }),
    ),
    ...(["firmware", "platform"] as const).flatMap((kind) =>
      (kind === "firmware" ? driver.firmware : driver.platformFiles).map(
        (path): DriverFileRow => ({
          kind,
          ...plain,
          path,
          rootPath: inRoot(path),
          containerPath: inRoot(path),
          capabilities: [],
          reasons: [],
        }),
      ),
    ),
  ]
}

/** Files that these capabilities bring; without any, all. Firmware comes with every capability; so do the platform's files. */
export function chooseDriverFiles(
  rows: readonly DriverFileRow[],
  capabilities: readonly DriverCapability[],
): readonly DriverFileRow[] {
  if (capabilities.length === 0) return rows
  const asked = new Set(capabilities)
  const implied = new Set(capabilities.flatMap((one) => [one, ...(impliedLibraries[one] ?? [])]))
  return rows.filter((row) => {
    if (row.kind === "firmware" || row.kind === "platform") return true
    if (row.bits === 32 && !asked.has("compat32")) return false
    // A container that displays gets what one that draws gets; programs come only when they are asked for.
    const wanted = row.kind === "library" || row.kind === "configuration" ? implied : asked
    return row.capabilities.some((one) => wanted.has(one))
  })
}

const describeReason = (reason: FileReason): string => {
  switch (reason.kind) {
    case "table":
      return reason.capability
    case "beyond":
      return `${reason.capability} (beyond nvidia-container-cli)`
    case "needed":
      return `needed by ${baseName(reason.by)}`
    case "version":
      return "carries the driver's version; no capability known"
    case "named":
      return "asked for by name"
  }
}

export function renderDriverFiles(driver: DriverCatalogue, rows: readonly DriverFileRow[]): string {
  const lines = alignColumns(
    rows.map(({ kind, path, bits, reasons }) => [
      path,
      bits === 32 ? `${kind}, 32 bits` : kind,
      reasons.map(describeReason).join(", "),
    ]),
  )
  const noticed = driver.findings.map(
    ({ severity, fault }) => `${severity}: ${faultSentence(fault)} [${faultCode(fault)}]`,
  )
  return `${[
    `driver ${driver.version} below ${driver.driverRoot}, ${rows.length} files`,
    "",
    ...lines,
    ...(noticed.length === 0 ? [] : ["", ...noticed]),
  ]
    .map(escapeControl)
    .join("\n")}\n`
}

export const renderDriverFilesJson = (driver: DriverCatalogue, rows: readonly DriverFileRow[]): string =>
  `${JSON.stringify(
    {
      version: 1,
      driver: { version: driver.version, root: driver.driverRoot, directories: driver.directories },
      files: rows,
      links: [...driver.links, ...driver.platformLinks],
      findings: driver.findings.map(findingJson),
    },
    (_, value: unknown) => (value === undefined ? null : value),
    2,
  )}\n`
