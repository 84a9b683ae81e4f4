import { afterAll } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** An empty directory for a file's tests, which is taken away when they have ended. To be called where tests are declared. */
export function temporaryDirectory(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `gantry-${name}-`))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
