import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Finding } from "../../../src/core/fault/finding.ts"
import { faultCode } from "../../../src/core/fault/render.ts"
import type { Host } from "../../../src/core/host/host.ts"
import { chooseSnapshotOptions } from "../../../src/core/plan/choose-snapshot-options.ts"
import { observeSnapshot } from "../../../src/core/plan/snapshot.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"
import type { DefectiveMachine } from "../../../src/host/simulate/defective-machine.ts"
import { defects, orderDefect } from "../../../src/host/simulate/defects.ts"
import type { Made } from "../../../src/host/simulate/made.ts"
import { goodBehaviour } from "../../../src/host/simulate/nvml-behaviour.ts"
import { writeMachine } from "../../../src/host/simulate/write-machine.ts"
import { createSimulatedHost } from "../../../src/host/simulated.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"
import { compiler, type GeneratedOptions, makeMachine } from "./generated.ts"
import { listedHosts, readListed } from "./listed.ts"

const work = temporaryDirectory("defects")
const directory = join(work, "machine")

function findingsOn(host: Host): readonly Finding[] {
  const { inventory, driver } = observeSnapshot(host, chooseSnapshotOptions(host, {}))
  return [...inventory.findings, ...(driver?.findings ?? [])]
}

/** Severity and tag of each, how often. Order: by name. */
function summary(findings: readonly Finding[]): string {
  const counts = new Map<string, number>()
  for (const { severity, fault } of findings) {
    const name = `${severity} ${fault.tag}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts]
    .map(([name, count]) => (count === 1 ? name : `${name} ×${count}`))
    .sort()
    .join(", ")
}

function seen(options: GeneratedOptions): string {
  makeMachine(directory, options)
  const findings = findingsOn(createSimulatedHost(directory, { state: undefined, timeLimitMs: 60_000 }))
  for (const finding of findings) expectPageOf(finding)
  return summary(findings)
}

/** The page of what is told of a machine says that this ends nothing: `gantry info` ends with 0. */
function expectPageOf({ severity, fault }: Finding): void {
  const page = join(import.meta.dir, "../../../docs/faults", `${faultCode(fault)}.md`)
  const [, , ending = ""] = readFileSync(page, "utf8").split("\n")
  const told = "Exit status 1 where a command ends with it;.* told of by `gantry info`, it ends nothing"
  expect(ending).toMatch(new RegExp(severity === "error" ? `^${told}` : `^(?:A warning|A note|${told})`))
}

const cuda = "/usr/lib/x86_64-linux-gnu/libcuda.so.550.163.01"
const nvml = "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.550.163.01"

describe("a machine with a defect, as an observer sees it", () => {
  test("without a defect there is nothing to see", () => {
    expect(seen({})).toBe("")
  })

  test.each([
    ["stale-uvm-major", "error DeviceMajorStale"],
    ["missing-node:nvidia1", "error DeviceNodeMissing"],
    ["missing-node:nvidiactl", "error DeviceNodeMissing"],
    ["missing-node:nvidia-uvm", "error DeviceNodeMissing"],
    ["cyclic-link:/dev/nvidia1", "error DeviceNodeMissing"],
    ["dead-persistenced-socket", "warning SocketDead"],
    ["version-mismatch", "error DriverVersionMismatch"],
    ["missing-lib:libnvidia-ml", "error DriverLibraryMissing"],
    ["missing-lib:libcuda", "warning DriverFileMissing"],
    ["missing-lib:libcuda.so.1", "warning DriverFileMissing"],
    ["missing-lib:libnvoptix", "note DriverFileMissing"],
    ["missing-lib:libnvidia-gpucomp", "warning DriverLibraryNeeded ×2"],
    ["truncated-lib:libcuda", "warning DriverFileMissing, warning DriverFileUnusable"],
    [`missing-file:${cuda}`, "warning DriverFileMissing"],
    ["missing-file:/usr/lib/x86_64-linux-gnu", "error DriverLibraryMissing"],
    ["missing-file:/dev/dri", "note DeviceNodeMissing ×4"],
    [`cyclic-link:${cuda}`, "warning DriverFileMissing"],
    ["cyclic-link:/usr/lib/x86_64-linux-gnu/libcuda.so.1", "warning DriverFileUnusable"],
    [`unreadable:${cuda}`, "warning DriverFileMissing, warning DriverFileUnusable, warning HostReadFailed"],
    [`missing-file:${nvml}`, "error DriverLibraryMissing"],
    ["unreadable:/usr/lib/x86_64-linux-gnu", "error DriverLibraryMissing, warning HostReadFailed ×3"],
    ["cyclic-link:/usr/lib/x86_64-linux-gnu", "error DriverLibraryMissing"],
    ["unreadable:/proc/driver/nvidia/gpus", "error HostReadFailed"],
    ["unreadable:/etc/ld.so.cache", "warning HostReadFailed"],
    ["missing-file:/proc/devices", "note HostReadFailed"],
    ["missing-node:nvidia-modeset", "note DeviceNodeMissing"],
    ["missing-node:nvidia-uvm-tools", "note DeviceNodeMissing"],
    ["missing-node:dri/card1", "note DeviceNodeMissing"],
    [
      "unreadable:/dev",
      "error DeviceNodeMissing ×4, error HostReadFailed ×2, note DeviceNodeMissing ×6, warning HostReadFailed ×2",
    ],
    ["dead-gpu:1", "error GpuUnreadable"],
    ["excluded-gpu:0", "note GpuExcluded"],
    ["no-driver", "note GpuUndriven ×2"],
    // A library may be of any size: only its beginning is read.
    [`huge-file:${cuda}`, ""],
  ])("%s: %s", (defect, findings) => {
    expect(seen({ defects: [defect] })).toBe(findings)
  })

  test("defects add up", () => {
    const ordered = ["stale-uvm-major", "missing-node:nvidia0", "excluded-gpu:1"]
    expect(seen({ defects: ordered })).toBe(
      "error DeviceMajorStale, error DeviceNodeMissing, note GpuExcluded",
    )
  })
})

describe.skipIf(compiler === null)("a machine with a defect of NVML (missing: a C compiler)", () => {
  const mig = "0:1/0=3g.20gb,0:2/0=2g.10gb,1:0/0=7g.40gb"
  test.each([
    ["uninitialised-gpu:0", ""],
    ["mig-cap-missing", "error MigNodeMissing"],
    ["nvml-crashes", "warning NvmlUnavailable"],
    ["nvml-error:9", "warning NvmlUnavailable"],
    ["nvml-missing-symbol:nvmlDeviceGetMigMode", "note NvmlSymbolMissing"],
    ["nvml-missing-symbol:nvmlDeviceGetCount_v2", ""],
    ["nvml-gpu-lost:1", "error NvmlGpuFailed"],
    ["nvml-mig-gap:0", ""],
    ["nvml-mig-pending:0", ""],
    ["version-mismatch", "error DriverVersionMismatch, warning NvmlUnavailable"],
    ["excluded-gpu:0", "note GpuExcluded"],
    ["dead-gpu:0", "error GpuUnreadable"],
    ["nvml-prints", ""],
    [
      "truncated-lib:libnvidia-ml",
      "error DriverLibraryMissing, warning DriverFileUnusable, warning NvmlUnavailable",
    ],
    [
      `unreadable:${nvml}`,
      "error DriverLibraryMissing, warning DriverFileUnusable, warning HostReadFailed, warning NvmlUnavailable",
    ],
    [`huge-file:${nvml}`, ""],
  ])("%s: %s", (defect, findings) => {
    expect(seen({ mig, hasNvml: true, defects: [defect] })).toBe(findings)
  })

  test("nvml-hangs: warning NvmlUnavailable, when the time is over", () => {
    makeMachine(directory, { mig, hasNvml: true, defects: ["nvml-hangs"] })
    const host = createSimulatedHost(directory, { state: undefined, timeLimitMs: 400 })
    expect(summary(findingsOn(host))).toBe("warning NvmlUnavailable")
  })

  test("nvml-mig-gap: MIG devices keep NVML's slots as their indices", () => {
    makeMachine(directory, { mig, hasNvml: true, defects: ["nvml-mig-gap:0"] })
    const { inventory } = observeSnapshot(
      createSimulatedHost(directory, { state: undefined, timeLimitMs: 60_000 }),
      {
        driverRoot: "/",
        ldcache: "/etc/ld.so.cache",
      },
    )
    const indices = inventory.migDevices.filter(({ gpuIndex }) => gpuIndex === 0).map(({ index }) => index)
    expect(indices.slice(0, 2)).toEqual([0, 2])
  })

  test("a UUID that neither files nor NVML tell is not known", () => {
    const unknown = ["uninitialised-gpu:0", "nvml-error:999"]
    expect(seen({ hasNvml: true, defects: unknown })).toBe("warning GpuUuidUnknown, warning NvmlUnavailable")
  })
})

describe("an order", () => {
  const machine = (): DefectiveMachine => ({ ...readListed("mig").description, nvml: goodBehaviour })
  test.each([
    ["gremlins", /^unknown defect "gremlins"; known: stale-uvm-major, /],
    ["toString", /^unknown defect "toString"/],
    ["__proto__", /^unknown defect "__proto__"/],
    ["", /^unknown defect ""/],
    ["stale-uvm-major:1", /^stale-uvm-major takes no argument$/],
    ["missing-node", /^missing-node needs an argument: missing-node:NAME below \/dev$/],
    ["missing-node:", /^missing-node needs an argument/],
    ["missing-node:nvidia77", /^this machine has nothing for "missing-node:nvidia77" to break$/],
    ["missing-node:../etc/ld.so.cache", /nothing/],
    ["dead-gpu:3", /nothing/],
    ["dead-gpu:-1", /nothing/],
    ["dead-gpu:x", /nothing/],
    ["nvml-gpu-lost:64", /nothing/],
    ["nvml-mig-pending:2", /nothing/],
    ["nvml-mig-pending:x", /nothing/],
    ["nvml-error:0", /nothing/],
    ["nvml-error:1000", /nothing/],
    ["nvml-error:1;rm", /nothing/],
    ["nvml-missing-symbol:system", /nothing/],
    ["nvml-missing-symbol:nvmlInit; local: *", /nothing/],
    ["huge-file:/dev/nvidia0", /nothing/],
    ["unreadable:/nowhere", /nothing/],
    ["missing-file:/nowhere", /nothing/],
    ["missing-file:/usr/lib/x86_64", /nothing/],
    ["missing-file:/", /nothing/],
    ["cyclic-link:/../escape", /nothing/],
    ["cyclic-link:../escape", /nothing/],
    ["cyclic-link:/", /nothing/],
    ["cyclic-link:/.gantry-simulated.json", /nothing/],
    ["cyclic-link:/nowhere/link", /nothing/],
    // Below a link and below a file nothing lies.
    ["cyclic-link:/bin/link", /nothing/],
    ["cyclic-link:/etc/ld.so.cache/link", /nothing/],
  ])("%p is refused, with what is known of it", (order, problem) => {
    const changed = orderDefect(machine(), order)
    expect(typeof changed === "string" ? changed : "a machine").toMatch(problem)
  })

  test("NVML's defects do not fit a machine without the library", () => {
    const orin = { ...readListed("orin").description, nvml: goodBehaviour }
    expect(orderDefect(orin, "nvml-hangs")).toMatch(/nothing/)
  })
})

/** One order of each kind that could fit, by what lies on the machine. */
function ordersFor({ made }: DefectiveMachine): readonly string[] {
  const library =
    made.find(({ kind, path }) => kind === "file" && path.includes("/libcuda.so."))?.path ?? "/none"
  const place = library.slice(0, library.lastIndexOf("/"))
  const paths = [
    library,
    place,
    "/etc/ld.so.cache",
    "/proc/driver/nvidia/gpus",
    "/proc/devices",
    "/dev",
    "/sys",
    "/usr",
  ]
  const argumentsOf: Readonly<Record<string, readonly string[]>> = {
    PATH: paths,
    INDEX: ["0"],
    NAME: ["libcuda", "libnvidia-ml", "libnvidia-gpucomp"],
    "NAME, such as libnvoptix": ["libcuda", "libnvidia-ml", "libnvoptix"],
    "NAME below /dev": ["nvidia0", "nvidiactl", "nvidia-uvm", "nvidia-modeset", "dri/card1"],
    "NAME of a function": ["nvmlInit_v2"],
    "NUMBER that every function returns": ["9"],
  }
  return Object.entries(defects).flatMap(([name, { argument }]) =>
    argument === undefined ? [name] : (argumentsOf[argument] ?? []).map((value) => `${name}:${value}`),
  )
}

function inMemory(made: readonly Made[]): Host {
  const tree: Record<string, MemoryTree[string]> = {}
  for (const one of made) {
    if (one.kind === "file") tree[one.path] = { kind: "file", content: one.content, mode: one.mode }
    else if (one.kind === "symlink") tree[one.path] = { kind: "symlink", target: one.target }
    else if (one.kind === "node") tree[one.path] = { ...one, kind: "character" }
    else tree[one.path] = { kind: one.kind, mode: one.mode }
  }
  return createMemoryHost(tree, "listed machine")
}

describe.each(listedHosts)("on the machine of hosts/%s", (name) => {
  const { description } = readListed(name)
  const machine: DefectiveMachine = { ...description, nvml: goodBehaviour }

  test("every defect that fits is observed to the end", () => {
    const fitting = ordersFor(machine).flatMap((order) => {
      const changed = orderDefect(machine, order)
      return typeof changed === "string" ? [] : [changed]
    })
    expect(fitting.length).toBeGreaterThan(5)
    for (const { made } of fitting) expect(findingsOn(inMemory(made)).length).toBeGreaterThanOrEqual(0)
  })
})

/** What a tree in memory cannot be: unreadable, and four gigabytes long. */
test.each(["mig-extras", "driver-container", "orin"])(
  "on the disk of hosts/%s: unreadable directories and huge files are observed to the end, in little memory",
  (name) => {
    const { description } = readListed(name)
    const machine: DefectiveMachine = { ...description, nvml: goodBehaviour }
    const before = process.memoryUsage().rss
    let observed = 0
    for (const order of ordersFor(machine).filter((one) => /^(unreadable|huge-file):/.test(one))) {
      const changed = orderDefect(machine, order)
      if (typeof changed === "string") continue
      expect(writeMachine(directory, { ...description, made: changed.made, denied: changed.denied }).ok).toBe(
        true,
      )
      findingsOn(createSimulatedHost(directory, { state: undefined, timeLimitMs: 60_000 }))
      observed++
    }
    expect(observed).toBeGreaterThan(5)
    expect(process.memoryUsage().rss - before).toBeLessThan(512 * 1024 ** 2)
  },
)
