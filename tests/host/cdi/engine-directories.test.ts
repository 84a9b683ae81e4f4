/** Which of the directories of engines a place is, by whichever name it is called and whether or not it is there. */

import { expect, test } from "bun:test"
import { mkdirSync, realpathSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { engineDirectoriesAt, realDirectory } from "../../../src/host/cdi/engine-directories.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const work = realpathSync(temporaryDirectory("engine-directories"))
const at = (name: string): string => join(work, name)
mkdirSync(at("run/cdi"), { recursive: true })
symlinkSync("run", at("var-run"))

test.each([
  ["one that is there", at("run/cdi"), at("run/cdi")],
  ["behind a link", at("var-run/cdi"), at("run/cdi")],
  ["one that is not there", at("none/cdi"), at("none/cdi")],
  ["one that is not there, behind a link", at("var-run/none/cdi"), at("run/none/cdi")],
  ["the root", "/", "/"],
  ["no absolute path, and not there", "gantry-none/cdi", "gantry-none/cdi"],
])("where a directory lies: %s", (_what, path, place) => {
  expect(realDirectory(path)).toBe(place)
})

test("a place is every directory that leads to it, in their order, and no other", () => {
  const directories = [at("var-run/cdi"), at("etc/cdi"), at("run/cdi"), at("var-run/none")]
  expect(engineDirectoriesAt(at("run/cdi/"), directories)).toEqual([at("var-run/cdi"), at("run/cdi")])
  expect(engineDirectoriesAt(at("run/none"), directories)).toEqual([at("var-run/none")])
  expect(engineDirectoriesAt(at("run"), directories)).toEqual([])
  expect(engineDirectoriesAt("/etc/cdi")).toEqual(["/etc/cdi"])
})
