/** What generate, verify and watch of the built program say of one another's files, on a simulated machine whose engine is this one's. */

import { describe, expect, test } from "bun:test"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { temporaryDirectory } from "../temporary-directory.ts"
import { gantryProgram, mustRun, run } from "./bundle.ts"

const work = temporaryDirectory("cdi-fresh")

const machine = join(work, "machine")
const file = join(work, "cdi/nvidia.yaml")
const gantry = (...args: readonly string[]) => run(gantryProgram, ["cdi", ...args, "--host", machine])
const up = (...args: readonly string[]): string =>
  mustRun(gantryProgram, ["simulate", "up", machine, "--no-nvml", ...args])

describe("one file of a machine", () => {
  test("is the same to generate and watch, and faultless to verify", () => {
    up("--gpus", "2")
    expect(gantry("generate", "--output", file).status).toBe(0)
    const text = readFileSync(file, "utf8")
    expect(gantry("watch", "--once", "--output", file).stdout).toContain("is as it must be")
    expect(gantry("verify", file)).toMatchObject({ status: 0 })
    expect(gantry("verify", file).stdout.trim().split("\n")).toHaveLength(1)
    expect(gantry("generate").stdout).toBe(text)
  })

  test("--fix calls this executable where the program that the file names is not there", () => {
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace(/path: .*\/gantry-launcher$/m, "path: /nowhere/gantry"),
    )
    expect(gantry("verify", file).stdout).toContain("[GAN4110]")
    expect(gantry("verify", file, "--fix")).toMatchObject({ status: 0 })
    expect(readFileSync(file, "utf8")).toBe(gantry("generate").stdout)
  })

  test("an upgraded driver, MIG, GPUs that go: verify finds it, --fix heals it, watch has nothing more to do", () => {
    for (const change of [
      ["--gpus", "2", "--driver", "560.35.03"],
      ["--gpus", "2", "--mig", "0:1/0=3g.20gb,0:2/0=2g.10gb"],
      ["--gpus", "1"],
    ]) {
      mustRun(gantryProgram, ["simulate", "down", machine])
      up(...change)
      expect(gantry("verify", file).stdout).toMatch(/GAN4104|GAN4130|GAN4133|GAN4050/)
      gantry("verify", file, "--fix")
      expect(gantry("verify", file)).toMatchObject({ status: 0 })
      expect(gantry("watch", "--once", "--output", file).stdout).toContain("is as it must be")
    }
  })
})
