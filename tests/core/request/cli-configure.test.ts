import { describe, expect, test } from "bun:test"
import { join } from "node:path"
import { parseCliFlags } from "../../../src/commands/container-cli/container-cli-flags.ts"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import { ok, type Result } from "../../../src/core/fault/result.ts"
import type { CompatOffer } from "../../../src/core/plan/compat-offer.ts"
import { unseenLayout } from "../../../src/core/plan/container-layout.ts"
import type { Edit } from "../../../src/core/plan/edit.ts"
import type { Plan } from "../../../src/core/plan/plan.ts"
import { planContainer } from "../../../src/core/plan/plan-container.ts"
import { planNative } from "../../../src/core/plan/plan-native.ts"
import { observeSnapshot } from "../../../src/core/plan/snapshot.ts"
import { withhold } from "../../../src/core/plan/withhold.ts"
import { type CliRequest, resolveCliRequest } from "../../../src/core/request/cli-configure.ts"
import { profileNames } from "../../../src/core/request/profile.ts"
import { containerPath } from "../../../src/core/text/brand.ts"
import { type ContainerOptions, type MachineOptions, memoryMachine, planFor } from "../../machine.ts"
import { readVectors } from "../../vectors/vector.ts"

function resolve(args: readonly string[]): Result<CliRequest> {
  const call = parseCliFlags(args)
  if (call.kind !== "command" || call.command !== "configure") throw new Error(JSON.stringify(call))
  return resolveCliRequest(call, { parentPid: 7, host: undefined })
}
const asked = (line: string): CliRequest => {
  const resolved = resolve(line.split(" "))
  if (!resolved.ok) throw new Error(renderFaultLine(resolved.fault))
  return resolved.value
}

describe("what configure is told, as a request", () => {
  test.each<[line: string, part: object]>([
    ["/r", { devices: [], capabilities: [], requirements: [], imexChannels: [] }],
    ["-d 0,1 --device=,,2 /r", { devices: ["0", "1", "2"] }],
    ["-d all /r", { devices: ["all"] }],
    ["-d= /r", { devices: ["="] }],
    ["--device= /r", { devices: [] }],
    ["-cu /r", { capabilities: ["compute", "utility"] }],
    ["--utility --compute --compat32 /r", { capabilities: ["compute", "compat32", "utility"] }],
    ["-r cuda>=12.1 -r driver>=470 /r", { requirements: ["cuda>=12.1", "driver>=470"] }],
    ["--mig-config=all --mig-monitor=,all /r", { migConfig: "all", migMonitor: "all" }],
    ["--imex-channel=0,,2 --imex-channel=07 /r", { imexChannels: ["0", "2", "7"] }],
    ["-p 42 /r", { container: { pid: 42n, bundle: "", rawRootPath: "/r" } }],
    ["-p +042 /r", { container: { pid: 42n, bundle: "", rawRootPath: "/r" } }],
    ["-p 1 -p 2 /r", { container: { pid: 2n, bundle: "", rawRootPath: "/r" } }],
  ])("%s", (line, part) => {
    expect(asked(`configure ${line}`).request).toMatchObject(part)
  })

  test.each([
    ["-p 42 /r", "supervised", 42n],
    ["/r", "standalone", 7n],
    ["-p 0 /r", "standalone", 7n],
    ["-p -3 /r", "standalone", 7n],
  ])("%s is %s, of process %p", (line, supervision, pid) => {
    const { supervision: found, request } = asked(`configure ${line}`)
    expect([found, request.container.pid]).toEqual([supervision, pid] as never)
  })

  test.each<[line: string, key: "nvidia-container-cli.root" | "compat" | "cgroups", value: unknown]>([
    ["configure /r", "nvidia-container-cli.root", undefined],
    ["--root=/a -r /b configure /r", "nvidia-container-cli.root", "/b"],
    ["configure /r", "compat", undefined],
    ["configure --cuda-compat-mode=mount /r", "compat", "mount"],
    ["configure --cuda-compat-mode=ldconfig --cuda-compat-mode=ldconfig /r", "compat", "ldconfig"],
    ["configure --cuda-compat-mode=mount --cuda-compat-mode=disabled /r", "compat", "disabled"],
    ["configure --cuda-compat-mode=mount --no-cntlibs /r", "compat", "disabled"],
    ["configure /r", "cgroups", undefined],
    ["configure --no-cgroups /r", "cgroups", true],
  ])("%s: %s is %p", (line, key, value) => {
    const names = {
      compat: "nvidia-container-runtime.modes.legacy.cuda-compat-mode",
      cgroups: "nvidia-container-cli.no-cgroups",
    } as const
    expect(asked(line).config.value(key === "nvidia-container-cli.root" ? key : names[key])).toBe(
      value as never,
    )
  })

  const many = "-r x ".repeat(33)
  test.each([
    ["rootfs", "input error: invalid rootfs directory: rootfs [GAN1012]"],
    ["/", "input error: invalid rootfs directory: / [GAN1012]"],
    ["/x/../.", "input error: invalid rootfs directory: /x/../. [GAN1012]"],
    ["-p x /r", "input error: parse pid failed: invalid argument: x [GAN1012]"],
    ["-p 1x /r", "input error: parse pid failed: invalid argument: 1x [GAN1012]"],
    ["--pid= /r", "input error: parse pid failed: invalid argument:  [GAN1012]"],
    [
      "-p 2147483648 /r",
      "input error: parse pid failed: numerical result out of range: 2147483648 [GAN1012]",
    ],
    [
      "-p -2147483649 /r",
      "input error: parse pid failed: numerical result out of range: -2147483649 [GAN1012]",
    ],
    [`${many}/r`, "input error: too many requirements: 33 [GAN1012]"],
    ["--cuda-compat-mode=hook /r", "container error: invalid option: cuda-compat-mode=hook [GAN1012]"],
    [
      "--cuda-compat-mode=mount --cuda-compat-mode=ldconfig /r",
      "container error: only one cuda-compat-mode can be specified at a time: mount, ldconfig [GAN1012]",
    ],
    ["--imex-channel=all /r", "error parsing IMEX info: unsupported IMEX channel value: all [GAN2115]"],
    [
      "--imex-channel=1048576 /r",
      "error parsing IMEX info: unsupported IMEX channel value: 1048576 [GAN2115]",
    ],
  ])("%s is refused: %s", (line, text) => {
    const resolved = resolve(["configure", ...line.split(" ")])
    expect(resolved.ok ? "served" : renderFaultLine(resolved.fault)).toStartWith(
      `nvidia-container-cli: ${text}`,
    )
  })

  test("32 requirements are as many as may be", () => {
    expect(asked(`configure ${"-r x ".repeat(32)}/r`).request.requirements).toHaveLength(32)
  })
})

describe("the command lines of the reference's hook", () => {
  test.each(profileNames)("profile %s: each is understood, or refused for what it says", (profile) => {
    const lines = readVectors(join(import.meta.dir, `../../vectors/hook/${profile}.jsonl.gz`)).flatMap(
      ({ argv }) => (argv === null ? [] : [argv.map((arg) => arg.replaceAll(/@\w+@/g, "/cwd"))]),
    )
    expect(lines.length).toBeGreaterThan(200)
    const wrong = lines.flatMap((args) => {
      const resolved = resolve(args)
      const channels = args.find((arg) => arg.startsWith("--imex-channel="))
      const pid = args.find((arg) => arg.startsWith("--pid="))?.slice("--pid=".length) ?? "0"
      const isRefused =
        Number(pid) >= 2 ** 31 || (channels !== undefined && !/^--imex-channel=[\d,]+$/.test(channels))
      return resolved.ok === isRefused ? [args.join(" ")] : []
    })
    expect(wrong).toEqual([])
  })
})

/** What a plan changes, without why. */
const changes = ({ edits }: Plan): readonly object[] => edits.map(({ reasons: _, ...edit }: Edit) => edit)

describe("a container that is configured", () => {
  const newerCuda: CompatOffer = {
    directory: containerPath("/usr/local/cuda/compat"),
    libraries: [
      {
        path: containerPath("/usr/local/cuda/compat/libcuda.so.570.10.01"),
        soname: "libcuda.so.1",
        bits: 64,
        machine: "x86-64",
      },
    ],
    candidates: [
      { path: "/usr/local/cuda/compat/libcuda.so.570.10.01", version: "570.10.01", note: { kind: "none" } },
    ],
  }
  const compatMode = (mode: string): string =>
    `[nvidia-container-runtime.modes.legacy]\ncuda-compat-mode = "${mode}"\n`

  const configured = (
    machine: MachineOptions,
    args: readonly string[],
    layout: ContainerOptions["layout"] = {},
  ): Plan => {
    const resolved = resolve(args)
    if (!resolved.ok) throw new Error(renderFaultLine(resolved.fault))
    const { request, withheld, config, profile, log } = resolved.value
    const plan = planContainer(
      { kind: "gpu", mode: "legacy", request, config, profile, log },
      {
        injector: "native",
        planMachine: planNative,
        observe: () =>
          ok(observeSnapshot(memoryMachine(machine), { driverRoot: "/", ldcache: "/etc/ld.so.cache" })),
        observeLayout: () => ({ ...unseenLayout, isDebian: true, ...layout }),
      },
    )
    return withhold(plan, withheld)
  }

  test.each<[name: string, machine: MachineOptions, container: ContainerOptions]>([
    ["one GPU", { gpus: 2 }, { env: ["NVIDIA_VISIBLE_DEVICES=1"] }],
    [
      "everything",
      { gpus: 2, shape: { hasCompat32: true } },
      { env: ["NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_DRIVER_CAPABILITIES=all"] },
    ],
    ["the driver alone", { gpus: 1 }, { env: ["NVIDIA_VISIBLE_DEVICES=none"] }],
    [
      "no cgroups",
      { gpus: 1 },
      { env: ["NVIDIA_VISIBLE_DEVICES=0"], config: "[nvidia-container-cli]\nno-cgroups = true\n" },
    ],
    [
      "a requirement that holds",
      { gpus: 1 },
      { env: ["NVIDIA_VISIBLE_DEVICES=0", "NVIDIA_REQUIRE_CUDA=cuda>=11.0"] },
    ],
    [
      "a newer CUDA of the image",
      { gpus: 1 },
      { env: ["NVIDIA_VISIBLE_DEVICES=0"], layout: { compat: newerCuda } },
    ],
    [
      "a newer CUDA of the image that is not wanted",
      { gpus: 1 },
      {
        env: ["NVIDIA_VISIBLE_DEVICES=0"],
        config: compatMode("disabled"),
        layout: { compat: newerCuda },
      },
    ],
    [
      "a right over MIG",
      { gpus: 1 },
      {
        env: ["NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_MIG_MONITOR_DEVICES=all"],
        isPrivileged: true,
      },
    ],
  ])(
    "%s: what the hook would have another program do is what it would do itself",
    (_, machine, container) => {
      const native = planFor(memoryMachine(machine), container, "native")
      const [told] = planFor(memoryMachine(machine), container, "delegate").edits
      if (told?.kind !== "delegate") throw new Error("not delegated")
      const plan = configured(machine, told.argv, container.layout)
      expect(plan.refusal).toBeUndefined()
      expect(plan.edits.length).toBeGreaterThan(0)
      expect(changes(plan)).toEqual(changes(native))
      const known = new Set(plan.reasons.map(({ id }) => id))
      for (const { reasons } of plan.edits)
        expect([reasons.length > 0, reasons.every((id) => known.has(id))]).toEqual([true, true])
    },
  )

  test("what is not wanted is left out, and told of", () => {
    const line = "configure -d 0 -u --no-devbind --no-gsp-firmware --no-persistenced --no-fabricmanager /r"
    const machine: MachineOptions = {
      gpus: 1,
      change: (tree) => {
        for (const name of ["persistenced", "fabricmanager"])
          tree[`/run/nvidia-${name}/socket`] = { kind: "socket" }
      },
    }
    const plan = configured(machine, line.split(" "))
    const paths = plan.edits.flatMap((edit) =>
      edit.kind === "mount" ? [edit.containerPath] : edit.kind === "deviceNode" ? [edit.path] : [],
    )
    expect(paths.filter((path) => /firmware|socket|^\/dev/.test(path))).toEqual([])
    expect(plan.edits.filter(({ kind }) => kind === "cgroupRule").length).toBeGreaterThan(1)
    const left = plan.omissions.filter(({ reasons }) => reasons[0]?.startsWith("withheld."))
    expect(left.map(({ what }) => what).sort()).toEqual([
      "/dev/nvidia0",
      "/dev/nvidiactl",
      "/lib/firmware/nvidia/550.163.01/gsp_ga10x.bin",
      "/lib/firmware/nvidia/550.163.01/gsp_tu10x.bin",
      "/run/nvidia-fabricmanager/socket",
      "/run/nvidia-persistenced/socket",
    ])
  })

  test.each([
    ["-d 0 -c", true],
    ["-d 0 -c --cuda-compat-mode=mount", true],
    ["-d 0 -c --cuda-compat-mode=ldconfig", true],
    ["-d 0 -c --cuda-compat-mode=disabled", false],
    ["-d 0 -c --no-cntlibs", false],
    ["-d 0 -u", false],
  ])("%s: the image's newer CUDA comes first: %p", (options, isFirst) => {
    const plan = configured({ gpus: 1 }, ["configure", ...options.split(" "), "/r"], { compat: newerCuda })
    const entries = plan.edits.flatMap((edit) => (edit.kind === "ldcache" ? edit.entries : []))
    expect(entries.some(({ path }) => path.startsWith(newerCuda.directory))).toBe(isFirst)
  })

  test("a device that is named is looked for also where there is no GPU", () => {
    const refusal = (devices: string): string | undefined =>
      configured({ gpus: 0 }, ["configure", "-d", devices, "/r"]).refusal?.tag
    expect([refusal("0"), refusal("all")]).toEqual(["DeviceUnknown", undefined])
  })

  test("a requirement that does not hold is refused in the reference's words", () => {
    const { refusal } = configured({ gpus: 1 }, ["configure", "-d0", "-r", "cuda>=99.0 brand=x", "/r"])
    expect(refusal === undefined ? "" : renderFaultLine(refusal)).toStartWith(
      "nvidia-container-cli: requirement error: unsatisfied condition: cuda>=99.0, please update your driver to a newer version, or use an earlier cuda container",
    )
  })
})
