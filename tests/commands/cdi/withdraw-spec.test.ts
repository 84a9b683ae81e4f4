/** A specification is taken from engines only while what speaks against it is so. */

import { beforeEach, describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createTeller } from "../../../src/commands/cdi/watch-teller.ts"
import {
  withdrawIfStale,
  withdrawVendorSpec,
  withdrawWhile,
} from "../../../src/commands/cdi/withdraw-spec.ts"
import { fail, ok } from "../../../src/core/fault/result.ts"
import type { HostFiles } from "../../../src/core/host/host.ts"
import { readFault } from "../../../src/core/host/resolve-path.ts"
import { vendorMachine } from "../../core/vendor/vendor-machine.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const work = temporaryDirectory("withdraw")
const spec = join(work, "cdi/nvidia.yaml")
const kept = `${spec}.withdrawn`
let said: string[] = []
const tell = async (line: string): Promise<void> => void said.push(line)

beforeEach(() => {
  said = []
  rmSync(join(work, "cdi"), { recursive: true, force: true })
  mkdirSync(join(work, "cdi"))
})

const names = (path: string): string =>
  `cdiVersion: 0.5.0\nkind: nvidia.com/gpu\ndevices: [{ name: "0", containerEdits: { deviceNodes: [{ path: ${path} }] } }]\n`

test("what is so is asked while nobody else writes there, and what is not so any more leaves the file", async () => {
  writeFileSync(spec, names("/dev/null"))
  let isLocked: boolean | undefined
  const isSo = (): boolean => {
    isLocked = Bun.spawnSync(["flock", "--nonblock", join(work, "cdi"), "true"]).exitCode === 1
    return false
  }
  expect(await withdrawWhile(spec, { why: "it rains", isSo }, tell)).toEqual(ok("needless"))
  expect([isLocked, existsSync(spec), said]).toEqual([true, true, []])
})

test("what is so takes it, and is said", async () => {
  writeFileSync(spec, names("/dev/null"))
  expect(await withdrawWhile(spec, { why: "it rains", isSo: () => true }, tell)).toEqual(ok("done"))
  expect([existsSync(spec), existsSync(kept)]).toEqual([false, true])
  expect(said).toEqual([`${spec} is withdrawn, since it rains; it lies in ${kept}`])
})

test("what cannot be taken away is said to stay, and why", async () => {
  writeFileSync(spec, names("/dev/null"))
  mkdirSync(join(kept, "in-the-way"), { recursive: true })
  expect(await withdrawWhile(spec, { why: "it rains", isSo: () => true }, tell)).toMatchObject({
    ok: false,
    fault: { tag: "CdiFileUnwritable", data: { file: kept, reason: "refused" } },
  })
  expect(existsSync(spec)).toBe(true)
  expect(said).toHaveLength(1)
  expect(said[0]).toStartWith(
    `${spec} stays, and engines read it, though it rains: ${kept}: failed to write CDI spec`,
  )
})

test("whether anything was stale is answered", async () => {
  writeFileSync(spec, names("/dev/null"))
  expect(await withdrawIfStale(spec, tell)).toEqual(ok("needless"))
  writeFileSync(spec, names(join(work, "gone")))
  expect(await withdrawIfStale(spec, tell)).toEqual(ok("done"))
})

test("where there is no file, none is written, and that is said", async () => {
  expect(await withdrawWhile(spec, { why: "it rains", isSo: () => true }, tell)).toEqual(ok("done"))
  expect(said).toEqual([`${spec} is not written, since it rains`])
})

test("to a watch every withdrawal is said, and once that there is nothing to withdraw", async () => {
  let printed = ""
  const teller = createTeller(async (text) => {
    printed += text
  })
  const look = async (): Promise<void> => {
    teller.beginLook()
    await withdrawWhile(spec, { why: "it rains", isSo: () => true }, teller.tell)
  }
  for (const _ of ["once", "again"]) {
    writeFileSync(spec, names("/dev/null"))
    await look()
  }
  for (const _ of ["once", "again"]) await look()
  expect(printed.match(/ is (?:withdrawn|not written),/g)).toEqual([
    " is withdrawn,",
    " is withdrawn,",
    " is not written,",
  ])
})

test("of two files the one is withdrawn that names what is gone", async () => {
  writeFileSync(spec, names("/dev/null"))
  await withdrawIfStale(spec, tell)
  expect([existsSync(spec), said]).toEqual([true, []])
  writeFileSync(spec, names(join(work, "gone")))
  await withdrawIfStale(spec, tell)
  expect(said).toEqual([
    `${spec} is withdrawn, since what it names is not there any more; it lies in ${kept}`,
  ])
})

describe("a vendor's file whose nodes are there", () => {
  const without = vendorMachine({ intel: ["flex170"] })
  const unread = (errno: string): HostFiles => ({
    ...without,
    readDir: (path) => fail(readFault(path, "readdir", errno)),
  })
  const amd = names("/dev/null").replace("nvidia", "amd")

  test.each<[what: string, text: string, host: HostFiles, isLeft: boolean]>([
    ["is withdrawn where it has no GPU: they are another's by now", amd, without, false],
    ["stays where it has one", amd, vendorMachine({ amd: ["w7900"] }), true],
    ["stays where just now nobody can tell, for want of memory", amd, unread("ENOMEM"), true],
    ["stays where nobody may look", amd, unread("EACCES"), true],
    ["stays where it is another vendor's", names("/dev/null").replace("nvidia", "intel"), without, true],
    ["stays where it is NVIDIA's", names("/dev/null"), without, true],
  ])("%s", async (_what, text, host, isLeft) => {
    writeFileSync(spec, text)
    await withdrawVendorSpec("amd", host, spec, tell)
    expect([existsSync(spec), existsSync(kept)]).toEqual([isLeft, !isLeft])
    expect(said).toEqual(
      isLeft ? [] : [`${spec} is withdrawn, since none of its vendor's GPUs can be used; it lies in ${kept}`],
    )
  })

  test("that is stale goes for that, once", async () => {
    writeFileSync(spec, names(join(work, "gone")).replace("nvidia", "amd"))
    await withdrawVendorSpec("amd", without, spec, tell)
    expect(said).toEqual([
      `${spec} is withdrawn, since what it names is not there any more; it lies in ${kept}`,
    ])
  })
})
