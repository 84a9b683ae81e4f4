/** CDI specifications beside their machine, one line a finding. Format: docs/cdi.md. */

import type { Registry } from "../cdi/registry/registry.ts"
import { userTitle } from "../diagnose/access.ts"
import type { CdiSubject } from "../diagnose/cdi-subject.ts"
import type { Finding } from "../fault/finding.ts"
import { renderFaultLine } from "../fault/render.ts"
import { findingJson } from "../fault/render-json.ts"
import { engineTitle } from "../inventory/observe-engines.ts"
import { counted } from "../text/counted.ts"
import { escapeControl } from "../text/escape.ts"
import { fileJson } from "./render-cdi-list.ts"

export interface CdiVerification {
  readonly subject: CdiSubject
  readonly findings: readonly Finding[]
  /** Files that were made anew before. */
  readonly fixed: readonly FixedFile[]
}

export interface FixedFile {
  readonly file: string
  /** Where it is kept as it was. */
  readonly previous: string
  /** Devices that the file gives now and did not before: whoever leaves a GPU out on purpose has to know. Order: as in the file. */
  readonly added: readonly string[]
  /** Order: as in the file. */
  readonly removed: readonly string[]
}

/** Nothing that makes a container fail or get the wrong thing. */
export const isSound = ({ findings }: CdiVerification): boolean =>
  findings.every(({ severity }) => severity !== "error")

const renderDevices = (verb: string, names: readonly string[]): string =>
  names.length === 0 ? "" : `, ${verb} ${names.join(" ")}`

/** Order: what was verified, then findings, errors first. */
export function renderVerification({ subject, findings, fixed }: CdiVerification): string {
  const bySeverity = (["error", "warning", "note"] as const).flatMap((severity) =>
    findings.filter((finding) => finding.severity === severity),
  )
  const lines = [
    ...fixed.map(({ file, previous, added, removed }) => {
      const changes = [renderDevices("gives", added), renderDevices("no longer gives", removed)].join("")
      return escapeControl(`${file}: made anew${changes}, and what it was is kept in ${previous}`)
    }),
    escapeControl(describe(subject)),
    ...bySeverity.map(({ severity, fault }) => `${severity}: ${renderFaultLine(fault)}`),
  ]
  return `${lines.join("\n")}\n`
}

function describe({ registry, snapshot, user, engines }: CdiSubject): string {
  const driver = snapshot.inventory.kernelModuleVersion?.value
  return [
    `${counted(registry.devices.size, "CDI device")} in ${counted(fileCount(registry), "file")}`,
    `on ${snapshot.name}`,
    driver === undefined ? "no NVIDIA driver loaded" : `driver ${driver}`,
    `as ${userTitle(user)}`,
    `for ${engines.length === 0 ? "no engine that is known" : engines.map(engineTitle).join(", ")}`,
  ].join(", ")
}

const fileCount = ({ specs, rejected }: Registry): number => specs.length + rejected.length

export function renderVerificationJson(verification: CdiVerification): string {
  const { subject, findings, fixed } = verification
  const { registry, host, snapshot, user, engines } = subject
  return `${JSON.stringify(
    {
      version: 1,
      isSound: isSound(verification),
      host: { kind: host.provenance.kind, name: snapshot.name },
      driver: snapshot.inventory.kernelModuleVersion?.value,
      user,
      engines: engines.map(({ engine, version, program, highest }) => ({
        engine,
        version,
        program,
        highest,
      })),
      fixed,
      files: registry.specs.map(fileJson),
      rejected: registry.rejected.map(({ path }) => path),
      findings: findings.map(findingJson),
    },
    // What is not known is said to be not known.
    (_, value: unknown) => (value === undefined ? null : value),
    2,
  )}\n`
}
