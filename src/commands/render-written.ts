/** What `gantry cdi generate` says of the files that it wrote. */

import type { MadeSpec } from "../core/generate/made-spec.ts"
import { renderEngine, versionReadBy } from "../core/generate/version-limit.ts"
import { counted } from "../core/text/counted.ts"
import { escapeControl } from "../core/text/escape.ts"
import type { Readers } from "./find-readers.ts"

export interface WrittenFile extends MadeSpec, Readers {
  readonly file: string
}

/** In one line. */
export function renderWritten({ kind, cdiVersion, deviceNames, file, limit }: WrittenFile): string {
  const because = limit === undefined ? "" : `, for ${limit.because.map(renderEngine).join(" and ")}`
  return `${escapeControl(file)}: ${counted(deviceNames.length, "device")} of ${kind}, cdiVersion ${cdiVersion}${because}\n`
}

/** Format: docs/cdi.md. Order: as written. */
export async function renderWrittenJson(files: readonly WrittenFile[]): Promise<string> {
  const { findingJson } = await import("../core/fault/render-json.ts")
  return `${JSON.stringify(
    {
      version: 2,
      files: files.map(({ kind, cdiVersion, deviceNames, file, limit, engines, findings }) => ({
        file,
        kind,
        cdiVersion,
        devices: deviceNames,
        engines: engines.map((engine) => ({
          name: engine.name,
          version: engine.version ?? null,
          reads: versionReadBy(engine) ?? null,
        })),
        versionLimit: limit?.version ?? null,
        findings: findings.map(findingJson),
      })),
    },
    null,
    2,
  )}\n`
}
