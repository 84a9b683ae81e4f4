import { afterAll, beforeAll, expect, test } from "bun:test"
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { run as simulate } from "../../src/commands/simulate.ts"
import type { Host } from "../../src/core/host/host.ts"
import { createSimulatedHost } from "../../src/host/simulated.ts"
import { recallSnapshot } from "../../src/host/snapshot-cache.ts"

const work = mkdtempSync(join(tmpdir(), "gantry-cache-"))
const machine = join(work, "machine")
const state = join(work, "state")
const options = { driverRoot: "/", ldcache: "/etc/ld.so.cache" }
beforeAll(() => {
  simulate(["up", machine, "--gpus", "1"])
})
afterAll(() => rmSync(work, { recursive: true, force: true }))

/** The machine, and how many files were read of it. */
function counted(): { readonly host: Host; readonly reads: () => number } {
  const host = createSimulatedHost(machine)
  let reads = 0
  return {
    host: {
      ...host,
      readFile(path, range) {
        reads++
        return host.readFile(path, range)
      },
    },
    reads: () => reads,
  }
}

const find = (): { readonly libraries: number; readonly reads: number } => {
  const { host, reads } = counted()
  return { libraries: recallSnapshot(host, options, state).driver?.libraries.length ?? 0, reads: reads() }
}

const cacheFile = (): string =>
  join(state, readdirSync(state).find((name) => name.startsWith("machine-")) ?? "")

test("the second look reads no library, and finds the same", () => {
  const first = find()
  expect(first.reads).toBeGreaterThan(20)
  expect(find()).toEqual({ libraries: first.libraries, reads: 0 })
})

test("a library that goes is noticed", () => {
  const before = find().libraries
  rmSync(join(machine, "usr/lib/x86_64-linux-gnu/libnvcuvid.so.550.163.01"))
  expect(find().libraries).toBe(before - 1)
})

test("a library that is replaced in place is looked at again", () => {
  find()
  writeFileSync(join(machine, "usr/lib/x86_64-linux-gnu/libnvidia-fbc.so.550.163.01"), "no library any more")
  expect(find().reads).toBeGreaterThan(20)
})

test("a file that is garbage, or that others may write, counts for nothing", () => {
  find()
  const good = readFileSync(cacheFile(), "utf8")
  for (const text of ["", "{", "null", "[]", '{"version":2}', good.replace('"version":2', '"version":3')]) {
    writeFileSync(cacheFile(), text)
    expect(find().reads).toBeGreaterThan(20)
  }
  find()
  chmodSync(cacheFile(), 0o666)
  expect(find().reads).toBeGreaterThan(20)
})

test("without a place to remember, or on a machine in memory, it is looked for each time", () => {
  const { host, reads } = counted()
  recallSnapshot(host, options, undefined)
  recallSnapshot(host, options, undefined)
  expect(reads()).toBeGreaterThan(40)
})
