import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { parseSpec } from "../../../src/core/cdi/read/parse-spec.ts"
import { renderSpec } from "../../../src/core/cdi/render-spec.ts"
import type { CdiSpec, ContainerEdits } from "../../../src/core/cdi/spec.ts"
import { noEdits } from "../../../src/core/cdi/spec.ts"
import { renderElf } from "../../../src/core/elf/render-elf.ts"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import { fail, ok } from "../../../src/core/fault/result.ts"
import { arrangeSpec } from "../../../src/core/generate/arrange-spec.ts"
import { generateSpec } from "../../../src/core/generate/generate-spec.ts"
import { nameStrategies } from "../../../src/core/generate/machine-names.ts"
import { hookChoice, type SpecRequest } from "../../../src/core/generate/spec-request.ts"
import type { Host } from "../../../src/core/host/host.ts"
import { readFault } from "../../../src/core/host/resolve-path.ts"
import type { NvmlReport } from "../../../src/core/inventory/nvml-report.ts"
import { observeInventory } from "../../../src/core/inventory/observe-inventory.ts"
import { type HostSnapshot, observeSnapshot } from "../../../src/core/plan/snapshot.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { parentPath } from "../../../src/core/text/path.ts"
import { encodeUtf8 } from "../../../src/core/text/utf8.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"
import { observeRecorded } from "../../hosts/recorded-host.ts"
import { memoryMachine } from "../../machine.ts"
import { unreadHost } from "../../unread-host.ts"
import { bareNode } from "../cdi/read/bare-parts.ts"
import { referenceRequest } from "./reference-request.ts"

const plain = referenceRequest("auto")

const empty: MemoryTree[string] = { kind: "file", content: "" }
/** `more`: than the door of a Windows host. */
const ofWindows = (more: MemoryTree) =>
  generateSpec(
    observeSnapshot(
      createMemoryHost({
        "/dev/dxg": { kind: "character", major: 10, minor: 125, mode: 0o666 },
        "/usr/lib/wsl/lib/libdxcore.so": empty,
        ...more,
      }),
      { driverRoot: "/", ldcache: "/etc/ld.so.cache" },
    ),
    plain,
  )

const ofHost = (name: string, request: Partial<SpecRequest> = {}) =>
  generateSpec(observeRecorded(name), { ...plain, ...request })

function specOf(name: string, request: Partial<SpecRequest> = {}): CdiSpec {
  const generated = ofHost(name, request)
  if (!generated.ok) throw new Error(generated.fault.tag)
  return generated.value.spec
}

const namesOf = ({ devices }: CdiSpec): readonly string[] => devices.map(({ name }) => name)
const nodesOf = ({ deviceNodes }: ContainerEdits): readonly string[] => deviceNodes.map(({ path }) => path)

describe("a generated specification", () => {
  test.each(["a100", "mig", "orin", "driver-container", "one-gpu-headless"])(
    "of %s is one that engines read, and is read back as it was",
    (name) => {
      for (const format of ["yaml", "json"] as const) {
        const spec = specOf(name)
        const parsed = parseSpec({ path: "generated", bytes: encodeUtf8(renderSpec(spec, format)) })
        expect(parsed.ok ? parsed.value.spec : parsed.fault).toEqual(spec)
        expect(parsed.ok && parsed.value.warnings).toEqual([])
      }
    },
  )

  test("has each device under each name once; a MIG device has none by its place on the bus", () => {
    const names = namesOf(specOf("mig", { names: [...nameStrategies, "index"], hasAllDevice: false }))
    expect(new Set(names).size).toBe(names.length)
    expect(names).toEqual(expect.arrayContaining(["0:0", "mig0:0", "2", "gpu2"]))
    expect(names.filter((name) => name.startsWith("0000:"))).toHaveLength(1)
  })

  test("has no GPU that is cut into MIG devices among all, and has it where it is named", () => {
    expect(namesOf(specOf("mig", { names: ["index"] }))).not.toContain("0")
    expect(namesOf(specOf("mig", { names: ["index"], devices: ["0"] }))).toEqual(["0", "all"])
  })

  test("of no device sets a variable and keeps that name alone", () => {
    const spec = specOf("a100", { devices: ["none", "1"], hasAllDevice: false })
    expect(spec.devices).toEqual([
      { name: "none", annotations: new Map(), containerEdits: { ...noEdits, env: ["NVCT_EMPTY_DEVICE="] } },
    ])
  })

  test("of IMEX channels has each by its number", () => {
    const spec = specOf("mig-extras", { mode: "imex" })
    expect(namesOf(spec).length).toBeGreaterThan(2)
    expect(
      nodesOf(
        specOf("mig-extras", { mode: "imex", devices: ["channel1"] }).devices[0]?.containerEdits ?? noEdits,
      ),
    ).toEqual(["/dev/nvidia-caps-imex-channels/channel1"])
    expect(namesOf(specOf("mig-extras", { mode: "imex", devices: ["01"], hasAllDevice: false }))).toEqual([
      "1",
    ])
    for (const asked of [["all", "5"], ["5", "all"], ["channelall"]])
      expect(namesOf(specOf("mig-extras", { mode: "imex", devices: asked }))).toEqual(namesOf(spec))
    const closed = memoryMachine({
      gpus: 1,
      change: (tree) => {
        const node = { kind: "character", mode: 0o660, gid: 8, major: 235, minor: 0 } as const
        tree["/dev/nvidia-caps-imex-channels/channel0"] = node
      },
    })
    const seen = observeSnapshot(closed, { driverRoot: "/", ldcache: "/etc/ld.so.cache" })
    const grouped = generateSpec(seen, { ...plain, mode: "imex" })
    expect(grouped.ok ? grouped.value.spec.devices[0]?.containerEdits.additionalGids : []).toEqual([8])
    const missing = ofHost("mig-extras", { mode: "imex", devices: ["99"] })
    expect(missing.ok ? "" : missing.fault.tag).toBe("ImexChannelMissing")
  })

  test("for managing has every node that is called as the driver's are, none of services beside it", () => {
    const node = { kind: "character", mode: 0o666, major: 195 } as const
    const host = memoryMachine({
      gpus: 1,
      change: (tree) => {
        tree["/dev/nvidia-vgpu1"] = { ...node, minor: 200 }
        tree["/dev/nvidia7"] = { ...node, minor: 7 }
        tree["/dev/nvidia-fs0"] = { ...node, minor: 1 }
        tree["/dev/nvidia8"] = { kind: "file", content: "" }
      },
    })
    const seen = observeSnapshot(host, { driverRoot: "/", ldcache: "/etc/ld.so.cache" })
    const generated = generateSpec(seen, { ...plain, mode: "management" })
    const nodes = generated.ok ? nodesOf(generated.value.spec.devices[0]?.containerEdits ?? noEdits) : []
    expect(nodes.filter((path) => /vgpu|fs|nvidia\d$/.test(path))).toEqual([
      "/dev/nvidia-vgpu1",
      "/dev/nvidia0",
      "/dev/nvidia7",
    ])
  })

  test("for managing has the hook that keeps the driver from making nodes for who enables it", () => {
    const mode = "management"
    const enabled = (...names: readonly string[]) =>
      specOf("a100", {
        mode,
        hooks: { ...plain.hooks, isEnabled: hookChoice(mode, [], names) },
      }).containerEdits.hooks.filter(({ args }) => args.includes("disable-device-node-modification"))
    expect(enabled()).toEqual([])
    expect(enabled("disable-device-node-modification")).toHaveLength(1)
  })

  test("for managing has every library that carries the driver's version, of those for drawing too", () => {
    const name = "/usr/lib/x86_64-linux-gnu/libnvidia-vulkan-producer.so.550.163.01"
    const elf = { machine: "x86-64", needed: [], symbol: "answer", answer: 1 } as const
    const content = renderElf({ ...elf, soname: "libnvidia-vulkan-producer.so" })
    const host = memoryMachine({
      gpus: 1,
      change: (tree) => {
        tree[name] = { kind: "file", content }
      },
    })
    const seen = observeSnapshot(host, { driverRoot: "/", ldcache: "/etc/ld.so.cache" })
    const generated = generateSpec(seen, { ...plain, mode: "management" })
    const mounts = generated.ok ? generated.value.spec.containerEdits.mounts : []
    expect(mounts.map(({ hostPath: path }) => path)).toContain(name)
  })

  test("has a service's socket also while nobody listens: the specification is for later", () => {
    const seen = observeRecorded("a100")
    const sockets = seen.inventory.sockets.map((one) => ({ ...one, isListening: false }))
    const quiet = { ...seen, inventory: { ...seen.inventory, sockets } }
    const mountsOf = (snapshot: HostSnapshot) => {
      const generated = generateSpec(snapshot, plain)
      return generated.ok ? generated.value.spec.containerEdits.mounts : []
    }
    expect(sockets.length).toBeGreaterThan(0)
    expect(mountsOf(quiet)).toEqual(mountsOf(seen))
  })

  test("of a board has every node that fits a pattern of its lists, each once", () => {
    const node = { kind: "character", mode: 0o660, major: 506 } as const
    const directory = "/etc/nvidia-container-runtime/host-files-for-container.d"
    const board = createMemoryHost({
      "/etc/nv_tegra_release": { kind: "file", content: "# R35 (release), REVISION: 4.1\n" },
      "/dev/nvhost-gpu": { ...node, minor: 1 },
      "/dev/nvhost-vic": { ...node, minor: 2 },
      "/dev/nvmap": { ...node, minor: 3 },
      "/dev/nvhost-file": { kind: "file", content: "" },
      [`${directory}/devices.csv`]: {
        kind: "file",
        content: "dev, /dev/nvhost-*\ndev, /dev/nvhost-vic\ndev, /dev/absent*\n",
      },
    })
    const seen = observeSnapshot(board, { driverRoot: "/", ldcache: "/etc/ld.so.cache" })
    const generated = generateSpec(seen, plain)
    if (!generated.ok) throw new Error(generated.fault.tag)
    const { devices, containerEdits } = generated.value.spec
    expect(nodesOf(devices[0]?.containerEdits ?? noEdits)).toEqual(["/dev/nvhost-gpu", "/dev/nvhost-vic"])
    expect(containerEdits.mounts.map(({ hostPath: path }) => path)).toEqual(["/etc/nv_tegra_release"])
    expect(generated.value.findings.map(({ fault: { tag } }) => tag)).toEqual(["PlatformEntryMissing"])
  })

  test("that would have no device is none, and says whether there is one or it has no such name", () => {
    const board = ofHost("orin", { names: ["uuid", "pci"] })
    expect(board.ok ? "" : renderFaultLine(board.fault)).toBe(
      "failed to generate CDI spec: no device has a name by uuid or pci [GAN4065]: have devices named by index too, which all have: --name index, or --device-name-strategy index of nvidia-ctk",
    )
    const asked = ofHost("orin", { devices: [""] })
    expect(asked.ok ? "" : asked.fault.tag).toBe("CdiNothingToGenerate")
  })

  test("of switches has the one that controls them", () =>
    expect(
      nodesOf(specOf("mig-extras", { mode: "nvswitch" }).devices[0]?.containerEdits ?? noEdits),
    ).toContain("/dev/nvidia-nvswitchctl"))

  test("of a Windows host has its door, its driver's store, and nvidia-smi where containers look for it", () => {
    const store = "/usr/lib/wsl/drivers/nv_dispi.inf_amd64_1"
    const names = ["libcuda.so.1.1", "libnvidia-ml.so.1", "nvidia-smi", "readme.txt"]
    const generated = ofWindows({
      ...Object.fromEntries(names.map((name) => [`${store}/${name}`, empty])),
      [`${store}/libgone.so`]: { kind: "symlink", target: "nowhere" },
      [`${store}/directory.so`]: { kind: "directory" },
    })
    const spec = generated.ok ? generated.value.spec : undefined
    expect(spec?.devices.map(({ name, containerEdits }) => [name, nodesOf(containerEdits)])).toEqual([
      ["all", ["/dev/dxg"]],
    ])
    expect(spec?.containerEdits.mounts.map(({ containerPath }) => containerPath)).toEqual([
      "/usr/lib/wsl/lib/libdxcore.so",
      `${store}/libcuda.so.1.1`,
      `${store}/libnvidia-ml.so.1`,
      `${store}/nvidia-smi`,
    ])
    expect(spec?.containerEdits.hooks.map(({ args }) => args.slice(1))).toEqual([
      ["create-symlinks", "--link", `${store}/nvidia-smi::/usr/bin/nvidia-smi`],
      ["update-ldcache", "--folder", store, "--folder", "/usr/lib/wsl/lib"],
    ])
  })

  describe("of a Windows host with two drivers has the files of one, and tells of the other", () => {
    const [old, upgraded] = ["aa", "bb"].map((name) => `/usr/lib/wsl/drivers/nv_dispi.inf_amd64_${name}`)
    const file = (content: string): MemoryTree[string] => ({ kind: "file", content })
    const inf = (version: string): MemoryTree[string] =>
      file(`[Version]\r\nClass = Display\r\nDriverVer   = 01/18/2024, ${version}\r\n`)
    const storeOf = (directory: string | undefined, build: string, version: string): MemoryTree => ({
      [`${directory}/libcuda.so.1.1`]: file(`libcuda of ${build}`),
      [`${directory}/libcuda_loader.so`]: file(`loader of ${build}`),
      [`${directory}/libnvidia-ml.so.1`]: file(`nvml of ${build}`),
      [`${directory}/nvidia-smi`]: file(`nvidia-smi of ${build}`),
      [`${directory}/nv_dispi.inf`]: inf(version),
    })
    const copied = (names: MemoryTree): MemoryTree =>
      Object.fromEntries(Object.entries(names).map(([name, entry]) => [`/usr/lib/wsl/lib/${name}`, entry]))
    const given = (tree: MemoryTree) => {
      const generated = ofWindows(tree)
      if (!generated.ok) throw new Error(renderFaultLine(generated.fault))
      const { spec, findings } = generated.value
      const mounts = spec.containerEdits.mounts.map(({ containerPath }) => containerPath)
      const links = spec.containerEdits.hooks.flatMap(({ args }) => args.filter((arg) => arg.includes("::")))
      return {
        stores: new Set(mounts.filter((path) => path.includes("/drivers/")).map((path) => parentPath(path))),
        links,
        told: findings.map(({ severity, fault }) => `${severity}: ${renderFaultLine(fault)}`).join("\n"),
      }
    }
    const twoStores = (newer = "31.0.15.5200"): MemoryTree => ({
      ...storeOf(old, "1", "31.0.15.5176"),
      ...storeOf(upgraded, "2", newer),
    })

    test.each([
      [
        "the one that Windows has copied from",
        copied({ "nvidia-smi": file("nvidia-smi of 2") }),
        "31.0.15.1000",
        upgraded,
      ],
      [
        "also where that is the older one",
        copied({ "libnvidia-ml.so.1": file("nvml of 1") }),
        "31.0.15.5200",
        old,
      ],
      [
        "also where a loader was copied",
        copied({ "libcuda.so.1.1": file("loader of 2") }),
        "31.0.15.1000",
        upgraded,
      ],
      [
        "that of most of the copies",
        copied({
          "libcuda.so.1.1": file("loader of 2"),
          "nvidia-smi": file("nvidia-smi of 2"),
          "libnvidia-ml.so.1": file("nvml of 1"),
        }),
        "31.0.15.1000",
        upgraded,
      ],
    ])("%s", (_, copies, newer, used) => {
      const { stores, links, told } = given({ ...twoStores(newer), ...copies })
      expect([...stores]).toEqual([used ?? ""])
      expect(links).toEqual([`${used}/nvidia-smi::/usr/bin/nvidia-smi`])
      expect(told).toMatch(/^note: .*its files are those of \/usr\/lib\/wsl\/lib \[GAN2180\]/)
      expect(told).toContain(`not ${used === old ? upgraded : old}`)
    })

    test("the later one where nothing was copied, number by number", () => {
      for (const version of ["31.0.15.10000", "32.0.0.1"]) {
        const { stores, told } = given(twoStores(version))
        expect([...stores]).toEqual([upgraded ?? ""])
        expect(told).toStartWith("warning: ")
      }
      expect([...given(twoStores("31.0.15.999")).stores]).toEqual([old ?? ""])
    })

    test("an INF file of two bytes a character is read too", () => {
      const wide = [...`\uFEFF[Version]\r\nDriverVer=01/18/2024,32.0.15.6109\r\n`]
      const bytes = Uint8Array.from(wide.flatMap((one) => [one.charCodeAt(0) & 0xff, one.charCodeAt(0) >> 8]))
      const tree = {
        ...twoStores("1.0"),
        [`${upgraded}/nv_dispi.inf`]: { kind: "file", content: bytes } as const,
      }
      expect([...given(tree).stores]).toEqual([upgraded ?? ""])
    })

    test("the first by name where nothing tells", () => {
      const { stores, told } = given(twoStores("31.0.15.5176"))
      expect([...stores]).toEqual([old ?? ""])
      expect(told).toContain("nothing tells which is in use")
    })

    test("and tells nothing where there is one", () => {
      expect(given({ ...storeOf(old, "1", "1.0"), "/usr/lib/wsl/drivers/other/a.so": empty }).told).toBe("")
    })
  })

  test("of a Windows host without the driver's store is refused: its door alone leads nowhere", () => {
    const generated = ofWindows({ "/usr/lib/wsl/drivers/other/readme.txt": empty })
    expect(generated.ok ? "" : generated.fault.tag).toBe("CdiNothingToGenerate")
  })

  test("without 32-bit libraries has no link that leads to one, and with them has both", () => {
    const host = memoryMachine({ gpus: 1, shape: { hasCompat32: true } })
    const linksFor = (has32Bit: boolean): readonly string[] => {
      const snapshot = observeSnapshot(host, { driverRoot: "/", ldcache: "/etc/ld.so.cache" })
      const generated = generateSpec(snapshot, { ...plain, has32Bit })
      if (!generated.ok) throw new Error(generated.fault.tag)
      return generated.value.spec.containerEdits.hooks.flatMap(({ args }) =>
        args.filter((arg) => arg.includes("::")),
      )
    }
    const in32Bit = (links: readonly string[]) => links.filter((link) => link.includes("i386-linux-gnu"))
    expect(in32Bit(linksFor(false))).toEqual([])
    expect(linksFor(false).filter((link) => link.includes("/gbm/"))).toHaveLength(1)
    expect(in32Bit(linksFor(true)).filter((link) => link.includes("/gbm/"))).toHaveLength(1)
  })

  test("every hook has an environment", () => {
    const spec = specOf("a100")
    const hooks = [spec.containerEdits, ...spec.devices.map((one) => one.containerEdits)].flatMap(
      (edits) => edits.hooks,
    )
    expect(hooks.length).toBeGreaterThan(20)
    expect(hooks.filter(({ env }) => env.length === 0)).toEqual([])
  })

  test("a machine without a driver, and one whose files have another version, have none", () => {
    for (const [name, tag, mode] of [
      ["no-driver", "DriverNotLoaded", "nvml"],
      ["no-driver", "DriverNotLoaded", "management"],
      ["upgraded-not-rebooted", "DriverVersionMismatch", "nvml"],
      ["upgraded-not-rebooted", "DriverVersionMismatch", "management"],
    ] as const) {
      const generated = ofHost(name, { mode })
      expect(generated.ok ? "" : generated.fault.tag).toBe(tag)
    }
  })
})

describe("names that nobody can say", () => {
  const hostile = (change: (snapshot: HostSnapshot) => HostSnapshot) => {
    const generated = generateSpec(change(observeRecorded("a100")), plain)
    if (!generated.ok) throw new Error(generated.fault.tag)
    const { spec, findings } = generated.value
    const parsed = parseSpec({ path: "generated", bytes: encodeUtf8(renderSpec(spec, "yaml")) })
    expect(parsed.ok ? [] : parsed.fault).toEqual([])
    return { spec, told: findings.filter(({ fault: { tag } }) => tag === "CdiContentLeftOut") }
  }
  const withUuid =
    (uuidOf: (index: number) => string) =>
    (snapshot: HostSnapshot): HostSnapshot => ({
      ...snapshot,
      inventory: {
        ...snapshot.inventory,
        gpus: snapshot.inventory.gpus.map((gpu) => ({
          ...gpu,
          uuid: { value: uuidOf(gpu.index ?? 0), source: "NVML" },
        })),
      },
    })

  test("a UUID that is no name, and one that two GPUs have, cost nothing but that name", () => {
    const strange = hostile(withUuid((index) => `GPU-/../${index}\n`)).spec
    expect(namesOf(strange)).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "all"])
    const same = hostile(withUuid(() => "GPU-1")).spec
    expect(namesOf(same)).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "GPU-1", "all"])
  })

  test("a library, a link or a folder with such a name is left out and told of", () => {
    const { spec, told } = hostile((snapshot) => {
      const [library, ...others] = snapshot.driver?.libraries ?? []
      if (snapshot.driver === undefined || library === undefined) throw new Error("no library")
      const at = (name: string): typeof library => ({
        ...library,
        path: hostPath(`/odd/${name}`),
        rootPath: hostPath(`/odd/${name}`),
        links: [{ path: hostPath(`/odd/a,b.${name}`), target: name }],
      })
      return {
        ...snapshot,
        driver: {
          ...snapshot.driver,
          libraries: [library, ...others, at("lib\udc95.so.1"), at("libplain.so.1")],
        },
      }
    })
    const mounts = spec.containerEdits.mounts.map(({ containerPath }) => containerPath)
    expect(mounts).toContain("/odd/libplain.so.1")
    expect(mounts.some((path) => path.includes("\udc95"))).toBe(false)
    expect(JSON.stringify(spec.containerEdits.hooks)).not.toContain("a,b")
    expect(told.length).toBeGreaterThan(1)
  })
})

describe("hooks", () => {
  test.each([
    ["nvml", [], [], "update-ldcache", true],
    ["nvml", [], [], "chmod", false],
    ["nvml", [], ["chmod"], "chmod", true],
    ["nvml", ["all"], [], "create-symlinks", false],
    ["nvml", ["all"], ["create-symlinks"], "create-symlinks", true],
    ["nvml", ["all"], ["create-symlinks"], "update-ldcache", false],
    ["nvml", ["update-ldcache"], ["update-ldcache"], "update-ldcache", true],
    ["nvml", [], [], "disable-device-node-modification", true],
    ["management", [], [], "disable-device-node-modification", false],
    ["management", [], ["disable-device-node-modification"], "disable-device-node-modification", true],
  ] as const)("mode %s, disabled %j, enabled %j: %s is %j", (mode, disabled, enabled, name, isOn) =>
    expect(hookChoice(mode, disabled, enabled)(name)).toBe(isOn),
  )

  test("are called as the program wants it that serves them", () => {
    const wordsOf = (path: string) =>
      specOf("a100", { hooks: { ...plain.hooks, path } }).containerEdits.hooks[0]?.args.slice(0, 3)
    expect(wordsOf("/x/nvidia-ctk")).toEqual(["nvidia-ctk", "hook", "create-symlinks"])
    expect(wordsOf("/x/gantry")?.slice(0, 2)).toEqual(["nvidia-cdi-hook", "create-symlinks"])
    expect(wordsOf("/x/other")?.slice(0, 2)).toEqual(["nvidia-cdi-hook", "create-symlinks"])
    expect(wordsOf("/x/nvidia-cdi-hook")?.slice(0, 2)).toEqual(["nvidia-cdi-hook", "create-symlinks"])
  })
})

describe("arrangement", () => {
  const edits = fc.record({
    env: fc.array(fc.constantFrom("A=1", "B=2", "C=3")),
    deviceNodes: fc.array(fc.constantFrom("/dev/b", "/dev/a", "/dev/a/c").map(bareNode)),
    additionalGids: fc.array(fc.integer({ min: 1, max: 4 })),
  })

  test("a device loses nothing but what every container gets, and is never left empty", () =>
    fc.assert(
      fc.property(edits, fc.array(edits, { maxLength: 4 }), (shared, devices) => {
        const given = devices
          .filter(({ env, deviceNodes }) => env.length + deviceNodes.length > 0)
          .map((own, index) => ({
            name: `d${index}`,
            annotations: new Map<string, string>(),
            containerEdits: { ...noEdits, ...own },
          }))
        const arranged = arrangeSpec(given, { ...noEdits, ...shared }, "all")
        for (const { name, containerEdits } of arranged.devices) {
          expect(
            containerEdits.env.length +
              containerEdits.deviceNodes.length +
              containerEdits.additionalGids.length,
          ).toBeGreaterThan(0)
          const all = new Set([...arranged.containerEdits.env, ...containerEdits.env])
          const due = name === "all" ? given : given.filter((one) => one.name === name)
          expect([...all].sort()).toEqual(
            [...new Set([...shared.env, ...due.flatMap((one) => one.containerEdits.env)])].sort(),
          )
        }
        expect(arranged.devices.length).toBe(given.length === 0 ? 0 : given.length + 1)
      }),
    ))

  test("by depth, then by name", () =>
    expect(
      nodesOf(
        arrangeSpec(
          [],
          { ...noEdits, deviceNodes: ["/dev/a/c", "/dev/b", "/dev/a/b", "/dev/a", "/dev/a"].map(bareNode) },
          undefined,
        ).containerEdits,
      ),
    ).toEqual(["/dev/a", "/dev/b", "/dev/a/b", "/dev/a/c"]))
})

describe("a GPU that is there to be cut into MIG devices and has none yet", () => {
  const machine = memoryMachine({ gpus: 2 })
  const gpus = observeInventory(machine).gpus.map(
    ({ pciAddress, uuid }, index): NvmlReport["gpus"][number] => ({
      index,
      pciAddress,
      uuid: uuid?.value,
      minor: index,
      name: "NVIDIA A100-SXM4-40GB",
      brand: "Nvidia",
      computeCapability: "8.0",
      isMigEnabled: index === 0,
      migDevices: [],
      problem: undefined,
    }),
  )
  const library = hostPath("/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.550.163.01")
  const report: NvmlReport = {
    version: 1,
    library,
    driverVersion: "550.163.01",
    cudaVersion: "12.4",
    missingSymbols: [],
    gpus,
  }
  let asked = 0
  const host: Host = {
    ...machine,
    askNvml() {
      asked++
      return () => ok(report)
    },
  }
  const place = { driverRoot: "/", ldcache: "/etc/ld.so.cache" }

  test("is no device, which is told: only NVML knows, and is asked", () => {
    const seen = observeSnapshot(host, { ...place, asksMigMode: true })
    const told = (devices: readonly string[]) => {
      const made = generateSpec(seen, { ...plain, devices })
      const findings = made.ok ? made.value.findings : []
      const warned = findings.filter(({ severity }) => severity === "warning")
      return [
        made.ok ? namesOf(made.value.spec) : [],
        warned.map((one) => renderFaultLine(one.fault)),
      ] as const
    }
    const [names, lines] = told(["all"])
    expect(names).toEqual(["1", expect.any(String), "all"])
    expect(lines).toEqual([
      expect.stringContaining(
        "is without GPU 0: MIG is enabled on it, and it has no MIG devices yet [GAN4062]",
      ),
    ])
    // Nobody misses it who has asked for another.
    expect(told(["1"])[1]).toEqual([])
  })

  test("a start does not ask for it", () => {
    asked = 0
    expect(observeSnapshot(host, place).inventory.gpus.map(({ isMigEnabled }) => isMigEnabled)).toEqual([
      undefined,
      undefined,
    ])
    expect(asked).toBe(0)
  })
})

test.each([
  ["/dev/nvidia-modeset", "programs that set display modes"],
  ["/dev/nvidia-uvm-tools", "profilers of unified memory"],
])("without %s a specification stays, and so its making warns", (path, neededBy) => {
  const host = memoryMachine({
    gpus: 1,
    change: (tree) => {
      delete tree[path]
    },
  })
  const place = { driverRoot: "/", ldcache: "/etc/ld.so.cache" }
  const made = generateSpec(observeSnapshot(host, place), plain)
  const findings = made.ok ? made.value.findings : []
  expect(findings.map((one) => ({ severity: one.severity, ...one.fault.data }))).toEqual([
    { severity: "warning", path: hostPath(path), neededBy },
  ])
})

test.each(["EACCES", "EMFILE"])(
  "of GPUs whose list cannot be read (%s) is not said that nothing drives them",
  (errno) => {
    const machine = memoryMachine({ gpus: 2 })
    const host: Host = {
      ...machine,
      readDir: (path) =>
        path === "/proc/driver/nvidia/gpus" ? fail(readFault(path, "readdir", errno)) : machine.readDir(path),
    }
    const snapshot = observeSnapshot(host, { driverRoot: "/", ldcache: "/etc/ld.so.cache" })
    expect(snapshot.inventory.gpus).toEqual([])
    expect(snapshot.inventory.findings.map(({ fault: { tag } }) => tag)).toEqual(["HostReadFailed"])
    expect(generateSpec(snapshot, plain)).toMatchObject({
      ok: false,
      fault: { tag: "HostReadFailed", data: { path: "/proc/driver/nvidia/gpus", errno } },
    })
  },
)

const refusing: SpecRequest = { ...plain, machineFaults: "refused" }

test.each([
  "/proc/driver/nvidia/gpus/0000:10:00.0/information",
  "/dev/nvidiactl",
  "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.550.163.01",
])(
  "no specification is made of a machine on which %s cannot be read: GPUs would have other numbers, or none",
  (path) => {
    const host = unreadHost(memoryMachine({ gpus: 2 }), new RegExp(`^${path}$`), "EIO")
    expect(
      generateSpec(observeSnapshot(host, { driverRoot: "/", ldcache: "/etc/ld.so.cache" }), refusing),
    ).toMatchObject({
      ok: false,
      fault: { tag: "HostReadFailed", data: { path: hostPath(path), errno: "EIO" } },
    })
  },
)

test("of a GPU whose node cannot be looked at is not said that it has none", () => {
  const host = unreadHost(memoryMachine({ gpus: 2 }), /^\/dev\/nvidia0$/, "EIO")
  const made = generateSpec(observeSnapshot(host, { driverRoot: "/", ldcache: "/etc/ld.so.cache" }), refusing)
  const left = made.ok
    ? made.value.findings.find(({ fault: { tag } }) => tag === "CdiContentLeftOut")
    : undefined
  expect(left?.fault.cause).toMatchObject({ tag: "HostReadFailed", data: { path: hostPath("/dev/nvidia0") } })
})
