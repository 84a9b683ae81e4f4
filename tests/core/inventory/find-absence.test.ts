import { describe, expect, test } from "bun:test"
import type { Host } from "../../../src/core/host/host.ts"
import { withNodes } from "../../../src/core/host/with-nodes.ts"
import { type Absence, findAbsence } from "../../../src/core/inventory/find-absence.ts"
import { observeInventory } from "../../../src/core/inventory/observe-inventory.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { decodeUtf8 } from "../../../src/core/text/utf8.ts"
import type { MemoryEntry } from "../../../src/host/memory.ts"
import { memoryMachine } from "../../machine.ts"

type Tree = Record<string, MemoryEntry>

const absent = (change: (tree: Tree) => void, setsModes = false): Absence => {
  const host = memoryMachine({ gpus: 2, change })
  return findAbsence(host, observeInventory(host), { setsModes })
}
const shown = ({ modules, nodes }: Absence): readonly string[] => [
  ...modules,
  ...nodes.map(({ path, major, minor, mode }) => `${path} ${major}:${minor} ${mode.toString(8)}`),
]
const without =
  (...paths: readonly string[]) =>
  (tree: Tree): void => {
    for (const path of paths) delete tree[path]
  }
const rewrite =
  (path: string, edit: (text: string) => string) =>
  (tree: Tree): void => {
    const entry = tree[path]
    if (entry?.kind !== "file") throw new Error(path)
    const text = typeof entry.content === "string" ? entry.content : decodeUtf8(entry.content)
    tree[path] = { ...entry, content: edit(text) }
  }
const params = "/proc/driver/nvidia/params"

describe("what a machine does not have yet", () => {
  test("nothing, when everything is there", () => {
    expect(shown(absent(() => undefined, true))).toEqual([])
  })

  test("nodes as the driver numbers them, with the rights that it was told", () => {
    const gone = without("/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia1", "/dev/nvidiactl")
    expect(shown(absent(gone))).toEqual([
      "/dev/nvidiactl 195:255 666",
      "/dev/nvidia-uvm 510:0 666",
      "/dev/nvidia-uvm-tools 510:1 666",
      "/dev/nvidia1 195:1 666",
    ])
    const told = rewrite(params, (text) =>
      text
        .replace("DeviceFileMode: 438", "DeviceFileMode: 432")
        .replace("DeviceFileGID: 0", "DeviceFileGID: 44"),
    )
    const { nodes } = absent((tree) => {
      gone(tree)
      told(tree)
    })
    expect(nodes[0]).toMatchObject({ mode: 0o660, uid: 0, gid: 44 })
  })

  test("a GPU's node that another start makes in the middle of the look", () => {
    const host = memoryMachine({ gpus: 2 })
    let isMade = false
    const racing: Host = {
      ...host,
      lstat: (path) => host.lstat(path === "/dev/nvidia1" && !isMade ? hostPath("/dev/none") : path),
      readDir(path) {
        isMade ||= path === "/dev"
        return host.readDir(path)
      },
    }
    expect(shown(findAbsence(racing, observeInventory(racing), { setsModes: false }))).toEqual([
      "/dev/nvidia1 195:1 666",
    ])
  })

  test("a node of an earlier load, and one of another device", () => {
    const wrong = (tree: Tree): void => {
      const [uvm, gpu] = [tree["/dev/nvidia-uvm"], tree["/dev/nvidia1"]]
      if (uvm?.kind !== "character" || gpu?.kind !== "character") throw new Error("no nodes")
      tree["/dev/nvidia-uvm"] = { ...uvm, major: 507 }
      tree["/dev/nvidia1"] = { ...gpu, minor: 0 }
    }
    expect(shown(absent(wrong))).toEqual(["/dev/nvidia-uvm 510:0 666", "/dev/nvidia1 195:1 666"])
  })

  test.each<[what: string, edit: (text: string) => string]>([
    [
      "the driver was told to make none",
      (text) => text.replace("ModifyDeviceFiles: 1", "ModifyDeviceFiles: 0"),
    ],
    ["nobody says with which rights", (text) => text.replace(/DeviceFileMode.*\n/, "")],
    ["the rights are none", (text) => text.replace("DeviceFileMode: 438", "DeviceFileMode: 4096")],
  ])("no node, when %s", (_, edit) => {
    const change = (tree: Tree): void => {
      without("/dev/nvidia-uvm")(tree)
      rewrite(params, edit)(tree)
    }
    expect(shown(absent(change))).toEqual([])
  })

  test("the driver itself, when GPUs wait for one; nothing is known of nodes before", () => {
    const unloaded = (tree: Tree): void => {
      for (const path of Object.keys(tree))
        if (/^\/(proc\/driver\/nvidia|sys\/module\/nvidia|dev\/nvidia)/.test(path)) delete tree[path]
    }
    expect(shown(absent(unloaded))).toEqual(["nvidia"])
  })

  test("unified memory, and mode setting only for who asks for it", () => {
    const unloaded = (tree: Tree): void => {
      for (const path of Object.keys(tree))
        if (/^\/sys\/module\/nvidia_(uvm|modeset)/.test(path) || /nvidia-(uvm|modeset)/.test(path))
          delete tree[path]
      rewrite("/proc/devices", (text) => text.replace(/^.*nvidia-uvm\n/m, ""))(tree)
    }
    expect(shown(absent(unloaded))).toEqual(["nvidia-uvm"])
    expect(shown(absent(unloaded, true))).toEqual(["nvidia-uvm", "nvidia-modeset"])
  })

  test("with them, the machine is as if they were there", () => {
    const change = without("/dev/nvidia-uvm", "/dev/nvidia1")
    const host = memoryMachine({ gpus: 2, change })
    const { nodes } = findAbsence(host, observeInventory(host), { setsModes: false })
    expect(observeInventory(withNodes(host, nodes))).toEqual(observeInventory(memoryMachine({ gpus: 2 })))
  })
})
