/**
 * From a file's bytes to a specification that every engine loads, or to all that is wrong with it, each with line and column.
 * Source: CDI specification 1.1.0; what the reference's loader takes and refuses (facts §6.2).
 *   the text is read as values (read-spec-text.ts), those as fields (spec-shape.ts): what is no field ends it
 *   then the rules are judged (validate-spec.ts), and only of what keeps them all warnings are told
 */

import { type Fault, fault } from "../../fault/fault.ts"
import { fail, ok, type Result } from "../../fault/result.ts"
import { decodeUtf8 } from "../../text/utf8.ts"
import { adviseSpec } from "../rules/advise-spec.ts"
import { validateSpec } from "../rules/validate-spec.ts"
import { knownVersions } from "../rules/version.ts"
import type { CdiSpec } from "../spec.ts"
import type { Decoding, Leniency } from "./decoding.ts"
import { readSpecText } from "./read-spec-text.ts"
import { specLimitBytes } from "./spec-limit.ts"
import { specShape } from "./spec-shape.ts"
import { createSource, type Locate, locateIn, placeAt, type SpecSource } from "./spec-source.ts"
import { type Warning, warnOf } from "./spec-warning.ts"

export interface SpecFile {
  /** As people call it. */
  readonly path: string
  readonly bytes: Uint8Array
}

export interface ParsedSpec {
  readonly spec: CdiSpec
  readonly locate: Locate
  /** Rules of the specification that engines do not enforce. Order: by place in the text. */
  readonly warnings: readonly Warning[]
}

/** More faults or warnings of one file help nobody. */
const tellLimit = 100

/**
 * Faults: CdiTextInvalid, CdiTextEmpty, CdiTextTooLarge, CdiFieldUnknown, CdiFieldRepeated, CdiTypeWrong and those of validateSpec.
 * Order: fields' as in the text; rules' as the reference judges, and only where every field could be read.
 */
export const parseSpec = (file: SpecFile): Result<ParsedSpec, readonly Fault[]> =>
  parseAs(file, { reader: "engines", isForgiven: () => false })

/** A specification that need not say its version: who reads it works that out. Faults: as of parseSpec. */
export const parseUnversioned = (file: SpecFile): Result<ParsedSpec, readonly Fault[]> =>
  parseAs(file, {
    reader: "engines",
    isForgiven: ({ tag, data }) => tag === "CdiVersionUnknown" && data.version === "",
  })

/**
 * Edits that are to be added to a specification: in the form of one, where version, kind and devices may be missing. No engine reads them, so
 * nothing is warned of that is about readers, the version or the kind. Faults: as of parseSpec.
 */
export const parseAdditions = (file: SpecFile): Result<ParsedSpec, readonly Fault[]> =>
  parseAs(file, {
    reader: "gantry",
    isForgiven: ({ tag, data }) => ofWhole.has(tag) || (tag === "CdiKindInvalid" && data.kind === ""),
  })

/** What a whole specification must say and a part of one need not. */
const ofWhole: ReadonlySet<Fault["tag"]> = new Set([
  "CdiVersionUnknown",
  "CdiVersionTooLow",
  "CdiDevicesMissing",
])

interface Purpose {
  readonly reader: "engines" | "gantry"
  /** A broken rule that does not count for this purpose. */
  isForgiven(broken: Fault): boolean
}

function parseAs(
  { path, bytes }: SpecFile,
  { reader, isForgiven }: Purpose,
): Result<ParsedSpec, readonly Fault[]> {
  if (bytes.length > specLimitBytes)
    return fail([fault("CdiTextTooLarge", { file: path, limitBytes: specLimitBytes })])
  const source = createSource(path, decodeUtf8(bytes).replace(/^\ufeff/, ""))
  const tree = readSpecText(source)
  if (!tree.ok) return fail([tree.fault])
  const decoding: Decoding = { source, faults: [], leniencies: [] }
  const spec = specShape.read(tree.value.root, [], decoding)
  if (decoding.faults.length > 0) return fail(decoding.faults)
  const locate = locateIn(source, tree.value.root)
  const broken = validateSpec(spec, locate).filter((one) => !isForgiven(one))
  if (broken.length > 0) return fail(broken.slice(0, tellLimit))
  const warnings =
    reader === "gantry"
      ? adviseSpec(withSoundEnvelope(spec), locate)
      : [...decoding.leniencies.map(warnLeniency(source)), ...adviseSpec(spec, locate)]
  return ok({
    spec,
    locate,
    warnings: [...tree.value.warnings, ...warnings].sort(byPlace).slice(0, tellLimit),
  })
}

/** With a version and a kind of which there is nothing to say. */
const withSoundEnvelope = (spec: CdiSpec): CdiSpec => ({
  ...spec,
  cdiVersion: knownVersions.at(-1) ?? "",
  kind: "example.com/device",
})

function byPlace({ fault: { data: one } }: Warning, { fault: { data: other } }: Warning): number {
  return one.place.line - other.place.line || one.place.column - other.place.column
}

const warnLeniency =
  (source: SpecSource) =>
  ({ path, start, what, advice, refusedBy }: Leniency): Warning =>
    warnOf({ place: placeAt(source, start, path), problem: what, advice, refusedBy })
