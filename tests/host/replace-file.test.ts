import { afterAll, expect, test } from "bun:test"
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { replaceFile, whereItLies } from "../../src/host/replace-file.ts"

const directory = mkdtempSync(join(tmpdir(), "gantry-replace-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

test("a link stays, and what it leads to is replaced or made", () => {
  mkdirSync(join(directory, "kept"))
  for (const target of ["kept/there.json", "kept/absent.json", join(directory, "kept/absolute.json")]) {
    const link = join(directory, "link.json")
    const file = join(directory, "kept", target.slice(target.lastIndexOf("/") + 1))
    if (target.includes("there")) writeFileSync(file, "old", { mode: 0o640 })
    symlinkSync(target, link)
    expect(replaceFile(link, "new", 0o600).ok).toBe(true)
    expect(readlinkSync(link)).toBe(target)
    expect(readFileSync(file, "utf8")).toBe("new")
    expect(lstatSync(file).mode & 0o777).toBe(target.includes("there") ? 0o640 : 0o600)
    rmSync(link)
  }
})

test("links that lead in a circle are no place", () => {
  symlinkSync("b", join(directory, "a"))
  symlinkSync("a", join(directory, "b"))
  const written = replaceFile(join(directory, "a"), "x", 0o600)
  expect(written.ok ? "" : written.fault.data).toMatchObject({ errno: "ELOOP" })
  expect(lstatSync(join(directory, "a")).isSymbolicLink()).toBe(true)
})

test("the place of a file that others replace all the time is always the same", async () => {
  const file = join(directory, "replaced")
  const link = join(directory, "to-replaced")
  writeFileSync(file, "")
  symlinkSync(file, link)
  const replacing = `
    import { renameSync, writeFileSync } from "node:fs"
    console.log("begun")
    for (;;) { writeFileSync(${JSON.stringify(`${file}.new`)}, ""); renameSync(${JSON.stringify(`${file}.new`)}, ${JSON.stringify(file)}) }`
  const other = Bun.spawn([process.execPath, "-e", replacing], { stdout: "pipe" })
  try {
    await other.stdout.getReader().read()
    const places = new Set(Array.from({ length: 20_000 }, () => whereItLies(link)))
    expect([...places]).toEqual([file])
  } finally {
    other.kill("SIGKILL")
  }
})
