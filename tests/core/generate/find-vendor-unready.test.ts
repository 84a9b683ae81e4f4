import { describe, expect, test } from "bun:test"
import { fail } from "../../../src/core/fault/result.ts"
import { findVendorUnready, whyNoVendorGpu } from "../../../src/core/generate/find-vendor-unready.ts"
import type { HostFiles } from "../../../src/core/host/host.ts"
import { readFault } from "../../../src/core/host/resolve-path.ts"
import { observeVendor } from "../../../src/core/vendor/generate-vendor-spec.ts"
import { type VendorName, vendorNames } from "../../../src/core/vendor/vendor-names.ts"
import { remove, type Tree, type VendorMachine, vendorMachine } from "../vendor/vendor-machine.ts"

const lacksOn = (vendor: VendorName, host: HostFiles): readonly string[] =>
  findVendorUnready(vendor, host, observeVendor(vendor, host)).map(
    ({ what, urgency }) => `${urgency}: ${what}`,
  )
const lacks = (vendor: VendorName, machine: VendorMachine): readonly string[] =>
  lacksOn(vendor, vendorMachine(machine))
const why = (vendor: VendorName, machine: VendorMachine): string | undefined => {
  const host = vendorMachine(machine)
  return whyNoVendorGpu(vendor, host, observeVendor(vendor, host))
}

const place = (address: string): string => `/sys/devices/pci0000:00/${address}`
const [first, second] = ["0000:05:00.0", "0000:26:00.0"]

/** As before its driver comes: what that makes is not there. */
function undrive(tree: Tree, address: string): void {
  for (const name of ["driver", "drm"])
    for (const path of Object.keys(tree))
      if (path === `${place(address)}/${name}` || path.startsWith(`${place(address)}/${name}/`))
        delete tree[path]
}

function hold(tree: Tree, address: string): void {
  undrive(tree, address)
  tree[`${place(address)}/driver`] = { kind: "symlink", target: "../../../bus/pci/drivers/vfio-pci" }
}

/** A kernel that has modules of these names. */
function kernel(tree: Tree, ...modules: readonly string[]): void {
  tree["/proc/sys/kernel/osrelease"] = { kind: "file", content: "6.12.0\n" }
  tree["/lib/modules/6.12.0/modules.dep"] = {
    kind: "file",
    content: modules.map((name) => `kernel/drivers/gpu/drm/${name}.ko.xz: kernel/lib/x.ko\n`).join(""),
  }
}

test("whole machines lack nothing, and each vendor's GPUs are there: cut, mixed, many", () => {
  const machine: VendorMachine = { amd: ["mi300x:8:cpx", "w7900"], intel: ["uhd770", "flex170:2", "b60"] }
  for (const vendor of vendorNames) {
    expect(lacks(vendor, machine)).toEqual([])
    expect(why(vendor, machine)).toBeUndefined()
  }
})

test("what the kernel has and /dev has not is vital, of each GPU; a card is none of it", () => {
  const machine = (...gone: readonly string[]): VendorMachine => ({
    amd: ["mi210:2"],
    change: (tree) => gone.map((path) => remove(tree, path)),
  })
  expect(lacks("amd", machine("/dev/kfd"))).toEqual(["vital: /dev/kfd"])
  expect(lacks("amd", machine("/dev/dri/renderD129"))).toEqual(["vital: /dev/dri/renderD129"])
  expect(lacks("amd", machine("/dev/dri/card1"))).toEqual(["awaited: /dev/dri/card1"])
  expect(lacks("amd", machine("/dev/dri/renderD128", "/dev/dri/renderD129"))).toEqual([
    "vital: /dev/dri/renderD128",
    "vital: /dev/dri/renderD129",
  ])
})

test("so is a node that has another's number", () => {
  const change = (tree: Tree): void => {
    tree["/dev/dri/renderD128"] = { kind: "character", major: 226, minor: 7, mode: 0o660 }
  }
  expect(lacks("intel", { intel: ["a770"], change })).toEqual(["vital: /dev/dri/renderD128 (226:128)"])
})

test("a GPU that its driver has not started is awaited where another can be used, and vital where none can", () => {
  const unstarted = (tree: Tree): void => remove(tree, `${place(first)}/drm`)
  expect(lacks("amd", { amd: ["mi210:2"], change: unstarted })).toEqual([
    `awaited: a render node of GPU ${first}`,
  ])
  expect(lacks("amd", { amd: ["mi210"], change: unstarted })).toEqual([
    `vital: a render node of GPU ${first}`,
  ])
})

test("a GPU that no driver has yet is waited for in the same way, by the module's name while it is not loaded", () => {
  const unbound = (tree: Tree): void => undrive(tree, second)
  expect(lacks("amd", { amd: ["mi210:2"], change: unbound })).toEqual([
    `awaited: a driver of GPU ${second} (amdgpu)`,
  ])
  const unloaded = (tree: Tree): void => {
    undrive(tree, first)
    remove(tree, "/sys/module/amdgpu")
    kernel(tree, "amdgpu", "xe")
  }
  expect(lacks("amd", { amd: ["mi210"], change: unloaded })).toEqual(["vital: the kernel module amdgpu"])
})

test("either of Intel's modules will do", () => {
  const change = (tree: Tree): void => {
    undrive(tree, "0000:03:00.0")
    remove(tree, "/sys/module/i915")
  }
  expect(lacks("intel", { intel: ["a770"], change })).toEqual(["vital: the kernel module xe or i915"])
  const loaded = (tree: Tree): void => {
    change(tree)
    tree["/sys/module/xe"] = { kind: "directory" }
  }
  expect(lacks("intel", { intel: ["a770"], change: loaded })).toEqual([
    "vital: a driver of GPU 0000:03:00.0 (xe or i915)",
  ])
})

test("a GPU that the compute driver does not list is awaited, where there is such a driver", () => {
  const nodes = "/sys/devices/virtual/kfd/kfd/topology/nodes"
  expect(lacks("amd", { amd: ["mi210:2"], change: (tree) => remove(tree, `${nodes}/2`) })).toEqual([
    "awaited: /dev/dri/renderD129 among the GPUs that can compute",
  ])
  const change = (tree: Tree): void => {
    for (const path of ["/sys/class/kfd", "/sys/devices/virtual/kfd", "/dev/kfd"]) remove(tree, path)
  }
  expect(lacks("amd", { amd: ["mi210"], change })).toEqual([])
})

test("what cannot be read just now is awaited and read again, and may be a GPU", () => {
  const unread: HostFiles = {
    ...vendorMachine({ amd: ["mi210"] }),
    readDir: (path) => fail(readFault(path, "readdir", "ENOMEM")),
  }
  const observed = observeVendor("amd", unread)
  expect(findVendorUnready("amd", unread, observed)[0]).toMatchObject({
    what: "a readable /sys/bus/pci/devices",
    urgency: "awaited",
    againMs: 30_000,
  })
  expect(whyNoVendorGpu("amd", unread, observed)).toBeUndefined()
})

/** What a directory of a machine holds is nobody's to see. */
const deny = (host: HostFiles, directory: string): HostFiles => ({
  ...host,
  readDir: (path) => (path === directory ? fail(readFault(path, "readdir", "EACCES")) : host.readDir(path)),
})

test("what is denied may hide a GPU where none can be used, and holds up none that can", () => {
  const denied = deny(vendorMachine({ amd: ["mi210"] }), "/sys/bus/pci/devices")
  expect(lacksOn("amd", denied)).toEqual(["vital: a readable /sys/bus/pci/devices"])
  expect(whyNoVendorGpu("amd", denied, observeVendor("amd", denied))).toBeUndefined()
  expect(lacksOn("amd", deny(vendorMachine({ amd: ["mi210"] }), "/sys/devices/platform"))).toEqual([])
})

describe("nothing is waited for", () => {
  test("of a vendor that has no GPU here", () => {
    expect(why("amd", { intel: ["a770"] })).toBe("there is no GPU of AMD's")
    expect(why("intel", { amd: ["mi210"] })).toBe("there is no GPU of Intel's")
    expect(lacks("intel", { amd: ["mi210"] })).toEqual([])
  })

  test("where a virtual machine has every GPU, or one beside others", () => {
    const held = (tree: Tree): void => hold(tree, first)
    expect(why("amd", { amd: ["mi210"], change: held })).toBe(
      "another driver has every GPU of AMD's that is there",
    )
    expect(why("amd", { amd: ["mi210:2"], change: held })).toBeUndefined()
    expect(lacks("amd", { amd: ["mi210:2"], change: held })).toEqual([])
  })

  test("of a virtual function that no driver has, beside the GPU that it is of", () => {
    const change = (tree: Tree): void => {
      undrive(tree, "0000:24:00.0")
      tree[`${place("0000:24:00.0")}/physfn`] = { kind: "symlink", target: "../0000:03:00.0" }
    }
    expect(lacks("intel", { intel: ["flex170:2"], change })).toEqual([])
  })

  test("where no driver is loaded and this kernel has none, unless its sources lie ready", () => {
    const without = (tree: Tree): void => {
      undrive(tree, first)
      remove(tree, "/sys/module/amdgpu")
      kernel(tree, "xe", "amdgpu_dummy")
    }
    expect(why("amd", { amd: ["mi210"], change: without })).toBe(
      "no driver has a GPU of AMD's that is there, and none for this kernel is installed",
    )
    const sources = (tree: Tree): void => {
      without(tree)
      tree["/usr/src/amdgpu-6.8.5-2009582.22.04"] = { kind: "directory" }
    }
    expect(why("amd", { amd: ["mi210"], change: sources })).toBeUndefined()
    expect(lacks("amd", { amd: ["mi210"], change: sources })).toEqual(["vital: the kernel module amdgpu"])
  })

  test("of a GPU beside one that works, where no driver of its can come", () => {
    const change = (tree: Tree): void => {
      undrive(tree, "0000:00:02.0")
      remove(tree, "/sys/module/i915")
      remove(tree, "/sys/module/xe")
      kernel(tree)
    }
    expect(lacks("intel", { intel: ["uhd770", "b60"], change })).toEqual([])
    expect(why("intel", { intel: ["uhd770", "b60"], change })).toBeUndefined()
  })
})
