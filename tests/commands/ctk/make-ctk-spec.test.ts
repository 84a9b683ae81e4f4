import { describe, expect, test } from "bun:test"
import { parseCtkGenerate } from "../../../src/commands/ctk/ctk-generate-flags.ts"
import { generateAsCtk, observeForCtk } from "../../../src/commands/ctk/make-ctk-spec.ts"
import type { CdiSpec } from "../../../src/core/cdi/spec.ts"
import { renderElf } from "../../../src/core/elf/render-elf.ts"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import type { Host } from "../../../src/core/host/host.ts"
import { baseName } from "../../../src/core/text/path.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"
import { makeFirstIntegrated, memoryMachine } from "../../machine.ts"

function answerOf(host: Host, args: readonly string[]) {
  const call = parseCtkGenerate(
    args,
    () => undefined,
    () => "/usr/bin/nvidia-cdi-hook",
  )
  if (!call.ok || call.value === "help") throw new Error(args.join(" "))
  return generateAsCtk(observeForCtk(host, call.value), call.value)
}

function specsOf(host: Host, ...args: readonly string[]): readonly CdiSpec[] {
  const answered = answerOf(host, args)
  if (!answered.ok) throw new Error(answered.fault.tag)
  return answered.value.specs.map(({ spec }) => spec)
}

const specOf = (host: Host, ...args: readonly string[]): CdiSpec => specsOf(host, ...args)[0] as CdiSpec

const linksOf = ({ containerEdits }: CdiSpec): readonly string[] =>
  containerEdits.hooks.flatMap(({ args }) =>
    args[1] === "create-symlinks" ? args.filter((_, index) => args[index - 1] === "--link") : [],
  )

const lists = "/etc/nvidia-container-runtime/host-files-for-container.d"

test("a board with a discrete GPU beside its own is one device where features say so, and has a class of coherence", () => {
  const host = memoryMachine({
    gpus: 2,
    change(tree) {
      makeFirstIntegrated(tree)
      tree["/etc/nv_tegra_release"] = { kind: "file", content: "# R38 (release), REVISION: 2.0\n" }
      tree[`${lists}/devices.csv`] = { kind: "file", content: "dev, /dev/nvidia0\n" }
      tree[`${lists}/drivers.csv`] = { kind: "file", content: "dir, /lib/firmware\n" }
    },
  })
  const named = (...args: readonly string[]) =>
    specsOf(host, "--device-name-strategy=index", ...args).map(({ kind, devices }) => [
      kind,
      ...devices.map(({ name }) => name),
    ])
  expect(named()).toEqual([["nvidia.com/gpu", "0", "1", "all"]])
  expect(named("--feature-flag=disable-multiple-csv-devices")).toEqual([["nvidia.com/gpu", "0", "all"]])
  expect(named("--feature-flag=enable-coherent-annotations")).toEqual([
    ["nvidia.com/gpu", "0", "1", "all"],
    ["nvidia.com/gpu.noncoherent", "1", "all"],
  ])
})

test.each([
  ["nvml", "nvidia[0-9]*"],
  ["management", "nvidia*"],
  ["imex", "nvidia-caps-imex-channels/channel*"],
  ["gds", "nvidia-fs*"],
])("mode %s tells of the place below the named root where it sought nodes", (mode, lacking) => {
  const answered = answerOf(memoryMachine({ gpus: 1 }), [`--mode=${mode}`, "--dev-root=/elsewhere"])
  expect(answered.ok ? "" : renderFaultLine(answered.fault)).toContain(
    ` /elsewhere/dev/${lacking} is absent `,
  )
})

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

test("a library that is asked for explicitly comes for management too, where graphics are left out", () => {
  const file = "/usr/lib/x86_64-linux-gnu/libnvidia-egl-xcb.so"
  const host = memoryMachine({
    gpus: 1,
    change(tree) {
      const elf = {
        machine: "x86-64" as const,
        soname: `${baseName(file)}.1`,
        needed: [],
        symbol: "x",
        answer: 1,
      }
      tree[`${file}.1.0.0`] = { kind: "file", content: renderElf(elf) }
      tree[`${file}.1`] = { kind: "symlink", target: `${baseName(file)}.1.0.0` }
      tree[file] = { kind: "symlink", target: `${baseName(file)}.1` }
    },
  })
  const hasIt = (...flags: readonly string[]): boolean =>
    specOf(host, ...flags).containerEdits.mounts.some(({ hostPath }) => hostPath === `${file}.1.0.0`)
  const explicit = "--feature-flag=enable-explicit-driver-libraries"
  expect(hasIt()).toBe(true)
  expect(hasIt("--mode=management")).toBe(false)
  expect(hasIt("--mode=management", explicit)).toBe(true)
})

test("a link of by-path that leads to another GPU's card is none of this one's", () => {
  const host = memoryMachine({
    gpus: 2,
    change(tree) {
      const [first = ""] = Object.keys(tree).filter((path) => /\/by-path\/pci-.*-card$/.test(path))
      tree[first] = { kind: "symlink", target: "../card2" }
    },
  })
  const links = specOf(host).devices.find(({ name }) => name === "0")?.containerEdits.hooks ?? []
  expect(links.flatMap(({ args }) => args).filter((arg) => arg.startsWith("../"))).toEqual([
    expect.stringMatching(/^\.\.\/renderD128::/),
  ])
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

describe("the driver's libraries", () => {
  const place = "/usr/lib/x86_64-linux-gnu"
  const version = "550.163.01"
  const file = (content: string | Uint8Array) => ({ kind: "file", content }) as const
  const library = (soname: string) =>
    file(renderElf({ machine: "x86-64", soname, needed: [], symbol: "x", answer: 1 }))
  const mountsOf = ({ containerEdits }: CdiSpec) => containerEdits.mounts.map(({ hostPath }) => hostPath)
  const directoriesOf = ({ containerEdits }: CdiSpec) =>
    containerEdits.env.find((one) => one.startsWith("NVIDIA_CTK_LIBCUDA_DIR="))?.split("=")[1]
  /** What lies in the directory of libraries lies elsewhere. */
  const moved = (tree: MemoryTree, to: string, isMoved: (path: string) => boolean): void => {
    const entries = tree as Record<string, MemoryTree[string]>
    for (const [path, entry] of Object.entries(tree))
      if (path.startsWith(`${place}/`) && isMoved(path)) {
        entries[path.replace(place, to)] = entry
        delete entries[path]
      }
  }

  test("are found in every directory that has some, and containers learn of all in the reference's order", () => {
    const host = memoryMachine({
      gpus: 1,
      change(tree) {
        moved(tree, "/usr/lib64", (path) => path.includes("libnvidia-encode"))
        tree["/lib64/libnvidia-egl-gbm.so.1.1.9"] = library("libnvidia-egl-gbm.so.1")
        delete tree["/etc/ld.so.cache"]
      },
    })
    const spec = specOf(host)
    expect(mountsOf(spec)).toContain(`/usr/lib64/libnvidia-encode.so.${version}`)
    expect(mountsOf(spec)).toContain("/lib64/libnvidia-egl-gbm.so.1.1.9")
    expect(linksOf(spec)).toContain(`libnvidia-encode.so.${version}::/usr/lib64/libnvidia-encode.so.1`)
    expect(directoriesOf(spec)).toBe(`/usr/lib64:${place}`)
  })

  test.each<[what: string, change: (tree: Record<string, MemoryTree[string]>) => void, named: string]>([
    [
      "which is a link",
      (tree) => {
        moved(tree, "/opt/driver", () => true)
        tree[place] = { kind: "symlink", target: "/opt/driver" }
      },
      place,
    ],
    [
      "which holds links alone",
      (tree) => {
        moved(tree, "/opt/driver", () => true)
        for (const path of Object.keys(tree))
          if (path.startsWith("/opt/driver/lib"))
            tree[path.replace("/opt/driver", "/run/driver")] = { kind: "symlink", target: path }
      },
      "/run/driver",
    ],
    ["by a pattern", (tree) => moved(tree, "/opt/driver", () => true), "/opt/d*"],
  ])("are found in the only directory that is named, %s", (_, change, named) => {
    const spec = specOf(memoryMachine({ gpus: 1, change }), `--library-search-path=${named}`)
    expect(mountsOf(spec)).toContain(`/opt/driver/libcuda.so.${version}`)
    expect(directoriesOf(spec)).toBe("/opt/driver")
  })

  test.each(["/run/opengl-driver/lib", "/usr/local/nvidia/lib64", "/usr/lib"])(
    "are found in %s, of which nobody told",
    (to) => {
      const change = (tree: Record<string, MemoryTree[string]>): void => {
        moved(tree, to, () => true)
        delete tree["/etc/ld.so.cache"]
      }
      expect(mountsOf(specOf(memoryMachine({ gpus: 1, change })))).toContain(`${to}/libcuda.so.${version}`)
    },
  )

  test("are found below a driver root that is a link, and lie in containers as in a root", () => {
    const change = (tree: Record<string, MemoryTree[string]>): void => {
      for (const [path, entry] of Object.entries(tree))
        if (/^\/(?:usr|etc|lib)\//.test(path)) {
          tree[`/opt/driver${path}`] = entry
          delete tree[path]
        }
      tree["/run/current"] = { kind: "symlink", target: "../opt/driver" }
    }
    const host = memoryMachine({ gpus: 1, change })
    const { containerEdits } = specOf(host, "--driver-root=/run/current", "--dev-root=/")
    expect(containerEdits.mounts.map(({ containerPath }) => containerPath)).toContain(
      `${place}/libcuda.so.${version}`,
    )
    expect(containerEdits.mounts.every(({ hostPath }) => hostPath.startsWith("/run/"))).toBe(true)
  })

  test("have the links that lead to them, and none that leads to another version", () => {
    const change = (tree: Record<string, MemoryTree[string]>): void => {
      tree[`${place}/libcuda.so.2`] = { kind: "symlink", target: "libcuda.so.1" }
      tree[`${place}/libnvidia-encode.so.1`] = { kind: "symlink", target: "libnvidia-encode.so.535.1" }
      tree[`${place}/libnvidia-encode.so.535.1`] = library("libnvidia-encode.so.1")
    }
    const links = linksOf(specOf(memoryMachine({ gpus: 1, change })))
    expect(links).toContain(`libcuda.so.1::${place}/libcuda.so.2`)
    expect(links).toContain(`libnvidia-encode.so.${version}::${place}/libnvidia-encode.so.1`)
    expect(links.filter((link) => link.includes("535"))).toEqual([])
  })

  test("are those of named directories alone", () => {
    const change = (tree: MemoryTree): void => moved(tree, "/usr/lib64", (path) => path.includes("encode"))
    const spec = specOf(memoryMachine({ gpus: 1, change }), `--library-search-path=${place}`)
    expect(mountsOf(spec)).toContain(`${place}/libcuda.so.${version}`)
    expect(mountsOf(spec).filter((path) => path.includes("encode"))).toEqual([])
  })

  test.each(["", ".", "..", "../../sbin/ldconfig", "/etc/passwd"])(
    "by a SONAME of %j have no link",
    (soname) => {
      const change = (tree: Record<string, MemoryTree[string]>): void => {
        tree[`${place}/libnvidia-odd.so.${version}`] = library(soname)
      }
      const spec = specOf(memoryMachine({ gpus: 1, change }))
      expect(mountsOf(spec)).toContain(`${place}/libnvidia-odd.so.${version}`)
      expect(linksOf(spec).filter((link) => link.startsWith("libnvidia-odd.so."))).toEqual([])
    },
  )

  test("have the links that the reference makes on machines without them", () => {
    const change = (tree: Record<string, MemoryTree[string]>): void => {
      for (const [path, { kind }] of Object.entries(tree)) if (kind === "symlink") delete tree[path]
      tree[`${place}/libnvidia-vulkan-producer.so.${version}`] = library(
        `libnvidia-vulkan-producer.so.${version}`,
      )
    }
    expect(linksOf(specOf(memoryMachine({ gpus: 1, change })))).toEqual(
      expect.arrayContaining([
        `libcuda.so.1::${place}/libcuda.so`,
        `libnvidia-vulkan-producer.so.${version}::${place}/libnvidia-vulkan-producer.so`,
      ]),
    )
  })
})

test.each([
  ["none,all", ["none"]],
  ["0,none,all", ["none"]],
  ["all,none", ["0", expect.stringMatching(/^GPU-/)]],
])("--device-id=%s makes %j", (ids, names) => {
  const { devices } = specOf(memoryMachine({ gpus: 1 }), `--device-id=${ids}`)
  expect(devices.map(({ name }) => name)).toEqual(names)
})

test.each([
  ["a.JSON", "json"],
  ["a.Yaml", "yaml"],
  ["a.yml", "yaml"],
])("--output=%s is written as %s", (output, format) => {
  const call = parseCtkGenerate(
    [`--output=${output}`],
    () => undefined,
    () => "hook",
  )
  expect(call).toMatchObject({ ok: true, value: { format } })
})
