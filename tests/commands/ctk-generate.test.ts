import { describe, expect, test } from "bun:test"
import { generateAsCtk, observeForCtk } from "../../src/commands/ctk-generate.ts"
import { parseCtkGenerate } from "../../src/commands/ctk-generate-flags.ts"
import type { CdiSpec } from "../../src/core/cdi/spec.ts"
import { renderElf } from "../../src/core/elf/render-elf.ts"
import type { Host } from "../../src/core/host/host.ts"
import { createMemoryHost } from "../../src/host/memory.ts"
import { memoryMachine } from "../machine.ts"

function specOf(host: Host, ...args: readonly string[]): CdiSpec {
  const call = parseCtkGenerate(
    args,
    () => undefined,
    () => "/usr/bin/nvidia-cdi-hook",
  )
  if (!call.ok || call.value === "help") throw new Error(args.join(" "))
  const answered = generateAsCtk(observeForCtk(host, call.value), call.value)
  if (!answered.ok) throw new Error(answered.fault.tag)
  return answered.value.specs[0]?.spec as CdiSpec
}

const linksOf = ({ containerEdits }: CdiSpec): readonly string[] =>
  containerEdits.hooks.flatMap(({ args }) =>
    args[1] === "create-symlinks" ? args.filter((_, index) => args[index - 1] === "--link") : [],
  )

const lists = "/etc/nvidia-container-runtime/host-files-for-container.d"

describe("a Tegra board", () => {
  const library = (soname: string): Uint8Array =>
    renderElf({ machine: "aarch64", soname, needed: [], symbol: "x", answer: 1 })
  const node = { kind: "character", major: 506, minor: 1, mode: 0o660, gid: 44 } as const
  const board = createMemoryHost({
    "/etc/nv_tegra_release": { kind: "file", content: "# R35 (release), REVISION: 4.1\n" },
    [`${lists}/devices.csv`]: { kind: "file", content: "dev, /dev/nvmap\n" },
    [`${lists}/l4t.csv`]: {
      kind: "file",
      content: "lib, /usr/lib/t/liba.so.1\nsym, /usr/lib/t/liba.so\nsym, /usr/lib/t/libb.so\n",
    },
    "/srv/own.csv": { kind: "file", content: "dev, /dev/own\nlib, /usr/lib/t/libb.so.2\n" },
    "/dev/nvmap": node,
    "/dev/own": node,
    "/usr/lib/t/liba.so.1": { kind: "file", content: library("liba.so.1") },
    "/usr/lib/t/liba.so": { kind: "symlink", target: "liba.so.1" },
    "/usr/lib/t/libb.so.2": { kind: "file", content: library("libb.so.2") },
    "/usr/lib/t/libb.so": { kind: "symlink", target: "libb.so.2" },
  })
  const nodesOf = (spec: CdiSpec) => spec.devices[0]?.containerEdits.deviceNodes.map(({ path }) => path)
  const mountsOf = (spec: CdiSpec) => spec.containerEdits.mounts.map(({ containerPath }) => containerPath)

  test("is what its lists name", () => {
    const spec = specOf(board)
    expect(nodesOf(spec)).toEqual(["/dev/nvmap"])
    expect(mountsOf(spec)).toContain("/usr/lib/t/liba.so.1")
    expect(linksOf(spec)).toEqual(
      expect.arrayContaining(["liba.so.1::/usr/lib/t/liba.so", "libb.so.2::/usr/lib/t/libb.so"]),
    )
    expect(spec.devices.map(({ name }) => name)).toEqual(["0", "all"])
  })

  test("--csv.file names lists in the place of its own", () => {
    const spec = specOf(board, "--csv.file=/srv/own.csv")
    expect(nodesOf(spec)).toEqual(["/dev/own"])
    expect(mountsOf(spec)).toContain("/usr/lib/t/libb.so.2")
    expect(mountsOf(spec)).not.toContain("/usr/lib/t/liba.so.1")
    const both = specOf(board, `--csv.file=/srv/own.csv,${lists}/devices.csv`)
    expect(nodesOf(both)).toEqual(["/dev/nvmap", "/dev/own"])
  })

  test.each([
    ["**/libb.so", ["liba.so.1::/usr/lib/t/liba.so"]],
    ["/usr/lib/t/libb.*", ["liba.so.1::/usr/lib/t/liba.so"]],
    ["/usr/lib/*/?ibb.so", ["liba.so.1::/usr/lib/t/liba.so"]],
    ["/usr/lib/*", ["liba.so.1::/usr/lib/t/liba.so", "libb.so.2::/usr/lib/t/libb.so"]],
  ] as const)("--csv.ignore-pattern=%s leaves %j", (pattern, links) =>
    expect(linksOf(specOf(board, `--csv.ignore-pattern=${pattern}`))).toEqual([...links]),
  )
})

test("libraries beside the driver's own are given when they are asked for, with their links", () => {
  const directory = "/usr/lib/x86_64-linux-gnu"
  const host = memoryMachine({
    gpus: 1,
    change(tree) {
      const content = renderElf({
        machine: "x86-64",
        soname: "libGL.so.1",
        needed: [],
        symbol: "x",
        answer: 1,
      })
      tree[`${directory}/libGL.so.1.7.0`] = { kind: "file", content }
      tree[`${directory}/libGL.so.1`] = { kind: "symlink", target: "libGL.so.1.7.0" }
      tree[`${directory}/libGL.so`] = { kind: "symlink", target: "libGL.so.1" }
    },
  })
  const asked = specOf(host, "--feature-flag=enable-explicit-driver-libraries")
  const hasLibrary = ({ containerEdits }: CdiSpec): boolean =>
    containerEdits.mounts.some(({ containerPath }) => containerPath === `${directory}/libGL.so.1.7.0`)
  expect(hasLibrary(asked)).toBe(true)
  expect(linksOf(asked)).toEqual(
    expect.arrayContaining([`libGL.so.1::${directory}/libGL.so`, `libGL.so.1.7.0::${directory}/libGL.so.1`]),
  )
  expect(hasLibrary(specOf(host))).toBe(false)
})

test("directories for configuration files take the place of the usual ones", () => {
  const host = memoryMachine({
    gpus: 1,
    change(tree) {
      tree["/opt/conf/OpenCL/vendors/nvidia.icd"] = { kind: "file", content: "libnvidia-opencl.so.1\n" }
    },
  })
  const placesOf = ({ containerEdits }: CdiSpec) =>
    containerEdits.mounts
      .filter(({ containerPath }) => /\.(icd|json)$/.test(containerPath))
      .map(({ hostPath }) => hostPath)
  expect(placesOf(specOf(host)).length).toBeGreaterThan(2)
  expect(placesOf(specOf(host, "--config-search-path=/opt/conf"))).toEqual([
    "/opt/conf/OpenCL/vendors/nvidia.icd",
  ])
})
