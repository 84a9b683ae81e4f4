/** `nvidia-container-cli configure` from within a container, disturbed at each call by which it changes it. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { flagsOf } from "../../src/core/ldcache/ldcache.ts"
import { mergeLdcache } from "../../src/core/ldcache/render-ldcache.ts"
import {
  bundlesIn,
  cliProgram,
  gantryProgram,
  makeBusyboxRoot,
  makeDirectory,
  missing,
  mustRun,
  type Ran,
} from "./bundle.ts"
import { checkDisturbed, disturbances, disturbEach } from "./disturbed-calls.ts"

const lacks = missing("runc", "busybox", "strace")
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "runc" : `runc (missing: ${lacks})`

/** The image's own: what it has is not to be lost. */
const own = {
  soname: "libown.so.1",
  path: "/lib/libown.so.1",
  flags: flagsOf["x86-64"],
  osVersion: 0,
  hwcap: 0n,
}
const merged = mergeLdcache(undefined, [own])
const cache = merged.ok ? merged.value : ""

suite(`configure, disturbed at each of its calls: ${title}`, () => {
  const work = lacks === "" ? makeDirectory("configure-faults") : ""
  const machine = join(work, "machine")
  const trace = join(work, "trace")
  const strace = mustRun("sh", ["-c", "command -v strace || echo none"]).trim()
  const withBundle = bundlesIn(work)

  beforeAll(() => {
    mustRun(gantryProgram, ["simulate", "up", machine, "--gpus", "2", "--model", "a100"])
  })
  afterAll(() => {
    mustRun(gantryProgram, ["simulate", "down", machine])
    rmSync(work, { recursive: true, force: true })
  })

  function start(...options: readonly string[]): Ran {
    const tracing = options.length === 0 ? [] : [strace, "-f", "-qq", "-o", trace, ...options]
    const configure = [cliProgram, `--host=${machine}`, "configure", "--device=0", "--utility"]
    // runc starts it in the container's root, and in its namespaces.
    const hook = ["/bin/sh", "-c", 'exec "$@" "$PWD"', "sh", ...tracing, ...configure]
    const shape = {
      args: [
        "sh",
        "-c",
        "ls /dev | grep nvidia; ls /usr/bin/nvidia-smi; grep -c libown.so.1 /etc/ld.so.cache",
      ],
      env: [],
      createContainer: [hook],
    }
    return withBundle(
      shape,
      (bundle) => bundle.start("v2ParamsInProc"),
      (root) => {
        makeBusyboxRoot(root, ["sh", "ls", "grep"])
        writeFileSync(join(root, "etc/ld.so.cache"), cache)
      },
    )
  }
  const served = "nvidia0\nnvidiactl\n/usr/bin/nvidia-smi\n1\n"
  const mounts = (): string => readFileSync("/proc/self/mountinfo", "utf8")

  test.each(disturbances)(
    "%s at every one of them: the start works or fails in one line, and the next one works",
    (disturbance, calls) => {
      expect(start()).toMatchObject({ status: 0, stdout: served })
      const before = mounts()
      const outcomes = new Set<string>()
      const count = disturbEach({ trace, calls, disturbance, start }, (nth, ran) => {
        outcomes.add(checkDisturbed(nth, ran, served) ?? "works")
      })
      // Proof that calls of both kinds were disturbed, and that a disturbance was met.
      expect(count).toBeGreaterThan(20)
      expect([...outcomes].filter((one) => one !== "works")).not.toEqual([])
      expect(mounts()).toBe(before)
      expect(start()).toMatchObject({ status: 0, stdout: served })
      expect(readdirSync("/run/gantry").filter((name) => name.startsWith("."))).toEqual([])
    },
    180_000,
  )
})
