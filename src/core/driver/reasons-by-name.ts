/** The tables of files by what they name: for each name why it is in the catalogue. */

import type { DriverCapability } from "./capability.ts"
import type { FileReason } from "./catalogue.ts"

/** Names by the capability that brings them. */
type NameTable = Readonly<Partial<Record<DriverCapability, readonly string[]>>>

/** `table`: the reference's, `beyond`: ours. Order: names as the tables first have them; reasons likewise. */
export function reasonsByName(
  table: NameTable,
  beyond: NameTable,
): ReadonlyMap<string, readonly FileReason[]> {
  const byName = new Map<string, FileReason[]>()
  const kinds = [
    ["table", table],
    ["beyond", beyond],
  ] as const
  for (const [kind, names] of kinds)
    for (const [capability, ones] of Object.entries(names))
      for (const name of ones)
        byName.set(name, [...(byName.get(name) ?? []), { kind, capability: capability as DriverCapability }])
  return byName
}
