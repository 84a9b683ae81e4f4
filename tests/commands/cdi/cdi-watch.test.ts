/** How `gantry cdi watch` is called, what ends it, and what it looks at again of itself. How it follows a machine: tests/e2e/cdi-watch.test.ts. */

import { beforeAll, describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { run as simulate } from "../../../src/commands/simulate.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const root = resolve(import.meta.dir, "../../..")
const work = temporaryDirectory("watch")
const at = (name: string): string => join(work, name)
const machine = at("machine")
const up = (...args: readonly string[]): Promise<number> => simulate(["up", machine, "--no-nvml", ...args])
beforeAll(async () => {
  expect(await up("--gpus=1")).toBe(0)
})

const program = [process.execPath, join(root, "src/main.ts"), "cdi", "watch"]
/** A hook's program that every machine has: run from source there is none of ours, and a file that names one that is gone is withdrawn. */
const quick = ["--interval=0.05", "--without-nodes", "--ready-timeout=0", "--hook-path=/bin/sh"]
function once(output: string, ...args: readonly string[]) {
  const words = ["--once", "--output", output, "--host", machine, ...quick, ...args]
  const ran = Bun.spawnSync([...program, ...words])
  return { exit: ran.exitCode, stdout: ran.stdout.toString(), stderr: ran.stderr.toString() }
}

describe("how long it waits", () => {
  test.each([
    ["--interval", ["0.000", "3601", "1.2345", "", "1s"]],
    ["--ready-timeout", ["-1", "3600.001", "1e3"]],
  ])("%s is a number of seconds, an hour at most, and not %p", (flag, wrong) => {
    for (const value of wrong) {
      const { exit, stdout, stderr } = once(at("unused.yaml"), `${flag}=${value}`)
      expect([value, exit, stdout]).toEqual([value, 2, ""])
      expect(stderr).toContain(`${flag} is a number of seconds `)
    }
    expect(existsSync(at("unused.yaml"))).toBe(false)
  })

  test.each<[interval: string, timeout: string]>([
    ["--interval=3600", "--ready-timeout=0"],
    ["--interval=0.001", "--ready-timeout=3600"],
  ])("%s %s are some", (interval, timeout) => {
    expect(once(at("used/nvidia.yaml"), interval, timeout).exit).toBe(0)
  })
})

describe("what no time heals ends it, with what is wrong", () => {
  test.each<[what: string, args: readonly string[], exit: number, told: string]>([
    ["a machine that is not there", ["--host=/nowhere"], 1, "/nowhere"],
    ["a driver's root that is no path", ["--driver-root=relative"], 2, "is not an absolute path"],
    ["an unknown mode", ["--mode=all"], 2, 'unknown mode "all"'],
  ])("%s", (_what, args, exit, told) => {
    const ran = once(at("ended.yaml"), ...args)
    expect([ran.exit, existsSync(at("ended.yaml"))]).toEqual([exit, false])
    expect(ran.stderr).toContain(told)
  })
})

test("it says how many devices, of which driver, and on whose account something is amiss", () => {
  const output = at("told/nvidia.yaml")
  const { stdout } = once(output, "--name=index", "--for-engine=podman@3.4", "--hook-path=/nowhere/hook")
  expect(stdout.split("\n")).toEqual([
    expect.stringMatching(/^gantry cdi watch: warning: .*"\/nowhere\/hook".*\[GAN4\d{3}\]/),
    expect.stringMatching(/^gantry cdi watch: warning: podman 3\.4 does not know CDI.*\[GAN4125\]/),
    `gantry cdi watch: ${output} is written: 2 devices, driver 550.163.01`,
    "",
  ])
})

test("another's file that has its devices is told of, and when it is gone its own is written, though the machine is the same", async () => {
  const output = at("shared/nvidia.yaml")
  const rival = at("shared/other.yaml")
  mkdirSync(at("shared"))
  expect(once(rival).exit).toBe(0)
  expect(once(output)).toMatchObject({ exit: 1, stderr: expect.stringContaining("[GAN4042]") })
  const watcher = Bun.spawn([...program, "--output", output, "--host", machine, ...quick], {
    stdout: "pipe",
    stderr: "ignore",
  })
  const lines = watcher.stdout.pipeThrough(new TextDecoderStream()).getReader()
  // As often as it comes to be so.
  for (let time = 1; time <= 2; time++) {
    expect((await lines.read()).value).toContain(`"${rival}"`)
    rmSync(rival)
    expect((await lines.read()).value).toContain(`${output} is written: `)
    if (time === 1) renameSync(output, rival)
  }
  watcher.kill()
  expect([await watcher.exited, readdirSync(at("shared"))]).toEqual([0, ["nvidia.yaml"]])
})

test("a file of its own stays when another comes to have its devices, which is told", () => {
  const output = at("joined/nvidia.yaml")
  expect(once(output).exit).toBe(0)
  writeFileSync(
    at("joined/other.json"),
    JSON.stringify({
      cdiVersion: "0.5.0",
      kind: "nvidia.com/gpu",
      devices: [{ name: "0", containerEdits: { env: ["A=1"] } }],
    }),
  )
  const { exit, stderr } = once(output)
  expect([exit, existsSync(output)]).toEqual([1, true])
  expect(stderr).toContain(`(specs "${output}", "${at("joined/other.json")}") [GAN4042]`)
})
