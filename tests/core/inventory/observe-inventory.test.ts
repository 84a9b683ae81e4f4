import { describe, expect, test } from "bun:test"
import { readNvmlReport } from "../../../src/core/inventory/nvml-report.ts"
import { observeInventory } from "../../../src/core/inventory/observe-inventory.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import type { MemoryTree } from "../../../src/host/memory.ts"
import { memoryMachine } from "../../machine.ts"

describe("the inventory", () => {
  test("GPUs in the order of their addresses, each fact with its source", () => {
    const { gpus, kernelModuleVersion, nodes, findings } = observeInventory(
      memoryMachine({ gpus: 3, model: "h100" }),
    )
    expect(gpus.map(({ index, pciAddress }) => [index, pciAddress])).toEqual([
      [0, "0000:10:00.0"],
      [1, "0000:13:00.0"],
      [2, "0000:16:00.0"],
    ])
    expect(gpus[1]?.model).toMatchObject({
      value: "NVIDIA H100 80GB HBM3",
      source: "/proc/driver/nvidia/gpus/0000:13:00.0/information",
    })
    expect(gpus[1]?.node).toMatchObject({ path: "/dev/nvidia1", major: 195, minor: 1 })
    expect(kernelModuleVersion).toMatchObject({ value: "550.163.01" })
    expect(nodes.control.map(({ path }) => String(path))).toEqual([
      "/dev/nvidiactl",
      "/dev/nvidia-uvm",
      "/dev/nvidia-uvm-tools",
      "/dev/nvidia-modeset",
    ])
    expect(findings).toEqual([])
  })

  test("a GPU has every DRM node that the kernel names, also an old one's for control", () => {
    const host = memoryMachine({
      gpus: 1,
      change(tree) {
        const card = Object.keys(tree).find((path) => path.endsWith("/drm/card1")) ?? ""
        tree[card.replace("card1", "controlD64")] = { kind: "directory" }
        tree["/dev/dri/controlD64"] = { kind: "character", mode: 0o600, major: 226, minor: 64 }
      },
    })
    const { drm } = observeInventory(host).gpus[0] ?? { drm: [] }
    expect(drm.map(({ node }) => String(node.path))).toContain("/dev/dri/controlD64")
    expect(drm.find(({ node }) => node.path.endsWith("D64"))?.byPath).toBeUndefined()
  })

  test("a GPU whose node is missing is listed, with what is wrong", () => {
    const host = memoryMachine({ gpus: 2, change: (tree) => delete tree["/dev/nvidia0"] })
    const { gpus, findings } = observeInventory(host)
    expect(gpus[0]).toMatchObject({ index: 0, node: undefined })
    expect(findings).toMatchObject([
      { severity: "error", fault: { tag: "DeviceNodeMissing", data: { path: "/dev/nvidia0" } } },
    ])
  })

  test("a GPU that the driver excludes has no index, and those after it move up", () => {
    const host = memoryMachine({
      gpus: 2,
      change(tree) {
        tree["/proc/driver/nvidia/gpus/0000:10:00.0/information"] = {
          kind: "file",
          content: "Model: x\nDevice Minor: 0\nGPU Excluded:\t Yes\n",
        }
      },
    })
    expect(observeInventory(host).gpus.map(({ index }) => index)).toEqual([undefined, 0])
  })

  test("a UUID that is not known yet is none, a GPU without facts is a finding", () => {
    const host = memoryMachine({
      gpus: 2,
      change(tree) {
        tree["/proc/driver/nvidia/gpus/0000:10:00.0/information"] = {
          kind: "file",
          content: "Model: x\nDevice Minor: 0\nGPU UUID: GPU-????????\n",
        }
        tree["/proc/driver/nvidia/gpus/0000:13:00.0/information"] = { kind: "file", content: "" }
      },
    })
    const { gpus, findings } = observeInventory(host)
    expect(gpus[0]?.uuid).toBeUndefined()
    expect(findings.map(({ fault }) => fault.tag)).toEqual([
      "GpuUnreadable",
      "NvmlUnavailable",
      "GpuUuidUnknown",
    ])
    expect(gpus[1]).toMatchObject({ state: "broken", index: undefined })
  })

  test("a machine without a driver has nothing, and that is no fault", () => {
    expect(
      observeInventory(
        memoryMachine({
          gpus: 0,
          change: (tree) => {
            for (const path of Object.keys(tree)) delete tree[path]
          },
        }),
      ),
    ).toMatchObject({ kernelModuleVersion: undefined, gpus: [], nodes: { control: [] } })
  })

  test("the open kernel module words its version differently", () => {
    const host = memoryMachine({
      gpus: 0,
      change(tree) {
        delete tree["/sys/module/nvidia/version"]
        tree["/proc/driver/nvidia/version"] = {
          kind: "file",
          content: "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build\n",
        }
      },
    })
    expect(observeInventory(host).kernelModuleVersion?.value).toBe("580.65.06")
  })

  test("numbers that no kernel gives are none: nothing becomes infinite", () => {
    const endless = "9".repeat(400)
    const node = { kind: "character", major: 235, minor: 0 } as const
    const { nodes, majors, gpus } = observeInventory(
      memoryMachine({
        gpus: 1,
        change(tree) {
          tree[`/dev/nvidia-caps-imex-channels/channel${endless}`] = node
          tree["/dev/nvidia-caps-imex-channels/channel0"] = node
          tree["/proc/devices"] = {
            kind: "file",
            content: `Character devices:\n${endless} nvidia-caps\n510 nvidia-uvm\n`,
          }
          for (const path of Object.keys(tree))
            if (path.endsWith("/0000:10:00.0/numa_node")) tree[path] = { kind: "file", content: endless }
        },
      }),
    )
    expect(nodes.imexChannels.map(({ channel }) => channel)).toEqual([0])
    expect(majors).toEqual({ "nvidia-uvm": 510 })
    expect(gpus[0]?.numaNode).toBeUndefined()
  })

  test("of more GPUs than any driver drives the first thousand are looked at", () => {
    const host = memoryMachine({
      gpus: 1,
      change(tree) {
        for (let index = 0; index < 3000; index++)
          tree[`/proc/driver/nvidia/gpus/${index}/information`] = { kind: "file", content: "" }
      },
    })
    expect(observeInventory(host).gpus).toHaveLength(1024)
  })

  test("a report of NVML with more MIG devices than a GPU can have is none", () => {
    const device = { slot: 0, gpuInstance: 0, computeInstance: 0 }
    const report = (count: number): unknown => ({
      version: 1,
      library: "x",
      missingSymbols: [],
      gpus: [{ index: 0, migDevices: Array.from({ length: count }, () => device) }],
    })
    expect(readNvmlReport(report(128))).toBeDefined()
    expect(readNvmlReport(report(129))).toBeUndefined()
  })

  const socketsWith = (change: (tree: Record<string, MemoryTree[string]>) => void, driverRoot = "/") =>
    observeInventory(memoryMachine({ gpus: 1, change }), { driverRoot: hostPath(driverRoot) }).sockets.map(
      ({ name, path }) => `${name} ${path}`,
    )

  test("sockets are looked for in the driver's root, then on the machine", () => {
    const socket = { kind: "socket" } as const
    const root = "/run/nvidia/driver"
    expect(
      socketsWith((tree) => {
        tree["/run/nvidia-persistenced/socket"] = socket
      }, root),
    ).toEqual(["persistenced /run/nvidia-persistenced/socket"])
    expect(
      socketsWith((tree) => {
        tree["/run/nvidia-persistenced/socket"] = socket
        tree[`${root}/run/nvidia-persistenced/socket`] = socket
      }, root),
    ).toEqual([`persistenced ${root}/run/nvidia-persistenced/socket`])
  })

  test.each([
    ["root's directory", { kind: "directory" }, ["mps /tmp/nvidia-mps"]],
    ["another user's directory", { kind: "directory", uid: 1000 }, []],
    ["a link", { kind: "symlink", target: "/root" }, []],
    ["a file", { kind: "file", content: "" }, []],
  ] as const)("MPS: %s", (_, entry, expected) => {
    const found = socketsWith((tree) => {
      for (const path of Object.keys(tree)) if (path.includes("persistenced")) delete tree[path]
      tree["/tmp/nvidia-mps"] = entry
    })
    expect(found).toEqual([...expected])
  })

  test.each([
    ["/dev/nvidia0", 195, 1],
    ["/dev/nvidiactl", 195, 9],
    ["/dev/nvidia-uvm", 510, 1],
    ["/dev/nvidia-caps/nvidia-cap1", 236, 5],
    ["/dev/dri/card1", 226, 77],
    ["/dev/dri/renderD128", 1, 3],
  ])("a node that has another device's number: %s as %d:%d", (path, major, minor) => {
    const host = memoryMachine({
      gpus: 2,
      change: (tree) => {
        tree[path] = { kind: "character", major, minor }
      },
    })
    const wrong = observeInventory(host).findings.filter(({ fault: one }) => one.tag === "DeviceNodeWrong")
    expect(wrong).toMatchObject([{ severity: "error", fault: { data: { path, has: `${major}:${minor}` } } }])
  })

  test("two GPUs of one minor", () => {
    const host = memoryMachine({
      gpus: 2,
      change: (tree) => {
        const [one = "", other = ""] = Object.keys(tree).filter((path) => path.endsWith("/information"))
        tree[other] = tree[one] ?? { kind: "file", content: "" }
      },
    })
    expect(observeInventory(host).findings).toMatchObject([
      { severity: "error", fault: { tag: "GpuMinorShared", data: { minor: 0 } } },
    ])
  })
})
