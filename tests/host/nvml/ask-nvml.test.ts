import { beforeAll, beforeEach, describe, expect, test } from "bun:test"
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs"
import { basename, dirname, join } from "node:path"
import type { NvmlPlace } from "../../../src/core/host/host.ts"
import { observeInventory } from "../../../src/core/inventory/observe-inventory.ts"
import { renderLdcache } from "../../../src/core/ldcache/render-ldcache.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import type { NvmlAsking } from "../../../src/host/nvml/ask-nvml.ts"
import { createSimulatedHost } from "../../../src/host/simulated.ts"
import { manifestName, readManifest } from "../../../src/host/simulated-files.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"
import { compiler, type GeneratedOptions, makeMachine } from "../simulate/generated.ts"

const work = temporaryDirectory("ask-nvml")
const machine = join(work, "machine")
const state = join(work, "state")
beforeEach(() => rmSync(state, { recursive: true, force: true }))

const isRoot = process.geteuid?.() === 0
const library = join(machine, "usr/lib/x86_64-linux-gnu/libnvidia-ml.so.550.163.01")
const capabilities = join(machine, "proc/driver/nvidia/capabilities")
const answering = (options: GeneratedOptions): void => {
  const made = makeMachine(machine, { ...options, hasNvml: true })
  if (made !== "built") throw new Error(made)
}

const placeAt = (driverRoot: string): NvmlPlace => ({
  driverRoot: hostPath(driverRoot),
  ldcache: "/etc/ld.so.cache",
  searchPaths: [],
})

/** What NVML says, in short: UUIDs, or the step at which asking ended. */
function ask(asking: NvmlAsking = {}): string {
  const host = createSimulatedHost(machine, { state, timeLimitMs: 60_000, ...asking })
  const report = host.askNvml(placeAt("/"))()
  if (report.ok) return report.value.gpus.map(({ uuid, problem }) => uuid ?? problem).join(" ")
  return report.fault.tag === "NvmlUnavailable"
    ? `${report.fault.data.step}: ${report.fault.data.problem}`
    : ""
}

/** No process starts and answers within a millisecond: what is told all the same was remembered. */
const remembered = (): string => ask({ timeLimitMs: 1 })
const nobodyAsked = "time: no answer within 0.001 seconds"
const kept = (): readonly string[] => readdirSync(state).filter((name) => name.endsWith(".json"))
const cacheFile = (): string => join(state, kept()[0] ?? "")
const age = (minutes: number): void => {
  const then = new Date(Date.now() - minutes * 60_000)
  utimesSync(cacheFile(), then, then)
}

test("without a library nobody is asked", () => {
  makeMachine(machine, { defects: ["missing-lib:libnvidia-ml"] })
  expect(remembered()).toBe("search: not found below /")
})

test("a library that may not be read is not given to anybody", () => {
  makeMachine(machine, { defects: [`unreadable:${library.slice(machine.length)}`] })
  expect(remembered()).toBe("load: EACCES")
})

test("of machines that came and went no more is kept than of sixty-four", () => {
  // Which may not be read: that is told, and remembered.
  makeMachine(machine, { defects: [`unreadable:${library.slice(machine.length)}`] })
  mkdirSync(state, { mode: 0o700 })
  for (let one = 0; one < 70; one++) {
    const path = join(state, `nvml-${one.toString(16).padStart(16, "0")}.json`)
    for (const [index, name] of [path, `${path}.lock`].entries()) {
      writeFileSync(name, "")
      utimesSync(name, 1000 + one, 1000 + one + index)
    }
  }
  ask()
  const names = readdirSync(state)
  const [files, locks] = [
    names.filter((name) => name.endsWith(".json")),
    names.filter((name) => name.endsWith(".lock")),
  ]
  expect([files.length, locks.length]).toEqual([70 - 32 + 1, 70 - 32 + 1])
  expect(files).toContain("nvml-0000000000000045.json")
  expect(files).not.toContain("nvml-000000000000001f.json")
  expect(locks).not.toContain("nvml-000000000000001f.json.lock")
})

describe.skipIf(compiler === null)("asking NVML (missing: a C compiler)", () => {
  test("a library that hangs is given up", () => {
    answering({ defects: ["nvml-hangs"] })
    expect(ask({ timeLimitMs: 400 })).toBe("time: no answer within 0.4 seconds")
  })

  test("a library that hangs and cannot be killed is given up all the same", () => {
    answering({ defects: ["nvml-stuck"] })
    const start = performance.now()
    expect(ask({ timeLimitMs: 400 })).toBe("time: no answer within 0.4 seconds")
    // It is stuck for thirty seconds.
    expect(performance.now() - start).toBeLessThan(15_000)
  })

  test("a library that crashes harms nobody", () => {
    answering({ defects: ["nvml-crashes"] })
    expect(ask()).toMatch(/^crash: its process ended with signal \d+ and no answer$/)
  })

  test("a library that prints is understood", () => {
    answering({ gpus: 1, defects: ["nvml-prints"] })
    expect(ask()).toMatch(/^GPU-/)
  })

  test("of two libraries that of 64 bits is asked", () => {
    answering({ gpus: 1, hasCompat32: true })
    expect(ask()).toMatch(/^GPU-/)
  })

  test("64 GPUs with seven MIG devices each are told whole", () => {
    const layout = Array.from({ length: 64 * 7 }, (_, index) => `${Math.floor(index / 7)}:1g.10gb`).join(",")
    answering({ gpus: 64, model: "h100", mig: layout })
    const host = createSimulatedHost(machine, { state, timeLimitMs: 60_000 })
    const report = host.askNvml(placeAt("/"))()
    const told = report.ok ? report.value.gpus.flatMap(({ migDevices }) => migDevices) : []
    expect(new Set(told.map(({ uuid }) => uuid)).size).toBe(448)
    const { migDevices, findings } = observeInventory(host)
    expect([migDevices.length, findings]).toEqual([448, []])
  })

  test("an answer that lies there is one, however late it is looked for", () => {
    answering({ gpus: 1 })
    const host = createSimulatedHost(machine, { state: undefined, timeLimitMs: 3000 })
    const answer = host.askNvml(placeAt("/"))
    Bun.sleepSync(3100)
    expect(answer().ok).toBe(true)
  })

  test("in a driver root elsewhere", () => {
    answering({ gpus: 1, driverRoot: "/run/nvidia/driver" })
    const host = createSimulatedHost(machine, { state })
    expect(host.askNvml(placeAt("/run/nvidia/driver"))().ok).toBe(true)
    expect(host.askNvml(placeAt("/"))().ok).toBe(false)
  })

  test("files leave the UUID of a GPU open that was never initialised: NVML tells it", () => {
    answering({ gpus: 2, defects: ["uninitialised-gpu:1"] })
    const { gpus, findings } = observeInventory(createSimulatedHost(machine, { state }))
    expect(gpus.map(({ uuid }) => uuid?.source)).toEqual([
      hostPath("/proc/driver/nvidia/gpus/0000:10:00.0/information"),
      "NVML",
    ])
    expect(findings).toEqual([])
  })
})

describe.skipIf(compiler === null)("what NVML told (missing: a C compiler)", () => {
  const mig = "0:1/0=3g.20gb,0:2/0=2g.10gb"

  test("is remembered, and proved fresh by stats alone", () => {
    answering({ mig })
    const first = ask()
    // Whoever opens a file or a directory of the machine now is refused.
    const manifest = { ...readManifest(machine), denied: ["/proc", "/sys", "/usr", "/etc", "/lib", "/run"] }
    writeFileSync(join(machine, manifestName), JSON.stringify(manifest))
    expect(first).toMatch(/^GPU-\S+ GPU-\S+$/)
    expect(remembered()).toBe(first)
  })

  describe("on a machine that changes", () => {
    beforeAll(() => answering({ mig }))
    test.each([
      ["the library is replaced", () => writeFileSync(library, readFileSync(library))],
      ["the library grows", () => appendFileSync(library, "x")],
      [
        "the module is loaded anew",
        () => writeFileSync(join(machine, "sys/module/nvidia/version"), "550.163.01\n"),
      ],
      [
        "a GPU goes",
        () => rmSync(join(machine, "proc/driver/nvidia/gpus/0000:13:00.0"), { recursive: true }),
      ],
      ["a GPU instance appears", () => mkdirSync(join(capabilities, "gpu0/mig/gi9"))],
      ["a compute instance appears", () => mkdirSync(join(capabilities, "gpu0/mig/gi1/ci1"))],
      [
        "an instance is made anew",
        () => {
          rmSync(join(capabilities, "gpu0/mig/gi2/ci0"), { recursive: true })
          mkdirSync(join(capabilities, "gpu0/mig/gi2/ci0"))
        },
      ],
      ["another GPU is cut", () => mkdirSync(join(capabilities, "gpu1/mig"), { recursive: true })],
      ["a capability's node goes", () => rmSync(join(machine, "dev/nvidia-caps/nvidia-cap3"))],
      ["another library comes first", () => writeFileSync(join(machine, "usr/lib/x86_64-linux-gnu/new"), "")],
      ["the loader's cache is written", () => appendFileSync(join(machine, "etc/ld.so.cache"), "x")],
    ])("counts for nothing when %s", (_what, change) => {
      const first = ask()
      expect(remembered()).toBe(first)
      change()
      expect(remembered()).toBe(nobodyAsked)
    })
  })

  test("a file that is garbage counts for nothing", () => {
    answering({ gpus: 1 })
    const first = ask()
    const good = JSON.parse(readFileSync(cacheFile(), "utf8"))
    for (const text of [
      "",
      "{",
      "null",
      "[]",
      "5",
      JSON.stringify({ ...good, version: 2 }),
      JSON.stringify({ ...good, key: "another machine" }),
      JSON.stringify({ ...good, stamps: [] }),
      JSON.stringify({ ...good, stamps: [5] }),
      JSON.stringify({ ...good, stamps: [["/etc"]] }),
      JSON.stringify({ ...good, report: { ...good.report, gpus: 5 } }),
      JSON.stringify({ ...good, report: undefined }),
      JSON.stringify({ ...good, report: undefined, unavailable: { step: 5 } }),
    ]) {
      writeFileSync(cacheFile(), text)
      expect([text, remembered()]).toEqual([text, nobodyAsked])
    }
    writeFileSync(cacheFile(), JSON.stringify(good))
    expect(remembered()).toBe(first)
  })

  test("a file that others may write counts for nothing", () => {
    answering({ gpus: 1 })
    ask()
    chmodSync(cacheFile(), 0o622)
    expect(remembered()).toBe(nobodyAsked)
  })

  test.skipIf(!isRoot)("another user's file counts for nothing (missing: root, to give a file away)", () => {
    answering({ gpus: 1 })
    ask()
    chownSync(cacheFile(), 65534, 65534)
    expect(remembered()).toBe(nobodyAsked)
  })

  test("trouble is remembered for some minutes, and then asked about again: it may have been mended without a trace", () => {
    answering({ gpus: 1 })
    expect(remembered()).toBe(nobodyAsked)
    expect(ask()).toBe(nobodyAsked)
    age(6)
    expect(ask()).toMatch(/^GPU-/)
  })

  test("so is an answer with a GPU that is lost; one without trouble holds as long as nothing changes", () => {
    answering({ gpus: 2, defects: ["nvml-gpu-lost:0"] })
    const first = ask()
    expect(first).toMatch(/^gpu is lost \(15\) GPU-/)
    expect(remembered()).toBe(first)
    age(6)
    expect(remembered()).toBe(nobodyAsked)
    answering({ gpus: 2 })
    const whole = ask()
    age(60 * 24)
    expect(remembered()).toBe(whole)
  })

  test("is whole when eight ask at once", async () => {
    answering({ gpus: 8, mig })
    const script = `
      import { createSimulatedHost } from ${JSON.stringify(join(import.meta.dir, "../../../src/host/simulated.ts"))}
      const report = createSimulatedHost(${JSON.stringify(machine)}, { state: ${JSON.stringify(state)}, timeLimitMs: 60_000 }).askNvml({ driverRoot: "/", ldcache: "/etc/ld.so.cache", searchPaths: [] })()
      console.log(report.ok ? report.value.gpus.length : JSON.stringify(report.fault))`
    const askers = Array.from({ length: 8 }, () =>
      Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "ignore" }),
    )
    const answers = await Promise.all(askers.map((one) => new Response(one.stdout).text()))
    expect(answers).toEqual(Array.from({ length: 8 }, () => "8\n"))
    expect(remembered().split(" ")).toHaveLength(8)
    expect(kept()).toHaveLength(1)
  })
})

test("a library in a directory that was named is found there", () => {
  answering({ gpus: 1 })
  const elsewhere = join(machine, "opt/driver")
  mkdirSync(elsewhere, { recursive: true })
  renameSync(library, join(elsewhere, basename(library)))
  rmSync(join(dirname(library), "libnvidia-ml.so.1"), { force: true })
  const host = createSimulatedHost(machine, { state, timeLimitMs: 60_000 })
  expect(host.askNvml(placeAt("/"))().ok).toBe(false)
  expect(host.askNvml({ ...placeAt("/"), searchPaths: ["/opt/driver"] })().ok).toBe(true)
})

describe("a library beside which none has the kernel module's version, as on a board", () => {
  const boardLike = (directory: string): string => {
    for (const made of ["usr/lib/aarch64-linux-gnu", "opt"])
      rmSync(join(machine, made), { recursive: true, force: true })
    answering({ gpus: 1 })
    const place = join(machine, directory, "libnvidia-ml.so.1")
    mkdirSync(dirname(place), { recursive: true })
    renameSync(library, place)
    rmSync(dirname(library), { recursive: true })
    return place
  }
  const configure = (directory: string): void =>
    writeFileSync(join(machine, "etc/ld.so.conf"), `${directory}\n`)

  test("is found in a usual directory", () => {
    boardLike("usr/lib/aarch64-linux-gnu/nvidia")
    expect(ask()).toStartWith("GPU-")
  })

  test("is found without a kernel module", () => {
    boardLike("usr/lib/aarch64-linux-gnu/nvidia")
    rmSync(join(machine, "proc/driver/nvidia/version"))
    rmSync(join(machine, "sys/module/nvidia/version"), { force: true })
    expect(ask()).toStartWith("GPU-")
  })

  test("is found where the loader is told to look, and before that where its cache says", () => {
    boardLike("opt/board")
    expect(ask()).toBe("search: not found below /")
    configure("/opt/board")
    expect(ask()).toStartWith("GPU-")
    const cached = "/opt/cached/libnvidia-ml.so.1"
    const entry = { soname: basename(cached), path: cached, flags: 0x303, osVersion: 0, hwcap: 0n }
    const cache = renderLdcache({ entries: [entry], hwcapNames: [], extensions: [] })
    writeFileSync(join(machine, "etc/ld.so.cache"), cache)
    mkdirSync(join(machine, dirname(cached)))
    writeFileSync(join(machine, cached), "no library")
    expect(ask()).toStartWith("load: ")
  })

  test("is asked again once it is another", () => {
    const place = boardLike("usr/lib/aarch64-linux-gnu/nvidia")
    expect(ask()).toStartWith("GPU-")
    expect(remembered()).toStartWith("GPU-")
    appendFileSync(place, "\0")
    expect(remembered()).toBe(nobodyAsked)
  })
})

describe("a library that somebody else could have written is not run", () => {
  test("because others may write to it", () => {
    answering({ gpus: 1 })
    chmodSync(library, 0o757)
    expect(ask()).toBe(
      `load: others may write to it, or to a directory that it lies in, and its code would run as user ${process.getuid?.()}`,
    )
  })

  test("because others may write to a directory on its way", () => {
    answering({ gpus: 1 })
    chmodSync(machine, 0o777)
    expect(ask()).toStartWith("load: others may write to it, or to a directory")
    chmodSync(machine, 0o755)
    expect(ask()).toStartWith("GPU-")
  })

  test.skipIf(!isRoot)("because it is another user's", () => {
    answering({ gpus: 1 })
    chownSync(library, 1000, 1000)
    expect(ask()).toBe(
      "load: it, or a directory that it lies in, belongs to user 1000, and its code would run as user 0",
    )
  })
})

test("of many who ask at once one asks, and the others find its answer", async () => {
  const made = join(work, "made")
  const script = `
    import { existsSync, writeFileSync } from "node:fs"
    import { withStateLock } from ${JSON.stringify(join(import.meta.dir, "../../../src/host/state/state-lock.ts"))}
    withStateLock(${JSON.stringify(state)}, ${JSON.stringify(join(state, "one.lock"))}, 60_000, () => {
      if (existsSync(${JSON.stringify(made)})) return console.log("found")
      Bun.sleepSync(200)
      writeFileSync(${JSON.stringify(made)}, "")
      console.log("made")
    })`
  const askers = Array.from({ length: 4 }, () =>
    Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" }),
  )
  const answers = await Promise.all(askers.map((one) => new Response(one.stdout).text()))
  expect(answers.sort()).toEqual(["found\n", "found\n", "found\n", "made\n"])
})

test("the child does not outlive a parent that is killed", async () => {
  // Of its own: other tests leave children behind that cannot be killed.
  const orphaned = join(work, "orphaned")
  makeMachine(orphaned, { gpus: 1, hasNvml: true, defects: ["nvml-hangs"] })
  const asked = join(orphaned, "usr/lib/x86_64-linux-gnu/libnvidia-ml.so.550.163.01")
  const script = `
    import { createSimulatedHost } from ${JSON.stringify(join(import.meta.dir, "../../../src/host/simulated.ts"))}
    createSimulatedHost(${JSON.stringify(orphaned)}, { state: ${JSON.stringify(state)}, timeLimitMs: 60_000 }).askNvml(${JSON.stringify(placeAt("/"))})()`
  const parent = Bun.spawn([process.execPath, "-e", script], { stdout: "ignore", stderr: "ignore" })
  const asksIt = (): readonly string[] =>
    readdirSync("/proc").filter((pid) => {
      try {
        return (
          /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`observe-nvml\0${asked}`)
        )
      } catch {
        return false
      }
    })
  while (asksIt().length === 0) await Bun.sleep(20)
  // It has told the kernel by the time that it opens the library.
  while (!asksIt().every((pid) => readFileSync(`/proc/${pid}/maps`, "utf8").includes(asked)))
    await Bun.sleep(20)
  parent.kill("SIGKILL")
  await parent.exited
  while (asksIt().length > 0) await Bun.sleep(20)
  expect(asksIt()).toEqual([])
})
