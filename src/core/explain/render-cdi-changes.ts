/** What two CDI specifications do differently to containers, as text and for machines. Format: docs/cdi.md. */

import type { SpecChange } from "../cdi/diff-specs.ts"
import { escapeControl } from "../text/escape.ts"

/** Order: as given. */
export function renderCdiChanges(changes: readonly SpecChange[]): string {
  const lines = changes.map(({ where, field, change, what }) =>
    escapeControl(
      `${change === "added" ? "+" : "-"} ${[where, field, what].filter((word) => word !== "").join(" ")}`,
    ),
  )
  return lines.length === 0 ? "no difference for containers\n" : `${lines.join("\n")}\n`
}

/** `unlisted`: names of devices that the second has besides. */
export const renderCdiChangesJson = (changes: readonly SpecChange[], unlisted: readonly string[]): string =>
  `${JSON.stringify({ version: 1, changes, unlisted }, null, 2)}\n`
