import { describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { run as simulate } from "../../src/commands/simulate.ts"
import { observeDriver } from "../../src/core/driver/observe-driver.ts"
import { observeInventory } from "../../src/core/inventory/observe-inventory.ts"
import { hostPath } from "../../src/core/text/brand.ts"
import { observeAmd } from "../../src/core/vendor/amd/observe-amd.ts"
import { observeIntel } from "../../src/core/vendor/intel/observe-intel.ts"
import { createSimulatedHost } from "../../src/host/simulated.ts"
import { temporaryDirectory } from "../temporary-directory.ts"

const work = temporaryDirectory("simulate")

describe("gantry simulate", () => {
  test("up makes a machine whose inventory and driver are whole, down takes it away", async () => {
    const directory = join(work, "machine")
    expect(await simulate(["up", directory, "--gpus", "3", "--model", "H200", "--driver", "580.65.06"])).toBe(
      0,
    )
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
    expect(await simulate(["up", directory, "--gpus", "1"])).toBe(0)
    expect(observeInventory(createSimulatedHost(directory)).gpus).toHaveLength(1)
    expect(await simulate(["down", directory])).toBe(0)
    expect(existsSync(directory)).toBe(false)
  })

  test("what is not ours is neither filled nor taken away", async () => {
    const directory = join(work, "other")
    mkdirSync(directory)
    writeFileSync(join(directory, "precious"), "")
    expect(await simulate(["up", directory])).toBe(1)
    expect(await simulate(["down", directory])).toBe(1)
    expect(readdirSync(directory)).toEqual(["precious"])
  })

  test("a stranger's file in a machine survives its removal", async () => {
    const directory = join(work, "mixed")
    await simulate(["up", directory, "--gpus", "1"])
    writeFileSync(join(directory, "etc/mine"), "")
    expect(await simulate(["down", directory])).toBe(0)
    expect(existsSync(join(directory, "etc/mine"))).toBe(true)
  })

  test("a stranger's file in a machine survives another machine in its place", async () => {
    const directory = join(work, "again")
    await simulate(["up", directory, "--gpus", "1", "--no-nvml"])
    writeFileSync(join(directory, "etc/mine"), "")
    expect(await simulate(["up", directory, "--gpus", "2", "--no-nvml"])).toBe(0)
    expect(existsSync(join(directory, "etc/mine"))).toBe(true)
  })

  test("a manifest that names what is not in the machine is not believed", async () => {
    const directory = join(work, "lying")
    writeFileSync(join(work, "outside"), "")
    for (const path of ["/../outside", "outside", "/a/../../outside", "/"]) {
      mkdirSync(directory, { recursive: true })
      const manifest = { version: 1, kind: "gantry-simulated-machine", paths: [path], impliedNodes: {} }
      writeFileSync(join(directory, ".gantry-simulated.json"), JSON.stringify(manifest))
      expect(await simulate(["down", directory])).toBe(1)
    }
    expect(existsSync(join(work, "outside"))).toBe(true)
  })

  test("a directory of the machine that has become a link is left alone, with what it leads to", async () => {
    const directory = join(work, "linked")
    const elsewhere = join(work, "elsewhere")
    await simulate(["up", directory, "--gpus", "1"])
    rmSync(join(directory, "usr/bin"), { recursive: true })
    mkdirSync(elsewhere)
    writeFileSync(join(elsewhere, "nvidia-smi"), "precious")
    symlinkSync(elsewhere, join(directory, "usr/bin"))
    await simulate(["down", directory])
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
  ])("wrong usage %j is 2", async (args) => {
    expect(await simulate(args)).toBe(2)
  })
})

describe("gantry simulate with GPUs of other vendors", () => {
  const others = (directory: string) => {
    const host = createSimulatedHost(directory)
    return { nvidia: observeInventory(host), amd: observeAmd(host), intel: observeIntel(host) }
  }

  test("and none of NVIDIA's said has no driver of NVIDIA's", async () => {
    const directory = join(work, "others")
    expect(
      await simulate(["up", directory, "--amd", "mi300x:2:dpx", "--amd", "w7900", "--intel", "b60"]),
    ).toBe(0)
    const { nvidia, amd, intel } = others(directory)
    expect([nvidia.gpus, nvidia.kernelModuleVersion]).toEqual([[], undefined])
    expect(amd.gpus.map(({ partitions }) => partitions.length)).toEqual([2, 2, 1])
    expect(intel.gpus.map(({ state }) => state)).toEqual(["usable"])
    expect([...nvidia.findings, ...amd.findings, ...intel.findings]).toEqual([])
    expect(await simulate(["down", directory])).toBe(0)
    expect(existsSync(directory)).toBe(false)
  })

  test("and as many of every vendor as there may be: each GPU has its own place and its own nodes", async () => {
    const directory = join(work, "every-vendor")
    const orders = ["--gpus=64", "--no-nvml", "--amd=mi300x:64:cpx", "--intel=flex170:64", "--intel=uhd770"]
    expect(await simulate(["up", directory, ...orders])).toBe(0)
    const { nvidia, amd, intel } = others(directory)
    const addresses = [...nvidia.gpus, ...amd.gpus, ...intel.gpus].map(({ pciAddress }) => pciAddress)
    expect(new Set(addresses).size).toBe(64 + 64 + 65)
    const nodes = [
      ...nvidia.gpus.flatMap(({ drm }) => drm),
      ...amd.gpus.flatMap(({ partitions }) => partitions.flatMap((one) => one.nodes)),
      ...intel.gpus.flatMap((one) => one.nodes),
    ].map(({ node }) => node.path)
    expect(new Set(nodes).size).toBe(2 * (64 + 64 * 8 + 65))
    expect([...nvidia.findings, ...amd.findings, ...intel.findings]).toEqual([])
    expect(await simulate(["down", directory])).toBe(0)
  })

  test.each([
    ["missing-file:/dev/kfd", ["KfdNodeMissing"]],
    ["missing-node:dri/renderD128", ["DrmNodeMissing"]],
    ["cyclic-link:/sys/devices/pci0000:00/0000:05:00.0/drm", ["HostReadFailed", "RenderNodeAbsent"]],
    [
      "unreadable:/sys/devices/virtual/kfd/kfd/topology/nodes/1/properties",
      ["HostReadFailed", "GpuWithoutCompute"],
    ],
  ])("and the defect %s: %p", async (defect, tags) => {
    const directory = join(work, "broken")
    expect(await simulate(["up", directory, "--amd", "mi210", "--defect", defect])).toBe(0)
    expect(others(directory).amd.findings.map(({ fault }) => fault.tag as string)).toEqual(tags)
  })

  test.each([
    ["no model", ["--amd", ""]],
    ["an unknown model", ["--amd", "h100"]],
    ["no GPU", ["--amd", "mi300x:0"]],
    ["too many", ["--amd", "mi300x:65"]],
    ["an unknown mode", ["--amd", "mi300x:1:xpx"]],
    ["a mode of JavaScript's", ["--amd", "mi300x:1:constructor"]],
    ["a mode for what cannot be cut", ["--amd", "mi210:1:cpx"]],
    ["too much", ["--amd", "mi300x:1:cpx:1"]],
    ["another vendor's model", ["--intel", "mi300x"]],
    ["a mode of Intel's", ["--intel", "b60:1:cpx"]],
    ["two integrated GPUs", ["--intel", "uhd770:2"]],
    ["two integrated GPUs, one by one", ["--intel", "uhd770", "--intel", "uhd770"]],
    ["more DRM devices than there are numbers", Array.from({ length: 10 }, () => "--amd=mi300x:64")],
    ["a driver of NVIDIA's for no GPU of it", ["--amd", "mi210", "--driver", "550.54.14"]],
    ["a MIG layout for no GPU of NVIDIA's", ["--intel", "b60", "--mig", "0:1/0=3g.20gb"]],
  ])("refuses %s", async (_what, args) => {
    const directory = join(work, "refused")
    expect(await simulate(["up", directory, ...args])).toBe(2)
    expect(existsSync(directory)).toBe(false)
  })
})
