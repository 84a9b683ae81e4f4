import { describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { temporaryDirectory } from "../temporary-directory.ts"
import { gantryProgram, listTree, mustRun, run } from "./bundle.ts"

const work = temporaryDirectory("install")

describe("gantry install", () => {
  test("puts the executable and its names in place, works from there, twice is as good as once; uninstall leaves nothing", () => {
    const prefix = join(work, "one")
    mustRun(gantryProgram, ["install", "--prefix", prefix])
    mustRun(gantryProgram, ["install", "--prefix", prefix])
    expect(readdirSync(join(prefix, "bin")).sort()).toEqual([
      "gantry",
      "gantry-launcher",
      "nvidia-container-cli",
      "nvidia-container-runtime",
      "nvidia-container-runtime-hook",
      "nvidia-container-runtime.cdi",
      "nvidia-container-runtime.legacy",
      "nvidia-container-toolkit",
    ])
    expect(readlinkSync(join(prefix, "bin/nvidia-container-runtime-hook"))).toBe("gantry-launcher")
    expect(mustRun(join(prefix, "bin/nvidia-container-runtime-hook"), ["-version"])).toContain(
      "NVIDIA Container Runtime Hook version",
    )
    mustRun(join(prefix, "bin/gantry"), ["uninstall", "--prefix", prefix])
    expect(existsSync(prefix) ? listTree(prefix) : []).toEqual([])
    expect(mustRun(gantryProgram, ["uninstall", "--prefix", prefix])).toContain(
      "nothing of Gantry is installed",
    )
  })

  test("nvidia-cdi-hook and nvidia-ctk are linked for who asks, stay with the next version, work, and go with the rest", () => {
    const prefix = join(work, "optional")
    const names = ["nvidia-cdi-hook", "nvidia-ctk"]
    const there = (): string[] => readdirSync(join(prefix, "bin")).filter((name) => names.includes(name))
    mustRun(gantryProgram, ["install", "--prefix", prefix, "--with", "nvidia-ctk"])
    expect(there()).toEqual(["nvidia-ctk"])
    mustRun(gantryProgram, ["install", "--prefix", prefix, "--with", names.join()])
    mustRun(gantryProgram, ["install", "--prefix", prefix])
    expect(there().sort()).toEqual(names)
    expect(mustRun(join(prefix, "bin/nvidia-cdi-hook"), ["--version"])).toContain("NVIDIA CDI Hook version")
    const input =
      "cdiVersion: 0.5.0\nkind: v.com/gpu\ndevices: [{ name: a, containerEdits: { env: [A=1] } }]\n"
    const moved = run(join(prefix, "bin/nvidia-ctk"), ["cdi", "transform", "root", "--from=/", "--to=/x"], {
      input,
    })
    expect(moved).toMatchObject({ status: 0, stdout: expect.stringContaining("kind: v.com/gpu") })
    mkdirSync(join(work, "specs"))
    writeFileSync(join(work, "specs/a.yaml"), input)
    // The caller's variables count, and what would have another program start does not.
    const env = { NVIDIA_CTK_CDI_SPEC_DIRS: join(work, "specs"), BUN_BE_BUN: "1", LD_PRELOAD: "/nowhere.so" }
    expect(run(join(prefix, "bin/nvidia-ctk"), ["cdi", "list"], { env }).stdout).toBe("v.com/gpu=a\n")
    mustRun(gantryProgram, ["uninstall", "--prefix", prefix])
    expect(existsSync(prefix) ? listTree(prefix) : []).toEqual([])
    expect(run(gantryProgram, ["install", "--prefix", prefix, "--with", "runc"]).status).toBe(2)
  })

  test("another's file is neither overwritten nor removed", () => {
    const prefix = join(work, "two")
    mkdirSync(join(prefix, "bin"), { recursive: true })
    writeFileSync(join(prefix, "bin/nvidia-container-toolkit"), "another's")
    const refused = run(gantryProgram, ["install", "--prefix", prefix])
    expect(refused.status).toBe(1)
    expect(refused.stderr).toContain("[GAN5001]")
    expect(readdirSync(join(prefix, "bin"))).toEqual(["nvidia-container-toolkit"])
  })

  test("uninstall takes only its own files from a directory that others use", () => {
    const prefix = join(work, "three")
    mustRun(gantryProgram, ["install", "--prefix", prefix])
    writeFileSync(join(prefix, "bin/another"), "")
    mustRun(gantryProgram, ["uninstall", "--prefix", prefix])
    expect(listTree(prefix)).toEqual(["d bin", "f bin/another"])
  })

  test("a manifest that names files elsewhere is not believed", () => {
    const prefix = join(work, "four")
    const victim = join(work, "victim")
    writeFileSync(victim, "")
    mkdirSync(join(prefix, "lib/gantry"), { recursive: true })
    writeFileSync(
      join(prefix, "lib/gantry/manifest.json"),
      JSON.stringify({ version: 1, paths: [victim, `${prefix}/bin/../../victim`] }),
    )
    run(gantryProgram, ["uninstall", "--prefix", prefix])
    expect(existsSync(victim)).toBe(true)
  })

  test("a dry run changes nothing", () => {
    const prefix = join(work, "five")
    expect(mustRun(gantryProgram, ["install", "--prefix", prefix, "--dry-run"])).toContain("would install")
    expect(existsSync(prefix)).toBe(false)
  })

  test("without a prefix it is wrong usage", () => {
    expect(run(gantryProgram, ["install"]).status).toBe(2)
    expect(run(gantryProgram, ["uninstall", "x"]).status).toBe(2)
  })
})
