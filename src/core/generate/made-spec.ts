/** A specification that is finished: its text, and what is told of it. Plain data, so that it can be kept. */

import { renderSpec, type SpecFormat } from "../cdi/render-spec.ts"
import { allEdits, type CdiSpec } from "../cdi/spec.ts"
import type { Finding } from "../fault/finding.ts"
import type { FittedSpec } from "./fit-version.ts"

export interface MadeSpec {
  readonly kind: string
  readonly cdiVersion: string
  /** Order: as in the text. */
  readonly deviceNames: readonly string[]
  /** Each once. Order: as first named. */
  readonly hookPrograms: readonly string[]
  readonly text: string
  /** Of the machine as it was when this was made. */
  readonly findings: readonly Finding[]
}

export const renderMadeSpec = ({ spec, findings }: FittedSpec, format: SpecFormat): MadeSpec => ({
  kind: spec.kind,
  cdiVersion: spec.cdiVersion,
  deviceNames: spec.devices.map(({ name }) => name),
  hookPrograms: hookProgramsOf(spec),
  text: renderSpec(spec, format),
  findings,
})

const hookProgramsOf = (spec: CdiSpec): readonly string[] => [
  ...new Set(allEdits(spec).flatMap(({ hooks }) => hooks.map(({ path }) => path))),
]
