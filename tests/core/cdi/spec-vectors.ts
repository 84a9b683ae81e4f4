/** Rows of tests/vectors/cdi as inputs of the code under test. */

import specs from "../../vectors/cdi/specs.json"

export interface SpecRow {
  readonly name: string
  readonly source: string
  readonly given: { readonly text?: string; readonly spec?: unknown; readonly edits?: unknown }
  readonly fault?: string | readonly string[]
  readonly why?: string
  readonly differs?: string
  readonly minimum?: string
  readonly device?: string
  /** As `LINE:COLUMN: PROBLEM`. Order: by place. */
  readonly warnings?: readonly string[]
}

export const specRows: readonly SpecRow[] = specs as readonly SpecRow[]

/** `edits` are those of one device in a specification of the newest version. */
export function textOf({ given: { text, spec, edits } }: SpecRow): string {
  if (text !== undefined) return text
  const whole = {
    cdiVersion: "1.1.0",
    kind: "vendor.com/class",
    devices: [{ name: "a", containerEdits: edits }],
  }
  return JSON.stringify(spec ?? whole)
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
