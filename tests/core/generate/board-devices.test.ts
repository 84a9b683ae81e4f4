import { describe, expect, test } from "bun:test"
import { buildRegistry } from "../../../src/core/cdi/registry/registry.ts"
import { renderSpec } from "../../../src/core/cdi/render-spec.ts"
import type { CdiSpec, ContainerEdits } from "../../../src/core/cdi/spec.ts"
import { checkGpus } from "../../../src/core/diagnose/devices/check-gpus.ts"
import { renderElf } from "../../../src/core/elf/render-elf.ts"
import { listDriverFiles } from "../../../src/core/explain/render-driver-files.ts"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import { ok } from "../../../src/core/fault/result.ts"
import { generateSpec } from "../../../src/core/generate/generate-spec.ts"
import { findOwnContent } from "../../../src/core/generate/own-content.ts"
import type { SpecRequest } from "../../../src/core/generate/spec-request.ts"
import { splitByCoherence } from "../../../src/core/generate/split-by-coherence.ts"
import { withoutDiscrete } from "../../../src/core/generate/without-discrete.ts"
import type { Host } from "../../../src/core/host/host.ts"
import { type HostSnapshot, observeSnapshot } from "../../../src/core/plan/snapshot.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { encodeUtf8 } from "../../../src/core/text/utf8.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"
import { makeFirstIntegrated, makeFirstUnlisted, memoryMachine, nvmlReport, orin } from "../../machine.ts"
import { subjectOn } from "../diagnose/healthy-machine.ts"
import { example } from "../elf/shared-object.ts"
import { referenceRequest } from "./reference-request.ts"

const directory = "/etc/nvidia-container-runtime/host-files-for-container.d"
const lib = "/usr/lib/aarch64-linux-gnu/tegra"
const release = "/etc/nv_tegra_release"
const file = (content: string | Uint8Array = "x"): MemoryTree[string] => ({ kind: "file", content })
const node = (minor: number): MemoryTree[string] => ({
  kind: "character",
  major: 506,
  minor,
  mode: 0o660,
  gid: 44,
})
const library = (soname: string): MemoryTree[string] =>
  file(renderElf({ ...example, machine: "aarch64", soname }))
const listsOf = (lists: Readonly<Record<string, readonly string[]>>): MemoryTree =>
  Object.fromEntries(
    Object.entries(lists).map(([name, lines]) => [`${directory}/${name}.csv`, file(`${lines.join("\n")}\n`)]),
  )

const plainLists = { devices: ["dev, /dev/nvmap"], drivers: [`lib, ${lib}/libcuda.so.1.1`] }
const plainTree: MemoryTree = {
  [release]: file("# R36 (release), REVISION: 4.0\n"),
  "/dev/nvmap": node(15),
  [`${lib}/libcuda.so.1.1`]: library("libcuda.so.1"),
  ...listsOf(plainLists),
}

const seenOn = (host: Host, driverRoot = "/"): HostSnapshot =>
  observeSnapshot(host, { driverRoot, ldcache: "/etc/ld.so.cache" })

/** `gone`: paths that the plain board lacks. */
const board = (more: MemoryTree = {}, gone: readonly string[] = []): Host =>
  createMemoryHost({
    ...Object.fromEntries(Object.entries(plainTree).filter(([path]) => !gone.includes(path))),
    ...more,
  })

const request = referenceRequest("csv")

function specOf(seen: HostSnapshot, more: Partial<SpecRequest> = {}): CdiSpec {
  const generated = generateSpec(seen, { ...request, ...more })
  if (!generated.ok) throw new Error(renderFaultLine(generated.fault))
  return generated.value.spec
}
const refusal = (seen: HostSnapshot, more: Partial<SpecRequest> = {}): string => {
  const generated = generateSpec(seen, { ...request, ...more })
  return generated.ok ? "none" : renderFaultLine(generated.fault)
}
const namesOf = ({ devices }: CdiSpec): readonly string[] => devices.map(({ name }) => name)
const editsOf = ({ devices }: CdiSpec, name: string): ContainerEdits => {
  const found = devices.find((device) => device.name === name)
  if (found === undefined) throw new Error(`no device ${name}`)
  return found.containerEdits
}
const nodesOf = (spec: CdiSpec, name: string): readonly string[] =>
  editsOf(spec, name).deviceNodes.map(({ path }) => path)
const mountsOf = ({ mounts }: ContainerEdits): readonly string[] => mounts.map(({ hostPath }) => hostPath)
const wordsOf = ({ hooks }: ContainerEdits, name: string): readonly string[] =>
  hooks.filter(({ args }) => args.includes(name)).flatMap(({ args }) => args.slice(2))

describe("a board's lists as a device", () => {
  test("links by which programs and loaders find a library are made where the machine has none", () => {
    const named = [
      "libcuda.so.1.1",
      "libGLX_nvidia.so.540.4.0",
      "libnvidia-opticalflow.so.540.4.0",
      "libnvos.so.1",
    ]
    const host = board({
      ...listsOf({ drivers: named.map((name) => `lib, ${lib}/${name}`) }),
      [`${lib}/libGLX_nvidia.so.540.4.0`]: library("libGLX_nvidia.so.0"),
      [`${lib}/libnvidia-opticalflow.so.540.4.0`]: library("libnvidia-opticalflow.so.1"),
      [`${lib}/libnvos.so.1`]: library("libnvos.so.1"),
    })
    const links = wordsOf(specOf(seenOn(host)).containerEdits, "create-symlinks").filter(
      (word) => word !== "--link",
    )
    expect(links).toEqual([
      `libGLX_nvidia.so.540.4.0::${lib}/libGLX_indirect.so.0`,
      `libGLX_nvidia.so.540.4.0::${lib}/libGLX_nvidia.so.0`,
      `libcuda.so.1::${lib}/libcuda.so`,
      `libcuda.so.1.1::${lib}/libcuda.so.1`,
      `libnvidia-opticalflow.so.1::${lib}/libnvidia-opticalflow.so`,
      `libnvidia-opticalflow.so.540.4.0::${lib}/libnvidia-opticalflow.so.1`,
    ])
  })

  test("lists that are asked for by mode are served on a machine that nothing else tells to be a board", () => {
    const spec = specOf(seenOn(board({}, [release])))
    expect(namesOf(spec)).toEqual(["0", "all"])
    expect(nodesOf(spec, "0")).toEqual(["/dev/nvmap"])
    expect(mountsOf(spec.containerEdits)).toEqual([`${lib}/libcuda.so.1.1`])
  })

  test("without a node that is there it has the board's release, and files come all the same", () => {
    const headless = seenOn(board({}, ["/dev/nvmap"]))
    const spec = specOf(headless, { mode: "auto" })
    expect(mountsOf(editsOf(spec, "0"))).toEqual([release])
    expect(nodesOf(spec, "all")).toEqual([])
    expect(mountsOf(spec.containerEdits)).toEqual([release, `${lib}/libcuda.so.1.1`])
    expect(refusal(headless, { machineFaults: "refused" })).toContain("a device that the board's lists")
    expect(refusal(seenOn(board({}, ["/dev/nvmap", release])))).toContain("a device that the board's lists")
  })

  test("lists of nodes alone are served for who keeps them apart, and files that are named have to be there", () => {
    const apart = seenOn(board(listsOf({ drivers: [] })))
    expect(nodesOf(specOf(apart), "0")).toEqual(["/dev/nvmap"])
    expect(refusal(apart, { machineFaults: "refused" })).toContain("every file that the board's lists")
    const elsewhere = seenOn(board({}, [`${lib}/libcuda.so.1.1`]))
    expect(refusal(elsewhere)).toContain("every file that the board's lists")
  })

  test("a release alone is no driver: without lists, or with none of what they name, there is nothing", () => {
    const lists = Object.keys(listsOf(plainLists))
    expect(refusal(seenOn(board({}, lists)))).toContain("everything that the board's lists")
    expect(refusal(seenOn(board({}, ["/dev/nvmap", `${lib}/libcuda.so.1.1`])))).toContain("GAN4060")
  })

  test("the board's release is the machine's, wherever its driver lies", () => {
    const root = "/run/nvidia/driver"
    const moved = {
      [`${root}${lib}/libcuda.so.1.1`]: library("libcuda.so.1"),
      [`${root}/dev/nvmap`]: node(15),
    }
    const seen = seenOn(board(moved, [`${lib}/libcuda.so.1.1`]), root)
    const spec = specOf(seen)
    expect(
      spec.containerEdits.mounts.map(({ hostPath, containerPath }) => [hostPath, containerPath]),
    ).toEqual([
      [release, release],
      [`${root}${lib}/libcuda.so.1.1`, `${lib}/libcuda.so.1.1`],
    ])
    const rows = seen.driver === undefined ? [] : listDriverFiles(seen.driver)
    expect(rows.find(({ path }) => path === hostPath(release))?.containerPath).toBe(hostPath(release))
  })
})

describe("a newer CUDA of the image", () => {
  const { [release]: _, ...bare } = plainTree
  const compat = (tree: MemoryTree, name: string): readonly string[] =>
    wordsOf(
      specOf(seenOn(createMemoryHost(tree, "board", nvmlReport([{ name }])))).containerEdits,
      "enable-cuda-compat",
    )

  test("is compared with what NVML tells, also where lists alone say that this is a board", () => {
    expect(compat(plainTree, "NVIDIA Thor")).toEqual(["--host-cuda-version=12.6"])
    expect(compat(bare, "NVIDIA Thor")).toEqual(["--host-cuda-version=12.6"])
  })

  test("is in an Orin's own directory", () =>
    expect(compat(bare, "Orin (nvgpu)")).toEqual([
      "--host-cuda-version=12.6",
      "--cuda-compat-container-root=/usr/local/cuda/compat_orin",
    ]))

  test("is nothing where NVML tells nothing", () =>
    expect(wordsOf(specOf(seenOn(board())).containerEdits, "enable-cuda-compat")).toEqual([]))
})

const besides = (gpus: number, change: (tree: Record<string, MemoryTree[string]>) => void = () => {}): Host =>
  memoryMachine({
    gpus,
    change(tree) {
      makeFirstIntegrated(tree)
      const gpuNodes = Array.from({ length: gpus }, (__, index) => `dev, /dev/nvidia${index}`)
      Object.assign(tree, plainTree, {
        ...listsOf({ ...plainLists, devices: ["dev, /dev/nvmap", "dev, /dev/nvidiactl", ...gpuNodes] }),
        [`/dev/nvidia${gpus}`]: { kind: "character", major: 195, minor: gpus, mode: 0o666 },
      })
      change(tree)
    },
  })

describe("a discrete GPU beside the board's own", () => {
  const seen = seenOn(besides(2))
  const uuids = seen.inventory.gpus.map(({ uuid }) => uuid?.value ?? "")

  test("each is a device by its index and its UUID", () => {
    expect(namesOf(specOf(seen, { mode: "auto" }))).toEqual(["0", "1", ...uuids, "all"].sort())
    expect(namesOf(specOf(seen, { names: ["type-index"] }))).toEqual(["all", "gpu0", "gpu1"])
    for (const name of ["1", uuids[1] ?? ""])
      expect(namesOf(specOf(seen, { devices: [name], hasAllDevice: false }))).toEqual(["1", uuids[1] ?? ""])
    expect(refusal(seen, { devices: ["2"] })).toContain("GAN2104")
    expect(refusal(seen, { devices: ["none"] })).toContain("GAN2104")
  })

  test("the board's own has the lists' nodes, its display's, and no other GPU's", () => {
    const spec = specOf(seen)
    expect(nodesOf(spec, "0")).toEqual(["/dev/nvidia0", "/dev/nvidia2", "/dev/nvidiactl", "/dev/nvmap"])
    expect(nodesOf(spec, uuids[0] ?? "")).toEqual(nodesOf(spec, "0"))
  })

  test("the discrete one has what it has elsewhere, and what else the lists name", () => {
    const spec = specOf(seen)
    const nodes = nodesOf(spec, "1")
    expect(nodes.filter((path) => /nvidia\d/.test(path))).toEqual(["/dev/nvidia1"])
    for (const path of ["/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvmap", "/dev/dri/card2"])
      expect(nodes).toContain(path)
    expect(wordsOf(editsOf(spec, "1"), "create-symlinks").join(" ")).toContain("/dev/dri/by-path/pci-")
    expect(editsOf(spec, "1").additionalGids).toContain(44)
  })

  test("a pattern of the lists gives neither the other's node", () => {
    const pattern = seenOn(
      besides(2, (tree) => Object.assign(tree, listsOf({ devices: ["dev, /dev/nvidia*"] }))),
    )
    const spec = specOf(pattern)
    expect(nodesOf(spec, "0")).not.toContain("/dev/nvidia1")
    expect(nodesOf(spec, "1")).not.toContain("/dev/nvidia0")
  })

  test("of three GPUs each has its own node", () => {
    const spec = specOf(seenOn(besides(3)))
    const ofGpus = (name: string) => nodesOf(spec, name).filter((path) => /nvidia\d/.test(path))
    expect(ofGpus("0")).toEqual(["/dev/nvidia0", "/dev/nvidia3"])
    expect(ofGpus("1")).toEqual(["/dev/nvidia1"])
    expect(ofGpus("2")).toEqual(["/dev/nvidia2"])
  })

  test("a class of coherence holds it alone", () => {
    const classes = splitByCoherence(seen.inventory, request)
    expect(classes).toEqual([{ infix: ".noncoherent", devices: [seen.inventory.gpus[1]?.pciAddress ?? ""] }])
    expect(namesOf(specOf(seen, { devices: classes[0]?.devices ?? [] }))).toEqual([
      "1",
      uuids[1] ?? "",
      "all",
    ])
    expect(splitByCoherence(seen.inventory, { ...request, devices: ["0"] })).toEqual([])
  })

  test("the lists are one device for who wants them to be", () => {
    const spec = specOf(withoutDiscrete(seen))
    expect(namesOf(spec)).toEqual(["0", "all"])
    expect(nodesOf(spec, "0")).toContain("/dev/nvidia1")
  })

  test.each(["/dev/nvidia1", "/dev/nvidia-uvm"])(
    "without %s it is left out, and the board's own is not",
    (path) => {
      const lacking = seenOn(besides(2, (tree) => delete tree[path]))
      const generated = generateSpec(lacking, { ...request, machineFaults: "refused" })
      expect(generated.ok ? namesOf(generated.value.spec) : []).toEqual([
        "0",
        expect.stringMatching(/^GPU-/),
        "all",
      ])
      expect(
        generated.ok && generated.value.findings.map(({ fault }) => renderFaultLine(fault)).join(),
      ).toContain(path)
      expect(refusal(lacking, { machineFaults: "refused", devices: ["1"] })).toContain(path)
    },
  )

  test("without /dev/nvidia1 it has what is there for who wants the reference's, and that it lacks is told", () => {
    const lacking = seenOn(besides(2, (tree) => delete tree["/dev/nvidia1"]))
    const spec = specOf(lacking)
    const nodes = nodesOf(spec, "1")
    expect(nodes.filter((path) => /nvidia\d/.test(path))).toEqual([])
    for (const path of ["/dev/nvidiactl", "/dev/nvmap", "/dev/dri/card2"]) expect(nodes).toContain(path)
    expect(wordsOf(editsOf(spec, "1"), "create-symlinks").join(" ")).toContain("/dev/dri/by-path/pci-")
    const generated = generateSpec(lacking, request)
    const told = generated.ok ? generated.value.findings.map(({ fault }) => renderFaultLine(fault)) : []
    expect(told.join()).toContain("/dev/nvidia1")
  })

  test("with no node of its own it is no device, whatever else the lists name", () => {
    const lacking = seenOn(
      besides(2, (tree) => {
        for (const path of ["/dev/nvidia1", "/dev/dri/card2", "/dev/dri/renderD129"]) delete tree[path]
      }),
    )
    expect(namesOf(specOf(lacking))).not.toContain("1")
    expect(refusal(lacking, { devices: ["1"] })).toContain("a GPU that has a device node is absent")
  })
})

describe("a discrete GPU beside an Orin's own, of which no file tells", () => {
  const both = nvmlReport([orin, { name: "NVIDIA A100-SXM4-80GB" }])
  const seen = (nvml = both, gone: readonly string[] = []): HostSnapshot =>
    seenOn(
      memoryMachine({
        gpus: 2,
        nvml,
        change(tree) {
          makeFirstUnlisted(tree)
          Object.assign(tree, plainTree, {
            ...listsOf({ ...plainLists, devices: ["dev, /dev/nvmap", "dev, /dev/nvidia*"] }),
            "/dev/nvidia2": { kind: "character", major: 195, minor: 2, mode: 0o666 },
          })
          for (const path of gone) delete tree[path]
        },
      }),
    )
  const discrete = seen().inventory.gpus[0]?.uuid?.value ?? ""
  const ofGpus = (spec: CdiSpec, name: string): readonly string[] =>
    nodesOf(spec, name).filter((path) => /nvidia\d/.test(path))

  test("each is a device by its number in NVML and its UUID", () => {
    const spec = specOf(seen(), { mode: "auto" })
    expect(namesOf(spec)).toEqual(["0", "1", orin.uuid, discrete, "all"].sort())
    expect(ofGpus(spec, "0")).toEqual(["/dev/nvidia0", "/dev/nvidia2"])
    expect(ofGpus(spec, "1")).toEqual(["/dev/nvidia1"])
    expect(namesOf(specOf(seen(), { names: ["pci"] }))).toEqual(["0000:13:00.0", "all"])
  })

  test.each([
    [discrete, "1"],
    [orin.uuid, "0"],
  ])("%s is asked for and no other given", (uuid, index) =>
    expect(namesOf(specOf(seen(), { devices: [uuid], hasAllDevice: false }))).toEqual([index, uuid].sort()),
  )

  test("where NVML does not tell of it the discrete one's UUID is no name of the board's", () => {
    expect(refusal(seen(nvmlReport([])), { devices: [discrete] })).toContain("[GAN2104]")
    expect(namesOf(specOf(seen(nvmlReport([]))))).toEqual(["0", "all"])
  })

  test("what an ordinary driver lacks is no matter for the lists", () => {
    const lacking = seen(both, ["/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.550.163.01"])
    const errors = (lacking.driver?.findings ?? []).filter(({ severity }) => severity === "error")
    expect([lacking.inventory.platform, errors]).toEqual(["tegra", []])
    expect(refusal(lacking, { mode: "auto" })).toBe("none")
  })

  test("a fresh specification of both is right to verify, and nobody's own content to --fix", () => {
    const spec = specOf(seen(), { mode: "auto" })
    const bytes = ok(encodeUtf8(renderSpec(spec, "yaml")))
    const files = ok([{ path: "/etc/cdi/nvidia.yaml", bytes }])
    const registry = buildRegistry([{ path: "/etc/cdi", files }])
    expect(registry.devices.size).toBe(5)
    const subject = { ...subjectOn(memoryMachine({ gpus: 2 })), snapshot: seen(), registry }
    expect(checkGpus(subject).map(({ fault: one }) => renderFaultLine(one))).toEqual([])
    expect(findOwnContent(spec, spec)).toBeUndefined()
  })

  test("the lists are one device for who wants them to be", () =>
    expect(namesOf(specOf(withoutDiscrete(seen())))).toEqual(["0", "all"]))
})

test.each<[what: string, change: (tree: Record<string, MemoryTree[string]>) => void]>([
  [
    "of which NVML's library is gone",
    (tree) => delete tree[`/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.550.163.01`],
  ],
  [
    "of which nothing is there",
    (tree) => {
      for (const path of Object.keys(tree)) if (path.includes(".so.550.163.01")) delete tree[path]
    },
  ],
])(
  "a board's ordinary driver %s is refused by the modes that ask for it, and no matter for its lists",
  (_, change) => {
    const seen = seenOn(besides(1, change))
    for (const mode of ["nvml", "management"] as const)
      expect(refusal(seen, { mode })).toContain("libnvidia-ml.so")
    expect(refusal(seen, { mode: "csv" })).toBe("none")
  },
)

test("a directory on the way that is a link leads where it does below the driver's root", () => {
  const root = "/run/nvidia/driver"
  const host = board({
    ...listsOf({ drivers: ["dir, /opt/board", "lib, /opt/liba.so.1"], devices: ["dev, /dev/nvmap"] }),
    [`${root}/opt`]: { kind: "symlink", target: "/srv" },
    [`${root}/srv/board/file`]: file(),
    [`${root}/srv/liba.so.1`]: library("liba.so.1"),
    "/srv/board/secret": file(),
    "/srv/liba.so.1": library("liba.so.1"),
  })
  const { mounts } = specOf(seenOn(host, root)).containerEdits
  expect(mounts.map((one) => [one.hostPath, one.containerPath])).toEqual(
    expect.arrayContaining([
      [`${root}/srv/board`, "/opt/board"],
      [`${root}/srv/liba.so.1`, "/opt/liba.so.1"],
    ]),
  )
  expect(mounts.filter(({ hostPath }) => hostPath.startsWith(`${root}/opt`))).toEqual([])
})

test.each(["", ".", "..", "../x"])("a board's library by a SONAME of %j has no link of it", (soname) => {
  const host = board({
    ...listsOf({ drivers: [`lib, ${lib}/libodd.so.1`], devices: ["dev, /dev/nvmap"] }),
    [`${lib}/libodd.so.1`]: library(soname),
  })
  expect(
    wordsOf(specOf(seenOn(host)).containerEdits, "create-symlinks").filter((word) =>
      word.startsWith("libodd"),
    ),
  ).toEqual([])
})

test("lists that a machine without a driver has left are no reason to ask for NVML", () => {
  const left = createMemoryHost(listsOf({ l4t: ["lib, /usr/lib/liba.so"] }))
  expect(seenOn(left).inventory.findings).toEqual([])
})

test("a board's ordinary driver is whole for who asks for it by mode, whatever the lists name", () => {
  const seen = seenOn(besides(1))
  expect(seen.inventory.platform).toBe("tegra")
  for (const mode of ["nvml", "management"] as const) {
    const mounts = mountsOf(specOf(seen, { mode }).containerEdits)
    expect(mounts).toContain("/usr/bin/nvidia-smi")
    expect(mounts.some((path) => path.endsWith("/nvidia.icd"))).toBe(mode === "nvml")
  }
})
