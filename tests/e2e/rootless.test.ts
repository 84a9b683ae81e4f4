/** What a rootless engine does: a user without any right makes a user namespace, is root in it, and calls the runtime from there. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import {
  gantryProgram,
  makeBundle,
  makeBusyboxRoot,
  makeDirectory,
  missing,
  mustRun,
  type Ran,
  run,
  type SpecShape,
} from "./bundle.ts"

const lacks = missing("runc", "busybox", "cc", "unshare", "setpriv", "strace")
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "runc" : `runc (missing: ${lacks})`
const user = 12_345

suite(`a user without rights, in a user namespace of its own: ${title}`, () => {
  const work = lacks === "" ? makeDirectory("rootless") : ""
  const machine = join(work, "machine")
  const settings = join(work, "settings")
  const own = join(work, "own")
  const state = join(own, "gantry")
  const bin = join(work, "installed/bin")

  beforeAll(() => {
    chmodSync(work, 0o755)
    mustRun(gantryProgram, ["simulate", "up", machine, "--gpus", "2", "--model", "a100"])
    // The checkout may lie where only its owner looks.
    mustRun(gantryProgram, ["install", "--prefix", join(work, "installed")])
    mkdirSync(join(settings, "nvidia-container-runtime"), { recursive: true })
    writeFileSync(
      join(settings, "nvidia-container-runtime/config.toml"),
      `[nvidia-container-cli]\nno-cgroups = true\n[gantry]\nhost = "${machine}"\n`,
    )
    mkdirSync(own, { mode: 0o700 })
    mustRun("chown", [`${user}:${user}`, own])
  })
  afterAll(() => {
    mustRun(gantryProgram, ["simulate", "down", machine])
    rmSync(work, { recursive: true, force: true })
  })

  const asUser = (argv: readonly string[], variables: readonly string[] = []): Ran =>
    run("setpriv", [
      ...[`--reuid=${user}`, `--regid=${user}`, "--clear-groups", "env", "-i"],
      ...["PATH=/usr/sbin:/usr/bin:/sbin:/bin", `XDG_RUNTIME_DIR=${own}`, ...variables],
      ...["unshare", "--user", "--map-root-user", "--mount", ...argv],
    ])

  function start(program: string, shape: SpecShape): Ran {
    // A proc of its own, and a process namespace, are not had everywhere.
    const proc = { destination: "/proc", type: "bind", source: "/proc", options: ["rbind"] }
    const bundle = makeBundle(own, { ...shape, proc }, makeBusyboxRoot)
    const spec = join(bundle.directory, "config.json")
    writeFileSync(spec, readFileSync(spec, "utf8").replace('{"type":"pid"},', ""))
    mustRun("chown", ["-R", `${user}:${user}`, bundle.directory])
    try {
      const args = ["--root", join(own, "runc"), "run", "--bundle", bundle.directory]
      const variables = [`XDG_CONFIG_HOME=${settings}`]
      return asUser([program, ...args, basename(bundle.directory)], variables)
    } finally {
      rmSync(bundle.directory, { recursive: true, force: true })
    }
  }
  const script = "ls /dev | grep -E 'nvidia[0-9]'; id -G; cat /dev/nvidia1"
  const gpu1 = { args: ["sh", "-c", script], env: ["NVIDIA_VISIBLE_DEVICES=1"] }

  test("the wrapper binds the machine's nodes, gives no group that the namespace does not have, and keeps what it knows", () => {
    const remembered = (): readonly string[] =>
      existsSync(state) ? readdirSync(state).map((name) => name.replace(/-.*/, "")) : []
    expect(remembered()).toEqual([])
    for (const nth of [1, 2, 3]) {
      const ran = start(join(bin, "nvidia-container-runtime"), gpu1)
      expect([nth, ran.stdout]).toEqual([nth, "nvidia1\n0\n"])
      // Behind the simulated node is no driver: a permitted open ends in ENXIO.
      expect(ran.stderr).toContain("No such device or address")
    }
    expect(remembered()).toEqual(expect.arrayContaining(["machine", "start", "decisions"]))
  })

  test("the hook mounts them", () => {
    const variables = [`XDG_CONFIG_HOME=${settings}`, `XDG_RUNTIME_DIR=${own}`]
    const hook = ["/usr/bin/env", ...variables, join(bin, "nvidia-container-runtime-hook"), "prestart"]
    const ran = start("runc", { ...gpu1, hook })
    expect(ran.stdout).toBe("nvidia1\n0\n")
    expect(ran.stderr).toContain("No such device or address")
  })

  test("the launcher finds what it may know where it was written", () => {
    const version = [join(bin, "nvidia-container-runtime"), "--version"]
    asUser(version)
    expect(existsSync(join(state, "launcher"))).toBe(true)
    const trace = join(own, "trace")
    asUser(["strace", "-f", "-e", "trace=execve", "-o", trace, ...version])
    expect(readFileSync(trace, "utf8")).not.toContain("launched")
  })
})
