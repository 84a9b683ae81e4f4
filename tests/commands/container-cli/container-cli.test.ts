import { describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { run as simulate } from "../../../src/commands/simulate.ts"

const root = resolve(import.meta.dir, "../../..")

interface Answer {
  readonly exit: number
  readonly lines: readonly string[]
  readonly stderr: string
}

/** The program by its name in the reference, on a recorded machine. */
function cli(machine: string, ...args: readonly string[]): Answer {
  const ran = Bun.spawnSync(
    [
      process.execPath,
      join(root, "src/main.ts"),
      `--host=${join(root, "hosts", machine, "machine.json")}`,
      ...args,
    ],
    { argv0: "nvidia-container-cli" },
  )
  const text = ran.stdout.toString()
  expect(text === "" || text.endsWith("\n")).toBe(true)
  return { exit: ran.exitCode, lines: text.split("\n").slice(0, -1), stderr: ran.stderr.toString() }
}

const listed = (machine: string, ...args: readonly string[]): readonly string[] => {
  const { exit, lines, stderr } = cli(machine, ...args)
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" })
  return lines
}

const version = "550.163.01"
const libraries = "/usr/lib/x86_64-linux-gnu"
const control = ["nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset"].map(
  (name) => `/dev/${name}`,
)

/** The reference's tables in their order. Source: facts, nvidia-container-cli §2.4. */
const tables: readonly string[] = [
  ...["ml", "cfg", "nscq"].map((name) => `libnvidia-${name}`),
  ...["libcuda", "libcudadebugger"],
  ...["opencl", "gpucomp", "ptxjitcompiler", "fatbinaryloader", "allocator", "compiler"].map(
    (name) => `libnvidia-${name}`,
  ),
  ...["pkcs11", "pkcs11-openssl3", "nvvm", "tileiras", "ngx"].map((name) => `libnvidia-${name}`),
  ...["libvdpau_nvidia", "libnvidia-encode", "libnvidia-opticalflow", "libnvcuvid"],
  ...["eglcore", "glcore", "tls", "glsi", "fbc", "ifr", "rtcore"].map((name) => `libnvidia-${name}`),
  ...["libnvoptix", "libGLX_nvidia", "libEGL_nvidia", "libGLESv2_nvidia", "libGLESv1_CM_nvidia"],
  ...["libnvidia-glvkspirv", "libnvidia-cbl"],
]

describe("info", () => {
  test("labels in 15 columns, a blank line before each GPU", () => {
    const gpu = (index: number, uuid: string): readonly string[] => [
      "",
      `Device Index:   ${index}`,
      `Device Minor:   ${index}`,
      "Model:          NVIDIA A100-SXM4-40GB",
      "Brand:          Nvidia",
      `GPU UUID:       ${uuid}`,
      `Bus Location:   00000000:1${index}:00.0`,
      "Architecture:   8.0",
    ]
    expect(listed("mig", "info")).toEqual([
      `NVRM version:   ${version}`,
      "CUDA version:   12.4",
      ...gpu(0, "GPU-db09e364-68f6-ad55-d55d-df0389f224ad"),
      ...gpu(1, "GPU-c91ce9a7-5f40-15cd-bbd0-0d41b11abe0b"),
      ...gpu(2, "GPU-4540a56c-8156-4f4e-33eb-774b12745d7f"),
    ])
  })

  test("CSV: two headers, an empty line between, a line for each GPU", () => {
    const [first, versions, empty, header, ...rows] = listed("dead-gpu", "info", "--csv")
    expect(first).toBe("NVRM version,CUDA version")
    expect(versions).toBe(`${version},12.4`)
    expect(empty).toBe("")
    expect(header).toBe("Device Index,Device Minor,Model,Brand,GPU UUID,Bus Location,Architecture")
    // The GPU with minor 3 is dead: those behind it move up, and keep their minors.
    expect(rows.map((row) => row.split(",").slice(0, 2).join(","))).toEqual([
      ...["0,0", "1,1", "2,2", "3,4", "4,5", "5,6", "6,7"],
    ])
    for (const row of rows) expect(row.split(",")).toHaveLength(7)
  })
})

describe("list", () => {
  const bare = listed("mig", "list")

  test("without an option everything: nodes, MIG, binaries, libraries, sockets, firmware, in this order", () => {
    const kinds: readonly (readonly [name: string, pattern: RegExp])[] = [
      ["control", /^\/dev\/nvidia(ctl|-uvm|-uvm-tools|-modeset)$/],
      ["gpu", /^\/dev\/nvidia\d+$/],
      ["mig", /^\/(proc\/driver\/nvidia\/capabilities|dev\/nvidia-caps)\//],
      ["binary", /^\/usr\/bin\//],
      ["library", /^\/usr\/lib\/.*\.so\./],
      ["socket", /\/socket$/],
      ["firmware", /^\/lib\/firmware\//],
    ]
    const found = bare.map((path) => kinds.find(([, pattern]) => pattern.test(path))?.[0] ?? path)
    expect(found.filter((kind, index) => kind !== found[index - 1])).toEqual(kinds.map(([name]) => name))
    expect(bare.slice(0, 4)).toEqual(control)
  })

  test("IMEX channels alone change nothing else, and stand before the binaries", () => {
    const withChannels = listed("mig", "list", "--imex-channel=0,7")
    const channels = [0, 7].map((channel) => `/dev/nvidia-caps-imex-channels/channel${channel}`)
    expect(withChannels.filter((path) => !channels.includes(path))).toEqual([...bare])
    const at = withChannels.indexOf(channels[0] ?? "")
    expect(withChannels.slice(at, at + 3)).toEqual([...channels, "/usr/bin/nvidia-smi"])
  })

  test("channels in a word of their own, or beside anything else, are listed alone", () => {
    const place = "/dev/nvidia-caps-imex-channels/channel"
    expect(listed("mig", "list", "--imex-channel", "0")).toEqual([`${place}0`])
    expect(listed("mig", "list", "--imex-channel=+3", "--imex-channel=007,-0,1048575")).toEqual(
      [3, 7, 0, 1048575].map((channel) => `${place}${channel}`),
    )
    expect(listed("mig", "list", "--imex-channel=,")).toEqual([...bare])
  })

  test("what is asked for is given and nothing else", () => {
    expect(listed("mig", "list", "-b").every((path) => path.startsWith("/usr/bin/"))).toBe(true)
    expect(listed("mig", "list", "-f")).toEqual([
      `/lib/firmware/nvidia/${version}/gsp_ga10x.bin`,
      `/lib/firmware/nvidia/${version}/gsp_tu10x.bin`,
    ])
    expect(listed("mig", "list", "-i")).toEqual(["/run/nvidia-persistenced/socket"])
    expect(listed("mig", "list", "-i", "--no-persistenced")).toEqual([])
    expect(listed("mig", "list", "--no-fabricmanager")).toEqual([])
    expect(listed("mig", "list", "--compat32")).toEqual([])
    expect(listed("mig", "list", "--no-gsp-firmware")).toEqual([])
    expect(listed("mig", "list", "-f", "--no-gsp-firmware")).toEqual([])
    expect(listed("mig", "list", "--no-gsp-firmware", "-f")).toEqual([])
    expect(listed("mig", "list", "--")).toEqual([])
    expect(listed("mig", "list", "-d", "")).toEqual(control)
  })

  test("libraries stand in the order of the reference's tables, and none that it does not name", () => {
    for (const machine of ["mig", "a100", "h100", "t4", "l40s", "gb200", "b200"]) {
      const stems = listed(machine, "list", "-l").map(
        (path) => /\/(lib[^/]+)\.so\.[\d.]+$/.exec(path)?.[1] ?? path,
      )
      expect(stems.length).toBeGreaterThan(20)
      expect(stems.filter((stem) => !tables.includes(stem))).toEqual([])
      expect(stems).toEqual([...stems].sort((one, other) => tables.indexOf(one) - tables.indexOf(other)))
    }
  })

  test("files that only Gantry knows to be needed are not in the drop-in's list", () => {
    const everything = bare.join("\n")
    for (const name of [
      "nvidia-imex",
      "sandboxutils",
      "egl-gbm",
      "egl-wayland",
      "gtk3",
      ".icd",
      ".json",
      "nvidia_drv",
      "api.so",
    ])
      expect(everything).not.toContain(name)
  })

  test("a device brings the control nodes and its own; a MIG device brings its GPU and its rights", () => {
    expect(listed("mig", "list", "--device=2")).toEqual([...control, "/dev/nvidia2"])
    expect(listed("mig", "list", "-d", "2", "-d", "0,2")).toEqual([
      ...control,
      "/dev/nvidia2",
      "/dev/nvidia0",
    ])
    const place = "/proc/driver/nvidia/capabilities/gpu0/mig/gi2"
    expect(listed("mig", "list", "-d", "0:1")).toEqual([
      ...control,
      "/dev/nvidia0",
      `${place}/access`,
      `${place}/ci0/access`,
      "/dev/nvidia-caps/nvidia-cap5",
      "/dev/nvidia-caps/nvidia-cap6",
    ])
  })

  test("a right over MIG: the right, its node, then each GPU's rights; single devices' rights are in it", () => {
    const lines = listed("mig", "list", "-d", "all", "--mig-config=all", "--mig-monitor=ALL")
    const capabilities = "/proc/driver/nvidia/capabilities"
    const gpu = (minor: number, caps: readonly number[]): readonly string[] => [
      `${capabilities}/gpu${minor}`,
      "/dev/nvidia-caps",
      ...caps.map((cap) => `/dev/nvidia-caps/nvidia-cap${cap}`),
    ]
    // The third is whole, and could be cut.
    const gpus = [...gpu(0, [3, 4, 5, 6, 7]), ...gpu(1, [8, 9, 10, 11]), ...gpu(2, [])]
    expect(lines).toEqual([
      ...control,
      ...[0, 1, 2].map((minor) => `/dev/nvidia${minor}`),
      ...[`${capabilities}/mig/config`, "/dev/nvidia-caps/nvidia-cap1", ...gpus],
      ...[`${capabilities}/mig/monitor`, "/dev/nvidia-caps/nvidia-cap2", ...gpus],
    ])
    expect(listed("t4", "list", "-d", "all", "--mig-config=all").some((path) => path.includes("caps"))).toBe(
      false,
    )
  })

  test("a right over MIG for nothing is none", () => {
    expect(listed("mig", "list", "-d", "2", "--mig-config=", "--mig-monitor=,")).toEqual([
      ...control,
      "/dev/nvidia2",
    ])
  })

  test("where no GPU can be used the list of devices is not judged", async () => {
    const directory = mkdtempSync(join(tmpdir(), "gantry-cli-"))
    try {
      expect(await simulate(["up", directory, "--gpus", "0", "--no-nvml"])).toBe(0)
      const ran = Bun.spawnSync(
        [process.execPath, join(root, "src/main.ts"), `--host=${directory}`, "list", "--device=99"],
        { argv0: "nvidia-container-cli" },
      )
      expect(ran.exitCode).toBe(0)
      expect(ran.stdout.toString().split("\n").slice(0, -1)).toEqual([...control])
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })

  test("options that change a machine are accepted and change nothing", () => {
    const debug = join(tmpdir(), `gantry-cli-${process.pid}.log`)
    expect(listed("mig", "-k", "-n", "-u", "-d", debug, "list", "-b")).toEqual(
      listed("mig", "list", "-b") as string[],
    )
    expect(existsSync(debug)).toBe(false)
  })

  test("programs are found whatever PATH says, the service's directory where the environment says", async () => {
    const directory = mkdtempSync(join(tmpdir(), "gantry-cli-"))
    try {
      expect(await simulate(["up", directory, "--gpus", "1", "--no-nvml"])).toBe(0)
      mkdirSync(join(directory, "opt/mps"), { recursive: true })
      const ran = Bun.spawnSync(
        [process.execPath, join(root, "src/main.ts"), `--host=${directory}`, "list", "-bi"],
        { argv0: "nvidia-container-cli", env: { PATH: "/nowhere", CUDA_MPS_PIPE_DIRECTORY: "/opt/mps" } },
      )
      const lines = ran.stdout.toString().split("\n").slice(0, -1)
      expect(lines[0]).toBe("/usr/bin/nvidia-smi")
      expect(lines.at(-1)).toBe("/opt/mps")
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })

  test("below a driver root everything is named as seen from inside", () => {
    const lines = listed("driver-container", "-r", "/run/nvidia/driver", "list", "-lbf")
    expect(lines).toContain("/usr/bin/nvidia-smi")
    expect(lines).toContain(`${libraries}/libcuda.so.${version}`)
    expect(lines.filter((path) => path.startsWith("/run/nvidia/driver"))).toEqual([])
  })

  test("below a driver root sockets too are named as seen from inside", () => {
    const lines = listed("driver-container", "-r", "/run/nvidia/driver", "list", "-i")
    expect(lines).toContain("/run/nvidia-persistenced/socket")
  })
})

describe("failures are one line and 1, and begin as the reference's do", () => {
  const program = "nvidia-container-cli"
  const usage = `Usage: ${program} [OPTION...] COMMAND [ARG...]`
  const noLibrary =
    "initialization error: load library failed: libnvidia-ml.so.1: cannot open shared object file: no such file or directory"
  test.each<[machine: string, line: string, sentence: string]>([
    ["mig", "", `${usage}: a command is missing [GAN1010]`],
    ["mig", "frobnicate", `${usage}: unknown command 'frobnicate' [GAN1010]`],
    ["mig", "info extra", `${program} info: Too many arguments: 'extra' [GAN1010]`],
    ["mig", "list --foo", `${program} list: unrecognized option '--foo' [GAN1010]`],
    ["mig", "list -d 9", `${program}: device error: 9: unknown device [GAN2104]`],
    ["mig", "list -d none", `${program}: device error: none: unknown device [GAN2104]`],
    ["mig", "list -d 0:9", `${program}: device error: 0:9: unknown device [GAN2104]`],
    ["mig", "list -d 2:0", `${program}: device error: 2:0: unknown device [GAN2104]`],
    [
      "mig",
      "list --mig-config=0",
      `${program}: mig-config error: 0: only 'all' devices are currently supported [GAN2109]`,
    ],
    [
      "mig",
      "list --mig-monitor=0:0",
      `${program}: mig-monitor error: 0:0: only 'all' devices are currently supported [GAN2109]`,
    ],
    [
      "mig",
      "list -d 0:0 --mig-config=all",
      `${program}: mig-config error: all: cannot enable mig-config with specific MIG devices selected [GAN2109]`,
    ],
    ["mig", "list -d 9 --mig-config=0", `${program}: device error: 9: unknown device [GAN2104]`],
    [
      "mig",
      "list --imex-channel=x",
      `${program}: error parsing IMEX info: unsupported IMEX channel value: x [GAN2115]`,
    ],
    [
      "mig",
      "list --imex-channel=1048576",
      `${program}: error parsing IMEX info: unsupported IMEX channel value: 1048576 [GAN2115]`,
    ],
    [
      "no-driver",
      "list --imex-channel=-1",
      `${program}: error parsing IMEX info: unsupported IMEX channel value: -1 [GAN2115]`,
    ],
    [
      "mig",
      "configure --pid=1 rootfs",
      `${program}: input error: invalid rootfs directory: rootfs [GAN1012]`,
    ],
    ["mig", "configure -px /x", `${program}: input error: parse pid failed: invalid argument: x [GAN1012]`],
    [
      "mig",
      "configure --pid=1",
      `Usage: ${program} configure [OPTION...] ROOTFS: the root file system is missing [GAN1010]`,
    ],
    [
      "mig",
      "configure --imex-channel=x /x",
      `${program}: error parsing IMEX info: unsupported IMEX channel value: x [GAN2115]`,
    ],
    ["no-driver", "info", `${program}: ${noLibrary}: no NVIDIA driver on `],
    ["no-driver", "list", `${program}: ${noLibrary}: no NVIDIA driver on `],
    [
      "upgraded-not-rebooted",
      "info",
      `${program}: initialization error: nvml error: driver/library version mismatch: `,
    ],
    [
      "mig",
      "-r /nowhere list",
      `${program}: initialization error: change root failed: no such file or directory: /nowhere [GAN2141]`,
    ],
    [
      "mig",
      "-r nowhere info",
      `${program}: initialization error: change root failed: no such file or directory: nowhere [GAN2141]`,
    ],
    ["mig", "--root= info", `${program}: initialization error: invalid argument: --root is empty [GAN2141]`],
    [
      "mig",
      "--ldcache= info",
      `${program}: initialization error: invalid argument: --ldcache is empty [GAN2142]`,
    ],
    ["mig", "-u0x info", `${program}: input error: parse user/group failed: invalid argument: 0x [GAN1011]`],
  ])("%s: %s", (machine, line, sentence) => {
    const { exit, lines, stderr } = cli(machine, ...line.split(" ").filter((word) => word !== ""))
    expect({ exit, lines }).toEqual({ exit: 1, lines: [] })
    expect(stderr.slice(0, sentence.length)).toBe(sentence)
    expect(stderr.trimEnd().split("\n")).toHaveLength(1)
    expect(stderr).toMatch(/ \[GAN\d{4}\]: /)
  })

  test("a dead GPU is named in the miss", () => {
    expect(cli("dead-gpu", "list", "-d", "9").stderr).toContain("not 0000:4b:00.0, which is broken")
  })

  test("a machine that is none is one line and 1", () => {
    const ran = Bun.spawnSync([process.execPath, join(root, "src/main.ts"), "--host=/nowhere", "info"], {
      argv0: "nvidia-container-cli",
    })
    expect(ran.exitCode).toBe(1)
    expect(ran.stderr.toString()).toContain("[GAN2020]")
  })
})

describe("what needs no machine", () => {
  test("--version tells seven lines", () => {
    const lines = listed("mig", "--version")
    expect(lines.map((line) => line.split(": ")[0])).toEqual([
      ...[
        "cli-version",
        "lib-version",
        "build date",
        "build revision",
        "build compiler",
        "build platform",
        "build flags",
      ],
    ])
  })

  test("a command line that is none names where help is", () => {
    expect(cli("mig", "list", "--foo").stderr).toBe(
      "nvidia-container-cli list: unrecognized option '--foo' [GAN1010]: try `nvidia-container-cli list --help' or `nvidia-container-cli list --usage' for more information\n",
    )
  })

  const usage = [
    "Usage: nvidia-container-cli list [-?bfilV] [-d ID] [--help] [--binaries]",
    "            [--compat32] [--device=ID] [--firmwares] [--imex-channel=CHANNEL]",
    "            [--ipcs] [--libraries] [--mig-config=ID] [--mig-monitor=ID]",
    "            [--no-fabricmanager] [--no-gsp-firmware] [--no-persistenced]",
    "            [--usage] [--version]",
  ]
  test.each<[line: string, first: string]>([
    ["--help", "Usage: nvidia-container-cli [OPTION...] COMMAND [ARG...]"],
    ["-?", "Usage: nvidia-container-cli [OPTION...] COMMAND [ARG...]"],
    ["--usage", "Usage: nvidia-container-cli [-?knV] [-d FILE] [-l FILE] [-r PATH]"],
    ["list --help", "Usage: nvidia-container-cli list [OPTION...]"],
    ["info -?", "Usage: nvidia-container-cli info [OPTION...]"],
    ["info --usage", "Usage: nvidia-container-cli info [-?V] [--help] [--csv] [--usage] [--version]"],
    ["configure --help", "Usage: nvidia-container-cli configure [OPTION...] ROOTFS"],
    ["configure --usage", "Usage: nvidia-container-cli configure [-?cDgnuvV] [-d ID] [-l PATH] [-p PID]"],
  ])("%s is 0, on standard output: %s", (line, first) => {
    expect(listed("no-driver", ...line.split(" "))[0]).toBe(first)
  })

  test("--usage is the reference's; help names each option, and nobody to report our bugs to", () => {
    expect(listed("no-driver", "list", "--usage")).toEqual(usage)
    for (const command of ["list", "configure"]) {
      const told = listed("no-driver", command, "--usage").join(" ")
      const help = listed("no-driver", command, "--help").join("\n")
      for (const [option] of told.matchAll(/--[a-z0-9-]+/g)) expect(help).toContain(option)
      expect(help).not.toContain("bugs")
    }
  })
})
