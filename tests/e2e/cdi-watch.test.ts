/** The specification that is kept as the machine is: a real process beside a simulated machine that changes under it. */

import { afterEach, describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { temporaryDirectory } from "../temporary-directory.ts"
import { gantryProgram, hasProgram, mustRun, run } from "./bundle.ts"
import { createWatcher } from "./watcher.ts"

const work = temporaryDirectory("watch")
const machine = join(work, "machine")
const output = join(work, "cdi/nvidia.yaml")

const watcher = createWatcher()
afterEach(() => {
  watcher.end()
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
})

const up = (...args: readonly string[]): string =>
  mustRun(gantryProgram, ["simulate", "up", machine, "--no-nvml", ...args])
const down = (): string => mustRun(gantryProgram, ["simulate", "down", machine])

const flags = ["--host", machine, "--output", output, "--interval", "0.1", "--without-nodes"]
const once = (...args: readonly string[]) =>
  run(gantryProgram, ["cdi", "watch", "--once", ...flags, "--ready-timeout", "0.5", ...args])

const watch = (...args: readonly string[]): void => watcher.start([...flags, ...args])
const { until, untilSaid } = watcher

const devices = (): readonly string[] =>
  (spawnSync(gantryProgram, ["cdi", "list", "--spec-dir", join(work, "cdi"), "--json"], { encoding: "utf8" })
    .stdout &&
    JSON.parse(
      mustRun(gantryProgram, ["cdi", "list", "--spec-dir", join(work, "cdi"), "--json"]),
    ).devices.map(({ device }: { readonly device: string }) => device)) ||
  []
const specText = (): string => (existsSync(output) ? readFileSync(output, "utf8") : "")

describe("a watch", () => {
  test("writes what the machine has, readable for everybody, and what generate writes", async () => {
    up("--gpus", "2")
    watch()
    await untilSaid("is written: ")
    expect(statSync(output).mode & 0o777).toBe(0o644)
    expect(specText()).toBe(mustRun(gantryProgram, ["cdi", "generate", "--host", machine]))
    expect(devices()).toContain("gpu1")
  })

  test("keeps the last good one while a node is missing, and writes a new one when it is back", async () => {
    up("--gpus", "2")
    watch("--ready-timeout", "600")
    await untilSaid("is written: ")
    const good = specText()
    renameSync(join(machine, "dev/nvidia1"), join(work, "aside"))
    await untilSaid("lacks /dev/nvidia1 (195:1) [GAN4070]")
    expect(specText()).toBe(good)
    renameSync(join(work, "aside"), join(machine, "dev/nvidia1"))
    await untilSaid("is as it must be: ")
    expect(specText()).toBe(good)
  })

  test("withdraws one whose files are gone when the time is over", async () => {
    up("--gpus", "2")
    watch("--ready-timeout", "0.5")
    await untilSaid("is written: ")
    renameSync(join(machine, "dev/nvidia1"), join(work, "aside"))
    await untilSaid("is withdrawn, since what it names is not there any more")
    expect([existsSync(output), existsSync(`${output}.withdrawn`)]).toEqual([false, true])
    renameSync(join(work, "aside"), join(machine, "dev/nvidia1"))
    await until(() => existsSync(output))
  })

  test("follows a driver that goes, comes back in another version, and MIG devices", async () => {
    up("--gpus", "2")
    watch("--ready-timeout", "600")
    await untilSaid("driver 550.163.01")
    // Without it a machine that is made anew is, for a moment, no directory, and a watch that looks then ends.
    writeFileSync(join(machine, "kept"), "")
    up("--gpus", "2", "--driver", "560.35.03")
    await untilSaid("is written: 9 devices, driver 560.35.03")
    expect(specText()).toContain("libcuda.so.560.35.03")
    up("--gpus", "1", "--driver", "560.35.03", "--mig", "0:1/0=3g.20gb")
    await until(() => specText().includes("nvidia-cap"))
    expect(devices()).toContain("0:0")
  })

  test("follows an engine that is installed, and reads older versions alone", async () => {
    up("--gpus", "1")
    watch()
    await untilSaid("is written: ")
    expect(specText()).not.toContain("cdiVersion: 0.5.0")
    mkdirSync(join(machine, "var/lib/dpkg"), { recursive: true })
    writeFileSync(
      join(machine, "var/lib/dpkg/status"),
      "Package: podman\nStatus: install ok installed\nVersion: 4.3.1+ds1-8\n\n",
    )
    writeFileSync(join(machine, "usr/bin/podman"), "a Go program", { mode: 0o755 })
    await until(() => specText().includes("cdiVersion: 0.5.0"))
  })

  test("brings back what somebody else deleted or changed", async () => {
    up("--gpus", "1")
    watch()
    await untilSaid("is written: ")
    const good = specText()
    rmSync(output)
    await until(() => existsSync(output))
    writeFileSync(output, "nonsense")
    await until(() => specText() === good)
    // Who changed the file reads in the log what became of it.
    await until(() => watcher.said().split("is written: ").length >= 4)
  })

  test.skipIf(!hasProgram("strace"))(
    "brings back what is deleted as soon as it is told of (missing: strace)",
    async () => {
      up("--gpus", "1")
      const log = join(work, "log")
      writeFileSync(log, "")
      // What it says is there for all to read, and it goes on a second later. Traced from beside (-D), it is the watch that is killed.
      const held = ["-P", log, "-e", "trace=write", "-e", "inject=write:delay_exit=1000000"]
      const command = [gantryProgram, "cdi", "watch", ...flags]
      const slow = Bun.spawn(["strace", "-D", "-f", "-qq", "-o", "/dev/null", ...held, ...command], {
        stdio: ["ignore", openSync(log, "a"), "ignore"],
      })
      try {
        await until(() => readFileSync(log, "utf8").includes("is written: "))
        rmSync(output)
        await until(() => existsSync(output))
      } finally {
        slow.kill("SIGKILL")
        await slow.exited
      }
    },
  )

  test("what cannot be written is told of, and tried again when its place is free", async () => {
    up("--gpus", "1")
    mkdirSync(output, { recursive: true })
    watch()
    await untilSaid("[GAN4061]")
    expect(watcher.process()?.exitCode).toBeNull()
    rmSync(output, { recursive: true })
    await until(() => existsSync(output) && devices().includes("0"))
    expect(watcher.said().split("[GAN4061]")).toHaveLength(2)
  })

  test("what cannot be withdrawn is tried again, though nothing of the machine changes", async () => {
    up("--gpus", "0", "--defect", "no-driver")
    const place = `${output}.withdrawn`
    mkdirSync(place, { recursive: true })
    writeFileSync(output, "of a driver that was here")
    watch()
    await untilSaid(`${output} stays, and engines read it`)
    rmSync(place, { recursive: true })
    await until(() => !existsSync(output))
    expect(watcher.said().split(" stays, ")).toHaveLength(2)
  })

  test.each(["SIGTERM", "SIGINT"] as const)("ends in peace on %s", async (signal) => {
    up("--gpus", "1")
    watch()
    await untilSaid("is written: ")
    watcher.process()?.kill(signal)
    await until(() => watcher.process()?.exitCode !== null)
    expect([watcher.process()?.exitCode, watcher.process()?.signalCode]).toEqual([0, null])
  })

  test("refuses to make every device nobody's", () => {
    up("--gpus", "1")
    mkdirSync(join(work, "cdi"))
    const other = join(work, "cdi/other.yaml")
    writeFileSync(other, mustRun(gantryProgram, ["cdi", "generate", "--host", machine]))
    const { status, stderr } = once()
    expect([status, existsSync(output)]).toEqual([1, false])
    expect(stderr).toContain(other)
  })
})

describe("a watch that looks once", () => {
  test("ends well on a machine that is whole, and writes nothing anew the second time", () => {
    up("--gpus", "1")
    expect(once()).toMatchObject({ status: 0, stderr: "" })
    const written = statSync(output)
    expect(once().stdout).toContain("is as it must be")
    expect(statSync(output).ino).toBe(written.ino)
  })

  test("ends with the reason when the machine is not whole in time", () => {
    up("--gpus", "2", "--defect", "missing-node:nvidia-uvm")
    const { status, stderr } = once()
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /^no CDI specification is made, since this machine lacks \/dev\/nvidia-uvm \(\d+:0\) \[GAN4070\]/,
    )
    expect(existsSync(output)).toBe(false)
  })

  test("withdraws one whose libcuda an upgrade has taken away, and writes none without it", () => {
    up("--gpus", "1")
    once()
    down()
    up("--gpus", "1", "--defect", "missing-lib:libcuda.so")
    const { status, stderr } = once()
    expect([status, existsSync(output)]).toEqual([1, false])
    expect(stderr).toMatch(/lacks libcuda\.so\.550\.163\.01 \[GAN4070\]/)
  })

  test("and is ended by a signal has not done what 0 would say", async () => {
    up("--gpus", "2", "--defect", "missing-node:nvidia-uvm")
    watch("--once", "--ready-timeout", "600")
    await untilSaid("[GAN4070]")
    watcher.process()?.kill("SIGTERM")
    await until(() => watcher.process()?.exitCode !== null || watcher.process()?.signalCode !== null)
    expect([watcher.process()?.exitCode, watcher.process()?.signalCode, existsSync(output)]).toEqual([
      null,
      "SIGTERM",
      false,
    ])
  })

  test("makes a file that others may write, or not all may read, its own again", () => {
    up("--gpus", "1")
    once()
    for (const mode of [0o600, 0o666]) {
      chmodSync(output, mode)
      expect(once().stdout).toContain("is written: ")
      expect(statSync(output).mode & 0o777).toBe(0o644)
    }
    chownSync(output, 1234, 1234)
    expect(once().stdout).toContain("is written: ")
    expect(statSync(output).uid).toBe(0)
  })

  test("makes the nodes that are missing, as a start would", () => {
    up("--gpus", "2", "--defect", "missing-node:nvidia1")
    const args = flags.filter((flag) => flag !== "--without-nodes")
    expect(run(gantryProgram, ["cdi", "watch", "--once", ...args]).status).toBe(0)
    expect(devices()).toContain("gpu1")
  })

  test.skipIf(!hasProgram("strace"))(
    "does not withdraw what another has found to be as it must be (missing: strace)",
    async () => {
      up("--gpus", "2")
      once()
      renameSync(join(machine, "dev/nvidia1"), join(work, "aside"))
      const trace = join(work, "trace")
      const calls = "rename,renameat,renameat2"
      writeFileSync(trace, "")
      const late = Bun.spawn(
        [
          ...["strace", "-f", "-o", trace, "-P", output, "-e", `trace=${calls}`],
          ...["-e", `inject=${calls}:delay_enter=1000000`],
          ...[gantryProgram, "cdi", "watch", "--once", ...flags, "--ready-timeout", "0"],
        ],
        { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
      )
      await until(() => readFileSync(trace, "utf8").includes("nvidia.yaml.withdrawn"))
      renameSync(join(work, "aside"), join(machine, "dev/nvidia1"))
      expect(once().status).toBe(0)
      await late.exited
      expect(existsSync(output)).toBe(true)
    },
  )

  test("waits for nothing on a machine without a driver, and withdraws what was true once", () => {
    up("--gpus", "1")
    once()
    down()
    up("--gpus", "0", "--defect", "no-driver")
    const { status, stdout } = once("--ready-timeout", "600")
    expect([status, existsSync(output)]).toEqual([0, false])
    expect(stdout).toContain("is withdrawn, since no NVIDIA driver drives anything here")
    expect(once()).toMatchObject({
      status: 0,
      stdout: `gantry cdi watch: ${output} is not written, since no NVIDIA driver drives anything here, and none is expected\n`,
    })
  })

  describe("a GPU on a machine on which no driver was ever installed", () => {
    const kernel = join(machine, "lib/modules/6.12.0-test")
    const list = join(kernel, "modules.dep")
    const ownModules = "kernel/drivers/video/fbdev/nvidia/nvidiafb.ko.xz: kernel/lib/x.ko.xz\n"
    const upWithKernel = (): void => {
      up("--gpus", "1", "--defect", "no-driver")
      mkdirSync(join(machine, "proc/sys/kernel"), { recursive: true })
      writeFileSync(join(machine, "proc/sys/kernel/osrelease"), "6.12.0-test\n")
      mkdirSync(kernel, { recursive: true })
      writeFileSync(list, ownModules)
    }
    const lacking = /lacks the kernel module nvidia \[GAN4070\]/

    test("holds nobody up, and is looked at as soon as there is one for its kernel", async () => {
      upWithKernel()
      expect(once("--ready-timeout", "600")).toMatchObject({
        status: 0,
        stdout: `gantry cdi watch: ${output} is not written, since the GPU that is there has no driver, and no NVIDIA driver for this kernel is installed\n`,
      })
      watch("--ready-timeout", "600")
      await untilSaid("is not written")
      writeFileSync(list, `${ownModules}updates/dkms/nvidia.ko.zst:\n`)
      await until(() => lacking.test(watcher.said()))
    })

    test.each<[why: string, prepare: () => void, args: readonly string[]]>([
      ["the kernel has the module", () => writeFileSync(list, "kernel/nvidia-550/nvidia.ko:\n"), []],
      ["nobody can say what the kernel has", () => rmSync(list), []],
      [
        "DKMS has its sources",
        () => mkdirSync(join(machine, "usr/src/nvidia-550.163.01"), { recursive: true }),
        [],
      ],
      ["a driver container has begun", () => mkdirSync(join(machine, "run/nvidia"), { recursive: true }), []],
      ["somebody says where it will be", () => undefined, ["--driver-root", "/run/other"]],
    ])("is waited for where %s", (_, prepare, args) => {
      upWithKernel()
      prepare()
      const { status, stderr } = once(...args)
      expect(status).toBe(1)
      expect(stderr).toMatch(lacking)
    })
  })

  test.each([
    [["--output", "nvidia.yaml"], "an absolute path"],
    [["--output", "/run/cdi/nvidia"], "ends in .yaml or .json"],
    [["--interval", "0"], "--interval"],
    [["--ready-timeout", "soon"], "--ready-timeout"],
  ])("says what is wrong with %p", (args, problem) => {
    const { status, stderr } = run(gantryProgram, ["cdi", "watch", "--once", ...flags, ...args])
    expect(status).toBe(2)
    expect(stderr).toContain(problem)
  })
})

describe("a machine of which no specification can be made any more", () => {
  test("what names its GPUs is withdrawn, by one that stays and by one that runs once", async () => {
    const machine = join(work, "emptied")
    const output = join(work, "emptied.yaml")
    const up = (gpus: string) => run(gantryProgram, ["simulate", "up", machine, "--gpus", gpus, "--no-nvml"])
    const words = ["cdi", "watch", "--host", machine, "--output", output, "--without-nodes"]
    up("1")
    expect(run(gantryProgram, [...words, "--once"]).status).toBe(0)
    up("0")
    const once = run(gantryProgram, [...words, "--once", "--ready-timeout", "0"])
    expect(once.status).toBe(1)
    expect([existsSync(output), existsSync(`${output}.withdrawn`)]).toEqual([false, true])
  })
})

describe("the units", () => {
  const data = join(import.meta.dir, "../../data")
  const services = ["gantry-cdi.service", "gantry-cdi-watch.service", "gantry-cdi-gone.service"]
  const commands = services.flatMap((name) =>
    [
      ...readFileSync(join(data, "systemd", name), "utf8").matchAll(
        /^ExecStart=\/usr\/local\/bin\/gantry (.*)$/gm,
      ),
    ].map(([, words = ""]) => words.split(" ")),
  )

  test("start what is there: every word and flag is one of the command's", () => {
    expect(commands.length).toBe(3)
    for (const words of commands)
      expect(run(gantryProgram, [...words, "--help"])).toMatchObject({ status: 0, stderr: "" })
  })

  test("what events start is started at each of them, and stops nobody", () => {
    const unit = (name: string): string => readFileSync(join(data, "systemd", name), "utf8")
    const rule = readFileSync(join(data, "udev/70-gantry-cdi.rules"), "utf8")
    const started = new Set(
      [...rule.matchAll(/restart (gantry-[a-z-]+\.service)/g)].map(([, name = ""]) => name),
    )
    expect([...started]).toEqual(["gantry-cdi.service", "gantry-cdi-gone.service"])
    // Who unloads a driver must not find it loaded again.
    const ofGoing = rule.split("\n").filter((line) => /"(?:remove|unbind)"/.test(line))
    expect(ofGoing).toHaveLength(2)
    for (const line of ofGoing) expect(line).toContain("restart gantry-cdi-gone.service")
    expect(unit("gantry-cdi-gone.service")).toContain(" --without-nodes ")
    for (const name of started) {
      expect(unit(name).split("[Service]")[0]).toContain("\nStartLimitIntervalSec=0\n")
      for (const other of readdirSync(join(data, "systemd"))) expect(unit(other)).not.toMatch(/^Conflicts=/m)
    }
  })

  test("name each other as they are called", () => {
    const text = ["systemd/gantry-cdi-watch.service", "systemd/gantry-cdi.path", "udev/70-gantry-cdi.rules"]
      .map((name) => readFileSync(join(data, name), "utf8"))
      .join("\n")
    for (const [unit] of text.matchAll(/gantry-[a-z-]+(?:@[a-z]+)?\.(?:service|path)/g)) {
      const file = unit.replace(/@[a-z]+/, "@")
      expect([file, existsSync(join(data, "systemd", file))]).toEqual([file, true])
    }
  })

  test("the compute driver's node is AMD's, and starts AMD's alone", () => {
    const rule = readFileSync(join(data, "udev/70-gantry-cdi.rules"), "utf8")
    const ofCompute = rule.split("\n").filter((line) => line.includes('"kfd"'))
    expect(ofCompute).toHaveLength(1)
    expect(ofCompute[0]).toMatch(/^ACTION=="add\|remove", .* try-restart gantry-cdi-vendor@amd\.service"$/)
  })

  test.each(["gantry-cdi-watch@.service", "gantry-cdi-vendor@.service"])(
    "%s starts what is there, and a vendor that the machine does not have is waited for by nobody",
    (name) => {
      const unit = readFileSync(join(data, "systemd", name), "utf8")
      const [, text = ""] = /^ExecStart=\/usr\/local\/bin\/gantry (.*)$/m.exec(unit) ?? []
      up("--gpus=1", "--intel=flex170")
      for (const [vendor, said] of [
        ["amd", "amd.com-gpu.yaml is not written, since there is no GPU of AMD's"],
        ["intel", "intel.com-gpu.yaml is written: 4 devices"],
      ] as const) {
        const words = text.replaceAll("%i", vendor).replace("/var/run/cdi", join(work, "cdi")).split(" ")
        const ran = run(gantryProgram, [...words, "--once", "--ready-timeout=600", "--host", machine])
        expect([ran.status, ran.stdout]).toEqual([0, expect.stringContaining(said)])
      }
    },
  )

  test("AMD's and Intel's files are written at boot, where these are there, and again when a DRM node comes or goes", () => {
    const unit = readFileSync(join(data, "systemd/gantry-cdi-vendor@.service"), "utf8")
    const [, words = ""] = /^ExecStart=\/usr\/local\/bin\/gantry (.*)$/m.exec(unit) ?? []
    const rule = readFileSync(join(data, "udev/70-gantry-cdi.rules"), "utf8")
    // Of a unit that is not active there is nothing to restart, and one that has run is not unless it is said.
    expect(unit).toContain("\nRemainAfterExit=yes\n")
    expect(unit).toContain("\nStartLimitIntervalSec=0\n")
    up("--amd=mi210", "--intel=flex170")
    const start = (vendor: string) => {
      const written = words.replaceAll("%i", vendor).replace("/var/run/cdi", join(work, "cdi")).split(" ")
      return run(gantryProgram, [...written, "--host", machine])
    }
    for (const vendor of ["amd", "intel"]) {
      expect(rule).toMatch(
        new RegExp(`^ACTION=="add\\|remove", SUBSYSTEM=="drm", .* try-restart .*@${vendor}\\.service`, "m"),
      )
      expect(start(vendor).status).toBe(0)
      expect(readdirSync(join(work, "cdi"))).toContain(`${vendor}.com-gpu.yaml`)
    }
    // Its nodes' numbers are free for the next DRM device, whosever it is.
    const driver = join(machine, "sys/bus/pci/devices/0000:05:00.0/driver")
    rmSync(driver)
    symlinkSync("../../../bus/pci/drivers/vfio-pci", driver)
    expect(start("amd")).toMatchObject({ status: 0, stdout: expect.stringContaining("is withdrawn, since") })
    const left = (): readonly string[] => readdirSync(join(work, "cdi"))
    expect(left()).not.toContain("amd.com-gpu.yaml")
    expect(left()).toContain("amd.com-gpu.yaml.withdrawn")
    expect(start("amd").stdout).not.toContain("is withdrawn")
    // What cannot be written is no reason to take away what is right.
    writeFileSync(join(work, "cdi/other.yaml"), readFileSync(join(work, "cdi/intel.com-gpu.yaml")))
    expect(start("intel").stderr).toContain("[GAN4042]")
    rmSync(join(work, "cdi/other.yaml"))
    expect(left()).toContain("intel.com-gpu.yaml")
  })
})
