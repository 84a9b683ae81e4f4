import { afterAll, describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { run as simulate } from "../../src/commands/simulate.ts"
import { observeDriver } from "../../src/core/driver/observe-driver.ts"
import { observeInventory } from "../../src/core/inventory/observe-inventory.ts"
import { hostPath } from "../../src/core/text/brand.ts"
import { createSimulatedHost } from "../../src/host/simulated.ts"

const work = mkdtempSync(join(tmpdir(), "gantry-simulate-"))
afterAll(() => rmSync(work, { recursive: true, force: true }))

describe("gantry simulate", () => {
  test("up makes a machine whose inventory and driver are whole, down takes it away", () => {
    const directory = join(work, "machine")
    expect(simulate(["up", directory, "--gpus", "3", "--model", "H200", "--driver", "580.65.06"])).toBe(0)
    const host = createSimulatedHost(directory)
    const inventory = observeInventory(host)
    expect(inventory.findings).toEqual([])
    expect(inventory.gpus).toHaveLength(3)
    expect(inventory.gpus[2]).toMatchObject({
      model: { value: "NVIDIA H200" },
      node: { major: 195, minor: 2 },
    })
    const driver = observeDriver(host, {
      driverRoot: hostPath("/"),
      version: "580.65.06",
      ldcache: "/etc/ld.so.cache",
    })
    expect(driver.findings).toEqual([])
    expect(simulate(["up", directory, "--gpus", "1"])).toBe(0)
    expect(observeInventory(createSimulatedHost(directory)).gpus).toHaveLength(1)
    expect(simulate(["down", directory])).toBe(0)
    expect(existsSync(directory)).toBe(false)
  })

  test("what is not ours is neither filled nor taken away", () => {
    const directory = join(work, "other")
    mkdirSync(directory)
    writeFileSync(join(directory, "precious"), "")
    expect(simulate(["up", directory])).toBe(1)
    expect(simulate(["down", directory])).toBe(1)
    expect(readdirSync(directory)).toEqual(["precious"])
  })

  test("a stranger's file in a machine survives its removal", () => {
    const directory = join(work, "mixed")
    simulate(["up", directory, "--gpus", "1"])
    writeFileSync(join(directory, "etc/mine"), "")
    expect(simulate(["down", directory])).toBe(0)
    expect(existsSync(join(directory, "etc/mine"))).toBe(true)
  })

  test("a stranger's file in a machine survives another machine in its place", () => {
    const directory = join(work, "again")
    simulate(["up", directory, "--gpus", "1", "--no-nvml"])
    writeFileSync(join(directory, "etc/mine"), "")
    expect(simulate(["up", directory, "--gpus", "2", "--no-nvml"])).toBe(0)
    expect(existsSync(join(directory, "etc/mine"))).toBe(true)
  })

  test("a manifest that names what is not in the machine is not believed", () => {
    const directory = join(work, "lying")
    writeFileSync(join(work, "outside"), "")
    for (const path of ["/../outside", "outside", "/a/../../outside", "/"]) {
      mkdirSync(directory, { recursive: true })
      const manifest = { version: 1, kind: "gantry-simulated-machine", paths: [path], impliedNodes: {} }
      writeFileSync(join(directory, ".gantry-simulated.json"), JSON.stringify(manifest))
      expect(simulate(["down", directory])).toBe(1)
    }
    expect(existsSync(join(work, "outside"))).toBe(true)
  })

  test("a directory of the machine that has become a link is left alone, with what it leads to", () => {
    const directory = join(work, "linked")
    const elsewhere = join(work, "elsewhere")
    simulate(["up", directory, "--gpus", "1"])
    rmSync(join(directory, "usr/bin"), { recursive: true })
    mkdirSync(elsewhere)
    writeFileSync(join(elsewhere, "nvidia-smi"), "precious")
    symlinkSync(elsewhere, join(directory, "usr/bin"))
    simulate(["down", directory])
    expect(readdirSync(elsewhere)).toEqual(["nvidia-smi"])
  })

  test.each([
    [[]],
    [["up"]],
    [["sideways", "x"]],
    [["up", "x", "--gpus", "65"]],
    [["up", "x", "--gpus", "-1"]],
    [["up", "x", "--model", "voodoo"]],
    [["up", "x", "--driver", "new"]],
    [["up", "x", "--arch", "riscv"]],
    [["up", "x", "--arch", "arm64", "--compat32"]],
    [["up", "x", "--driver-root", "/run/../.."]],
    [["up", "x", "--mig", "9:1g.5gb"]],
    [["up", "x", "--mig", "0"]],
    [["up", "x", "--imex", "2049"]],
    [["up", "x", "--defect", "gremlins"]],
    [["up", "x", "--defect", "cyclic-link:/../x"]],
    [["up", "x", "--from", "listing.txt", "--gpus", "2"]],
    [["up", "x", "y"]],
  ])("wrong usage %j is 2", (args) => {
    expect(simulate(args)).toBe(2)
  })
})
