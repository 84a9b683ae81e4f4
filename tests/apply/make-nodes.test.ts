/** Nodes that are made where they are missing or wrong, in a directory that stands for the machine's. */

import { afterAll, describe, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { makeNodes } from "../../src/apply/make-nodes.ts"
import type { NodeFact } from "../../src/core/inventory/inventory.ts"
import { hostPath } from "../../src/core/text/brand.ts"
import { deviceNumber } from "../../src/linux/nodes.ts"

const isRoot = process.getuid?.() === 0
describe.skipIf(!isRoot)(isRoot ? "nodes" : "nodes (missing: root)", () => {
  const machine = mkdtempSync(join(tmpdir(), "gantry-make-nodes-"))
  afterAll(() => rmSync(machine, { recursive: true, force: true }))
  mkdirSync(join(machine, "dev"))
  const place = join(machine, "dev/nvidia0")
  const make = (minor: number, more: Partial<NodeFact> = {}): readonly string[] => {
    const node = { path: hostPath("/dev/nvidia0"), major: 195, minor, mode: 0o666, uid: 0, gid: 0, ...more }
    const host = { livePath: (path: string) => join(machine, path) }
    return makeNodes(host, hostPath("/"), [node]).map(({ evidence }) => evidence.join())
  }
  const seen = (): readonly number[] => {
    const { rdev, mode, uid, gid } = statSync(place)
    return [rdev, mode & 0o777, uid, gid]
  }

  test("one that is missing is made, one that is wrong replaced, each with its mode and owner; nothing else is left", () => {
    const owned = { mode: 0o640, uid: 7, gid: 9 }
    for (const minor of [0, 5, 0]) {
      expect(make(minor, owned)).toEqual([])
      expect(seen()).toEqual([deviceNumber(195, minor), 0o640, 7, 9])
      expect(readdirSync(join(machine, "dev"))).toEqual(["nvidia0"])
    }
  })

  test("one that is replaced is never gone for who looks at it meanwhile", async () => {
    make(0)
    const looking =
      "const { lstatSync } = require('fs'); let gone = 0, looks = 0; const end = Date.now() + 1000; console.log('started');" +
      "while (Date.now() < end) { looks++; try { lstatSync(process.argv[1]) } catch { gone++ } } console.log(looks > 1000, gone)"
    const child = Bun.spawn([process.execPath, "-e", looking, place], { stdout: "pipe" })
    const said = new Response(child.stdout).text()
    let isRunning = true
    const ended = child.exited.then(() => {
      isRunning = false
    })
    for (let minor = 1; isRunning; minor++) {
      make(minor % 8)
      if (minor % 20 === 0) await Bun.sleep(0)
    }
    await ended
    expect(await said).toBe("started\ntrue 0\n")
  })

  test("what a killed start left is taken away when it is old, what somebody else put there stays", () => {
    const files = [".gantry-1-old", ".gantry-2-young", ".gantry-of-mine"].map((name) =>
      join(machine, "dev", name),
    )
    for (const file of files) writeFileSync(file, "")
    for (const file of [files[0] ?? "", files[2] ?? ""]) utimesSync(file, 1, 1)
    make(1)
    make(2)
    expect(readdirSync(join(machine, "dev")).sort()).toEqual([
      ".gantry-2-young",
      ".gantry-of-mine",
      "nvidia0",
    ])
    rmSync(place)
    writeFileSync(place, "no node")
    expect(make(0)).toEqual(["/dev/nvidia0: EEXIST"])
  })
})
