/**
 * A TOML document as data: every value with the offset it was written at, so that a fault and `explain` can point there.
 * Source: TOML 1.0.0. Deliberately no plain JavaScript objects: keys come from outside and live in a Map.
 */

/** Where something stands, for people. Units: line and column from 1, column in UTF-16 code units. */
export interface TomlPlace {
  readonly line: number
  readonly column: number
}

/** `at`: offset in the text, UTF-16 code units from 0; placeOf turns it into line and column. */
export type TomlValue =
  | { readonly kind: "string"; readonly value: string; readonly at: number }
  | { readonly kind: "integer"; readonly value: bigint; readonly at: number }
  | { readonly kind: "float"; readonly value: number; readonly at: number }
  | { readonly kind: "boolean"; readonly value: boolean; readonly at: number }
  /** Date or time in any of TOML's four forms, as written. */
  | { readonly kind: "datetime"; readonly value: string; readonly at: number }
  | { readonly kind: "array"; readonly items: readonly TomlValue[]; readonly at: number }
  | TomlTable

export interface TomlTable {
  readonly kind: "table"
  /** Order: as first written. */
  readonly entries: ReadonlyMap<string, TomlValue>
  readonly at: number
}
