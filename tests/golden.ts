/** Goldens: recorded output, reviewed as text. GANTRY_UPDATE_GOLDENS=1 rewrites them; CI never does. */

import { expect } from "bun:test"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

export function expectGolden(name: string, text: string): void {
  const path = join(import.meta.dir, "goldens", name)
  if (process.env["GANTRY_UPDATE_GOLDENS"] === "1") writeFileSync(path, text)
  expect(existsSync(path) ? readFileSync(path, "utf8") : "no golden").toBe(text)
}
