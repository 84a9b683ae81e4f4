import { describe, expect, test } from "bun:test"
import { renderElf } from "../../../src/core/elf/render-elf.ts"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import type { Host } from "../../../src/core/host/host.ts"
import { observeInventory } from "../../../src/core/inventory/observe-inventory.ts"
import type { CompatOffer } from "../../../src/core/plan/compat-offer.ts"
import type { ContainerLayout } from "../../../src/core/plan/container-layout.ts"
import type { Edit } from "../../../src/core/plan/edit.ts"
import type { Plan } from "../../../src/core/plan/plan.ts"
import { containerPath } from "../../../src/core/text/brand.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"
import {
  type ContainerOptions,
  makeFirstIntegrated,
  makeFirstUnlisted,
  memoryMachine,
  nvmlReport,
  orin,
  planFor,
} from "../../machine.ts"
import { example } from "../elf/shared-object.ts"

const directory = "/etc/nvidia-container-runtime/host-files-for-container.d"
const lib = "/usr/lib/aarch64-linux-gnu/tegra"
const node = (minor: number): MemoryTree[string] => ({
  kind: "character",
  major: 506,
  minor,
  mode: 0o660,
  gid: 44,
})
const file = (content: string | Uint8Array = "x"): MemoryTree[string] => ({ kind: "file", content })
const link = (target: string): MemoryTree[string] => ({ kind: "symlink", target })
const library = (soname: string): Uint8Array => renderElf({ ...example, machine: "aarch64", soname })
const release = "# R35 (release), REVISION: 4.1, GCID: 1, BOARD: x\n"

const plainLists = {
  devices: ["dev, /dev/nvhost-gpu", "dev, /dev/nvmap", "dev, /dev/nvhost-absent"],
  drivers: [`lib, ${lib}/libcuda.so.1.1`, `sym, ${lib}/libcuda.so`, "dir, /lib/firmware/tegra23x"],
}

interface BoardShape {
  readonly lists?: Readonly<Record<string, readonly string[]>>
  readonly more?: MemoryTree
}

const boardTree = ({ lists = plainLists, more = {} }: BoardShape): MemoryTree => ({
  "/etc/nv_tegra_release": file(release),
  "/dev/nvhost-gpu": node(11),
  "/dev/nvmap": node(15),
  [`${lib}/libcuda.so.1.1`]: file(library("libcuda.so.1")),
  [`${lib}/libcuda.so`]: link("libcuda.so.1.1"),
  "/lib": link("usr/lib"),
  "/usr/lib/firmware/tegra23x/a.fw": file(),
  ...Object.fromEntries(
    Object.entries(lists).map(([name, lines]) => [`${directory}/${name}.csv`, file(`${lines.join("\n")}\n`)]),
  ),
  ...more,
})

const board = (shape: BoardShape = {}): Host => createMemoryHost(boardTree(shape), "board")

const planOf = (host: Host, env: readonly string[], more: Partial<ContainerOptions> = {}): Plan =>
  planFor(host, { env, mode: "csv", ...more })
const all = ["NVIDIA_VISIBLE_DEVICES=all"]

const of = <K extends Edit["kind"]>(
  { edits }: Plan,
  kind: K,
): readonly Extract<Edit, { readonly kind: K }>[] =>
  edits.filter((edit): edit is Extract<Edit, { readonly kind: K }> => edit.kind === kind)
const nodes = (plan: Plan): readonly string[] => of(plan, "deviceNode").map(({ path }) => path)
const mounts = (plan: Plan): readonly string[] =>
  of(plan, "mount").map(({ hostPath, containerPath }) =>
    `${hostPath}` === containerPath ? containerPath : `${hostPath} at ${containerPath}`,
  )
const links = (plan: Plan): readonly string[] =>
  of(plan, "symlink").map(({ path, target }) => `${path} -> ${target}`)
const refusal = ({ refusal: fault }: Plan): string => (fault === undefined ? "none" : renderFaultLine(fault))
const tags = (plan: Plan): readonly string[] => plan.findings.map(({ fault }) => fault.tag)

describe("a board's own GPU", () => {
  test("nodes with rules and their group, files, directories and links as they stand, the loader's entries", () => {
    const plan = planOf(board(), all)
    expect(nodes(plan)).toEqual(["/dev/nvhost-gpu", "/dev/nvmap"])
    expect(of(plan, "cgroupRule").map(({ major, minor, access }) => `${major}:${minor} ${access}`)).toEqual([
      "506:11 rwm",
      "506:15 rwm",
    ])
    expect(of(plan, "gid").map(({ gid }) => gid)).toEqual([44])
    expect(mounts(plan)).toEqual([`${lib}/libcuda.so.1.1`, "/lib/firmware/tegra23x", "/etc/nv_tegra_release"])
    expect(links(plan)).toEqual([
      `${lib}/libcuda.so -> libcuda.so.1.1`,
      `${lib}/libcuda.so.1 -> libcuda.so.1.1`,
    ])
    expect(of(plan, "ldcache")[0]?.entries).toEqual([
      { soname: "libcuda.so.1", path: `${lib}/libcuda.so.1` as never, bits: 64, machine: "aarch64" },
    ])
    expect(of(plan, "env").map(({ name, value }) => `${name}=${value}`)).toEqual([
      "NVIDIA_VISIBLE_DEVICES=void",
    ])
    const missing = plan.findings.map(({ severity, fault }) => [severity, fault.tag])
    expect(missing).toEqual([["note", "PlatformEntryMissing"]])
  })

  test.each([
    "all",
    "ALL",
    "0",
    "nvidia.com/gpu=0",
    "nvidia.com/gpu=all",
    "runtime.nvidia.com/gpu=all",
    "0,0",
  ])("%s names it", (device) => {
    expect(nodes(planOf(board(), [`NVIDIA_VISIBLE_DEVICES=${device}`]))).toHaveLength(2)
  })

  test.each([
    ["1", "[GAN2104]"],
    ["0,1", "[GAN2104]"],
    ["GPU-0", "[GAN2104]"],
    ["0:0", "[GAN2104]"],
    ["nvidia.com/gpu=1", "[GAN2104]"],
    ["example.com/nic=0", "[GAN2105]"],
  ])("%s is refused: %s", (device, code) => {
    expect(refusal(planOf(board(), [`NVIDIA_VISIBLE_DEVICES=${device}`]))).toContain(code)
  })

  test("no device means no node: the reference gives all", () => {
    const plan = planOf(board(), ["NVIDIA_VISIBLE_DEVICES=none"])
    expect([plan.outcome, nodes(plan), mounts(plan).length]).toEqual(["inject", [], 3])
    expect(plan.omissions.map(({ what }) => what)).toEqual(["the board's own GPU"])
  })

  test("capabilities change nothing, as in the reference, and malformed ones are told of", () => {
    const plain = planOf(board(), all)
    for (const asked of ["utility", "all", "graphics"])
      expect(planOf(board(), [...all, `NVIDIA_DRIVER_CAPABILITIES=${asked}`]).edits).toEqual(plain.edits)
    expect(tags(planOf(board(), [...all, "NVIDIA_DRIVER_CAPABILITIES=x"]))).toContain("RuleNotApplied")
  })

  test("groups are left out where the configuration says so", () => {
    const config = "[features]\nno-additional-gids-for-device-nodes = true\n"
    expect(of(planOf(board(), all, { config }), "gid")).toEqual([])
  })

  test("every edit says why", () => {
    const { edits, reasons } = planOf(board(), all)
    const ids = new Set(reasons.map(({ id }) => id))
    for (const edit of edits) {
      expect(edit.reasons.length).toBeGreaterThan(0)
      for (const id of edit.reasons) expect(ids.has(id)).toBe(true)
    }
    expect([...ids]).toContain("select.board")
    expect([...ids]).toContain("lists.base")
  })
})

describe("lists", () => {
  const lists = { ...plainLists, extra: ["lib, /opt/extra", "lib, /opt/gone", "nonsense"] }
  const host = board({ lists, more: { "/opt/extra": file() } })

  test("others than the three count for images that ask for every list, and only those lists are told of", () => {
    const base = planOf(host, all)
    expect(mounts(base)).not.toContain("/opt/extra")
    expect(tags(base)).toEqual(["PlatformEntryMissing"])
    const every = planOf(host, [...all, "NVIDIA_REQUIRE_JETPACK=csv-mounts=all"])
    expect(mounts(every)).toContain("/opt/extra")
    expect([...tags(every)].sort()).toEqual([
      "PlatformEntryInvalid",
      "PlatformEntryMissing",
      "PlatformEntryMissing",
    ])
  })

  test.each(["csv-mounts=ALL", "csv-mounts", "all", ""])("%p asks for no more", (value) => {
    expect(mounts(planOf(host, [...all, `NVIDIA_REQUIRE_JETPACK=${value}`]))).not.toContain("/opt/extra")
  })

  test("none, none of whose entries are there, or none with a device: refused, and what to do is said", () => {
    const bare = createMemoryHost({ "/etc/nv_tegra_release": file(release) }, "bare")
    expect(refusal(planOf(bare, all))).toMatch(/has no list \(bare\) \[GAN2137\]: install/)
    const gone = board({ lists: { devices: ["dev, /dev/gone"], drivers: [`lib, ${lib}/gone.so`] } })
    expect(refusal(planOf(gone, all))).toMatch(/names no device that is there .*\[GAN2137\]/)
    const filesOnly = board({ lists: { drivers: [`lib, ${lib}/libcuda.so.1.1`] } })
    expect(refusal(planOf(filesOnly, all))).toContain("[GAN2137]")
    expect(planOf(filesOnly, ["NVIDIA_VISIBLE_DEVICES=none"]).outcome).toBe("inject")
  })

  test("what is not there, or of another kind, is a finding and everything else is given", () => {
    const odd = board({
      lists: {
        devices: ["dev, /dev/nvmap", "dev, /dev/file", "dev, /dev/dangling"],
        drivers: [
          "lib, /lib/firmware/tegra23x",
          `dir, ${lib}/libcuda.so.1.1`,
          "sym, /opt/dangling",
          "sym, /opt/loop",
          "sym, /opt/to-directory",
          "lib, /opt/pipe",
          "lib, /opt/socket",
        ],
      },
      more: {
        "/dev/file": file(),
        "/dev/dangling": link("nowhere"),
        "/opt/dangling": link("nowhere"),
        "/opt/loop": link("loop"),
        "/opt/to-directory": link("/usr/lib"),
        "/opt/pipe": { kind: "fifo" },
        "/opt/socket": { kind: "socket" },
      },
    })
    const plan = planOf(odd, all)
    expect([nodes(plan), mounts(plan), links(plan)]).toEqual([
      ["/dev/nvmap"],
      ["/opt/socket", "/etc/nv_tegra_release"],
      [],
    ])
    expect(tags(plan)).toHaveLength(8)
    expect(new Set(plan.findings.map(({ severity }) => severity))).toEqual(new Set(["note"]))
  })

  test("a link brings the file at its end, though no list names that", () => {
    const plan = planOf(
      board({
        lists: { devices: ["dev, /dev/nvmap"], drivers: ["sym, /usr/lib/libv4l/nv.so"] },
        more: {
          "/usr/lib/libv4l/nv.so": link("../middle.so"),
          "/usr/lib/middle.so": link("/opt/real.so"),
          "/opt/real.so": file(),
        },
      }),
      all,
    )
    expect(mounts(plan)).toEqual(["/opt/real.so", "/etc/nv_tegra_release"])
    expect(links(plan)).toEqual([
      "/usr/lib/libv4l/nv.so -> ../middle.so",
      "/usr/lib/middle.so -> /opt/real.so",
    ])
  })

  test("a pattern names everything that fits; links in a directory that is given whole come with it", () => {
    const plan = planOf(
      board({
        lists: {
          devices: ["dev, /dev/nv*"],
          drivers: ["lib, /opt/lib?.bin", "dir, /opt/whole", "sym, /opt/whole/link", "lib, /opt/none*"],
        },
        more: {
          "/opt/liba.bin": file(),
          "/opt/libb.bin": file(),
          "/opt/libcc.bin": file(),
          "/opt/whole/link": link("target"),
          "/opt/whole/target": file(),
        },
      }),
      all,
    )
    expect(nodes(plan)).toEqual(["/dev/nvhost-gpu", "/dev/nvmap"])
    expect(mounts(plan)).toEqual([
      "/opt/liba.bin",
      "/opt/libb.bin",
      "/opt/whole",
      "/opt/whole/target",
      "/etc/nv_tegra_release",
    ])
    expect(links(plan)).toEqual([])
    expect(tags(plan)).toEqual(["PlatformEntryMissing"])
  })

  test("a directory that is named by a link is given under that name alone", () => {
    const plan = planOf(
      board({
        lists: { devices: ["dev, /dev/nvmap"], l4t: ["dir, /opt/board"] },
        more: { "/opt/board": link("../usr/share/whole"), "/usr/share/whole/a": file() },
      }),
      all,
    )
    expect(mounts(plan)).toEqual(["/usr/share/whole at /opt/board", "/etc/nv_tegra_release"])
    expect(links(plan)).toEqual([])
  })

  test("links that loaders need are made where the machine has none", () => {
    const name = "libGLX_nvidia.so.35.4.1"
    const plan = planOf(
      board({
        lists: { devices: ["dev, /dev/nvmap"], drivers: [`lib, ${lib}/${name}`] },
        more: { [`${lib}/${name}`]: file(library("libGLX_nvidia.so.0")) },
      }),
      all,
    )
    expect(links(plan)).toEqual([
      `${lib}/libGLX_nvidia.so.0 -> ${name}`,
      `${lib}/libGLX_indirect.so.0 -> ${name}`,
    ])
  })

  test.each<[what: string, target: string, more: MemoryTree, given: readonly string[]]>([
    ["that the machine lacks too is given", "libnvc.so.1", {}, ["libnvc.so -> libnvc.so.1"]],
    ["that another library has is not", "libnvc.so.1", { [`${lib}/libnvc.so.1`]: file() }, []],
    ["but of another name is not", "libnvc.so.0", {}, []],
  ])("a link of a library's bare name to that of its SONAME %s", (_, target, more, given) => {
    const plan = planOf(
      board({
        lists: { devices: ["dev, /dev/nvmap"], drivers: [`lib, ${lib}/libnvc.so.1.1`] },
        more: {
          [`${lib}/libnvc.so.1.1`]: file(library("libnvc.so.1")),
          [`${lib}/libnvc.so`]: link(target),
          ...more,
        },
      }),
      all,
    )
    expect(mounts(plan)).toContain(`${lib}/libnvc.so.1.1`)
    expect(links(plan).filter((one) => one.startsWith(`${lib}/libnvc.so `))).toEqual(
      given.map((one) => `${lib}/${one}`),
    )
    expect(links(plan)).toContain(`${lib}/libnvc.so.1 -> libnvc.so.1.1`)
  })

  test("a library whose header is garbage is a file like any other", () => {
    const garbage = board({ more: { [`${lib}/libcuda.so.1.1`]: file("no ELF") } })
    const plan = planOf(garbage, all)
    expect(mounts(plan)).toContain(`${lib}/libcuda.so.1.1`)
    expect(of(plan, "ldcache")).toEqual([])
  })
})

describe("what an image requires", () => {
  test.each([
    ["cuda>=11.4", "none"],
    ["cuda>=11.5", "[GAN2106]"],
    ["cuda<11 cuda>=11.4", "none"],
    ["nonsense", "[GAN2107]"],
  ])("%s: %s", (requirement, code) => {
    expect(refusal(planOf(board(), [...all, `NVIDIA_REQUIRE_CUDA=${requirement}`]))).toContain(code)
  })

  test("nothing, where it is switched off; and a CUDA version that nobody can read refuses", () => {
    const unmet = [...all, "NVIDIA_REQUIRE_CUDA=cuda>=99"]
    expect(refusal(planOf(board(), [...unmet, "NVIDIA_DISABLE_REQUIRE=true"]))).toBe("none")
    expect(refusal(planOf(board(), unmet, { config: "disable-require = true\n" }))).toBe("none")
    expect(refusal(planOf(board(), ["CUDA_VERSION=x"]))).toContain("[GAN1")
  })

  test("where the release is not known, CUDA is not, and a requirement holds", () => {
    const family = board({ more: { "/etc/nv_tegra_release": file("something else\n") } })
    expect(refusal(planOf(family, [...all, "NVIDIA_REQUIRE_CUDA=cuda>=99"]))).toBe("none")
  })
})

describe("a newer CUDA of the image", () => {
  const offer = (directory: string, cudaVersion: string): CompatOffer => {
    const path = `${directory}/libcuda.so.600.1`
    return {
      directory: containerPath(directory),
      libraries: [{ path: containerPath(path), soname: "libcuda.so.1", bits: 64, machine: "aarch64" }],
      candidates: [{ path, version: "600.1", note: { kind: "note", cudaVersion, driverBranches: [540] } }],
    }
  }
  const layout = {
    compat: offer("/usr/local/cuda/compat", "13.0"),
    boardCompat: offer("/usr/local/cuda/compat_orin", "13.0"),
  }
  const named = (name: string, cudaVersion = "12.6"): Host =>
    createMemoryHost(boardTree({}), "board", nvmlReport([{ name }], cudaVersion))
  const libcuda = (host: Host, given: Partial<ContainerLayout> = layout): string | undefined =>
    of(planOf(host, all, { layout: given }), "ldcache")[0]?.entries.find(
      ({ soname }) => soname === "libcuda.so.1",
    )?.path

  test("comes from an Orin's own directory, and from the usual one for others", () => {
    expect(libcuda(named("Orin (nvgpu)"))).toBe("/usr/local/cuda/compat_orin/libcuda.so.600.1")
    expect(libcuda(named("NVIDIA Thor"))).toBe("/usr/local/cuda/compat/libcuda.so.600.1")
    expect(libcuda(named("Orin (nvgpu)"), { compat: layout.compat })).toBe(`${lib}/libcuda.so.1`)
  })

  test("is left alone when it is not newer, and where NVML does not tell what the board has", () => {
    expect(libcuda(named("Orin (nvgpu)", "13.0"))).toBe(`${lib}/libcuda.so.1`)
    expect(libcuda(board())).toBe(`${lib}/libcuda.so.1`)
  })

  test("NVML tells the CUDA version by which requirements are judged, and its absence is no fault of a board", () => {
    const asking = [...all, "NVIDIA_REQUIRE_CUDA=cuda>=12.6"]
    expect(refusal(planOf(named("Orin (nvgpu)"), asking))).toBe("none")
    expect(refusal(planOf(board(), asking))).toContain("[GAN2106]")
    expect(tags(planOf(board(), all))).not.toContain("NvmlUnavailable")
  })
})

describe("a discrete GPU beside the board's own", () => {
  const machine = memoryMachine({
    gpus: 2,
    change(tree) {
      makeFirstIntegrated(tree)
      const major = { kind: "character", major: 195, mode: 0o666 } as const
      tree["/dev/nvidia2"] = { ...major, minor: 2 }
      const lists = {
        devices: ["dev, /dev/nvmap", "dev, /dev/nvidia0", "dev, /dev/nvidia1", "dev, /dev/nvidiactl"],
        drivers: plainLists.drivers,
      }
      Object.assign(tree, boardTree({ lists }))
    },
  })
  const given = (device: string): readonly string[] =>
    [...nodes(planOf(machine, [`NVIDIA_VISIBLE_DEVICES=${device}`]))].sort()

  test("the board's own has the lists' nodes and no other GPU's, and its display's", () => {
    expect(given("0")).toEqual(["/dev/nvidia0", "/dev/nvidia2", "/dev/nvidiactl", "/dev/nvmap"])
  })

  test("the discrete one has its own nodes, the driver's control nodes, and the lists' without GPUs", () => {
    const found = given("1")
    expect(found.filter((path) => /nvidia\d/.test(path))).toEqual(["/dev/nvidia1"])
    for (const path of ["/dev/nvmap", "/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/dri/card2"])
      expect(found).toContain(path)
  })

  test("all is both, and none is none", () => {
    expect(given("all").filter((path) => /nvidia\d/.test(path))).toEqual([
      "/dev/nvidia0",
      "/dev/nvidia1",
      "/dev/nvidia2",
    ])
    expect(given("none")).toEqual([])
    expect(refusal(planOf(machine, ["NVIDIA_VISIBLE_DEVICES=2"]))).toContain("[GAN2104]")
  })

  test("files are the lists' for either", () => {
    const [own, other] = ["0", "1"].map((one) => mounts(planOf(machine, [`NVIDIA_VISIBLE_DEVICES=${one}`])))
    expect(own).toEqual(other ?? [])
    expect(own).toContain(`${lib}/libcuda.so.1.1`)
  })
})

describe("a discrete GPU beside an Orin's own, of which no file tells", () => {
  const machine = (nvml = nvmlReport([orin, { name: "NVIDIA RTX A6000" }])): Host =>
    memoryMachine({
      gpus: 2,
      nvml,
      change(tree) {
        makeFirstUnlisted(tree)
        const lists = { devices: ["dev, /dev/nvmap", "dev, /dev/nvidia*"], drivers: plainLists.drivers }
        Object.assign(tree, boardTree({ lists }))
      },
    })
  const gpuNodes = (host: Host, device: string): readonly string[] =>
    nodes(planOf(host, [`NVIDIA_VISIBLE_DEVICES=${device}`])).filter((path) => /nvidia\d/.test(path))
  const discrete = observeInventory(machine()).gpus[0]?.uuid?.value ?? ""

  test.each([
    ["0", ["/dev/nvidia0"]],
    [orin.uuid, ["/dev/nvidia0"]],
    ["Orin", ["/dev/nvidia0"]],
    ["1", ["/dev/nvidia1"]],
    [discrete, ["/dev/nvidia1"]],
    ["all", ["/dev/nvidia0", "/dev/nvidia1"]],
  ])("%s", (device, paths) => expect(gpuNodes(machine(), device)).toEqual(paths))

  test("where NVML does not tell of both, the discrete one's names are nobody's", () => {
    const silent = machine(nvmlReport([]))
    for (const device of [discrete, "1", "A100"])
      expect(refusal(planOf(silent, [`NVIDIA_VISIBLE_DEVICES=${device}`]))).toContain("[GAN2104]")
  })

  test("elsewhere than in mode csv the discrete one is what its number in NVML says", () => {
    const device = (name: string) =>
      planOf(machine(), [`NVIDIA_VISIBLE_DEVICES=${name}`], { mode: "jit-cdi" })
    expect(nodes(device("1"))).toContain("/dev/nvidia1")
    expect(refusal(device("0"))).toContain("[GAN2104]")
  })
})

test("half of an ordinary driver on a board is none, whatever its lists name", () => {
  const machine = memoryMachine({
    gpus: 2,
    change(tree) {
      makeFirstIntegrated(tree)
      Object.assign(tree, boardTree({}))
      delete tree["/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.550.163.01"]
    },
  })
  expect(refusal(planOf(machine, all, { mode: "jit-cdi" }))).toContain("libnvidia-ml.so")
})
