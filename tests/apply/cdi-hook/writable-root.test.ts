import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openWritable } from "../../../src/apply/cdi-hook/writable-root.ts"
import { ensureDirectory, openRoot, type Root, writeFileAt } from "../../../src/linux/in-root.ts"

const isRoot = process.getuid?.() === 0
const title = "a root that its runtime has made read-only ahead of the hooks"

describe.skipIf(!isRoot)(isRoot ? title : `${title} (missing: root)`, () => {
  const work = isRoot ? mkdtempSync(join(tmpdir(), "gantry-writable-")) : ""
  const mount = (...args: readonly string[]): void => {
    const ran = spawnSync("mount", args, { encoding: "utf8" })
    if (ran.status !== 0) throw new Error(ran.stderr)
  }
  const open = (path: string): Root => {
    const opened = openRoot(path, { uid: 0, gid: 0 })
    if (!opened.ok) throw new Error(JSON.stringify(opened.fault))
    return opened.value
  }
  /** Whether a file can be written into a directory of a root. */
  const writes = (root: Root, directory: string): boolean => {
    const there = ensureDirectory(root, directory)
    return there.ok && writeFileAt(there.value, "made", new Uint8Array([65]), 0o644, root.owner).ok
  }
  const container = join(work, "container")
  const still = join(work, "still")

  beforeAll(() => {
    for (const path of [container, join(container, "volume"), still]) mkdirSync(path, { recursive: true })
    mount("--bind", container, container)
    mount("-t", "tmpfs", "-o", "ro", "tmpfs", join(container, "volume"))
    mount("-o", "remount,bind,ro", container)
    mount("-t", "tmpfs", "-o", "ro", "tmpfs", still)
  })
  afterAll(() => {
    spawnSync("umount", ["--lazy", container, still])
    rmSync(work, { recursive: true, force: true })
  })

  test("is written by the hook, and by nobody else", () => {
    const root = open(container)
    const writable = openWritable(root)
    expect(writes(writable, "/etc")).toBe(true)
    expect(readFileSync(join(container, "etc/made"), "utf8")).toBe("A")
    expect(writes(root, "/opt")).toBe(false)
    expect(existsSync(join(container, "opt"))).toBe(false)
  })

  test("has read-only volumes as before", () => {
    expect(writes(openWritable(open(container)), "/volume")).toBe(false)
  })

  test("is a mount of its own: a directory in a read-only mount stays as it is", () => {
    expect(writes(openWritable(open(join(container, "etc"))), "/")).toBe(false)
  })

  test("that is writable is used as it is, and one whose file system is read-only stays so", () => {
    const root = open(work)
    expect(openWritable(root)).toBe(root)
    expect(writes(openWritable(open(still)), "/")).toBe(false)
  })
})
