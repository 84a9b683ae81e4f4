/** What is said of a specification's file that was written. */

import type { MadeSpec } from "../generate/made-spec.ts"
import { type Readers, renderEngine } from "../generate/version-limit.ts"
import { counted } from "../text/counted.ts"
import { escapeControl } from "../text/escape.ts"

export interface WrittenFile extends MadeSpec, Readers {
  readonly file: string
}

/** In one line. */
export function renderWritten({ kind, cdiVersion, deviceNames, file, limit }: WrittenFile): string {
  const because = limit === undefined ? "" : `, for ${limit.because.map(renderEngine).join(" and ")}`
  return `${escapeControl(file)}: ${counted(deviceNames.length, "device")} of ${kind}, cdiVersion ${cdiVersion}${because}\n`
}
