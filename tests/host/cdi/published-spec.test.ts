import { beforeEach, expect, test } from "bun:test"
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import { ok } from "../../../src/core/fault/result.ts"
import { fileStamp, isSpecStale, withdrawSpec } from "../../../src/host/cdi/published-spec.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const work = temporaryDirectory("published")
const at = (name: string): string => join(work, name)
const spec = at("spec.yaml")

beforeEach(() => {
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work)
  for (const name of ["library", "hook", "file"]) writeFileSync(at(name), "")
  symlinkSync("circle", at("circle"))
})

const write = (edits: unknown): void =>
  writeFileSync(
    spec,
    JSON.stringify({ cdiVersion: "0.5.0", kind: "v.com/c", devices: [{ name: "0", containerEdits: edits }] }),
  )
const mount = (hostPath: string) => ({ mounts: [{ hostPath, containerPath: "/l" }] })
const tmpfs = { hostPath: "tmpfs", containerPath: "/scratch", type: "tmpfs" }
const node = (hostPath: string) => ({ deviceNodes: [{ path: "/dev/l", hostPath }] })
const hook = (path: string, hookName = "createContainer") => ({ hooks: [{ hookName, path }] })

test.each<[what: string, edits: unknown, isStale: boolean]>([
  ["what is there", { ...mount(at("library")), ...node(at("library")), ...hook(at("hook")) }, false],
  ["a link that leads nowhere, which an engine may mount", mount(at("circle")), false],
  ["a file that is gone", mount(at("gone")), true],
  ["a file below a file", mount(at("file/library")), true],
  ["a file behind a circle of links", mount(at("circle/library")), true],
  ["a file system that lies at no path", { mounts: [tmpfs] }, false],
  ["what is gone and bound, whatever its type", { mounts: [{ ...tmpfs, options: ["rbind"] }] }, true],
  ["a node that is gone", node(at("gone")), true],
  ["a hook's program that is gone", hook(at("gone")), true],
  ["a program of the container's own", hook("/in/the/container", "startContainer"), false],
])("a specification that names %s", (_, edits, isStale) => {
  write(edits)
  expect(isSpecStale(spec)).toBe(isStale)
})

test.skipIf(process.getuid?.() !== 0)("what cannot be looked at may be there (missing: root)", () => {
  mkdirSync(at("closed"))
  chmodSync(at("closed"), 0o700)
  chmodSync(work, 0o755)
  write(mount(at("closed/library")))
  process.seteuid?.(65534)
  try {
    expect(isSpecStale(spec)).toBe(false)
  } finally {
    process.seteuid?.(0)
  }
  expect(isSpecStale(spec)).toBe(true)
})

test("one that is not there, or says nothing, is nobody's", () => {
  expect(isSpecStale(at("none"))).toBe(false)
  writeFileSync(spec, "{")
  expect(isSpecStale(spec)).toBe(false)
})

test("a FIFO, and a link to what has no end, are no specification, and nobody waits for them", () => {
  expect(Bun.spawnSync(["mkfifo", "-m", "644", at("fifo.yaml")]).exitCode).toBe(0)
  symlinkSync("/dev/zero", at("zero.yaml"))
  for (const name of ["fifo.yaml", "zero.yaml"]) {
    expect(isSpecStale(at(name))).toBe(false)
  }
})

test("a specification is withdrawn, or it is told why not", () => {
  write({ env: ["A=1"] })
  const kept = `${spec}.withdrawn`
  expect(withdrawSpec(spec)).toEqual(ok(kept))
  expect(withdrawSpec(spec)).toEqual(ok(undefined))
  rmSync(kept)
  mkdirSync(kept)
  write({ env: ["A=1"] })
  const failed = withdrawSpec(spec)
  expect(failed.ok ? "" : renderFaultLine(failed.fault)).toStartWith(
    `${kept}: failed to write CDI spec: cannot write`,
  )
  expect(existsSync(spec)).toBe(true)
})

test("a file that cannot be looked at is as one that is not there", () => {
  for (const path of [at("none"), at("file/below"), at("circle")]) expect(fileStamp(path)).toBe("")
  expect(fileStamp(at("file"))).not.toBe("")
})

test("a file has one stamp while it stays, and another when it does not, whatever its length and time", () => {
  write({ env: ["A=1"] })
  utimesSync(spec, 1, 1)
  const before = fileStamp(spec)
  expect(fileStamp(spec)).toBe(before)
  // In the same tick of the clock, too.
  write({ env: ["A=12"] })
  expect(fileStamp(spec)).not.toBe(before)
  // What changes within one tick and keeps its length looks the same.
  Bun.sleepSync(20)
  write({ env: ["A=2"] })
  utimesSync(spec, 1, 1)
  expect(fileStamp(spec)).not.toBe(before)
})
