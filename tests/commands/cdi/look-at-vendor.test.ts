/** A look at another vendor's GPUs, and what shows that they are others since: on real directories. */

import { describe, expect, test } from "bun:test"
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { lookAtVendor, type VendorLook } from "../../../src/commands/cdi/look-at-vendor.ts"
import { isAsLooked } from "../../../src/commands/cdi/look-for-watch.ts"
import { parseFlags } from "../../../src/commands/flags.ts"
import { run as simulate } from "../../../src/commands/simulate.ts"
import type { VendorName } from "../../../src/core/vendor/vendor-names.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const work = temporaryDirectory("look-at-vendor")

async function make(name: string, ...words: readonly string[]): Promise<string> {
  const machine = join(work, name)
  expect(await simulate(["up", machine, "--no-nvml", ...words])).toBe(0)
  for (const place of ["usr/src", "usr/bin", "var/lib/dkms"])
    mkdirSync(join(machine, place), { recursive: true })
  return machine
}

async function look(vendor: VendorName, machine: string, ...words: readonly string[]): Promise<VendorLook> {
  // Of what changed a moment ago nothing is proved.
  await Bun.sleep(50)
  const flags = parseFlags(["--host", machine, ...words], {
    program: "test",
    usage: "",
    valued: ["host", "for-engine"],
    switches: [],
  })
  const looked = flags.ok ? lookAtVendor(vendor, flags.value) : flags
  if (!looked.ok) throw new Error(looked.fault.tag)
  expect([looked.value.proof === undefined, isAsLooked(looked.value)]).toEqual([false, true])
  return looked.value
}

const gpu = "sys/devices/pci0000:00/0000:05:00.0"
const [topology, kfd] = ["sys/devices/virtual/kfd/kfd/topology/nodes", "dev/kfd"]

describe("it shows", () => {
  test.each<[what: string, change: (machine: string) => void]>([
    ["that another driver has a GPU", (machine) => bind(machine, "vfio-pci")],
    ["that no driver has it any more", (machine) => rmSync(join(machine, gpu, "driver"))],
    ["that its DRM device is gone", (machine) => rmSync(join(machine, gpu, "drm"), { recursive: true })],
    ["that a node is gone", (machine) => rmSync(join(machine, "dev/dri/renderD128"))],
    ["that a node is for others", (machine) => chmodSync(join(machine, "dev/dri/renderD128"), 0o600)],
    ["that a node comes", (machine) => writeFileSync(join(machine, "dev/dri/renderD190"), "")],
    [
      "that a place by its bus address is another's",
      (machine) => rmSync(join(machine, "dev/dri/by-path/pci-0000:05:00.0-card")),
    ],
    ["that the compute driver's node is gone", (machine) => rmSync(join(machine, kfd))],
    ["that a GPU is cut", (machine) => mkdirSync(join(machine, topology, "2"))],
    ["that parts are made anew", (machine) => remake(join(machine, topology, "1"))],
    ["that the module is gone", (machine) => rmSync(join(machine, "sys/module/amdgpu"), { recursive: true })],
    ["that a module can come", (machine) => mkdirSync(join(machine, "usr/src/amdgpu-6.8.5"))],
    ["that an engine is installed", install],
  ])("%s", async (what, change) => {
    const machine = await make(what.replaceAll(" ", "-"), "--amd=mi210")
    const looked = await look("amd", machine)
    change(machine)
    expect(isAsLooked(looked)).toBe(false)
  })

  test("that a GPU is bound that no driver had", async () => {
    const machine = await make("bound", "--amd=mi210")
    rmSync(join(machine, gpu, "driver"))
    const looked = await look("amd", machine)
    expect(looked.unready.map(({ urgency }) => urgency)).toEqual(["vital"])
    bind(machine, "amdgpu")
    expect(isAsLooked(looked)).toBe(false)
  })

  test("that the first GPU comes", async () => {
    const machine = await make("first", "--intel=b60")
    const looked = await look("amd", machine)
    expect([looked.whyNoGpu, looked.unready]).toEqual(["there is no GPU of AMD's", []])
    expect(await simulate(["up", machine, "--no-nvml", "--intel=b60", "--amd=w7900"])).toBe(0)
    expect(isAsLooked(looked)).toBe(false)
  })
})

test("what is another vendor's does not show, nor an engine where it was said for which the file is", async () => {
  const machine = await make("others", "--amd=mi210", "--intel=a770")
  const looked = await look("intel", machine, "--for-engine=docker")
  rmSync(join(machine, kfd))
  bind(machine, "vfio-pci")
  install(machine)
  expect(isAsLooked(looked)).toBe(true)
})

function bind(machine: string, driver: string): void {
  rmSync(join(machine, gpu, "driver"), { force: true })
  symlinkSync(`../../../bus/pci/drivers/${driver}`, join(machine, gpu, "driver"))
}

/** As the compute driver does with its whole list. */
function remake(directory: string): void {
  renameSync(directory, `${directory}.old`)
  mkdirSync(directory)
}

function install(machine: string): void {
  writeFileSync(join(machine, "usr/bin/podman"), "a Go program", { mode: 0o755 })
}
