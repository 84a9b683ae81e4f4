import { afterAll, describe, expect, test } from "bun:test"
import { readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { hostFile } from "../hosts/recorded-host.ts"
import { makeDirectory, missing } from "./bundle.ts"

interface MakeHosts {
  simulatedHosts(): readonly string[]
  recordSimulatedHost(name: string, work: string): string
}

const { simulatedHosts, recordSimulatedHost } = (await import(
  join(import.meta.dir, "../../scripts/make-hosts.mjs")
)) as MakeHosts

/** Nodes and owners are root's to make, and the stand-in for NVML is a compiler's. */
const lacks = missing("cc")
const suite = lacks === "" ? describe : describe.skip

suite(`hosts/${lacks === "" ? "" : `, skipped: missing ${lacks}`}`, () => {
  const work = lacks === "" ? makeDirectory("hosts") : ""
  afterAll(() => rmSync(work, { recursive: true, force: true }))

  test("every machine of the peers is there, and those that are out of order", () => {
    expect(simulatedHosts().length).toBeGreaterThanOrEqual(20)
  })

  for (const name of simulatedHosts())
    test(`${name}: the recording is what its listing and options give (npm run hosts makes it anew)`, () => {
      expect(recordSimulatedHost(name, work) === readFileSync(hostFile(name, "machine.json"), "utf8")).toBe(
        true,
      )
    })
})
