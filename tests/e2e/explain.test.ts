import { beforeAll, describe, expect, test } from "bun:test"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { recordHost } from "../../src/host/recording.ts"
import { memoryMachine, planFor } from "../machine.ts"
import { temporaryDirectory } from "../temporary-directory.ts"
import { gantryProgram, listTree, mustRun, run } from "./bundle.ts"

const work = temporaryDirectory("explain")
const bundle = join(work, "bundle")
const spec = join(bundle, "config.json")
const machine = join(work, "machine")
const recording = join(work, "machine.json")
const config = join(work, "config.toml")
const explain = (...args: readonly string[]) => run(gantryProgram, ["explain", "--config", config, ...args])

beforeAll(() => {
  mkdirSync(bundle)
  writeFileSync(
    spec,
    JSON.stringify({
      ociVersion: "1.0.2",
      process: { env: ["NVIDIA_VISIBLE_DEVICES=1"] },
      root: { path: "rootfs" },
    }),
  )
  writeFileSync(config, "# nothing\n")
  mustRun(gantryProgram, ["simulate", "up", machine, "--gpus", "2"])
  const recorder = recordHost(memoryMachine({ gpus: 2 }))
  planFor(recorder.host, { env: ["NVIDIA_VISIBLE_DEVICES=1"] })
  writeFileSync(recording, JSON.stringify(recorder.recording()))
})

describe("gantry explain", () => {
  test("by bundle, by specification or by state: the same container", () => {
    const state = join(work, "state.json")
    writeFileSync(state, JSON.stringify({ pid: 4711, bundle }))
    const told = [
      ["--bundle", bundle],
      ["--spec", spec],
      ["--state", state],
    ].map((by) => explain(...by, "--host", machine).stdout)
    expect(told[0]).toContain("This container gets 1 GPU: /dev/nvidia1")
    expect(new Set(told).size).toBe(1)
  })

  test("a recording of a machine says what the machine says", () => {
    const [live, recorded] = [machine, recording].map((host) =>
      JSON.parse(explain("--bundle", bundle, "--host", host, "--json").stdout),
    )
    expect(recorded.outcome).toBe("inject")
    expect(recorded.edits.map((edit: { kind: string }) => edit.kind)).toEqual(
      live.edits.map((edit: { kind: string }) => edit.kind),
    )
  })

  test("what cdi generate wrote for a simulated machine is the machine's own", () => {
    mustRun(gantryProgram, [
      ...["cdi", "generate", "--host", machine, "--output", join(machine, "etc/cdi/nvidia.yaml")],
      ...["--vendor", "nvidia", "--name", "type-index"],
    ])
    const asking = join(work, "asking.json")
    const env = ["NVIDIA_VISIBLE_DEVICES=nvidia.com/gpu=gpu1"]
    writeFileSync(asking, JSON.stringify({ ociVersion: "1.0.2", process: { env }, root: { path: "rootfs" } }))
    const told = explain("--spec", asking, "--host", machine, "--wrapper")
    expect(told.stdout).toContain("nvidia.com/gpu=gpu1 is given as /etc/cdi/nvidia.yaml says")
    expect(told.stdout).not.toContain("REFUSED")
  })

  test("this machine, which has no GPU here or has: an answer in either case, and exit 0", () => {
    expect(explain("--bundle", bundle).status).toBe(0)
  })

  test("profiles and injectors of the command line", () => {
    const plan = JSON.parse(
      explain("--bundle", bundle, "--host", machine, "--profile", "2020-07", "--json").stdout,
    )
    expect(plan.profile).toBe("2020-07")
    expect(explain("--bundle", bundle, "--injector", "delegate").stdout).toMatch(/nvidia-container-cli/)
  })

  test("it changes nothing", () => {
    const before = listTree(work)
    explain("--bundle", bundle, "--host", machine)
    explain("--bundle", bundle, "--host", machine, "--json", "--verbose")
    expect(listTree(work)).toEqual(before)
  })

  test.each([
    [["--bundle", "/nowhere"], 1],
    [["--bundle", bundle, "--config", "/nowhere"], 1],
    [["--bundle", "/nowhere", "--host", "/nowhere/either"], 1],
    [["--profile", "1.19", "--bundle", "."], 2],
    [["--injector", "magic", "--bundle", "."], 2],
    [["--bogus"], 2],
    [["--bundle"], 2],
    [[], 2],
    [["--last=9999"], 1],
  ])("%j ends with %i, in one line of error at most", (args, status) => {
    const ran = explain(...args)
    expect(ran.status).toBe(status)
    expect(ran.stderr.trimEnd().split("\n").length).toBe(1)
    expect(ran.stderr).not.toContain("internal error")
  })
})
