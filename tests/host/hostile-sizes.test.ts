import { beforeAll, describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { mkdirSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { run as simulate } from "../../src/commands/simulate.ts"
import type { FaultTag } from "../../src/core/fault/fault.ts"
import { observeSnapshot } from "../../src/core/plan/snapshot.ts"
import { hostPath } from "../../src/core/text/brand.ts"
import type { MemoryTree } from "../../src/host/memory.ts"
import { createSimulatedHost } from "../../src/host/simulated.ts"
import { makeCharacterNode } from "../../src/linux/nodes.ts"
import { memoryMachine } from "../machine.ts"
import { temporaryDirectory } from "../temporary-directory.ts"

const version = "550.163.01"
const libraries = "/usr/lib/x86_64-linux-gnu"
const cuda = `${libraries}/libcuda.so.${version}`
const cache = "/etc/ld.so.cache"
const options = { driverRoot: "/", ldcache: cache }
const mebibyte = 1024 * 1024

const work = temporaryDirectory("hostile")
const machine = join(work, "machine")
beforeAll(async () => {
  expect(await simulate(["up", machine, "--gpus", "1", "--driver", version, "--no-nvml"])).toBe(0)
})

/** What was found, and what finding it took. */
function look(host: Parameters<typeof observeSnapshot>[0]) {
  Bun.gc(true)
  const before = process.memoryUsage.rss()
  const { inventory, driver } = observeSnapshot(host, options)
  const grownBytes = process.memoryUsage.rss() - before
  const findings = [...inventory.findings, ...(driver?.findings ?? [])]
  return {
    inventory,
    driver,
    grownBytes,
    tags: [...new Set(findings.map(({ fault }) => fault.tag))].sort(),
  }
}

/** Puts something in a file's place for as long as the look takes. */
function lookWith(path: string, make: (place: string) => void) {
  const place = join(machine, path)
  const kept = `${place}.kept`
  const isThere = statSync(place, { throwIfNoEntry: false }) !== undefined
  if (isThere) spawnSync("mv", [place, kept])
  try {
    make(place)
    return look(createSimulatedHost(machine))
  } finally {
    rmSync(place, { recursive: true, force: true })
    if (isThere) spawnSync("mv", [kept, place])
  }
}

/** A file of 4 GiB that takes no room. */
const makeSparse =
  (head: string | Uint8Array) =>
  (place: string): void => {
    writeFileSync(place, head)
    truncateSync(place, 4 * 1024 * mebibyte)
  }

describe("files larger than memory", () => {
  test("of a library of 4 GiB a few kilobytes are read", () => {
    const library = spawnSync("cat", [join(machine, cuda)]).stdout
    const { driver, grownBytes, tags } = lookWith(cuda, makeSparse(library))
    expect(driver?.libraries.some(({ path }) => path === cuda)).toBe(true)
    expect(tags.filter((tag) => tag.startsWith("Driver"))).toEqual([])
    expect(grownBytes).toBeLessThan(64 * mebibyte)
  })

  test("4 GiB of zeros with a library's name are a finding", () => {
    const { driver, grownBytes, tags } = lookWith(cuda, makeSparse(""))
    expect(driver?.libraries.some(({ path }) => path === cuda)).toBe(false)
    expect(tags).toContain("DriverFileUnusable")
    expect(grownBytes).toBeLessThan(64 * mebibyte)
  })

  // src/core/elf/elf-layout.ts believes e_phentsize: 4,096 headers of 65,535 bytes are read at once.
  test("a library of 4 GiB that claims a quarter of a gigabyte of program headers is not read to their end", () => {
    const head = new Uint8Array(spawnSync("cat", [join(machine, cuda)]).stdout)
    const view = new DataView(head.buffer)
    view.setUint16(54, 0xffff, true)
    view.setUint16(56, 4096, true)
    const { grownBytes, tags } = lookWith(cuda, makeSparse(head))
    expect(tags).toContain("DriverFileUnusable")
    expect(grownBytes).toBeLessThan(64 * mebibyte)
  })

  test.each([
    cache,
    "/proc/devices",
    "/proc/driver/nvidia-caps/mig-minors",
    "/proc/net/unix",
    "/proc/driver/nvidia/params",
  ])("%s of 4 GiB is not read", (path) => {
    const { driver, grownBytes } = lookWith(path, (place) => {
      mkdirSync(join(place, ".."), { recursive: true })
      makeSparse("")(place)
    })
    expect(driver?.libraries.some(({ path: one }) => one === cuda)).toBe(true)
    expect(grownBytes).toBeLessThan(64 * mebibyte)
  })

  test("64 MiB of garbage in the loader's cache are searched in bounded memory, and the usual places do", () => {
    const garbage = new Uint8Array(64 * mebibyte)
    let state = 1
    for (let at = 0; at < garbage.length; at++) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      garbage[at] = state >>> 24
    }
    const { driver, grownBytes } = lookWith(cache, (place) => writeFileSync(place, garbage))
    expect(driver?.libraries.some(({ path }) => path === cuda)).toBe(true)
    expect(grownBytes).toBeLessThan(512 * mebibyte)
  })

  test("a cache whose every offset is wild tells nothing and harms nothing", () => {
    const wild = new Uint8Array(48 + 24 * 1000 + 100).fill(0xff)
    wild.set(new TextEncoder().encode("glibc-ld.so.cache1.1"))
    new DataView(wild.buffer).setUint32(20, 1000, true)
    const { driver, tags } = lookWith(cache, (place) => writeFileSync(place, wild))
    expect(driver?.libraries.some(({ path }) => path === cuda)).toBe(true)
    expect(tags.filter((tag) => tag === "DriverLibraryMissing")).toEqual([])
  })
})

describe("places that answer nothing", () => {
  test("a FIFO in the place of a library is not waited for", () => {
    const { tags } = lookWith(cuda, (place) => spawnSync("mkfifo", [place]))
    expect(tags).toContain("DriverFileUnusable")
  })

  test("a FIFO in the place of the module's version is not waited for: proc tells it", () => {
    const { inventory } = lookWith("/sys/module/nvidia/version", (place) => spawnSync("mkfifo", [place]))
    expect(inventory.kernelModuleVersion?.source).toBe(hostPath("/proc/driver/nvidia/version"))
  })

  const canMakeNodes = makeCharacterNode(join(work, "probe"), 240, 0, 0o666).ok
  test.skipIf(!canMakeNodes)("a device node in the place of a library is not opened (missing: root)", () => {
    // No driver has this number: whoever opens it gets ENXIO.
    let answer: unknown
    const { tags } = lookWith(cuda, (place) => {
      makeCharacterNode(place, 240, 0, 0o666)
      const read = createSimulatedHost(machine).readFile(hostPath(cuda))
      answer = read.ok ? "opened" : read.fault.data
    })
    expect(answer).toMatchObject({ errno: "EINVAL" })
    expect(tags).toContain("DriverFileUnusable")
  })

  test("directories that nobody may read are findings, also for root", async () => {
    const closed = join(work, "closed")
    const denied = ["/usr/lib/x86_64-linux-gnu", "/proc/driver/nvidia/gpus"]
    const orders = denied.flatMap((path) => ["--defect", `unreadable:${path}`])
    expect(await simulate(["up", closed, "--gpus", "1", "--no-nvml", ...orders])).toBe(0)
    const { inventory, driver, tags } = look(createSimulatedHost(closed))
    expect(driver?.libraries ?? []).toEqual([])
    expect(tags).toContain("DriverLibraryMissing")
    expect(inventory.findings).toContainEqual({
      severity: "error",
      fault: {
        tag: "HostReadFailed",
        data: {
          path: hostPath("/proc/driver/nvidia/gpus"),
          syscall: "readdir",
          errno: "EACCES",
          reason: "denied",
        },
      },
      evidence: ["/proc/driver/nvidia/gpus: readdir: EACCES"],
    })
    // The bus tells of a GPU, and not whether the driver has it.
    expect(inventory.gpus).toEqual([])
  })

  test("directories that lead to each other are entered once", () => {
    const place = join(machine, "usr/lib/again")
    symlinkSync("../lib", place)
    try {
      const { driver } = look(createSimulatedHost(machine))
      const paths = driver?.libraries.map(({ path }) => path) ?? []
      expect(new Set(paths).size).toBe(paths.length)
    } finally {
      rmSync(place)
    }
  })
})

describe("more of everything than any machine has", () => {
  type Tree = Record<string, MemoryTree[string]>
  const many =
    (count: number, place: (index: number) => string, entry: MemoryTree[string]) => (tree: Tree) => {
      for (let index = 0; index < count; index++) tree[place(index)] = entry
    }
  const empty = { kind: "file", content: "" } as const
  const node = (major: number) => ({ kind: "character", major, minor: 1 }) as const

  test.each<[name: string, change: (tree: Tree) => void, tags: readonly FaultTag[]]>([
    [
      "100,000 strangers beside the libraries",
      many(100_000, (index) => `${libraries}/file${index}`, empty),
      [],
    ],
    [
      "20,000 empty files with the driver's names",
      many(20_000, (index) => `${libraries}/libnvidia-${index}.so.${version}`, empty),
      ["DriverFileUnusable"],
    ],
    [
      "20,000 links to one library",
      many(20_000, (index) => `${libraries}/libnvidia-${index}.so`, {
        kind: "symlink",
        target: `libcuda.so.${version}`,
      }),
      [],
    ],
    [
      "100,000 nodes",
      many(100_000, (index) => `/dev/nvidia-nvswitch${index}`, node(237)),
      ["DeviceNodeWrong"],
    ],
    [
      "20,000 GPUs without facts",
      many(20_000, (index) => `/proc/driver/nvidia/gpus/${index}/information`, empty),
      ["GpuUnreadable"],
    ],
    ["20,000 devices on the bus", many(20_000, (index) => `/sys/bus/pci/devices/${index}/vendor`, empty), []],
    [
      "20,000 firmware files",
      many(20_000, (index) => `/lib/firmware/nvidia/${version}/gsp${index}.bin`, empty),
      [],
    ],
  ])("%s", (_, change, tags) => {
    const { tags: found, grownBytes } = look(memoryMachine({ gpus: 1, change }))
    expect(found).toEqual([...tags])
    expect(grownBytes).toBeLessThan(512 * mebibyte)
  })

  test("a list of 200,000 rights over MIG, with numbers beyond every number", () => {
    const lines = Array.from({ length: 200_000 }, (_, index) => `gpu0/gi${index}/ci0/access ${index}`)
    const { inventory } = look(
      memoryMachine({
        gpus: 1,
        change(tree) {
          const content = [
            `gpu0/gi1/access ${"9".repeat(400)}`,
            "gpu0/gi2/access -1",
            "config",
            ...lines,
          ].join("\n")
          tree["/proc/driver/nvidia-caps/mig-minors"] = { kind: "file", content }
          tree[`/dev/nvidia-caps/nvidia-cap${"9".repeat(200)}`] = node(236)
        },
      }),
    )
    expect(inventory.migDevices).toEqual([])
    expect(inventory.nodes.capabilities.every(({ path }) => path.length < 40)).toBe(true)
  })

  // What grows with the square of their number takes longer than any test may.
  test("a chain of 100,000 links is followed", () => {
    const count = 100_000
    const name = (index: number): string => `libnvidia-${999_999 - index}.so`
    const change = (tree: Tree): void => {
      for (let index = 0; index < count; index++)
        tree[`${libraries}/${name(index)}`] = {
          kind: "symlink",
          target: index === 0 ? `libcuda.so.${version}` : name(index - 1),
        }
    }
    const { driver } = look(memoryMachine({ gpus: 1, change }))
    const cuda = driver?.libraries.find(({ rootPath }) => rootPath.endsWith(`/libcuda.so.${version}`))
    expect(cuda?.links.length).toBeGreaterThanOrEqual(count)
  })
})
