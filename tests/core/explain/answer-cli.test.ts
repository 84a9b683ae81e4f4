import { describe, expect, test } from "bun:test"
import { answerCli } from "../../../src/core/explain/answer-cli.ts"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import type { Host } from "../../../src/core/host/host.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"
import { memoryMachine } from "../../machine.ts"

type Tree = Record<string, MemoryTree[string]>

const machine = (change: (tree: Tree) => void = () => {}): Host => memoryMachine({ gpus: 3, change })

/** `-r /x list -d 0`, with global options as a map. */
interface Asked {
  readonly global?: Readonly<Record<string, string>>
  readonly command?: "info" | "list"
  readonly given?: Readonly<Record<string, readonly string[]>>
  readonly mps?: string
}

/** The lines, or the fault's. */
function answer(
  host: Host,
  { global = {}, command = "list", given = {}, mps }: Asked,
): readonly string[] | string {
  const result = answerCli(
    host,
    {
      command,
      global: new Map(Object.entries(global).map(([name, value]) => [name, [value]])),
      given: new Map(Object.entries(given)),
      wordCount: Object.values(given).flat().length,
    },
    mps,
  )
  return result.ok
    ? result.value.split("\n").slice(0, -1)
    : renderFaultLine(result.fault).replace(/ \[GAN.*/, "")
}

const ipcs: Asked = { given: { ipcs: [""] } }
const libraries = "/usr/lib/x86_64-linux-gnu"
const file = (content: string): MemoryTree[string] => ({ kind: "file", content })
const directory: MemoryTree[string] = { kind: "directory" }

describe("nodes are named by the driver's numbers, whether they are there or not", () => {
  const asked: Asked = { given: { device: ["1,0"] } }

  test("nvidiactl and the GPUs'; in the order asked for", () => {
    const missing = machine((tree) => {
      for (const name of ["nvidiactl", "nvidia1", "nvidia-uvm"]) delete tree[`/dev/${name}`]
    })
    expect(answer(machine(), asked)).toEqual([
      ...["/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia-modeset"],
      ...["/dev/nvidia1", "/dev/nvidia0"],
    ])
    expect(answer(missing, asked)).toEqual([
      ...["/dev/nvidiactl", "/dev/nvidia-uvm-tools", "/dev/nvidia-modeset"],
      ...["/dev/nvidia1", "/dev/nvidia0"],
    ])
  })
})

describe("programs are named by what their links lead to", () => {
  test("over the alternatives system", () => {
    const host = machine((tree) => {
      const program = tree["/usr/bin/nvidia-smi"]
      if (program === undefined) throw new Error("no nvidia-smi")
      tree["/usr/lib/nvidia/current/nvidia-smi"] = program
      tree["/etc/alternatives/nvidia-smi"] = { kind: "symlink", target: "/usr/lib/nvidia/current/nvidia-smi" }
      tree["/usr/bin/nvidia-smi"] = { kind: "symlink", target: "/etc/alternatives/nvidia-smi" }
    })
    expect(answer(host, { given: { binaries: [""] } })[0]).toBe("/usr/lib/nvidia/current/nvidia-smi")
    expect(answer(machine(), { given: { binaries: [""] } })[0]).toBe("/usr/bin/nvidia-smi")
  })
})

describe("libraries", () => {
  const cut = (change?: (tree: Tree) => void): readonly string[] => {
    const lines = answer(machine(change), { given: { libraries: [""] } })
    return typeof lines === "string" ? [lines] : lines
  }

  test("32-bit ones come with the others only", () => {
    const host = memoryMachine({ gpus: 1, shape: { hasCompat32: true } })
    const of = (...names: readonly string[]): readonly string[] => [
      ...answer(host, { given: Object.fromEntries(names.map((name) => [name, [""]])) }),
    ]
    const [plain, both] = [of("libraries"), of("libraries", "compat32")]
    expect(plain.length).toBeGreaterThan(20)
    expect(both.slice(0, plain.length)).toEqual([...plain])
    const more = both.slice(plain.length)
    expect(more.length).toBeGreaterThan(5)
    expect(more.filter((path) => !path.startsWith("/usr/lib/i386-linux-gnu/"))).toEqual([])
    expect(of("compat32")).toEqual([])
    expect(of("compat32", "binaries")).toEqual(of("binaries"))
  })

  // docs/differences.md: a library is listed though the loader's cache lacks it.
  test("what the loader finds by a directory of its own is listed, whether there is a cache or none", () => {
    const all = cut()
    expect(all).toContain(`${libraries}/vdpau/libvdpau_nvidia.so.550.163.01`)
    expect(cut((tree) => delete tree["/etc/ld.so.cache"])).toEqual([...all])
  })
})

describe("the Multi-Process Service's directory", () => {
  const mpsOf = (asked: Asked, change?: (tree: Tree) => void): readonly string[] =>
    [...answer(machine(change), { ...ipcs, ...asked })].filter((path) => path.includes("mps"))

  test("is the environment's, resolved; else the usual one", () => {
    const made = (tree: Tree): void => {
      tree["/opt/mps"] = directory
      tree["/opt/link"] = { kind: "symlink", target: "mps" }
      tree["/tmp/nvidia-mps"] = directory
    }
    expect(mpsOf({ mps: "/opt/mps" }, made)).toEqual(["/opt/mps"])
    expect(mpsOf({ mps: "/opt/link" }, made)).toEqual(["/opt/mps"])
    expect(mpsOf({ mps: "opt/mps" }, made)).toEqual(["/opt/mps"])
    expect(mpsOf({ mps: "/none" }, made)).toEqual([])
    expect(mpsOf({}, made)).toEqual(["/tmp/nvidia-mps"])
  })

  // docs/differences.md: a stranger's directory is not the service's.
  test("the usual one counts when it is root's, for anybody may make it; an empty name names nothing", () => {
    const stranger = (tree: Tree): void => {
      tree["/tmp/nvidia-mps"] = { kind: "directory", uid: 1000 }
    }
    expect(mpsOf({}, stranger)).toEqual([])
    expect(mpsOf({ mps: "/tmp/nvidia-mps" }, stranger)).toEqual(["/tmp/nvidia-mps"])
    expect(
      mpsOf({ mps: "" }, (tree) => {
        tree["/tmp/nvidia-mps"] = directory
      }),
    ).toEqual(["/tmp/nvidia-mps"])
  })
})

/** Everything of `/usr` once more below `/driver`. */
const driverTree = (tree: Tree): void => {
  for (const [path, entry] of Object.entries(tree))
    if (path.startsWith("/usr/")) tree[`/driver${path}`] = entry
}

// docs/differences.md: sockets of the machine are listed below a driver root too.
test("a service may run in the driver's container or beside it", () => {
  const asked: Asked = { ...ipcs, global: { root: "/driver" } }
  const socket: MemoryTree[string] = { kind: "socket" }
  const path = "/run/nvidia-persistenced/socket"
  const sockets = (place: string): readonly string[] | string =>
    answer(
      machine((tree) => {
        for (const one of Object.keys(tree)) if (one.startsWith("/run/")) delete tree[one]
        driverTree(tree)
        tree[place] = socket
      }),
      asked,
    )
  expect(sockets(path)).toEqual([path])
  expect(sockets(`/driver${path}`)).toEqual([path])
})

describe("a loader cache that was named", () => {
  const cache = (ldcache: string, change?: (tree: Tree) => void): readonly string[] | string =>
    answer(machine(change), { global: { ldcache }, command: "info", given: { csv: [""] } })

  test("is taken when it is one", () => {
    for (const name of ["/etc/ld.so.cache", "etc/ld.so.cache"]) expect(cache(name)).toHaveLength(7)
  })

  test.each<[ldcache: string, problem: string]>([
    ["/nonexistent", "open failed: /nonexistent: no such file or directory"],
    ["/proc/devices", "unsupported file format: /proc/devices"],
    ["/etc", "file mapping failed: /etc: no such device"],
    ["/empty", "file mapping failed: /empty: invalid argument"],
  ])("%s: %s", (ldcache, problem) => {
    const line = cache(ldcache, (tree) => {
      tree["/empty"] = file("")
    })
    expect(line).toBe(`nvidia-container-cli: detection error: ${problem}`)
  })

  test("is looked for below the driver root", () => {
    const host = machine(driverTree)
    expect(answer(host, { global: { root: "/driver/", ldcache: "/etc/none" }, command: "info" })).toBe(
      "nvidia-container-cli: detection error: open failed: /driver/etc/none: no such file or directory",
    )
    expect(answer(host, { global: { root: "/driver/" }, given: { binaries: [""] } })[0]).toBe(
      "/usr/bin/nvidia-smi",
    )
  })
})

describe("a machine or root without a driver", () => {
  const begins = "nvidia-container-cli: initialization error: "
  const noLibrary = `${begins}load library failed: libnvidia-ml.so.1: cannot open shared object file: no such file or directory: `

  test("libraries without a module", () => {
    const host = machine((tree) => {
      for (const path of Object.keys(tree)) if (/^\/(proc|sys)\/.*nvidia/.test(path)) delete tree[path]
    })
    expect(answer(host, { command: "info" })).toBe(
      `${begins}nvml error: driver not loaded: no NVIDIA kernel module on test machine`,
    )
  })

  test("a module without libraries", () => {
    const host = machine((tree) => {
      for (const path of Object.keys(tree)) if (path.startsWith("/usr/lib/")) delete tree[path]
    })
    expect(answer(host, { command: "info" })).toBe(`${noLibrary}libnvidia-ml.so.550.163.01 is not below /`)
  })

  test("neither", () => {
    expect(answer(createMemoryHost({}, "empty machine"), {})).toBe(
      `${noLibrary}no NVIDIA driver on empty machine, neither a kernel module nor libraries below /`,
    )
  })

  test.each<[root: string, problem: string]>([
    ["/nonexistent", "change root failed: no such file or directory: /nonexistent"],
    ["relative", "change root failed: no such file or directory: relative"],
    ["/proc/devices", "change root failed: not a directory: /proc/devices"],
    ["/proc/devices/x", "change root failed: not a directory: /proc/devices/x"],
    ["", "invalid argument: --root is empty"],
  ])("the root %j: %s", (root, problem) => {
    expect(answer(machine(), { global: { root } })).toBe(`${begins}${problem}`)
  })

  test("the IMEX channels are judged before the machine, and the user before them", () => {
    const given = { "imex-channel": ["x"] }
    expect(answer(createMemoryHost({}), { given, global: { root: "/none" } })).toBe(
      "nvidia-container-cli: error parsing IMEX info: unsupported IMEX channel value: x",
    )
    expect(answer(createMemoryHost({}), { given, global: { user: "0x" } })).toBe(
      "nvidia-container-cli: input error: parse user/group failed: invalid argument: 0x",
    )
  })
})

describe("beyond the reference: selectors that it does not know", () => {
  // docs/differences.md: a device may be named as in all of Gantry.
  test("the beginning of a UUID, an address without its domain, a model", () => {
    const csv = answer(machine(), { command: "info", given: { csv: [""] } })
    const [, , , , uuid = "", address = ""] = csv[4]?.split(",") ?? []
    for (const selector of [uuid.slice(0, 12), address.slice(-7), "a100"])
      expect(answer(machine(), { given: { device: [selector] } })).toContain("/dev/nvidia0")
  })
})
