import { beforeEach, expect, test } from "bun:test"
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { holdsExactly } from "../../../src/host/cdi/holds-exactly.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const work = temporaryDirectory("holds")
const at = (name: string): string => join(work, name)
const spec = at("spec.yaml")

beforeEach(() => {
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work)
})

test.each<[what: string, isHeld: boolean, change: () => void]>([
  ["exactly this", true, () => undefined],
  ["less", false, () => writeFileSync(spec, "te")],
  ["what not everybody may read", false, () => chmodSync(spec, 0o600)],
  ["what others may run", false, () => chmodSync(spec, 0o645)],
  ["what runs as its owner", false, () => chmodSync(spec, 0o4644)],
  ["what others may change", false, () => chmodSync(spec, 0o666)],
  [
    "it behind a link",
    false,
    () => {
      renameSync(spec, at("other"))
      symlinkSync("other", spec)
    },
  ],
  ["nothing", false, () => rmSync(spec)],
])("a published file that says %s: %p", (_, isHeld, change) => {
  writeFileSync(spec, "text")
  chmodSync(spec, 0o644)
  change()
  expect(holdsExactly(spec, "text")).toBe(isHeld)
})

test.skipIf(process.getuid?.() !== 0)("a published file that is another's (missing: root)", () => {
  writeFileSync(spec, "text")
  chmodSync(spec, 0o644)
  chownSync(spec, 1000, 0)
  expect(holdsExactly(spec, "text")).toBe(false)
})
