/** The judgement of CDI files, one line a file and one a problem. Format: docs/cdi.md. */

import type { LoadedSpec, RejectedFile } from "../cdi/registry/registry.ts"
import { minimumVersion } from "../cdi/rules/version.ts"
import type { Finding } from "../fault/finding.ts"
import { renderFaultLine } from "../fault/render.ts"
import { faultJson, findingJson } from "../fault/render-json.ts"
import { counted } from "../text/counted.ts"
import { escapeControl } from "../text/escape.ts"
import { fileJson } from "./render-cdi-list.ts"

export type JudgedSpec = Pick<LoadedSpec, "path" | "spec" | "warnings">

export interface Validation {
  readonly valid: readonly JudgedSpec[]
  readonly rejected: readonly RejectedFile[]
  /** Of what several files do together. */
  readonly findings: readonly Finding[]
}

export const isFaultless = ({ rejected, findings }: Validation): boolean =>
  rejected.length === 0 && findings.every(({ severity }) => severity !== "error")

/** Order: valid files with their warnings, then what is wrong. */
export function renderValidation({ valid, rejected, findings }: Validation): string {
  const lines = [
    ...valid.flatMap(({ path, spec, warnings }) => [
      `${escapeControl(path)}: valid, ${spec.kind}, ${counted(spec.devices.length, "device")}, cdiVersion ${spec.cdiVersion}, needs ${minimumVersion(spec).version}`,
      ...warnings.map(({ severity, fault }) => `${severity}: ${renderFaultLine(fault)}`),
    ]),
    ...rejected.flatMap(({ faults }) => faults.map((fault) => `error: ${renderFaultLine(fault)}`)),
    ...findings.map(({ severity, fault }) => `${severity}: ${renderFaultLine(fault)}`),
  ]
  return lines.length === 0 ? "no CDI specifications\n" : `${lines.join("\n")}\n`
}

export const renderValidationJson = (validation: Validation): string =>
  `${JSON.stringify(
    {
      version: 1,
      isFaultless: isFaultless(validation),
      valid: validation.valid.map(fileJson),
      rejected: validation.rejected.map(({ path, faults }) => ({
        file: path,
        faults: faults.map(faultJson),
      })),
      findings: validation.findings.map(findingJson),
    },
    null,
    2,
  )}\n`
