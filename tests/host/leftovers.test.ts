import { afterAll, describe, expect, test } from "bun:test"
import {
  closeSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { prepareLinkDirectory } from "../../src/apply/link-directory.ts"
import { putFile, replaceFile } from "../../src/host/files/replace-file.ts"
import { stampConfig } from "../../src/host/state/launcher-settings.ts"
import { linkAt, openInRoot, openRoot, type Root, writeFileAt } from "../../src/linux/in-root.ts"
import { makeDirectory } from "../e2e/bundle.ts"

const work = makeDirectory("leftovers")
afterAll(() => rmSync(work, { recursive: true, force: true }))
const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
let count = 0
function directory(...files: readonly string[]): string {
  const made = join(work, `${count++}`)
  mkdirSync(made, { mode: 0o700 })
  for (const name of files) writeFileSync(join(made, name), "half")
  return made
}
function rootAt(path: string): Root {
  const root = openRoot(path, owner)
  if (!root.ok) throw new Error(path)
  return root.value
}
const longAgo = (Date.now() - 120_000).toString(36)
const toCome = (Date.now() + 120_000).toString(36)
const now = Date.now().toString(36)

describe("what a writer that was killed left behind goes with the next one", () => {
  const others = [
    "config.json.gantry-x",
    "config.json.gantry-x-12-abc",
    "config.json.gantry-12-abc.yaml",
    "my-config.json.gantry-12-abc",
    "other.gantry-12-abc",
  ]

  test("beside a file that is replaced", () => {
    const place = directory("config.json", "config.json.gantry-12-abc", ...others)
    expect(replaceFile(join(place, "config.json"), "new", 0o644).ok).toBe(true)
    expect(readdirSync(place).sort()).toEqual(["config.json", ...others].sort())
    expect(readFileSync(join(place, "config.json"), "utf8")).toBe("new")
  })

  test("also by who holds the directory already, but not by who could not have it: it may be another's at work", () => {
    for (const [lock, left] of [
      ["held", []],
      ["missed", ["config.json.gantry-12-abc"]],
    ] as const) {
      const place = directory("config.json", "config.json.gantry-12-abc", ...others)
      expect(putFile(join(place, "config.json"), Uint8Array.of(65), 0o644, lock).ok).toBe(true)
      expect(readdirSync(place).sort()).toEqual(["config.json", ...left, ...others].sort())
      expect(readFileSync(join(place, "config.json"), "utf8")).toBe("A")
    }
  })

  test("or stays where it cannot be taken away, and keeps nobody from writing", () => {
    const place = directory("config.json")
    mkdirSync(join(place, "config.json.gantry-12-abc"))
    expect(replaceFile(join(place, "config.json"), "new", 0o644).ok).toBe(true)
    expect(readdirSync(place).sort()).toEqual(["config.json", "config.json.gantry-12-abc"])
    expect(readFileSync(join(place, "config.json"), "utf8")).toBe("new")
  })

  test("in a container's root, when it is old enough to be nobody's", () => {
    const names = [
      `.gantry-${longAgo}-abc`,
      `.gantry-${toCome}-abc`,
      `.gantry-${now}-abc`,
      ".gantry-x",
      "old",
    ]
    const place = directory(...names)
    expect(writeFileAt(rootAt(place).descriptor, "new", Uint8Array.of(1), 0o644, owner).ok).toBe(true)
    expect(readdirSync(place).sort()).toEqual([`.gantry-${now}-abc`, ".gantry-x", "new", "old"].sort())
  })

  test("where a link is replaced; where none is, it is made in its place at once", () => {
    const place = directory(`.gantry-${longAgo}-abc`)
    const { descriptor } = rootAt(place)
    expect(linkAt(descriptor, "link", "one", owner).ok).toBe(true)
    expect(readdirSync(place)).toHaveLength(2)
    expect(linkAt(descriptor, "link", "two", owner).ok).toBe(true)
    expect(readdirSync(place)).toEqual(["link"])
    expect(readlinkSync(join(place, "link"))).toBe("two")
    writeFileSync(join(place, "file"), "x")
    expect(linkAt(descriptor, "file", "three", owner).ok).toBe(true)
    expect(readlinkSync(join(place, "file"))).toBe("three")
  })

  test("a directory of links that was not finished", () => {
    const state = directory()
    for (const name of [".links-old", ".links-young"]) mkdirSync(join(state, name))
    utimesSync(join(state, ".links-old"), 1, 1)
    const made = prepareLinkDirectory(state, [
      { kind: "symlink", path: "/dev/dri/by-path/x", target: "../card0", reasons: [] } as never,
    ])
    expect(readdirSync(state).sort()).toEqual([".links-young", made?.slice(state.length + 1) ?? ""])
  })
})

test("many who replace one file at once: it is one of theirs, whole, and nothing is left", async () => {
  const place = directory("config.json")
  const script = `import { replaceFile } from "${join(import.meta.dir, "../../src/host/files/replace-file.ts")}"
    const text = process.argv[1].repeat(100_000)
    for (let n = 0; n < 20; n++) if (!replaceFile("${place}/config.json", text, 0o644).ok) process.exit(1)`
  const children = [..."abcdef"].map((letter) => Bun.spawn([process.execPath, "-e", script, letter]))
  expect(await Promise.all(children.map(({ exited }) => exited))).toEqual([0, 0, 0, 0, 0, 0])
  expect(readdirSync(place)).toEqual(["config.json"])
  expect(readFileSync(join(place, "config.json"), "utf8")).toMatch(/^(.)\1{99999}$/)
})

test("renames anywhere on the machine do not make a path with `..` unreachable", async () => {
  const place = directory()
  mkdirSync(join(place, "a/b/c"), { recursive: true })
  const other = directory("x")
  const script = `const fs = require("fs"); const at = "${other}/" + process.argv[1]
    fs.writeFileSync(at, ""); for (;;) { fs.renameSync(at, at + "y"); fs.renameSync(at + "y", at) }`
  const children = ["p", "q"].map((name) => Bun.spawn([process.execPath, "-e", script, name]))
  await Bun.sleep(300)
  try {
    const root = rootAt(place)
    const path = "/a/b/../b/c/../../b/c/../c/../../b/c"
    for (let tries = 0; tries < 20_000; tries++) {
      const opened = openInRoot(root, path, 0o10000000)
      if (!opened.ok) throw new Error(`${tries}: ${JSON.stringify(opened.fault)}`)
      closeSync(opened.value)
    }
  } finally {
    for (const child of children) child.kill("SIGKILL")
  }
})

test("a configuration that was changed a moment ago is not stamped: a second change could not be told", async () => {
  const file = join(directory("config.toml"), "config.toml")
  expect(stampConfig(file)).toBeUndefined()
  await Bun.sleep(150)
  expect(stampConfig(file)).toMatch(/^file /)
  expect(stampConfig(`${file}.none`)).toBe(`absent ${file}.none`)
})
