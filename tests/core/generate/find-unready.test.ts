import { expect, test } from "bun:test"
import { type FaultData, fault } from "../../../src/core/fault/fault.ts"
import { fail } from "../../../src/core/fault/result.ts"
import { findUnready, isDriverExpected } from "../../../src/core/generate/find-unready.ts"
import type { Host } from "../../../src/core/host/host.ts"
import { readFault } from "../../../src/core/host/resolve-path.ts"
import { findAbsence } from "../../../src/core/inventory/find-absence.ts"
import { chooseSnapshotOptions } from "../../../src/core/plan/choose-snapshot-options.ts"
import { type HostSnapshot, observeSnapshot } from "../../../src/core/plan/snapshot.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { type MachineOptions, memoryMachine, nvmlReport } from "../../machine.ts"
import { unreadHost } from "../../unread-host.ts"

const observe = (host: Host): HostSnapshot =>
  observeSnapshot(host, { driverRoot: "/", ldcache: "/etc/ld.so.cache" })

function lacks(machine: MachineOptions): readonly string[] {
  const host = memoryMachine(machine)
  const snapshot = observe(host)
  return findUnready(snapshot, findAbsence(host, snapshot.inventory, { setsModes: true })).map(
    ({ what, urgency }) => `${urgency}: ${what}`,
  )
}

const without = (...parts: readonly string[]): NonNullable<MachineOptions["change"]> => {
  return (tree) => {
    for (const path of Object.keys(tree)) if (parts.some((part) => path.startsWith(part))) delete tree[path]
  }
}

test("a whole machine lacks nothing, with MIG devices and with 64 GPUs", () => {
  const cut: MachineOptions = {
    gpus: 2,
    shape: { migDevices: [{ gpu: 0, gpuInstance: 1, computeInstance: 0, profile: "3g.20gb" }] },
  }
  expect(observe(memoryMachine(cut)).inventory.migDevices).toHaveLength(1)
  expect(lacks(cut)).toEqual([])
  expect(lacks({ gpus: 64 })).toEqual([])
})

test("nothing of a driver but its GPUs on the bus: its module", () => {
  expect(lacks({ gpus: 2, change: without("/proc/driver/nvidia", "/sys/module/nvidia") })).toEqual([
    "vital: the kernel module nvidia",
  ])
})

test("no GPU and no driver: a driver", () => {
  expect(
    lacks({ gpus: 0, change: without("/proc/driver/nvidia", "/sys/module/nvidia", "/sys/bus/pci") }),
  ).toEqual(["vital: a driver that is loaded"])
})

test("nodes that are not made yet, and those of an earlier load", () => {
  expect(
    lacks({
      gpus: 2,
      change: (tree) => {
        delete tree["/dev/nvidia1"]
        tree["/dev/nvidia-uvm"] = { kind: "character", major: 300, minor: 0, mode: 0o666 }
      },
    }),
  ).toEqual(["vital: /dev/nvidia-uvm (510:0)", "vital: /dev/nvidia1 (195:1)"])
})

test("nodes that the driver was told to make none of, and that CUDA cannot do without", () => {
  const change: MachineOptions["change"] = (tree) => {
    for (const name of ["nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset", "nvidia1"])
      delete tree[`/dev/${name}`]
    const params = tree["/proc/driver/nvidia/params"]
    if (params?.kind !== "file") throw new Error("the machine has no parameters")
    const text = new TextDecoder().decode(params.content as Uint8Array)
    tree["/proc/driver/nvidia/params"] = {
      ...params,
      content: text.replace("ModifyDeviceFiles: 1", "ModifyDeviceFiles: 0"),
    }
  }
  expect(lacks({ gpus: 2, change })).toEqual([
    "vital: /dev/nvidia1",
    "vital: /dev/nvidiactl",
    "vital: /dev/nvidia-uvm",
  ])
})

test("a daemon that does not listen yet, and a GPU that has not told its UUID, are waited for", () => {
  const socket = "/run/nvidia-persistenced/socket"
  const change: MachineOptions["change"] = (tree) => {
    tree[socket] = { kind: "socket" }
    tree["/proc/net/unix"] = { kind: "file", content: "Num RefCount Protocol Flags Type St Inode Path\n" }
    for (const path of Object.keys(tree))
      if (path.endsWith("/information")) tree[path] = { kind: "file", content: "Device Minor: 0\n" }
  }
  expect(lacks({ gpus: 1, change })).toEqual([
    "awaited: the UUID of GPU 0000:10:00.0",
    `awaited: a listener at ${socket}`,
  ])
})

test("what cannot be read just now is waited for, and what is denied or will look the same is not", () => {
  const host = memoryMachine({ gpus: 2 })
  const listed = host.readDir(hostPath("/proc/driver/nvidia/gpus"))
  const addresses = listed.ok ? listed.value : []
  const withErrno = (errno: string): readonly string[] => {
    const failing: Host = {
      ...host,
      readFile: (path, range) =>
        path.endsWith("/information") ? fail(readFault(path, "open", errno)) : host.readFile(path, range),
      readLink: (path) =>
        path.endsWith("/libcuda.so") ? fail(readFault(path, "readlink", errno)) : host.readLink(path),
    }
    const snapshot = observe(failing)
    return findUnready(snapshot, findAbsence(failing, snapshot.inventory, { setsModes: true }))
      .filter(({ what }) => what.startsWith("a readable"))
      .map(({ what, urgency, againMs }) => `${urgency}, again after ${againMs} ms: ${what}`)
  }
  expect(withErrno("EMFILE")).toEqual([
    ...addresses.map(
      (one) => `awaited, again after 30000 ms: a readable /proc/driver/nvidia/gpus/${one}/information`,
    ),
    "awaited, again after 30000 ms: a readable /usr/lib/x86_64-linux-gnu/libcuda.so",
  ])
  for (const errno of ["EACCES", "ELOOP", "EISDIR", "EFBIG", "E2BIG", "EINVAL", "ENAMETOOLONG"])
    expect(withErrno(errno)).toEqual([])
})

test.each(["/dev/nvidia0", "/dev/nvidiactl"])(
  "%s, which could not be looked at, is not said to be missing",
  (path) => {
    const failing = unreadHost(memoryMachine({ gpus: 1 }), new RegExp(`^${path}$`), "EIO")
    const snapshot = observe(failing)
    const unready = findUnready(snapshot, findAbsence(failing, snapshot.inventory, { setsModes: true }))
    expect(unready.map(({ what }) => what)).toEqual([`a readable ${path}`])
  },
)

test("a kernel that lists no number of a driver was read well", () => {
  const change: MachineOptions["change"] = (tree) => {
    tree["/proc/devices"] = { kind: "file", content: "Character devices:\n  1 mem\n" }
  }
  expect(observe(memoryMachine({ gpus: 1, change })).inventory.findings).toMatchObject([
    { severity: "note", fault: { tag: "HostReadFailed", data: { path: "/proc/devices", errno: "ENODATA" } } },
  ])
  expect(lacks({ gpus: 1, change })).toEqual([])
})

test("a module for showing is waited for, and holds up nothing", () => {
  const machine = { gpus: 1, change: without("/sys/module/nvidia_modeset", "/dev/nvidia-modeset") }
  expect(lacks(machine)).toEqual(["awaited: the kernel module nvidia-modeset"])
})

test("so is its node, where the module is there and the node alone is not", () => {
  const machine = { gpus: 1, change: without("/dev/nvidia-modeset") }
  expect(lacks(machine)).toEqual(["awaited: /dev/nvidia-modeset (195:254)"])
})

test("libraries that are missing, or of another driver than the module", () => {
  expect(lacks({ gpus: 1, change: without("/usr/lib/x86_64-linux-gnu/libnvidia-ml") })).toEqual([
    "vital: libnvidia-ml.so.550.163.01",
  ])
  const upgraded: MachineOptions["change"] = (tree) => {
    for (const path of ["/sys/module/nvidia/version", "/proc/driver/nvidia/version"]) {
      const entry = tree[path]
      if (entry?.kind === "file")
        tree[path] = {
          ...entry,
          content: new TextEncoder().encode(
            new TextDecoder().decode(entry.content as Uint8Array).replaceAll("550.163.01", "560.35.03"),
          ),
        }
    }
  }
  expect(lacks({ gpus: 1, change: upgraded })).toEqual(["vital: libraries of driver 560.35.03"])
})

test("libcuda is waited for, another library or file of the driver that many machines never have is not", () => {
  const libraries = "/usr/lib/x86_64-linux-gnu"
  expect(lacks({ gpus: 1, change: without(`${libraries}/libcuda.so`) })).toEqual([
    "vital: libcuda.so.550.163.01",
  ])
  expect(lacks({ gpus: 1, change: without(`${libraries}/libnvidia-opencl`) })).toEqual([])
  expect(lacks({ gpus: 1, change: without("/etc/vulkan", "/usr/share/vulkan", "/usr/share/glvnd") })).toEqual(
    [],
  )
})

test("a library that is not whole holds up nothing", () => {
  const path = "/usr/lib/x86_64-linux-gnu/libnvidia-opencl.so.550.163.01"
  const change: MachineOptions["change"] = (tree) => {
    const entry = tree[path]
    if (entry?.kind !== "file") throw new Error(`the machine has no ${path}`)
    tree[path] = { ...entry, content: "\x7fELF" }
  }
  expect(lacks({ gpus: 1, change })).toEqual([`awaited: a usable ${path}`])
})

test("NVML that does not answer, or not for a GPU, is asked again, unless it hung or crashed", () => {
  const change: MachineOptions["change"] = (tree) => {
    for (const path of Object.keys(tree))
      if (path.endsWith("/information")) tree[path] = { kind: "file", content: "Device Minor: 0\n" }
  }
  const machine = memoryMachine({
    gpus: 1,
    change,
    nvml: nvmlReport([{ index: 0, problem: "Unknown Error" }]),
  })
  const told = (host: Host) =>
    findUnready(observe(host), { modules: [], nodes: [] }).filter(({ urgency }) => urgency === "later")
  expect(told(machine)).toEqual([{ what: "an answer of NVML for GPU 0", urgency: "later", againMs: 330_000 }])
  const failing = (step: FaultData["NvmlUnavailable"]["step"]): Host => ({
    ...memoryMachine({ gpus: 1, change }),
    askNvml: () => () =>
      fail(fault("NvmlUnavailable", { library: "/libnvidia-ml.so.1", step, problem: "no" })),
  })
  for (const step of ["initialise", "ask"] as const)
    expect(told(failing(step))).toEqual([{ what: "an answer of NVML", urgency: "later", againMs: 330_000 }])
  for (const step of ["search", "load", "time", "crash"] as const) expect(told(failing(step))).toEqual([])
})

const giveToAnother: NonNullable<MachineOptions["change"]> = (tree) => {
  for (const path of Object.keys(tree))
    if (path.endsWith("/vendor"))
      tree[path.replace(/vendor$/, "driver")] = {
        kind: "symlink",
        target: "../../../../bus/pci/drivers/vfio-pci",
      }
}

test.each<[what: string, machine: MachineOptions, isExpected: boolean]>([
  ["is whole", { gpus: 1 }, true],
  ["has the module and no file of the driver", { gpus: 1, change: without("/usr/lib") }, true],
  [
    "has the driver's files and no module",
    { gpus: 1, change: without("/proc/driver/nvidia", "/sys/module/nvidia") },
    true,
  ],
  [
    "has GPUs that nothing drives",
    { gpus: 1, change: without("/proc/driver/nvidia", "/sys/module/nvidia", "/usr/lib", "/usr/bin") },
    true,
  ],
  [
    "has the driver's files, and GPUs that another driver has",
    {
      gpus: 1,
      change: (tree) => {
        without("/proc/driver/nvidia", "/sys/module/nvidia")(tree)
        giveToAnother(tree)
      },
    },
    false,
  ],
  [
    "has GPUs that another driver has",
    {
      gpus: 1,
      change: (tree) => {
        without("/proc/driver/nvidia", "/sys/module/nvidia", "/usr/lib", "/usr/bin")(tree)
        giveToAnother(tree)
      },
    },
    false,
  ],
  [
    "has the driver's files and neither GPU nor module, as an image for machines with and without",
    { gpus: 0, change: without("/proc/driver/nvidia", "/sys/module/nvidia", "/sys/bus/pci") },
    false,
  ],
  [
    "is Windows' own, which has neither",
    {
      gpus: 0,
      change: (tree) => {
        without("/proc/driver/nvidia", "/sys/module/nvidia", "/sys/bus/pci")(tree)
        tree["/dev/dxg"] = { kind: "character", major: 10, minor: 125, mode: 0o666 }
        tree["/usr/lib/wsl/lib/libdxcore.so"] = { kind: "file", content: "" }
      },
    },
    true,
  ],
  [
    "has neither",
    {
      gpus: 0,
      change: without("/proc/driver/nvidia", "/sys/module/nvidia", "/sys/bus/pci", "/usr/lib", "/usr/bin"),
    },
    false,
  ],
])("whether a driver is waited for on a machine that %s", (_, machine, isExpected) => {
  const host = memoryMachine(machine)
  // As commands look, which find a driver's files also where no module says of which version they are.
  expect(isDriverExpected(observeSnapshot(host, chooseSnapshotOptions(host, {})))).toBe(isExpected)
})
