import { describe, expect, test } from "bun:test"
import { join, resolve } from "node:path"

const root = resolve(import.meta.dir, "../..")
const machine = (name: string): string => join(root, "hosts", name, "machine.json")

function info(...args: readonly string[]) {
  const ran = Bun.spawnSync([process.execPath, join(root, "src/main.ts"), "info", ...args])
  return { exit: ran.exitCode, stdout: ran.stdout.toString(), stderr: ran.stderr.toString() }
}

interface Gpu {
  readonly index: number | null
  readonly state: string
  readonly pciAddress: string
  readonly sources: Readonly<Record<string, string>>
  readonly [fact: string]: unknown
}

interface Told {
  readonly version: number
  readonly host: { readonly kind: string; readonly name: string }
  readonly platform: string
  readonly driver:
    | (Readonly<Record<string, unknown>> & { readonly sources: Readonly<Record<string, string>> })
    | null
  readonly gpus: readonly Gpu[]
  readonly migDevices: readonly (Gpu & { readonly gpuIndex: number })[]
  readonly findings: readonly { readonly severity: string; readonly code: string; readonly tag: string }[]
  readonly [more: string]: unknown
}

function told(name: string, ...args: readonly string[]): Told {
  const { exit, stdout, stderr } = info("--host", machine(name), "--json", ...args)
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" })
  return JSON.parse(stdout) as Told
}

const gpuFacts = [
  "minor",
  "uuid",
  "model",
  "architecture",
  "computeCapability",
  "brand",
  "numaNode",
  "isMigEnabled",
]

describe("gantry info --json", () => {
  test("has a version and says which machine it tells of", () => {
    const { version, host, platform } = told("mig")
    expect({ version, platform, kind: host.kind }).toEqual({
      version: 1,
      platform: "native",
      kind: "recording",
    })
  })

  test("every fact that is known has a source, every one that is not is null and has none", () => {
    for (const name of ["a100", "mig", "dead-gpu", "gb200", "orin", "no-driver", "driver-container"])
      for (const gpu of told(name).gpus)
        for (const fact of gpuFacts) {
          expect(Object.hasOwn(gpu, fact)).toBe(true)
          expect([fact, gpu[fact] === null]).toEqual([fact, gpu.sources[fact] === undefined])
        }
    const { driver, migDevices } = told("mig")
    expect(Object.keys(driver?.sources ?? {}).sort()).toEqual(["cudaVersion", "version"])
    for (const { uuid, profile, sources } of migDevices) {
      expect([uuid, profile].every((fact) => typeof fact === "string")).toBe(true)
      expect(sources).toEqual({ uuid: "NVML", profile: "NVML" })
    }
  })

  test("GPUs by address, MIG devices by GPU and index", () => {
    const { gpus, migDevices } = told("mig")
    expect(gpus.map(({ index, pciAddress }) => [index, pciAddress])).toEqual([
      [0, "0000:10:00.0"],
      [1, "0000:11:00.0"],
      [2, "0000:12:00.0"],
    ])
    expect(migDevices.map(({ gpuIndex, index }) => `${gpuIndex}:${index}`)).toEqual([
      "0:0",
      "0:1",
      "0:2",
      "1:0",
      "1:1",
    ])
  })

  test("a GPU that cannot be used is told with its state, and what is wrong with it", () => {
    const { gpus, findings } = told("dead-gpu")
    expect(gpus.filter(({ state }) => state !== "usable")).toMatchObject([
      { index: null, pciAddress: "0000:4b:00.0" },
    ])
    expect(findings).toMatchObject([{ severity: "error", code: "GAN2100", tag: "GpuUnreadable" }])
  })

  test("a machine without a driver is told as such: 0, and null where the driver would be", () => {
    const { driver, gpus } = told("no-driver")
    expect(driver).toBeNull()
    expect(gpus.every(({ state }) => state === "undriven")).toBe(true)
  })

  test("the same bytes every time", () => {
    const once = info("--host", machine("a100"), "--json").stdout
    expect(info("--host", machine("a100"), "--json").stdout).toBe(once)
  })

  test("--device shows what the selector means and nothing else", () => {
    expect(told("mig", "--device", "2,0:1").gpus.map(({ index }) => index)).toEqual([2])
    expect(told("mig", "--device=2,0:1").migDevices.map(({ gpuIndex, index }) => [gpuIndex, index])).toEqual([
      [0, 1],
    ])
    expect(told("mig", "--device", "").gpus).toEqual([])
  })
})

describe("gantry info", () => {
  test("is a table of what the JSON says", () => {
    const { stdout } = info("--host", machine("mig"))
    const lines = stdout.split("\n")
    expect(lines[0]).toStartWith("machine   ")
    expect(lines[1]).toBe("driver    550.163.01, CUDA 12.4, 35 libraries below /")
    expect(lines.find((line) => line.startsWith("GPU "))?.split(/ {2,}/)).toEqual([
      ...["GPU", "PCI ADDRESS", "NODE", "MODEL", "ARCH", "NUMA", "UUID"],
    ])
    expect(lines.find((line) => line.startsWith("2 "))?.split(/ {2,}/)).toEqual([
      ...["2", "0000:12:00.0", "/dev/nvidia2", "NVIDIA A100-SXM4-40GB", "8.0", "0"],
      "GPU-4540a56c-8156-4f4e-33eb-774b12745d7f",
    ])
    expect(lines.find((line) => line.startsWith("0:2"))).toContain("1c.2g.10gb")
  })

  test("ends with what is wrong, by severity and code", () => {
    expect(info("--host", machine("dead-gpu")).stdout.trimEnd().split("\n").at(-1)).toMatch(
      /^error {3}.*4b:00\.0 \[GAN2100\]$/,
    )
  })

  test("a GPU that cannot be used has no index and says why in the node's place", () => {
    const row = info("--host", machine("dead-gpu"))
      .stdout.split("\n")
      .find((line) => line.includes("0000:4b:00.0  "))
    expect(row).toMatch(/^- +0000:4b:00\.0 +broken /)
  })

  test.each<[line: string, exit: number, says: string]>([
    ["--bad", 2, "unknown flag --bad"],
    ["word", 2, "unexpected"],
    ["--host", 2, "--host needs a value"],
    ["--host /nowhere", 1, "[GAN2020]"],
    ["--driver-root relative", 2, "is not an absolute path"],
    [`--host ${machine("mig")} --device 9`, 1, "device error: 9: unknown device"],
    [`--host ${machine("mig")} --device GPU`, 1, "unknown device"],
  ])("%s is %d", (line, exit, says) => {
    const answer = info(...line.split(" "))
    expect([answer.exit, answer.stdout]).toEqual([exit, ""])
    expect(answer.stderr).toContain(says)
    expect(answer.stderr.trimEnd().split("\n")).toHaveLength(1)
  })

  test("--help is 0", () => {
    expect(info("--help")).toMatchObject({ exit: 0, stderr: "" })
  })
})

describe("GPUs of other vendors", () => {
  interface Other {
    readonly kind: string
    readonly state: string
    readonly sources: Readonly<Record<string, string>>
    readonly devices: readonly { readonly index: number | null; readonly canCompute: boolean }[]
    readonly [fact: string]: unknown
  }
  const others = (name: string, ...args: readonly string[]): readonly Other[] =>
    told(name, ...args)["otherGpus"] as readonly Other[]

  test("stand in a list of their own, AMD's before Intel's", () => {
    expect(told("mixed-vendors").gpus).toHaveLength(2)
    expect(others("mixed-vendors").map(({ kind, pciAddress }) => `${kind} ${pciAddress}`)).toEqual([
      "amd.com/gpu 0000:05:00.0",
      "amd.com/gpu 0000:26:00.0",
      "intel.com/gpu 0000:00:02.0",
    ])
  })

  test("every fact that is known has a source, every one that is not is null and has none", () => {
    for (const gpu of [...others("amd-mi300x-cpx"), ...others("intel-flex")])
      for (const fact of ["product", "numaNode", "uniqueId", "computePartition", "memoryPartition"])
        expect([fact, gpu[fact] === null]).toEqual([fact, gpu.sources[fact] === undefined])
  })

  test("a GPU that is cut has a device for each part", () => {
    const [first, second] = others("amd-mi300x-cpx")
    expect(first?.["computePartition"]).toBe("CPX")
    expect(second?.devices.map(({ index }) => index)).toEqual([8, 9, 10, 11, 12, 13, 14, 15])
  })

  test("no selector means them", () => {
    expect(others("mixed-vendors", "--device", "all")).toEqual([])
    const { stdout } = info("--host", machine("mixed-vendors"), "--device", "0")
    expect(stdout).not.toContain("OTHER GPU")
  })

  test("are a table for people, under the names that containers ask for", () => {
    const { stdout } = info("--host", machine("mixed-vendors"))
    expect(stdout).toContain("amd.com/gpu=1    0000:26:00.0  card4 renderD131  740f     amdgpu")
    expect(info("--host", machine("intel-flex")).stdout).toContain("no GPU of NVIDIA\n")
    expect(info("--host", machine("no-driver")).stdout).not.toContain("OTHER GPU")
  })
})
