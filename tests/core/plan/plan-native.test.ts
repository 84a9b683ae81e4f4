import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import { observeInventory } from "../../../src/core/inventory/observe-inventory.ts"
import type { CompatOffer } from "../../../src/core/plan/compat-offer.ts"
import type { Edit } from "../../../src/core/plan/edit.ts"
import { editOrder } from "../../../src/core/plan/edit.ts"
import type { Plan } from "../../../src/core/plan/plan.ts"
import { renderPlanJson } from "../../../src/core/plan/render-plan.ts"
import { containerPath } from "../../../src/core/text/brand.ts"
import { createMemoryHost } from "../../../src/host/memory.ts"
import { hostNames, observeRecorded } from "../../hosts/recorded-host.ts"
import { type ContainerOptions, type MachineOptions, memoryMachine, planFor, planOn } from "../../machine.ts"
import { unreadHost } from "../../unread-host.ts"

const all = ["NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_DRIVER_CAPABILITIES=all"]
const planOf = (machine: MachineOptions, container: ContainerOptions): Plan =>
  planFor(memoryMachine(machine), container)
const of = <K extends Edit["kind"]>(
  { edits }: Plan,
  kind: K,
): readonly Extract<Edit, { readonly kind: K }>[] =>
  edits.filter((edit): edit is Extract<Edit, { readonly kind: K }> => edit.kind === kind)
const targets = (plan: Plan): readonly string[] => of(plan, "mount").map((one) => one.containerPath)
const nodes = (plan: Plan): readonly string[] => of(plan, "deviceNode").map(({ path }) => path)
const refusal = ({ refusal: fault }: Plan): string => (fault === undefined ? "none" : renderFaultLine(fault))

describe("32-bit libraries", () => {
  const machine = { gpus: 1, shape: { hasCompat32: true } }
  const placed = (env: string, layout: ContainerOptions["layout"]): readonly string[] =>
    targets(
      planOf(machine, {
        env: ["NVIDIA_VISIBLE_DEVICES=0", `NVIDIA_DRIVER_CAPABILITIES=${env}`],
        layout: layout ?? {},
      }),
    ).filter((path) => path.includes("/libcuda.so."))

  test("come with compat32, for the other capabilities that are asked for", () => {
    expect(placed("compute,compat32", {})).toEqual([
      "/usr/lib/x86_64-linux-gnu/libcuda.so.550.163.01",
      "/usr/lib/i386-linux-gnu/libcuda.so.550.163.01",
    ])
    expect(placed("compute", {})).toHaveLength(1)
    expect(placed("utility,compat32", {})).toEqual([])
  })

  test.each([
    ["/usr/lib32 where the image has it", { hasLib32: true, isLibApart: true }, "/usr/lib32"],
    ["/usr/lib where it is no other name of /usr/lib64", { hasLib32: false, isLibApart: true }, "/usr/lib"],
    ["a new /usr/lib32 else", { hasLib32: false, isLibApart: false }, "/usr/lib32"],
  ])("go, beside Debian, to %s", (_, layout, directory) => {
    expect(placed("compute,compat32", { isDebian: false, ...layout })).toEqual([
      "/usr/lib64/libcuda.so.550.163.01",
      `${directory}/libcuda.so.550.163.01`,
    ])
  })

  test("are in the loader's cache under their own machine", () => {
    const plan = planOf(machine, { env: [...all] })
    const entries = of(plan, "ldcache")[0]?.entries.filter(({ soname }) => soname === "libcuda.so.1") ?? []
    expect(entries.map(({ bits, machine: one, path }) => `${bits} ${one} ${path}`)).toEqual([
      "64 x86-64 /usr/lib/x86_64-linux-gnu/libcuda.so.1",
      "32 i386 /usr/lib/i386-linux-gnu/libcuda.so.1",
    ])
  })
})

describe("rules that the wrapper's modes do not apply", () => {
  const env = [
    "NVIDIA_VISIBLE_DEVICES=0",
    "NVIDIA_DRIVER_CAPABILITIES=utility",
    "NVIDIA_REQUIRE_CUDA=cuda>=99",
    "NVIDIA_MIG_MONITOR_DEVICES=all",
  ]
  const container = { env, isPrivileged: true }
  const enforce = "[gantry]\nenforce = true\n"

  test("the hook applies them", () => {
    expect(refusal(planOf({ gpus: 1 }, container))).toContain("[GAN2106]")
  })

  test.each(["jit-cdi", "cdi"] as const)("mode %s gives everything and tells what would change", (mode) => {
    const plan = planOf({ gpus: 1 }, { ...container, mode })
    expect(plan.outcome).toBe("inject")
    expect(targets(plan)).toContain("/usr/lib/x86_64-linux-gnu/libcuda.so.550.163.01")
    expect(nodes(plan)).toContain("/dev/nvidia-modeset")
    expect(targets(plan)).not.toContain("/dev/nvidia-caps")
    const rules = plan.findings.flatMap(({ fault }) =>
      fault.tag === "RuleNotApplied" ? [fault.data.rule] : [],
    )
    expect(rules).toEqual(["driver capabilities", "requirements", "NVIDIA_MIG_MONITOR_DEVICES"])
  })

  test.each(["jit-cdi", "cdi"] as const)("with gantry.enforce they are applied in mode %s too", (mode) => {
    expect(refusal(planOf({ gpus: 1 }, { ...container, mode, config: enforce }))).toContain("[GAN2106]")
    const fitting = env.filter((entry) => !entry.startsWith("NVIDIA_REQUIRE"))
    const plan = planOf({ gpus: 1 }, { ...container, env: fitting, mode, config: enforce })
    expect(targets(plan).filter((path) => path.includes("/libcuda."))).toEqual([])
    expect(plan.findings.filter(({ fault }) => fault.tag === "RuleNotApplied")).toEqual([])
  })

  test.each([
    ["an unknown capability", "NVIDIA_DRIVER_CAPABILITIES=bogus", "GAN1", "driver capabilities"],
    ["a CUDA version that nobody can read", "CUDA_VERSION=x", "GAN1", "requirements"],
    ["a right over MIG without privilege", "NVIDIA_MIG_CONFIG_DEVICES=all", "[GAN1211]", "rights over MIG"],
  ])("%s refuses in the hook and under enforce, else it is told", (_, entry, code, rule) => {
    const said = { env: ["NVIDIA_VISIBLE_DEVICES=0", entry] }
    expect(refusal(planOf({ gpus: 1 }, said))).toContain(code)
    expect(refusal(planOf({ gpus: 1 }, { ...said, mode: "jit-cdi", config: enforce }))).toContain(code)
    const plan = planOf({ gpus: 1 }, { ...said, mode: "jit-cdi" })
    expect(plan.outcome).toBe("inject")
    const told = plan.findings.flatMap(({ fault }) =>
      fault.tag === "RuleNotApplied" && fault.cause !== undefined ? [fault.data.rule] : [],
    )
    expect(told).toEqual([rule])
  })

  test("what is asked for anyway is nothing to tell", () => {
    const plan = planOf(
      { gpus: 1 },
      {
        env: ["NVIDIA_VISIBLE_DEVICES=0", "NVIDIA_DRIVER_CAPABILITIES=all"],
        mode: "cdi",
        config: 'supported-driver-capabilities = "compute,display,graphics,ngx,utility,video"\n',
      },
    )
    expect(plan.findings).toEqual([])
  })
})

describe("machines whose driver is no kernel module of ours", () => {
  const file = { kind: "file", content: "" } as const
  const node = { kind: "character", major: 10, minor: 1 } as const
  const wsl = createMemoryHost(
    {
      "/dev/dxg": node,
      "/usr/lib/wsl/lib/libdxcore.so": file,
      "/usr/lib/wsl/drivers/nv/libcuda.so.1.1": file,
    },
    "wsl",
  )
  const board = { "/etc/nv_tegra_release": file, "/dev/nvmap": node }
  const tegra = createMemoryHost(board, "board")
  const version = { kind: "file", content: "NVRM version: x  540.3.0  y\n" } as const
  const withDisplays = createMemoryHost({ ...board, "/proc/driver/nvidia/version": version }, "board")

  test.each([
    ["WSL", wsl, /Windows Subsystem for Linux.*\[GAN2138\].*shadow/],
    ["a Tegra board", tegra, /Tegra board.*\[GAN2138\].*runtime wrapper/],
    ["a Tegra board with the module for its displays", withDisplays, /Tegra board.*\[GAN2138\]/],
  ])("%s is refused, and what serves it is said", (_, host, sentence) => {
    for (const mode of ["legacy", "jit-cdi", "cdi"] as const)
      for (const device of ["all", "none"])
        expect(refusal(planFor(host, { env: [`NVIDIA_VISIBLE_DEVICES=${device}`], mode }))).toMatch(sentence)
  })
})

describe("the wrapper's modes", () => {
  test("leave files where they lie on the machine, and set variables that a hook cannot set", () => {
    const plan = planOf({ gpus: 1 }, { env: [...all], mode: "jit-cdi", layout: { isDebian: false } })
    expect(targets(plan)).toContain("/usr/lib/x86_64-linux-gnu/vdpau/libvdpau_nvidia.so.550.163.01")
    expect(of(plan, "env").map(({ name }) => name)).toEqual([
      "NVIDIA_CTK_LIBCUDA_DIR",
      "NVIDIA_VISIBLE_DEVICES",
    ])
    expect(of(plan, "cover")).toEqual([])
    expect(of(planOf({ gpus: 1 }, { env: [...all] }), "env")).toEqual([])
  })

  test("cover nothing in proc, and only a driver that would make nodes is told not to", () => {
    const files = (text: string): readonly string[] =>
      of(
        planOf(
          {
            gpus: 1,
            change(tree) {
              tree["/proc/driver/nvidia/params"] = { kind: "file", content: text }
            },
          },
          { env: ["NVIDIA_VISIBLE_DEVICES=0"], mode: "cdi" },
        ),
        "file",
      ).map(({ path }) => path)
    expect(files("ModifyDeviceFiles: 1\n")).toContain("/proc/driver/nvidia/params")
    expect(files("ModifyDeviceFiles: 0\n")).not.toContain("/proc/driver/nvidia/params")
  })
})

describe("hooks of the reference's that are switched off", () => {
  const withHooks = (hooks: string, mode: "jit-cdi" | "cdi" | "legacy" = "jit-cdi"): Plan =>
    planOf(
      {
        gpus: 1,
        change(tree) {
          tree["/proc/driver/nvidia/params"] = { kind: "file", content: "ModifyDeviceFiles: 1\n" }
        },
      },
      {
        env: [...all],
        mode,
        layout: { muslMachines: ["x86-64"] },
        config: `[nvidia-container-runtime.modes.jit-cdi]\nnvcdi-disable-hooks = [${hooks}]\n`,
      },
    )
  const kinds = ["symlink", "ldcache", "muslPath", "file"] as const
  const counted = (plan: Plan): readonly number[] => kinds.map((kind) => of(plan, kind).length)
  const [links = 0, caches = 0, lists = 0, files = 0] = counted(withHooks(""))

  test.each<[hooks: string, left: readonly number[]]>([
    ['"create-symlinks"', [0, caches, lists, files]],
    ['"update-ldcache"', [links, 0, 0, files]],
    ['"disable-device-node-modification"', [links, caches, lists, files - 1]],
    ['"update-application-profile", "chmod"', [links, caches, lists, files - 1]],
    ['"all"', [0, 0, 0, 0]],
    ['"unheard-of"', [links, caches, lists, files]],
  ])("%s: what they do is left out, and that is told", (hooks, left) => {
    expect([links > 9, caches, lists, files]).toEqual([true, 1, 1, 2])
    const plan = withHooks(hooks)
    expect(counted(plan)).toEqual(left)
    const told = plan.omissions.filter(({ reasons }) => reasons.includes("hooks.disabled"))
    const sum = (numbers: readonly number[]): number => numbers.reduce((one, other) => one + other, 0)
    expect(told).toHaveLength(sum([links, caches, lists, files]) - sum(left))
  })

  test("count in mode jit-cdi alone", () => {
    for (const mode of ["cdi", "legacy"] as const)
      expect(counted(withHooks('"all"', mode))).toEqual(counted(withHooks("", mode)))
  })
})

describe("MIG", () => {
  const migDevices = [
    { gpu: 0, gpuInstance: 1, computeInstance: 0, profile: "3g.20gb" },
    { gpu: 0, gpuInstance: 2, computeInstance: 0, profile: "2g.10gb" },
  ]
  const machine = { gpus: 2, shape: { migDevices } }

  test("a device brings its GPU's node, those of its two capabilities and their files in proc", () => {
    const plan = planOf(machine, { env: ["NVIDIA_VISIBLE_DEVICES=0:1"] })
    expect(nodes(plan).filter((path) => !/ctl|uvm/.test(path))).toHaveLength(3)
    expect(targets(plan).filter((path) => path.endsWith("/access"))).toEqual([
      "/proc/driver/nvidia/capabilities/gpu0/mig/gi2/access",
      "/proc/driver/nvidia/capabilities/gpu0/mig/gi2/ci0/access",
    ])
    expect(plan.omissions.map(({ what }) => what)).toContain("MIG device 0:0")
  })

  test("a right over MIG gives the directory of nodes, and permission for every instance of the GPUs", () => {
    const env = ["NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_MIG_CONFIG_DEVICES=all"]
    const plan = planOf(machine, { env, isPrivileged: true })
    expect(targets(plan).filter((path) => /caps|capabilities/.test(path))).toEqual([
      "/proc/driver/nvidia/capabilities",
      "/dev/nvidia-caps",
    ])
    expect(nodes(plan).filter((path) => path.includes("nvidia-cap"))).toEqual([])
    const numbers = of(plan, "cgroupRule").filter(({ major }) => major === 236)
    expect(numbers.map(({ minor }) => minor)).toContain(1)
    expect(numbers.length).toBeGreaterThan(4)
  })

  test.each([
    ["beside a MIG device by name", "0:1", "all", "cannot enable mig-config with specific MIG devices"],
    ["for one GPU", "0", "0", "only 'all' devices are currently supported"],
  ])("a right %s is refused", (_, devices, right, text) => {
    const env = [`NVIDIA_VISIBLE_DEVICES=${devices}`, `NVIDIA_MIG_CONFIG_DEVICES=${right}`]
    expect(refusal(planOf(machine, { env, isPrivileged: true }))).toContain(text)
  })

  test("a device whose node is missing is refused, another is not", () => {
    const broken: MachineOptions = {
      ...machine,
      change(tree) {
        const numbers = Object.keys(tree).flatMap((path) => /nvidia-cap(\d+)$/.exec(path)?.[1] ?? [])
        delete tree[`/dev/nvidia-caps/nvidia-cap${Math.max(...numbers.map(Number))}`]
      },
    }
    expect(refusal(planOf(broken, { env: ["NVIDIA_VISIBLE_DEVICES=0:1"] }))).toContain("[GAN2123]")
    expect(refusal(planOf(broken, { env: ["NVIDIA_VISIBLE_DEVICES=0:0"] }))).toBe("none")
  })
})

describe("IMEX channels", () => {
  const machine = { gpus: 1, shape: { imexChannels: 3 } }
  const channels = (...env: readonly string[]): readonly string[] =>
    nodes(planOf(machine, { env: ["NVIDIA_VISIBLE_DEVICES=0", ...env] })).filter((path) =>
      path.includes("imex"),
    )

  test("are given by number or name, each once", () => {
    expect(channels("NVIDIA_IMEX_CHANNELS=2,channel0,2")).toEqual([
      "/dev/nvidia-caps-imex-channels/channel0",
      "/dev/nvidia-caps-imex-channels/channel2",
    ])
  })

  test("none and nothing mean none", () => {
    expect(channels("NVIDIA_IMEX_CHANNELS=none")).toEqual([])
    expect(channels()).toEqual([])
  })

  test("all of them only by a mount", () => {
    expect(channels("NVIDIA_IMEX_CHANNELS=all")).toEqual([])
    const mounts = ["0", "imex/all"].map((name) => ({
      source: "/dev/null",
      destination: `/var/run/nvidia-container-devices/${name}`,
    }))
    const config = "accept-nvidia-visible-devices-as-volume-mounts = true\n"
    expect(
      nodes(planOf(machine, { env: [], mounts, config })).filter((path) => path.includes("imex")),
    ).toHaveLength(3)
  })

  test.each([
    ["7", "[GAN2117]: this machine has channel 0, 1, 2"],
    ["x", "[GAN2115]"],
  ])("%s, which is not there, is refused", (channel, text) => {
    const env = ["NVIDIA_VISIBLE_DEVICES=0", `NVIDIA_IMEX_CHANNELS=${channel}`]
    expect(refusal(planOf(machine, { env }))).toContain(text)
  })
})

describe("what stands beside GPUs", () => {
  const env = ["GDS", "MOFED", "GDRCOPY", "NVSWITCH"].map((name) => `NVIDIA_${name}=enabled`)
  const snapshot = observeRecorded("mig-extras")
  const planned = (config = "", mode: ContainerOptions["mode"] = "legacy"): Plan =>
    planOn(() => snapshot, { env: ["NVIDIA_VISIBLE_DEVICES=2", ...env], config, mode })

  test("comes by its variable in every mode, and takes no GPU away", () => {
    for (const path of [
      "/dev/nvidia2",
      "/dev/nvidia-fs0",
      "/dev/infiniband/uverbs0",
      "/dev/gdrdrv",
      "/dev/nvidia-nvswitchctl",
    ])
      for (const mode of ["legacy", "jit-cdi", "cdi"] as const)
        expect(nodes(planned("", mode))).toContain(path)
  })

  test("comes as the profile knows it", () => {
    expect(nodes(planned('[gantry]\nprofile = "1.13"\n'))).not.toContain("/dev/gdrdrv")
    expect(nodes(planned('[gantry]\nprofile = "2020-07"\n'))).not.toContain("/dev/nvidia-fs0")
  })

  test("is a finding where the machine has none", () => {
    const plan = planOf({ gpus: 1 }, { env: ["NVIDIA_VISIBLE_DEVICES=0", "NVIDIA_GDS=enabled"] })
    expect(plan.findings.map(({ fault }) => fault.tag)).toEqual(["CompanionMissing"])
    expect(plan.omissions.map(({ what }) => what)).toContain("/dev/nvidia-fs*: the machine has none")
  })
})

describe("sockets", () => {
  const withSocket = (listener: string): MachineOptions => ({
    gpus: 1,
    change(tree) {
      tree["/run/nvidia-persistenced/socket"] = { kind: "socket", mode: 0o666 }
      tree["/proc/net/unix"] = {
        kind: "file",
        content: `Num Ref\n0: 2 0 ${listener} 1 1 77 /run/nvidia-persistenced/socket\n`,
      }
    },
  })
  const env = ["NVIDIA_VISIBLE_DEVICES=0"]

  test("come while somebody listens, and can be written to", () => {
    const plan = planOf(withSocket("00010000"), { env })
    const socket = of(plan, "mount").find(
      ({ containerPath: path }) => path === "/run/nvidia-persistenced/socket",
    )
    expect(socket?.options).toEqual(["nosuid", "nodev", "noexec"])
  })

  test("at which nobody listens are left out, and told of who would have got them", () => {
    const plan = planOf(withSocket("00000000"), { env })
    expect(targets(plan)).not.toContain("/run/nvidia-persistenced/socket")
    expect(plan.findings.map(({ fault }) => fault.tag)).toEqual(["SocketDead"])
    const compute = planOf(withSocket("00000000"), { env: [...env, "NVIDIA_DRIVER_CAPABILITIES=compute"] })
    expect(compute.findings).toEqual([])
  })
})

describe("groups", () => {
  test("come with nodes that are not for everybody, by number", () => {
    expect(of(planOf({ gpus: 2 }, { env: [...all] }), "gid").map(({ gid }) => gid)).toEqual([44, 105])
    expect(of(planOf({ gpus: 2 }, { env: ["NVIDIA_VISIBLE_DEVICES=0"] }), "gid")).toEqual([])
  })

  test("do not come where the configuration says so, and that is told", () => {
    const config = "[features]\nno-additional-gids-for-device-nodes = true\n"
    const plan = planOf({ gpus: 1 }, { env: [...all], config })
    expect(of(plan, "gid")).toEqual([])
    expect(plan.omissions.map(({ what }) => what)).toContain("group 44")
  })
})

describe("the application profile", () => {
  const texts = (plan: Plan): readonly string[] =>
    of(plan, "file").flatMap(({ path, text }) => (path.endsWith("10-container.conf") ? [text] : []))

  test("has a bit for the minor of each GPU, for who draws", () => {
    const env = ["NVIDIA_VISIBLE_DEVICES=0,2", "NVIDIA_DRIVER_CAPABILITIES=graphics"]
    expect(texts(planOf({ gpus: 4 }, { env }))[0]).toContain('"EGLVisibleDGPUDevices",0x5]')
    expect(texts(planOf({ gpus: 4 }, { env: ["NVIDIA_VISIBLE_DEVICES=0"] }))).toEqual([])
  })

  test("is not made without a GPU", () => {
    const env = ["NVIDIA_VISIBLE_DEVICES=none", "NVIDIA_DRIVER_CAPABILITIES=all"]
    expect(texts(planOf({ gpus: 1 }, { env }))).toEqual([])
  })
})

describe("the image's own loader", () => {
  test("musl's list of directories is extended, for the machines that the image has", () => {
    const env = ["NVIDIA_VISIBLE_DEVICES=0"]
    const layout = { isDebian: false, muslMachines: ["x86-64", "i386"] as const }
    expect(of(planOf({ gpus: 1 }, { env, layout }), "muslPath")).toMatchObject([
      { path: "/etc/ld-musl-x86_64.path", directories: ["/usr/lib64"] },
    ])
    expect(of(planOf({ gpus: 1 }, { env }), "muslPath")).toEqual([])
  })
})

describe("a newer CUDA of the image", () => {
  const offer = (...versions: readonly string[]): CompatOffer => ({
    directory: containerPath("/usr/local/cuda/compat"),
    libraries: versions.map((version) => ({
      path: containerPath(`/usr/local/cuda/compat/libcuda.so.${version}`),
      soname: "libcuda.so.1",
      bits: 64,
      machine: "x86-64",
    })),
    candidates: versions.map((version) => ({
      path: `/usr/local/cuda/compat/libcuda.so.${version}`,
      version,
      note: { kind: "none" },
    })),
  })
  const libcuda = (plan: Plan): string | undefined =>
    of(plan, "ldcache")[0]?.entries.find(({ soname }) => soname === "libcuda.so.1")?.path
  const planned = (compat: CompatOffer, more: Partial<ContainerOptions> & { model?: string } = {}): Plan =>
    planOf(
      { gpus: 1, ...(more.model === undefined ? {} : { model: more.model }) },
      { env: ["NVIDIA_VISIBLE_DEVICES=0"], layout: { compat }, ...more },
    )
  const own = "/usr/lib/x86_64-linux-gnu/libcuda.so.1"
  const why = (plan: Plan): string =>
    plan.reasons.findLast(({ rule }) => rule.startsWith("compat."))?.outcome ?? ""

  test("stands first in the loader's cache when it is of a newer branch than the driver", () => {
    const plan = planned(offer("570.10.01"))
    expect(libcuda(plan)).toBe("/usr/local/cuda/compat/libcuda.so.570.10.01")
    expect(why(plan)).toBe(
      "the image's newer CUDA comes first: /usr/local/cuda/compat/libcuda.so.570.10.01 is of driver branch 570, which is newer than the host's 550",
    )
    expect(targets(plan).some((path) => path.startsWith("/usr/local/cuda"))).toBe(false)
  })

  test.each([
    ["an older or equal branch", offer("550.200.01"), {}, "which is not newer than the host's 550"],
    [
      "two libraries, of which nobody knows which is meant",
      offer("560.1", "570.1"),
      {},
      "there are 2 compatibility libraries",
    ],
    ["a directory without libcuda", offer(), {}, "there is no compatibility library"],
    [
      "a configuration that says so",
      offer("570.10.01"),
      { config: '[nvidia-container-runtime.modes.legacy]\ncuda-compat-mode = "disabled"\n' },
      "the configuration says so",
    ],
    [
      "the hook for it switched off, where a hook is to do it",
      offer("570.10.01"),
      {
        config:
          '[features]\ndisable-cuda-compat-lib-hook = true\n[nvidia-container-runtime.modes.legacy]\ncuda-compat-mode = "hook"\n',
      },
      "the configuration says so",
    ],
    [
      "the hook for it switched off in mode jit-cdi",
      offer("570.10.01"),
      {
        mode: "jit-cdi" as const,
        config: '[nvidia-container-runtime.modes.jit-cdi]\nnvcdi-disable-hooks = ["enable-cuda-compat"]\n',
      },
      "the configuration says so",
    ],
    [
      "a GPU for games, on which the driver refuses it",
      offer("570.10.01"),
      { model: "rtx4090" },
      "GPU of brand GeForce",
    ],
  ])("is left alone with %s", (_, compat, more, text) => {
    const plan = planned(compat, more)
    expect(libcuda(plan)).toBe(own)
    expect(why(plan)).toContain(text)
    expect(plan.omissions.map(({ what }) => what)).toContain(
      "/usr/local/cuda/compat before the driver's libraries",
    )
  })

  test("is judged by what it says of itself, where it does", () => {
    const noted: CompatOffer = {
      ...offer("550.200.01"),
      candidates: [
        {
          path: "/usr/local/cuda/compat/libcuda.so.550.200.01",
          version: "550.200.01",
          note: { kind: "note", cudaVersion: "12.9", driverBranches: [550] },
        },
      ],
    }
    expect(libcuda(planned(noted))).toBe("/usr/local/cuda/compat/libcuda.so.550.200.01")
  })

  test("is of no interest without compute", () => {
    const plan = planned(offer("570.10.01"), {
      env: ["NVIDIA_VISIBLE_DEVICES=0", "NVIDIA_DRIVER_CAPABILITIES=utility"],
    })
    expect(why(plan)).toBe("")
  })
})

describe("every plan", () => {
  const snapshots = hostNames.map((name) => observeRecorded(name))
  const capability = fc.constantFrom("compute", "compat32", "display", "graphics", "ngx", "utility", "video")
  const container = fc.record({
    snapshot: fc.constantFrom(...snapshots),
    devices: fc.constantFrom("all", "none", "0", "0,1", "0:0", "1"),
    capabilities: fc.array(capability, { minLength: 1 }),
    companions: fc.subarray(["GDS", "MOFED", "GDRCOPY", "NVSWITCH"]),
    right: fc.constantFrom("", "all"),
    mode: fc.constantFrom("legacy" as const, "jit-cdi" as const, "cdi" as const),
    enforce: fc.boolean(),
    isDebian: fc.boolean(),
  })
  const make = ({
    snapshot,
    devices,
    capabilities,
    companions,
    right,
    mode,
    enforce,
    isDebian,
  }: typeof container extends fc.Arbitrary<infer T> ? T : never): Plan =>
    planOn(() => snapshot, {
      env: [
        `NVIDIA_VISIBLE_DEVICES=${devices}`,
        `NVIDIA_DRIVER_CAPABILITIES=${capabilities.join(",")}`,
        ...companions.map((name) => `NVIDIA_${name}=enabled`),
        ...(right === "" ? [] : [`NVIDIA_MIG_CONFIG_DEVICES=${right}`]),
      ],
      isPrivileged: true,
      config: `[gantry]\nenforce = ${enforce}\n`,
      mode,
      layout: { isDebian },
    })

  test("says why of every edit and omission, is in order, has one edit for one target, and is the same again", () => {
    let injected = 0
    fc.assert(
      fc.property(container, (one) => {
        const plan = make(one)
        if (plan.outcome === "inject") injected++
        expect(renderPlanJson(make(one))).toBe(renderPlanJson(plan))
        const ids = new Set(plan.reasons.map(({ id }) => id))
        for (const { reasons } of [...plan.edits, ...plan.omissions]) {
          expect(reasons.length).toBeGreaterThan(0)
          for (const id of reasons) expect(ids.has(id)).toBe(true)
        }
        const places = plan.edits.map(({ kind }) => editOrder.indexOf(kind))
        expect(places).toEqual(places.toSorted((a, b) => a - b))
        const paths = plan.edits.flatMap((edit) => {
          if (edit.kind === "mount") return [edit.containerPath]
          return "path" in edit && edit.kind !== "cover" ? [edit.path] : []
        })
        expect(new Set(paths).size).toBe(paths.length)
        for (const path of paths) expect(path).toMatch(/^\/[^\0]*$/)
        for (const path of paths) expect(path.split("/")).not.toContain("..")
      }),
      { numRuns: 150 },
    )
    expect(injected).toBeGreaterThan(30)
  })
})

describe("a machine of which something cannot be read", () => {
  const machine = {
    gpus: 2,
    shape: {
      imexChannels: 2,
      migDevices: [{ gpu: 1, gpuInstance: 1, computeInstance: 0, profile: "3g.20gb" }],
    },
  }
  const uuid = planUuid()
  const plan = (
    places: RegExp,
    env: readonly string[],
    errno = "EIO",
    mode: ContainerOptions["mode"] = "legacy",
  ) => planFor(unreadHost(memoryMachine(machine), places, errno), { env, mode })
  const visible = (devices: string, capabilities = "all"): readonly string[] => [
    `NVIDIA_VISIBLE_DEVICES=${devices}`,
    `NVIDIA_DRIVER_CAPABILITIES=${capabilities}`,
  ]
  const list = /^\/proc\/driver\/nvidia\/gpus$/
  const first = /gpus\/0000:10:00\.0\/information$/

  function planUuid(): string {
    const found = observeInventory(memoryMachine(machine)).gpus[1]?.uuid?.value
    if (found === undefined) throw new Error("no UUID")
    return found
  }

  test.each(["EACCES", "EIO", "EMFILE", "ENOMEM"])("gives nobody a driver without its GPUs (%s)", (errno) => {
    for (const places of [list, first])
      for (const devices of ["all", "0", "1", "1:0", "GPU-00000000-dead", "a100"])
        for (const mode of ["legacy", "jit-cdi", "cdi"] as const)
          expect(refusal(plan(places, visible(devices), errno, mode))).toMatch(
            new RegExp(`^cannot read "/proc/driver/nvidia/gpus.*: ${errno} \\[GAN2001\\]: .`),
          )
  })

  test("serves who asks for no GPU", () => {
    const none = plan(list, visible("none"))
    expect([refusal(none), none.outcome]).toEqual(["none", "inject"])
    expect(refusal(plan(list, visible("runtime.nvidia.com/gpu=none"), "EIO", "jit-cdi"))).toBe("none")
    expect(plan(list, visible("void")).outcome).toBe("nothing")
    expect(plan(list, []).outcome).toBe("nothing")
  })

  test("serves who names a GPU that could be read by its whole UUID, whatever the others are", () => {
    for (const devices of [uuid, `runtime.nvidia.com/gpu=${uuid}`])
      expect(nodes(plan(first, visible(devices), "EIO", "jit-cdi"))).toContain("/dev/nvidia1")
    expect(refusal(plan(list, visible(uuid)))).toContain("GAN2001")
  })

  test.each([
    ["MIG's capabilities", "/proc/driver/nvidia/capabilities", "all"],
    ["the instances of a GPU", "/proc/driver/nvidia/capabilities/gpu1/mig", "all"],
    ["the numbers of MIG's nodes", "/proc/driver/nvidia-caps/mig-minors", "1:0"],
    ["the numbers of all nodes", "/proc/devices", "0"],
    ["how the driver was loaded", "/proc/driver/nvidia/params", "0"],
    ["a GPU's node", "/dev/nvidia0", "0"],
    ["the driver's node", "/dev/nvidiactl", "0"],
    ["the node of unified memory", "/dev/nvidia-uvm", "0"],
    ["the version's files", "(?:/sys/module|/proc/driver)/nvidia/version", "0"],
    ["libnvidia-ml", "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.550.163.01", "0"],
    ["libcuda", "/usr/lib/x86_64-linux-gnu/libcuda.so.550.163.01", "0"],
    ["the libraries' directory", "/usr/lib/x86_64-linux-gnu", "0"],
  ])("is named for what a request needs: %s", (_, path, devices) => {
    const said = refusal(plan(new RegExp(`^${path}$`), visible(devices)))
    expect(said).toMatch(new RegExp(`^cannot read "${path}": \\w+: EIO \\[GAN2001\\]: look for what`))
  })

  test("serves who needs nothing of what could not be read", () => {
    expect(refusal(plan(/libcuda\.so\.550/, visible("0", "utility")))).toBe("none")
    expect(refusal(plan(/^\/dev\/nvidia1$/, visible("0")))).toBe("none")
    expect(refusal(plan(/^\/usr\/bin\/nvidia-smi$|firmware|persistenced/, visible("all")))).toBe("none")
    expect(refusal(plan(/^\/sys\/module\/nvidia_uvm$/, visible("all")))).toBe("none")
  })

  test("has no IMEX channel that could be left out unseen", () => {
    const channels = /^\/dev\/nvidia-caps-imex-channels$/
    const said = /^cannot read "\/dev\/nvidia-caps-imex-channels": readdir: EIO \[GAN2001\]/
    expect(refusal(plan(channels, [...visible("0"), "NVIDIA_IMEX_CHANNELS=0"]))).toMatch(said)
    const mounts = ["0", "imex/all"].map((name) => ({
      source: "/dev/null",
      destination: `/var/run/nvidia-container-devices/${name}`,
    }))
    const config = "accept-nvidia-visible-devices-as-volume-mounts = true\n"
    const host = unreadHost(memoryMachine(machine), channels, "EIO")
    expect(refusal(planFor(host, { env: [], mounts, config }))).toMatch(said)
    expect(refusal(plan(channels, visible("0")))).toBe("none")
  })
})
