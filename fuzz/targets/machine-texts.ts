/**
 * The texts of proc, sysfs and of a platform's lists, on a machine that is otherwise whole. An input is a machine's files: each
 * begins with a byte 0x1e and its path, then a line break, then what stands in it.
 */

import { observeInventory } from "../../src/core/inventory/observe-inventory.ts"
import { observePlatformEntries } from "../../src/core/inventory/platform-list.ts"
import { type HostSnapshot, observeSnapshot } from "../../src/core/plan/snapshot.ts"
import { hostPath } from "../../src/core/text/brand.ts"
import { cleanPath } from "../../src/core/text/path.ts"
import { createMemoryHost, type MemoryTree } from "../../src/host/memory.ts"
import { describeMachine } from "../../src/host/simulate/machine.ts"
import { exampleMigLayout } from "../../src/host/simulate/mig-layout.ts"
import { findModel } from "../../src/host/simulate/models.ts"
import { uuidFor } from "../../src/host/simulate/write-machine.ts"
import { checkGenerated } from "../check-generated.ts"
import { contents } from "../corpus.ts"
import { checkSnapshot, firstOf } from "../invariants.ts"
import type { FuzzTarget } from "../target.ts"

const listDirectory = "/etc/nvidia-container-runtime/host-files-for-container.d"
const separator = "\u001e"

/** Nodes, proc and sysfs of two GPUs with MIG devices; no files of a driver. */
function bareMachine(): MemoryTree {
  const model = findModel("a100")
  if (model === undefined) throw new Error("the table of models has no A100")
  const shape = {
    model,
    gpus: 2,
    driverVersion: "550.163.01",
    uuidFor,
    migDevices: exampleMigLayout,
    imexChannels: 1,
  }
  const tree: Record<string, MemoryTree[string]> = {}
  for (const made of describeMachine(shape)) {
    if (/^\/(usr|etc|lib)\//.test(made.path)) continue
    if (made.kind === "node") tree[made.path] = { ...made, kind: "character" }
    else if (made.kind === "symlink") tree[made.path] = { kind: "symlink", target: made.target }
    else if (made.kind === "file") tree[made.path] = { kind: "file", content: made.content }
    else tree[made.path] = { kind: made.kind }
  }
  tree["/run/nvidia-persistenced/socket"] = { kind: "socket" }
  tree["/dev/nvhost-gpu"] = { kind: "character", major: 505, minor: 1 }
  return tree
}

let base: MemoryTree | undefined
const baseTree = (): MemoryTree => {
  base ??= bareMachine()
  return base
}

function overlaid(input: Uint8Array): MemoryTree {
  const tree: Record<string, MemoryTree[string]> = { ...baseTree() }
  for (const part of Buffer.from(input).toString("latin1").split(separator)) {
    const end = part.indexOf("\n")
    const path = end === -1 ? "" : part.slice(0, end)
    // A mutated path is no file system's.
    if (!/^\/[\w./:-]{1,200}$/.test(path) || cleanPath(path) !== path || path === "/") continue
    tree[path] = { kind: "file", content: new Uint8Array(Buffer.from(part.slice(end + 1), "latin1")) }
  }
  return tree
}

const texts = (files: Readonly<Record<string, string>>): Uint8Array =>
  new TextEncoder().encode(
    Object.entries(files)
      .map(([path, text]) => `${separator}${path}\n${text}`)
      .join(""),
  )

const information = (address: string): string => `/proc/driver/nvidia/gpus/${address}/information`

const procSeeds = (): readonly Uint8Array[] => {
  const text = (pattern: RegExp): string => new TextDecoder().decode(contents(pattern)[0])
  const gpu = text(/^readFile .*\/information$/)
  return [
    texts({ [information("0000:10:00.0")]: gpu }),
    texts({ [information("0000:10:00.0")]: gpu, [information("00010000:ff:1f.7")]: gpu }),
    texts({ "/proc/devices": text(/^readFile \/proc\/devices$/) }),
    texts({
      "/proc/driver/nvidia-caps/mig-minors":
        "config 1\nmonitor 2\ngpu0/gi1/access 3\ngpu0/gi1/ci0/access 4\n",
    }),
    texts({
      "/proc/net/unix": "Num\n0000: 00000002 00000000 00010000 0001 01 1 /run/nvidia-persistenced/socket\n",
    }),
    texts({
      "/sys/module/nvidia/version": "x",
      "/proc/driver/nvidia/version": text(/^readFile \/proc\/driver\/nvidia\/version$/),
    }),
    texts({
      "/proc/driver/nvidia/capabilities/gpu0/mig/gi1/access": "DeviceFileMinor: 3\nDeviceFileMode: 292\n",
    }),
    texts({
      "/sys/bus/pci/devices/0000:10:00.0/numa_node": "1\n",
      "/etc/nv_tegra_release": "# R35 (release), REVISION: 4.1",
    }),
  ]
}

const checkWhole = (snapshot: HostSnapshot): string | undefined =>
  firstOf(checkSnapshot(snapshot), checkGenerated(snapshot))

export const procTexts: FuzzTarget = {
  name: "proc-texts",
  weight: 5,
  seeds: procSeeds,
  tokens: [
    "GPU UUID: ",
    "Device Minor: ",
    "GPU Excluded: Yes",
    "nvidia-caps",
    "gpu0/gi1/access ",
    "Kernel Module ",
    ": ",
    "\n",
  ],
  check(input) {
    const host = createMemoryHost(overlaid(input))
    // The search for a driver costs ten times as much as all else; what it reads of these texts is a version.
    if (input.length % 16 === 0)
      return checkWhole(observeSnapshot(host, { driverRoot: "/", ldcache: "/etc/ld.so.cache" }))
    const inventory = observeInventory(host, { driverRoot: hostPath("/") })
    return checkSnapshot({ name: "x", inventory, driver: undefined, procFiles: [] })
  },
}

export const platformLists: FuzzTarget = {
  name: "platform-lists",
  weight: 6,
  seeds: () =>
    [
      ...contents(/^readFile .*\.csv$/),
      new TextEncoder().encode("dev, /dev/nvhost-gpu\nlib, /a\nsym, /b\ndir, /c\n"),
    ].map((list) => texts({ [`${listDirectory}/l4t.csv`]: new TextDecoder().decode(list) })),
  tokens: ["dev, ", "dir,", "lib , ", "sym, ", "/dev/nvhost-gpu", "/../..", "#", ",", "\n"],
  check(input) {
    const host = createMemoryHost(overlaid(input))
    const { entries } = observePlatformEntries(host)
    for (const { path } of entries)
      if (!path.startsWith("/") || cleanPath(path) !== path) return `no clean path: ${path}`
    const inventory = observeInventory(host, { driverRoot: hostPath("/") })
    return checkSnapshot({ name: "x", inventory, driver: undefined, procFiles: [] })
  },
}
