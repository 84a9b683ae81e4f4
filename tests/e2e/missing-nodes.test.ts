import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import {
  gantryProgram,
  makeBundle,
  makeBusyboxRoot,
  makeDirectory,
  missing,
  mustRun,
  type Ran,
  run,
  wrapperProgram,
} from "./bundle.ts"

const lacks = missing("runc", "busybox")
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "runc" : `runc (missing: ${lacks})`

suite(`a machine on which nobody has made the driver's nodes: ${title}`, () => {
  const work = lacks === "" ? makeDirectory("nodes") : ""
  const machines: string[] = []
  afterAll(() => {
    for (const machine of machines) run(gantryProgram, ["simulate", "down", machine])
    rmSync(work, { recursive: true, force: true })
  })

  function machineWith(...defects: readonly string[]): string {
    const machine = join(work, `machine-${machines.length}`)
    mustRun(gantryProgram, [
      "simulate",
      "up",
      machine,
      "--gpus",
      "2",
      ...defects.flatMap((one) => ["--defect", one]),
    ])
    machines.push(machine)
    return machine
  }
  const configFor = (machine: string, more = ""): string => {
    const path = `${machine}.toml`
    writeFileSync(path, `${more}[gantry]\nhost = "${machine}"\n`)
    return path
  }
  const node = (machine: string, name: string): string => {
    const stat = statSync(join(machine, "dev", name), { throwIfNoEntry: false })
    return stat === undefined
      ? "none"
      : `${stat.rdev >> 8}:${stat.rdev & 0xff} ${(stat.mode & 0o777).toString(8)}`
  }
  const shape = { args: ["sh", "-c", "ls /dev | grep nvidia"], env: ["NVIDIA_VISIBLE_DEVICES=all"] }

  function wrapped(config: string): Ran {
    const bundle = makeBundle(work, shape, makeBusyboxRoot)
    const state = ["--root", join(work, "state")]
    try {
      const env = { ...process.env, NVIDIA_CTK_CONFIG_FILE_PATH: config }
      return run(wrapperProgram, [...state, "run", "--bundle", bundle.directory, "gantry-nodes"], { env })
    } finally {
      run("runc", [...state, "delete", "--force", "gantry-nodes"])
      rmSync(bundle.directory, { recursive: true, force: true })
    }
  }
  const every = "nvidia-uvm\nnvidia-uvm-tools\nnvidia0\nnvidia1\nnvidiactl\n"

  test("a start makes those that are missing, and replaces those of an earlier load", () => {
    const machine = machineWith("missing-node:nvidia-uvm-tools", "missing-node:nvidia1", "stale-uvm-major")
    const whole = machineWith()
    const names = ["nvidia-uvm", "nvidia-uvm-tools", "nvidia1"]
    expect(names.map((name) => node(machine, name))).not.toEqual(names.map((name) => node(whole, name)))
    expect(wrapped(configFor(machine)).stdout.replace("nvidia-modeset\n", "")).toBe(every)
    expect(names.map((name) => node(machine, name))).toEqual(names.map((name) => node(whole, name)))
    expect(readdirSync(join(machine, "dev")).sort()).toEqual(readdirSync(join(whole, "dev")).sort())
  })

  test("asked beforehand, explain tells what a start would make, and makes nothing", () => {
    const machine = machineWith("missing-node:nvidia-uvm")
    const bundle = makeBundle(work, shape, makeBusyboxRoot)
    const told = mustRun(gantryProgram, [
      "explain",
      "--bundle",
      bundle.directory,
      "--config",
      configFor(machine),
      "--json",
    ])
    rmSync(bundle.directory, { recursive: true, force: true })
    const { outcome, findings } = JSON.parse(told) as { outcome: string; findings: { code: string }[] }
    expect(outcome).toBe("inject")
    expect(findings.map(({ code }) => code)).toContain("GAN2162")
    expect(node(machine, "nvidia-uvm")).toBe("none")
  })

  test("who wants no start to make nodes gets the reason", () => {
    const machine = machineWith("missing-node:nvidia-uvm")
    const ran = wrapped(configFor(machine, "[nvidia-container-cli]\nload-kmods = false\n"))
    expect([ran.status === 0, node(machine, "nvidia-uvm")]).toEqual([false, "none"])
    expect(ran.stderr).toContain("/dev/nvidia-uvm")
  })

  test("what is no node is left alone, and told of", () => {
    const machine = machineWith("missing-node:nvidia-uvm")
    writeFileSync(join(machine, "dev/nvidia-uvm"), "somebody's")
    const ran = wrapped(configFor(machine))
    expect(ran.status).not.toBe(0)
    expect(ran.stderr).toContain("/dev/nvidia-uvm")
    expect(node(machine, "nvidia-uvm")).toBe("0:0 644")
  })

  test("what could not be made is tried again by the next start, whatever was worked out meanwhile", () => {
    const machine = machineWith("missing-node:nvidia-uvm-tools")
    const config = configFor(machine)
    const devices = join(machine, "dev")
    mustRun("mount", ["--bind", devices, devices])
    try {
      mustRun("mount", ["-o", "remount,bind,ro", devices])
      for (let nth = 1; nth <= 3; nth++) expect(wrapped(config).stdout).not.toContain("nvidia-uvm-tools")
    } finally {
      mustRun("umount", [devices])
    }
    expect(wrapped(config).stdout).toContain("nvidia-uvm-tools")
  })

  test("twenty starts at once on a machine that has none", async () => {
    const machine = machineWith("missing-node:nvidia-uvm", "missing-node:nvidia0", "missing-node:nvidia1")
    const config = configFor(machine, '[nvidia-container-runtime]\nruntimes = ["/bin/true"]\n')
    const bundles = Array.from({ length: 20 }, () => makeBundle(work, shape, makeBusyboxRoot))
    const children = bundles.map(({ directory }) =>
      Bun.spawn([wrapperProgram, "create", "--bundle", directory, "x"], {
        env: { ...process.env, NVIDIA_CTK_CONFIG_FILE_PATH: config },
        stdio: ["ignore", "ignore", "pipe"],
      }),
    )
    const said = await Promise.all(
      children.map(async ({ stderr, exited }) => [await exited, await stderr.text()]),
    )
    for (const { directory } of bundles) rmSync(directory, { recursive: true, force: true })
    expect(said).toEqual(bundles.map(() => [0, ""]))
    expect(node(machine, "nvidia-uvm")).not.toBe("none")
  })
})

const lacksHere = missing("unshare")

describe.skipIf(lacksHere !== "")(
  `a driver that nobody has loaded${lacksHere && ` (missing: ${lacksHere})`}`,
  () => {
    const work = makeDirectory("unloaded")
    const machine = join(work, "machine")
    const asked = join(work, "asked")
    const modprobe = join(work, "modprobe")
    beforeAll(() => {
      mustRun(gantryProgram, ["simulate", "up", machine, "--gpus", "1", "--defect", "no-driver"])
      writeFileSync(modprobe, `#!/bin/sh\necho "$@" >> ${asked}\nexit 1\n`, { mode: 0o755 })
      mkdirSync(join(work, "kernel"))
      writeFileSync(join(work, "kernel/modprobe"), `${modprobe}\n`)
    })
    afterAll(() => {
      run(gantryProgram, ["simulate", "down", machine])
      rmSync(work, { recursive: true, force: true })
    })

    /** The modules for which the kernel's program is called, on this machine with the bus of the simulated one. */
    function askedBy(...command: readonly string[]): string {
      // A driver that this machine has is hidden, and what is remembered of it stays.
      const inside =
        'mount --rbind "$1/machine/sys" /sys; mount --bind "$1/kernel" /proc/sys/kernel; for place in /proc/driver /run; do mount -t tmpfs none $place; done; shift; exec "$@"'
      rmSync(asked, { force: true })
      run("unshare", ["--mount", "sh", "-ec", inside, "sh", work, ...command])
      return existsSync(asked) ? readFileSync(asked, "utf8") : ""
    }

    test("is loaded by a watch where its files may be the machine's, and not where they lie elsewhere", () => {
      const watch = [gantryProgram, "cdi", "watch", "--once", "--ready-timeout", "0"]
      const output = ["--output", join(work, "cdi/nvidia.yaml")]
      expect(askedBy(...watch, ...output)).toBe("nvidia\n")
      expect(askedBy(...watch, ...output, "--driver-root", machine)).toBe("")
      expect(askedBy(...watch, ...output, "--without-nodes")).toBe("")
    })
  },
)
