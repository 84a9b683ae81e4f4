import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
// @ts-expect-error a script without types
import { completeLock } from "../../scripts/complete-lock.mjs"

const root = join(import.meta.dir, "../..")
const text = readFileSync(join(root, "package-lock.json"), "utf8")
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))

test("the lock file names every optional platform package, and no download address", () => {
  expect(text).not.toContain('"resolved"')
  expect(`${JSON.stringify(completeLock(JSON.parse(text)), null, 2)}\n`).toBe(text)
})

test("Bun and its types are of one version, and its install script is allowed", () => {
  expect(manifest.devDependencies["@types/bun"]).toBe(manifest.devDependencies.bun)
  expect(manifest.allowScripts).toEqual({ bun: true })
})
