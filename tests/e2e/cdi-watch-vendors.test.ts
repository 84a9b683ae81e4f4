/** Files of AMD's and Intel's GPUs, alone and beside NVIDIA's, kept as the machine is: a real process beside a simulated machine that changes under it. */

import { afterEach, describe, expect, test } from "bun:test"
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { temporaryDirectory } from "../temporary-directory.ts"
import { gantryProgram, mustRun, run } from "./bundle.ts"
import { createWatcher } from "./watcher.ts"

const work = temporaryDirectory("watch-vendors")
const machine = join(work, "machine")
const cdi = join(work, "cdi")
const [amd, intel, nvidia] = ["amd", "intel", "nvidia"].map((name) => join(cdi, `${name}.com-gpu.yaml`)) as [
  string,
  string,
  string,
]

const watcher = createWatcher()
afterEach(() => {
  watcher.end()
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
})

const up = (...args: readonly string[]): string =>
  mustRun(gantryProgram, ["simulate", "up", machine, "--no-nvml", ...args])
const words = (...args: readonly string[]): readonly string[] => ["cdi", "watch", "--host", machine, ...args]
const once = (...args: readonly string[]) =>
  run(gantryProgram, [...words("--once", "--ready-timeout", "0.5"), ...args])

const watch = (args: readonly string[], env: NodeJS.ProcessEnv = {}): void =>
  watcher.start(["--host", machine, "--interval", "0.1", ...args], env)
const { until, untilSaid } = watcher

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8") : "")
const inMachine = (path: string): string => join(machine, path)
const aside = join(work, "aside")
/** What was moved away is brought back by the function that this gives. */
function take(...paths: readonly string[]): () => void {
  mkdirSync(aside, { recursive: true })
  const places = paths.map((path): [string, string] => [
    inMachine(path),
    join(aside, path.replaceAll("/", "-")),
  ])
  for (const [from, to] of places) renameSync(from, to)
  return () => {
    for (const [from, to] of places) renameSync(to, from)
  }
}

const gpu = (address: string): string => `sys/devices/pci0000:00/${address}`
const bindTo = (address: string, driver: string): void => {
  rmSync(inMachine(`${gpu(address)}/driver`), { force: true })
  symlinkSync(`../../../bus/pci/drivers/${driver}`, inMachine(`${gpu(address)}/driver`))
}
function giveKernel(...modules: readonly string[]): void {
  mkdirSync(inMachine("proc/sys/kernel"), { recursive: true })
  writeFileSync(inMachine("proc/sys/kernel/osrelease"), "6.12.0-test\n")
  mkdirSync(inMachine("lib/modules/6.12.0-test"), { recursive: true })
  const list = modules.map((name) => `kernel/${name}.ko.xz:\n`).join("")
  writeFileSync(inMachine("lib/modules/6.12.0-test/modules.dep"), list)
}

describe("AMD's file", () => {
  const flags = ["--vendor", "amd", "--output", amd]

  test("is what generate makes, and is not written anew", () => {
    up("--amd=mi300x:2:cpx")
    expect(once(...flags)).toMatchObject({
      status: 0,
      stderr: "",
      stdout: `gantry cdi watch: ${amd} is written: 53 devices\n`,
    })
    expect(textOf(amd)).toBe(
      mustRun(gantryProgram, ["cdi", "generate", "--vendor", "amd", "--host", machine]),
    )
    expect(once(...flags).stdout).toContain("is as it must be: 53 devices")
  })

  test("waits for the driver piece by piece, and is written when all of it is there", async () => {
    up("--amd=mi210")
    giveKernel("amdgpu")
    const bringModule = take("sys/module/amdgpu")
    const bringDriver = take(`${gpu("0000:05:00.0")}/driver`, `${gpu("0000:05:00.0")}/drm`)
    const bringNodes = take("dev/dri/renderD128")
    const bringCompute = take("dev/kfd")
    watch([...flags, "--ready-timeout", "600"])
    await untilSaid("lacks the kernel module amdgpu [GAN4070]")
    bringModule()
    await untilSaid("lacks a driver of GPU 0000:05:00.0 (amdgpu) [GAN4070]")
    bringDriver()
    await untilSaid("lacks /dev/dri/renderD128, /dev/kfd [GAN4070]")
    bringNodes()
    await untilSaid("lacks /dev/kfd [GAN4070]")
    expect(existsSync(amd)).toBe(false)
    bringCompute()
    await untilSaid(`${amd} is written: 4 devices`)
    expect(textOf(amd)).toContain("/dev/kfd")
  })

  test("that is good stays while a node is gone for a moment, is withdrawn after the bound, and comes back", async () => {
    up("--amd=w7900:2")
    watch([...flags, "--ready-timeout", "0.5"])
    await untilSaid("is written: ")
    const good = textOf(amd)
    const bring = take("dev/dri/renderD129")
    await untilSaid("lacks /dev/dri/renderD129 [GAN4070]")
    await untilSaid(`${amd} is withdrawn, since what it names is not there any more`)
    expect([existsSync(amd), textOf(`${amd}.withdrawn`)]).toEqual([false, good])
    bring()
    await until(() => textOf(amd) === good)
  })

  test("that is good stays as long as the bound has not passed, unless what lies is to go at once", async () => {
    up("--amd=w7900")
    watch([...flags, "--ready-timeout", "600"])
    await untilSaid("is written: ")
    take("dev/kfd")
    await untilSaid("lacks /dev/kfd [GAN4070]")
    expect(existsSync(amd)).toBe(true)
    watcher.process()?.kill()
    watch([...flags, "--ready-timeout", "600", "--withdraw-stale"])
    await untilSaid(`${amd} is withdrawn, since what it names is not there any more`)
  })

  test("follows GPUs that are cut in another way, and one that is put in", async () => {
    up("--amd=mi300x")
    watch([...flags, "--ready-timeout", "600"])
    await untilSaid("is written: 4 devices")
    // Without it a machine that is made anew is, for a moment, no directory.
    writeFileSync(join(machine, "kept"), "")
    up("--amd=mi300x:1:cpx")
    await untilSaid("is written: 27 devices")
    up("--amd=mi300x:1:cpx", "--amd=w7900")
    await until(() => textOf(amd).includes("0000:26:00.0"))
  })

  test("goes with the last GPU that containers could have, though its nodes' names are there, and comes with the next", async () => {
    up("--amd=mi210", "--intel=flex170")
    watch(flags)
    await untilSaid("is written: ")
    bindTo("0000:05:00.0", "vfio-pci")
    await untilSaid(`${amd} is withdrawn, since another driver has every GPU of AMD's that is there`)
    expect([existsSync(amd), existsSync(inMachine("dev/dri/renderD128"))]).toEqual([false, true])
    bindTo("0000:05:00.0", "amdgpu")
    await until(() => existsSync(amd))
  })

  test("goes after the bound with a driver that has let go of all GPUs, though its nodes' names are there", async () => {
    up("--amd=mi210", "--intel=flex170")
    watch([...flags, "--ready-timeout", "0.5"])
    await untilSaid("is written: ")
    const bring = take(`${gpu("0000:05:00.0")}/driver`, `${gpu("0000:05:00.0")}/drm`)
    await untilSaid("lacks a driver of GPU 0000:05:00.0 (amdgpu) [GAN4070]")
    await untilSaid(`${amd} is withdrawn, since none of its vendor's GPUs can be used`)
    expect([existsSync(amd), existsSync(inMachine("dev/dri/renderD128"))]).toEqual([false, true])
    bring()
    await until(() => existsSync(amd))
  })

  test("a GPU that never starts is not waited for longer than for anything that may never come, and others have a file", () => {
    up("--amd=mi210:2")
    rmSync(inMachine(`${gpu("0000:26:00.0")}/drm`), { recursive: true })
    const { status, stdout } = once(...flags)
    expect([status, textOf(amd).includes("0000:05:00.0"), textOf(amd).includes("0000:26:00.0")]).toEqual([
      0,
      true,
      false,
    ])
    expect(stdout).toContain("lacks a render node of GPU 0000:26:00.0 [GAN4070]")
    expect(stdout).toContain("[GAN2174]")
  })

  test("one GPU that never starts is the end of a look that is taken once", () => {
    up("--amd=mi210")
    rmSync(inMachine(`${gpu("0000:05:00.0")}/drm`), { recursive: true })
    expect(once(...flags)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("a render node of GPU 0000:05:00.0"),
    })
    expect(existsSync(amd)).toBe(false)
  })

  test("is in a version that the machine's engines read, and without groups where that knows none", async () => {
    up("--amd=mi210")
    watch(flags)
    await untilSaid("is written: ")
    expect(textOf(amd)).toContain("additionalGids")
    mkdirSync(inMachine("var/lib/dpkg"), { recursive: true })
    writeFileSync(
      inMachine("var/lib/dpkg/status"),
      "Package: podman\nStatus: install ok installed\nVersion: 4.3.1+ds1-8\n\n",
    )
    mkdirSync(inMachine("usr/bin"), { recursive: true })
    writeFileSync(inMachine("usr/bin/podman"), "a Go program", { mode: 0o755 })
    await until(() => !textOf(amd).includes("additionalGids"))
    expect(textOf(amd)).toContain("cdiVersion: 0.5.0")
  })
})

describe("Intel's file", () => {
  const flags = ["--vendor", "intel", "--output", intel]

  test("waits for either driver, refuses a node that is another's, and comes back when somebody takes it away", async () => {
    up("--intel=flex170", "--intel=b60")
    const wrong = take("dev/dri/renderD128")
    mustRun("mknod", [inMachine("dev/dri/renderD128"), "c", "226", "199"])
    watch([...flags, "--ready-timeout", "600"])
    await untilSaid("lacks /dev/dri/renderD128 (226:128) [GAN4070]")
    expect(existsSync(intel)).toBe(false)
    rmSync(inMachine("dev/dri/renderD128"))
    wrong()
    await untilSaid("is written: ")
    rmSync(intel)
    await until(() => existsSync(intel))
    expect(textOf(intel)).toContain("0000-03-00-0-0x56c0")
  })

  test("is held up by no GPU for which this kernel has no driver", () => {
    up("--intel=a770")
    giveKernel("nouveau")
    take(`${gpu("0000:03:00.0")}/driver`, `${gpu("0000:03:00.0")}/drm`, "sys/module/i915")
    expect(once(...flags, "--ready-timeout", "600")).toMatchObject({
      status: 0,
      stdout: `gantry cdi watch: ${intel} is not written, since no driver has a GPU of Intel's that is there, and none for this kernel is installed\n`,
    })
  })
})

describe("a directory for the files of all vendors", () => {
  const flags = ["--output", `${cdi}/`]

  test("has one of each that is there, as generate calls them, and waits for none that is not", () => {
    up("--gpus=1", "--intel=flex170")
    const { status, stdout } = once(...flags, "--ready-timeout", "600")
    expect([status, readdirSync(cdi).sort()]).toEqual([0, ["intel.com-gpu.yaml", "nvidia.com-gpu.yaml"]])
    expect(stdout.split("\n").sort()).toEqual([
      "",
      `gantry cdi watch: ${amd} is not written, since there is no GPU of AMD's`,
      `gantry cdi watch: ${intel} is written: 4 devices`,
      `gantry cdi watch: ${nvidia} is written: 5 devices, driver 550.163.01`,
    ])
    const every = join(work, "every/")
    mustRun(gantryProgram, ["cdi", "generate", "--vendor=all", "--host", machine, "--output", every])
    for (const path of [intel, nvidia]) expect(textOf(path)).toBe(textOf(path.replace(`${cdi}/`, every)))
  })

  test("of a machine without any GPU has none, and that is well", () => {
    up("--intel=b60")
    take("sys/bus/pci")
    const { status, stdout } = once(...flags)
    expect([status, stdout.match(/ is not written, since /g)?.length]).toEqual([0, 3])
  })

  test("what one vendor's GPUs lack keeps no other's file from being fresh, and is said of its own", async () => {
    up("--gpus=2", "--amd=mi210", "--intel=a770", "--defect", "missing-node:nvidia1")
    watch([...flags, "--without-nodes", "--ready-timeout", "0.5"])
    await untilSaid(`${amd} is written: `)
    await untilSaid(`${intel} is written: `)
    await untilSaid(`${nvidia}: no CDI specification is made, since this machine lacks /dev/nvidia1 (195:1) `)
    const bring = take("dev/dri/by-path")
    await until(() => !textOf(intel).includes("by-path"))
    bring()
    await until(() => textOf(intel).includes("by-path"))
    rmSync(amd)
    await until(() => existsSync(amd))
    expect(existsSync(nvidia)).toBe(false)
    mustRun("mknod", [inMachine("dev/nvidia1"), "c", "195", "1"])
    await untilSaid(`${nvidia} is written: `)
  })

  test("a configuration that cannot be read ends a watch of NVIDIA's file, and no other vendor's", async () => {
    up("--gpus=2", "--amd=mi210", "--defect", "missing-node:nvidia1")
    mkdirSync(join(work, "xdg/nvidia-container-runtime"), { recursive: true })
    writeFileSync(join(work, "xdg/nvidia-container-runtime/config.toml"), "[nvidia-container-cli\n")
    const env = { XDG_CONFIG_HOME: join(work, "xdg") }
    watch(flags, env)
    await until(() => new RegExp(`${nvidia}: .*\\[GAN1100\\]`).test(watcher.said()))
    await untilSaid(`${amd} is written: `)
    take("dev/kfd")
    await untilSaid("lacks /dev/kfd [GAN4070]")
    expect(watcher.process()?.exitCode).toBeNull()
    watcher.process()?.kill()
    await until(() => watcher.process()?.exitCode !== null)
    expect(watcher.process()?.exitCode).toBe(0)
    watch(["--vendor", "nvidia", "--output", nvidia], env)
    await until(() => watcher.process()?.exitCode !== null)
    expect(watcher.process()?.exitCode).toBe(1)
  })

  test("that is looked at once ends with what is wrong with each, and the others' files are there", () => {
    up("--gpus=2", "--amd=mi210", "--intel=a770", "--defect", "missing-node:nvidia1")
    take("dev/kfd")
    const { status, stderr } = once(...flags, "--without-nodes")
    expect([status, readdirSync(cdi)]).toEqual([1, ["intel.com-gpu.yaml"]])
    const lacking = "no CDI specification is made, since this machine lacks"
    expect(stderr).toContain(`${nvidia}: ${lacking} /dev/nvidia1 (195:1) [GAN4070]`)
    expect(stderr).toContain(`\n${amd}: ${lacking} /dev/kfd [GAN4070]`)
  })

  test("follows a vendor that comes later, and one that goes", async () => {
    up("--intel=a770")
    watch(flags)
    await untilSaid(`${amd} is not written, since there is no GPU of AMD's`)
    await untilSaid(`${intel} is written: `)
    writeFileSync(join(machine, "kept"), "")
    up("--amd=mi210")
    await untilSaid(`${amd} is written: `)
    await untilSaid(`${intel} is withdrawn, since there is no GPU of Intel's`)
    expect(readdirSync(cdi).sort()).toEqual(["amd.com-gpu.yaml", "intel.com-gpu.yaml.withdrawn"])
  })

  test("has NVIDIA's alone where that is said, or what is said of NVIDIA's GPUs", () => {
    up("--gpus=1", "--amd=mi210")
    for (const args of [["--vendor=nvidia"], ["--name=index"]]) {
      expect(once(...flags, ...args).status).toBe(0)
      expect(readdirSync(cdi)).toEqual(["nvidia.com-gpu.yaml"])
    }
    expect(once(...flags, "--mode=management", "--format=json").status).toBe(0)
    expect(readdirSync(cdi)).toContain("management.nvidia.com-gpu.json")
  })
})

describe("a command line", () => {
  test("that names a file and nobody keeps NVIDIA's, and tells whose GPUs there are", () => {
    up("--amd=mi210", "--intel=b60")
    expect(once("--output", nvidia)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("and none is expected; it has GPUs of amd and intel: --vendor all\n"),
    })
    expect(once("--output", nvidia, "--vendor=nvidia").stdout).toContain("and none is expected\n")
  })

  test.each([
    [["--output", amd, "--vendor=all"], "a file has one kind"],
    [["--output", amd, "--vendor=ati"], "--vendor takes one of nvidia, amd, intel, or all"],
    [["--output", amd, "--vendor=amd", "--vendor=intel"], "--vendor is said once"],
    [["--output", amd, "--vendor=amd", "--mode=management"], "--mode is said of NVIDIA's GPUs alone"],
    [["--output", amd, "--vendor=amd", "--without-nodes"], "--without-nodes is said of NVIDIA's GPUs alone"],
    [
      ["--output", amd, "--vendor=amd", "--config", "/etc/none.toml"],
      "--config is said of NVIDIA's GPUs alone",
    ],
    [["--output", "cdi/"], "an absolute path"],
    [["--output", `${cdi}/`, "--driver-root=relative"], "is not an absolute path"],
  ])("%p is refused", (args, problem) => {
    up("--amd=mi210")
    const { status, stderr } = once(...args)
    expect(status).toBe(2)
    expect(stderr).toContain(problem)
  })

  test("that names a machine that is not there ends, whoever's files are to be kept", () => {
    const { status, stderr } = run(gantryProgram, ["cdi", "watch", "--output", `${cdi}/`, "--host=/nowhere"])
    expect([status, stderr.split("/nowhere").length > 1]).toEqual([1, true])
  })
})
