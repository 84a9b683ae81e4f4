import { afterAll, afterEach, describe, expect, test } from "bun:test"
import { spawn } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { models } from "../../src/host/simulate/models.ts"
import { manifestName } from "../../src/host/simulated-files.ts"
import { gantryProgram, hasProgram, makeDirectory, missing, mustRun, run } from "./bundle.ts"

const work = makeDirectory("simulate")
const machine = join(work, "machine")
const bundle = join(work, "bundle")
const hosts = join(import.meta.dir, "../../hosts")
afterEach(() => rmSync(machine, { recursive: true, force: true }))
afterAll(() => rmSync(work, { recursive: true, force: true }))

mkdirSync(bundle)
writeFileSync(
  join(bundle, "config.json"),
  '{"ociVersion":"1.0.2","process":{"env":["NVIDIA_VISIBLE_DEVICES=all"]},"root":{"path":"rootfs"}}',
)
const gantry = (...args: readonly string[]): string => mustRun(gantryProgram, args)
const up = (...args: readonly string[]): string => gantry("simulate", "up", machine, ...args)
const info = () => JSON.parse(gantry("info", "--host", machine, "--json"))
const needsCompiler = hasProgram("cc") ? "" : "cc"

/** The three commands that look at a machine. */
function look(): void {
  for (const args of [
    ["info", "--host", machine],
    ["driver", "files", "--host", machine],
    ["explain", "--bundle", bundle, "--host", machine],
  ])
    expect([args[0], run(gantryProgram, args).status]).toEqual([args[0], 0])
}

describe("a generated machine", () => {
  test.each(models.map(({ name }) => name))("of model %s is whole", (name) => {
    up("--model", name, "--gpus", "2", "--no-nvml")
    look()
    expect([info().gpus.length, info().findings]).toEqual([2, []])
  })

  test.each([
    ["without GPUs", ["--gpus", "0"]],
    ["without DRM", ["--no-drm"]],
    ["with IMEX channels", ["--imex", "3", "--model", "gb200"]],
    ["with libraries of 32 bits", ["--compat32"]],
    ["for arm64", ["--arch", "arm64", "--model", "gh200"]],
    ["with its driver elsewhere", ["--driver-root", "/run/nvidia/driver"]],
    ["with 64 GPUs", ["--gpus", "64"]],
  ])("%s is whole", (_what, args) => {
    up(...args, "--no-nvml")
    look()
    expect(info().findings).toEqual([])
  })

  test.skipIf(needsCompiler !== "")("with MIG devices knows all of them by NVML (missing: cc)", () => {
    const layout = "0:1/0=3g.20gb,0:2/0=2g.10gb,0:2/1=1c.2g.10gb,1:0/0=7g.40gb,1:5/0=1g.5gb+gfx"
    expect(up("--mig", layout)).toContain("  5 MIG devices\n  NVML stand-in: built\n")
    look()
    const { migDevices, findings } = info()
    expect(findings).toEqual([])
    expect(migDevices.map(({ profile }: { profile: string }) => profile)).toEqual([
      "3g.20gb",
      "2g.10gb",
      "1c.2g.10gb",
      "7g.40gb",
      "1g.5gb+gfx",
    ])
    expect(migDevices.every(({ uuid }: { uuid: string }) => uuid.startsWith("MIG-"))).toBe(true)
  })

  test("with a defect says so, and what can be done", () => {
    up("--defect", "stale-uvm-major", "--no-nvml")
    expect(gantry("info", "--host", machine)).toContain("[GAN2113]")
    expect(info().findings.map(({ tag, code }: Record<string, string>) => tag ?? code)).toHaveLength(1)
  })

  test("as JSON: where it is, how NVML is, what is wrong with it, and what was made", () => {
    const made = JSON.parse(up("--defect", "missing-node:nvidia0", "--no-nvml", "--json"))
    expect(made).toMatchObject({
      version: 1,
      directory: machine,
      nvml: "left out",
      gpus: 4,
      defects: ["missing-node:nvidia0"],
    })
    expect(made.paths).toContain("/dev/nvidia1")
    expect(made.paths).not.toContain("/dev/nvidia0")
    expect(JSON.parse(gantry("simulate", "down", machine, "--json"))).toEqual({
      directory: machine,
      kept: [],
    })
    expect(existsSync(machine)).toBe(false)
  })
})

describe("a listed machine", () => {
  const named = readdirSync(hosts).filter((name) => existsSync(join(hosts, name, "listing.txt")))
  test("there are some", () => expect(named.length).toBeGreaterThan(10))

  test.each(named)("hosts/%s is made, looked at and taken away", (name) => {
    const options = readFileSync(join(hosts, name, "options"), "utf8")
      .split("\n")
      .filter(Boolean)
    up("--from", join(hosts, name, "listing.txt"), ...options)
    expect(run(gantryProgram, ["info", "--host", machine]).status).toBe(0)
    gantry("simulate", "down", machine)
    expect(existsSync(machine)).toBe(false)
  })

  test("a listing that leaves the directory is refused with its line, and nothing is made", () => {
    const listing = join(work, "listing.txt")
    writeFileSync(listing, "dir 755 0:0 - /dev\nfile 644 0:0 5 /dev/../../escaped\n")
    const ran = run(gantryProgram, ["simulate", "up", machine, "--from", listing])
    expect(ran.status).toBe(1)
    expect(ran.stderr).toContain('line 2: "/dev/../../escaped" is not a clean absolute path [GAN2053]')
    expect(existsSync(machine)).toBe(false)
  })

  test.each([
    "--gpus=2",
    "--driver=550.1",
    "--imex=1",
    "--no-drm",
    "--arch=arm64",
    "--compat32",
    "--amd=mi210",
    "--intel=b60",
  ])("%s does not go with a listing, which says it itself", (flag) => {
    const listing = join(hosts, "one-gpu/listing.txt")
    expect(run(gantryProgram, ["simulate", "up", machine, "--from", listing, flag]).status).toBe(2)
  })

  test("--mig may not name a GPU that is not listed", () => {
    const args = [
      "simulate",
      "up",
      machine,
      "--from",
      join(hosts, "one-gpu/listing.txt"),
      "--mig",
      "1:3g.20gb",
    ]
    expect(run(gantryProgram, args).status).toBe(2)
  })
})

const needsRoot = missing("setpriv")
test.skipIf(needsRoot !== "")(
  `a machine that a user made is whole to that user (missing: ${needsRoot})`,
  () => {
    chmodSync(work, 0o777)
    const asUser = (...args: readonly string[]): string =>
      mustRun("setpriv", ["--reuid", "65534", "--regid", "65534", "--clear-groups", gantryProgram, ...args], {
        env: { ...process.env, XDG_RUNTIME_DIR: "" },
      })
    expect(asUser("simulate", "up", machine, "--gpus", "2", "--imex", "1")).toContain(
      "only described (not root)",
    )
    const seen = JSON.parse(asUser("info", "--host", machine, "--json"))
    expect([seen.gpus.length, seen.findings]).toEqual([2, []])
    expect(seen.gpus[1].node).toMatchObject({ path: "/dev/nvidia1", major: 195, minor: 1, uid: 0 })
    asUser("explain", "--bundle", bundle, "--host", machine)
    asUser("simulate", "up", machine, "--amd", "mi210", "--intel", "b60")
    const others = JSON.parse(asUser("info", "--host", machine, "--json"))
    expect(others.otherGpus.map(({ state }: Record<string, string>) => state)).toEqual(["usable", "usable"])
    expect(others.otherGpus[0].devices[0].nodes[1].node).toMatchObject({ major: 226, minor: 128, gid: 105 })
    asUser("simulate", "down", machine)
    expect(existsSync(machine)).toBe(false)
  },
)

test("whenever its making is killed, the machine can be taken away, and nothing stays", async () => {
  for (const isEarly of [true, false]) {
    const making = spawn(
      gantryProgram,
      ["simulate", "up", machine, "--gpus", "64", "--imex", "2048", "--no-nvml"],
      {
        stdio: "ignore",
      },
    )
    const ended = new Promise((resolve) => making.on("close", resolve))
    const isBegun = () =>
      existsSync(join(machine, manifestName)) && (isEarly || existsSync(join(machine, "dev/nvidia63")))
    while (!isBegun() && making.exitCode === null) await Bun.sleep(1)
    making.kill("SIGKILL")
    await ended
    gantry("simulate", "down", machine)
    expect(existsSync(machine)).toBe(false)
  }
})

test("what docs/simulate.md tells to type works", () => {
  const page = readFileSync(join(import.meta.dir, "../../docs/simulate.md"), "utf8")
  const script = /```sh\n([^`]+)```/.exec(page)?.[1] ?? ""
  const path = `${join(gantryProgram, "..")}:${process.env["PATH"]}`
  const ran = run("sh", ["-euc", `PATH=${path}; ${script}`], { cwd: work })
  expect([ran.status, ran.stderr]).toEqual([0, ""])
  expect(ran.stdout).toContain("[GAN2123]")
})
