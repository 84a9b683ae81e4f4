import { afterAll, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { directoryEntry } from "../../../src/host/files/directory-entry.ts"

const place = realpathSync(mkdtempSync(join(tmpdir(), "gantry-entry-")))
afterAll(() => rmSync(place, { recursive: true, force: true }))
mkdirSync(join(place, "a/b"), { recursive: true })
symlinkSync("a/b", join(place, "link"))
writeFileSync(join(place, "a/x.yaml"), "")
symlinkSync("x.yaml", join(place, "a/y.yaml"))

test.each<[path: string, entry: string]>([
  ["a/x.yaml", "a/x.yaml"],
  ["./a//b/../x.yaml", "a/x.yaml"],
  // Behind a link, `..` is the parent of what it leads to.
  ["link/../x.yaml", "a/x.yaml"],
  ["a/y.yaml", "a/y.yaml"],
  ["a/not-yet.yaml", "a/not-yet.yaml"],
  ["nowhere/x.yaml", "nowhere/x.yaml"],
])("%s is the entry %s", (path, entry) => {
  expect(directoryEntry(`${place}/${path}`)).toBe(`${place}/${entry}`)
})

test("a path that does not begin with / is looked for where the program is", () => {
  expect(directoryEntry("x.yaml")).toBe(`${realpathSync(process.cwd())}/x.yaml`)
})
