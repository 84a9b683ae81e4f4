import { expect, test } from "bun:test"
import {
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { encodeUtf8 } from "../../../src/core/text/utf8.ts"
import { putFile, replaceFile, whereItLies } from "../../../src/host/files/replace-file.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const directory = temporaryDirectory("replace")

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

test.skipIf(process.getuid?.() !== 0)("another's file stays theirs, also a group's (missing: root)", () => {
  const file = join(directory, "owned")
  for (const [uid, gid] of [
    [1000, 1001],
    [0, 1001],
    [1000, 0],
    [0, 0],
  ] as const) {
    writeFileSync(file, "old")
    chownSync(file, uid, gid)
    expect(replaceFile(file, "new", 0o644).ok).toBe(true)
    const stat = lstatSync(file)
    expect([stat.uid, stat.gid, readFileSync(file, "utf8")]).toEqual([uid, gid, "new"])
  }
})

test("what is no file is written to as it is, and a directory is not", async () => {
  const fifo = join(directory, "fifo")
  expect(Bun.spawnSync(["mkfifo", fifo]).exitCode).toBe(0)
  const reader = Bun.spawn(["cat", fifo], { stdout: "pipe" })
  expect(replaceFile(fifo, "told", 0o644).ok).toBe(true)
  expect(await reader.stdout.text()).toBe("told")
  expect(lstatSync(fifo).isFIFO()).toBe(true)
  const written = replaceFile(directory, "x", 0o644)
  expect(written.ok ? "" : written.fault.data).toMatchObject({ errno: "EISDIR" })
})

test("nothing stays open, whatever was written", () => {
  const paths = [join(directory, "closed"), "/dev/null", join(directory, "none/there")]
  // By what they lead to: others of this process come and go.
  const countOpen = (): number =>
    readdirSync("/proc/self/fd").filter((name) => {
      const target = targetOf(`/proc/self/fd/${name}`)
      return target.startsWith(directory) || target === "/dev/null"
    }).length
  const before = countOpen()
  for (const path of paths) replaceFile(path, "x", 0o600)
  expect(countOpen()).toBeLessThanOrEqual(before)
})

test.each([
  ["a".repeat(255), "a".repeat(254)],
  ["字".repeat(85), "字".repeat(84)],
])(
  "a file with the longest name that there is, %s, is replaced, and what was left of it is cleared away",
  (name, other) => {
    const place = join(directory, "long")
    mkdirSync(place)
    for (const text of ["old", "new"]) {
      writeFileSync(join(place, `${name.slice(0, 60)}.gantry-1-left`), "")
      expect(replaceFile(join(place, name), text, 0o600).ok).toBe(true)
      expect(putFile(join(place, other), encodeUtf8(text), 0o600).ok).toBe(true)
    }
    expect(readdirSync(place).sort()).toEqual([other, name])
    expect(readFileSync(join(place, name), "utf8")).toBe("new")
    rmSync(place, { recursive: true })
  },
)

function targetOf(link: string): string {
  try {
    return readlinkSync(link)
  } catch {
    // The one by which the directory was listed.
    return ""
  }
}

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
