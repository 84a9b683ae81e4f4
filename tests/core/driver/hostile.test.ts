import { describe, expect, test } from "bun:test"
import { observeDriver } from "../../../src/core/driver/observe-driver.ts"
import { parseElfLayout } from "../../../src/core/elf/elf-layout.ts"
import { readerOf } from "../../../src/core/elf/parse-elf.ts"
import type { FaultTag } from "../../../src/core/fault/fault.ts"
import type { Finding } from "../../../src/core/fault/finding.ts"
import { fail } from "../../../src/core/fault/result.ts"
import { readFault, resolvePath } from "../../../src/core/host/resolve-path.ts"
import { observeSnapshot } from "../../../src/core/plan/snapshot.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"
import { memoryMachine } from "../../machine.ts"

const version = "550.163.01"
const libraries = "/usr/lib/x86_64-linux-gnu"
const cuda = `${libraries}/libcuda.so.${version}`
const options = { driverRoot: "/", ldcache: "/etc/ld.so.cache" }

type Tree = Record<string, MemoryTree[string]>

/** What a machine with one change is found to have. */
function observed(change: (tree: Tree) => void) {
  const { inventory, driver } = observeSnapshot(memoryMachine({ gpus: 1, change }), options)
  const findings: readonly Finding[] = [...inventory.findings, ...(driver?.findings ?? [])]
  return {
    inventory,
    driver,
    tags: [...new Set(findings.map(({ fault }) => fault.tag))].sort(),
    has: (name: string): boolean =>
      driver?.libraries.some(({ path }) => path.includes(`/${name}.so`)) === true,
  }
}

const fifo = { kind: "fifo" } as const
const directory = { kind: "directory" } as const
const node = { kind: "character", major: 240, minor: 0 } as const
const loop = (target: string) => ({ kind: "symlink", target }) as const

describe("a library that is none", () => {
  test("cut off after any byte of what is loaded, it is a finding and nothing else is lost", () => {
    let whole = new Uint8Array()
    memoryMachine({
      gpus: 1,
      change(tree) {
        const entry = tree[cuda]
        if (entry?.kind === "file" && typeof entry.content !== "string") whole = entry.content.slice()
      },
    })
    // What lies behind is there for other readers of files: section headers.
    const layout = parseElfLayout(readerOf(whole))
    if (!layout.ok) throw new Error(JSON.stringify(layout.fault))
    whole = whole.slice(0, Math.max(...layout.value.loads.map(({ offset, size }) => offset + size)))
    expect(whole.length).toBeGreaterThan(1024)
    const lengths = Array.from({ length: whole.length }, (_, length) => length)
    for (const length of lengths.filter((one) => one < 320 || one > whole.length - 260 || one % 64 === 0)) {
      const tree: Tree = {
        [`/usr/lib64/libcuda.so.${version}`]: { kind: "file", content: whole.subarray(0, length) },
        [`/usr/lib64/libnvidia-ml.so.${version}`]: { kind: "file", content: whole },
      }
      const place = { driverRoot: hostPath("/"), version, ldcache: "/etc/ld.so.cache" }
      const { findings, libraries: found } = observeDriver(createMemoryHost(tree), place)
      expect(findings.filter(({ fault }) => fault.tag === "DriverFileUnusable")).toMatchObject([
        { severity: "warning", fault: { data: { path: `/usr/lib64/libcuda.so.${version}` } } },
      ])
      expect(found).toHaveLength(1)
    }
  })

  test.each<[name: string, entry: MemoryTree[string], tags: readonly FaultTag[]]>([
    ["a FIFO", fifo, ["DriverFileMissing", "DriverFileUnusable", "HostReadFailed"]],
    ["a directory", directory, ["DriverFileMissing", "DriverFileUnusable", "HostReadFailed"]],
    ["a device node", node, ["DriverFileMissing", "DriverFileUnusable", "HostReadFailed"]],
    ["a socket", { kind: "socket" }, ["DriverFileMissing", "DriverFileUnusable", "HostReadFailed"]],
    ["an empty file", { kind: "file", content: "" }, ["DriverFileMissing", "DriverFileUnusable"]],
    ["a link to itself", loop(`libcuda.so.${version}`), ["DriverFileMissing"]],
    ["a link that leads out of the machine", loop(`${"../".repeat(40)}etc/shadow`), ["DriverFileMissing"]],
    ["a link to a directory", loop("/usr"), ["DriverFileMissing"]],
    ["a link to nothing", loop(""), ["DriverFileMissing"]],
  ])("%s in the place of libcuda is a finding", (_, entry, tags) => {
    const { has, tags: found } = observed((tree) => {
      tree[cuda] = entry
    })
    expect(has("libcuda")).toBe(false)
    expect(has("libnvidia-ml")).toBe(true)
    expect(found).toEqual([...tags])
  })
})

describe("links that lead nowhere", () => {
  test("libcuda.so.1 that is its own target is no link of the library, and a finding", () => {
    const { driver, tags } = observed((tree) => {
      tree[`${libraries}/libcuda.so.1`] = loop("libcuda.so.1")
    })
    const found = driver?.libraries.find(({ path }) => path === cuda)
    expect(found?.links.map(({ path }) => String(path))).not.toContain(`${libraries}/libcuda.so.1`)
    expect(tags).toEqual(["DriverFileUnusable"])
  })

  test("two links that lead to each other are links of nothing", () => {
    const { driver } = observed((tree) => {
      tree[`${libraries}/libnvidia-one.so`] = loop("libnvidia-two.so")
      tree[`${libraries}/libnvidia-two.so`] = loop("libnvidia-one.so")
    })
    expect(
      driver?.libraries.flatMap(({ links }) => links).some(({ path }) => /libnvidia-(one|two)/.test(path)),
    ).toBe(false)
  })

  test("a chain of 40 links is followed, one of 41 is not", () => {
    const chained = (count: number) =>
      observed((tree) => {
        const file = tree[cuda]
        if (file === undefined) throw new Error(cuda)
        tree["/opt/end"] = file
        tree[cuda] = loop("/opt/link1")
        for (let step = 1; step < count; step++)
          tree[`/opt/link${step}`] = loop(step + 1 === count ? "/opt/end" : `/opt/link${step + 1}`)
      })
    expect(chained(40).driver?.libraries.some(({ path }) => path === "/opt/end")).toBe(true)
    const tooLong = chained(41)
    expect(tooLong.driver?.libraries.some(({ path }) => path === "/opt/end")).toBe(false)
    expect(tooLong.tags).toEqual(["DriverFileMissing"])
  })

  test("a directory of libraries that is a loop is a driver that is missing", () => {
    const { driver, tags } = observed((tree) => {
      for (const path of Object.keys(tree)) if (path.startsWith("/usr/lib/")) delete tree[path]
      tree["/usr/lib/x86_64-linux-gnu"] = loop("/usr/lib/other")
      tree["/usr/lib/other"] = loop("x86_64-linux-gnu")
    })
    expect(driver?.libraries).toEqual([])
    expect(tags).toEqual(["DriverLibraryMissing"])
  })

  test("a directory that holds itself is entered once", () => {
    const { driver, tags } = observed((tree) => {
      tree["/usr/lib/nvidia"] = loop(".")
      tree["/usr/lib64"] = loop("lib")
      tree["/usr/lib/vdpau"] = loop("x86_64-linux-gnu")
    })
    const paths = driver?.libraries.map(({ path }) => path) ?? []
    expect(new Set(paths).size).toBe(paths.length)
    expect(tags).toEqual([])
  })

  test("a configuration of the loader that includes itself comes to an end", () => {
    const { has } = observed((tree) => {
      delete tree["/etc/ld.so.cache"]
      tree["/etc/ld.so.conf"] = {
        kind: "file",
        content: "include /etc/ld.so.conf.d/*.conf\ninclude ld.so.conf\n",
      }
      tree["/etc/ld.so.conf.d/a.conf"] = {
        kind: "file",
        content: "include ../ld.so.conf.d/*\ninclude b.conf\n",
      }
      tree["/etc/ld.so.conf.d/b.conf"] = loop("../ld.so.conf")
      tree["/etc/ld.so.conf.d/up"] = loop("..")
    })
    expect(has("libcuda")).toBe(true)
  })

  // src/core/host/resolve-path.ts: with a host that resolves too, the work grows with the fourth power of the depth.
  test("below what does not exist nothing is looked for", () => {
    let looks = 0
    const reader = {
      lstat(path: string) {
        looks++
        return fail(readFault(path, "lstat", "ENOENT"))
      },
      readLink: (path: string) => fail(readFault(path, "readlink", "ENOENT")),
    }
    expect(resolvePath(reader, `/${"a/".repeat(1000)}`, "all").ok).toBe(true)
    expect(looks).toBeLessThan(3)
  })
})

describe("files of proc that are no files", () => {
  test.each<[name: string, entry: MemoryTree[string]]>([
    ["a FIFO", fifo],
    ["a directory", directory],
    ["a device node", node],
    ["a loop", loop("version")],
  ])("%s in the place of the driver's version: sysfs tells it", (_, entry) => {
    const { inventory, tags } = observed((tree) => {
      tree["/proc/driver/nvidia/version"] = entry
    })
    expect(inventory.kernelModuleVersion?.source).toBe(hostPath("/sys/module/nvidia/version"))
    expect(tags).toEqual([])
  })

  test.each<[name: string, entry: MemoryTree[string], tags: readonly FaultTag[]]>([
    ["a FIFO", fifo, ["GpuUnreadable", "HostReadFailed"]],
    ["a directory", directory, ["GpuUnreadable", "HostReadFailed"]],
    ["bytes that are no text", { kind: "file", content: new Uint8Array(5000).fill(0xff) }, ["GpuUnreadable"]],
  ])("%s in the place of what tells of a GPU: the GPU is broken, not gone", (_, entry, told) => {
    const { inventory, tags } = observed((tree) => {
      tree["/proc/driver/nvidia/gpus/0000:10:00.0/information"] = entry
    })
    expect(inventory.gpus).toMatchObject([{ state: "broken", pciAddress: "0000:10:00.0", index: undefined }])
    expect(tags).toEqual([...told])
  })

  test("everything of proc, sysfs and dev being FIFOs is a machine without a driver", () => {
    const { inventory, driver, tags } = observed((tree) => {
      for (const path of Object.keys(tree)) if (/^\/(proc|sys|dev)\//.test(path)) tree[path] = fifo
    })
    expect(inventory.kernelModuleVersion).toBeUndefined()
    expect(driver).toBeUndefined()
    expect(tags).toEqual(["GpuUnreadable", "HostReadFailed"])
  })
})
