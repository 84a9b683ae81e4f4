/** The hook, disturbed at each call by which it changes a container: the call fails for want of memory, or the hook is killed there. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import {
  gantryProgram,
  hookProgram,
  makeBundle,
  makeDirectory,
  missing,
  mustRun,
  type Ran,
} from "./bundle.ts"

const lacks = missing("runc", "busybox", "strace")
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "runc" : `runc (missing: ${lacks})`

/** All that src/linux changes containers with; what writes files stands in the second. */
const mounting = "open_tree,move_mount,mount_setattr,fsopen,fsconfig,fsmount,setns,unshare,bpf"
const writing = "mkdirat,symlinkat,renameat,fchownat,fchmod,unlinkat,mkdir,rename,openat2"

suite(`the hook, disturbed at each of its calls: ${title}`, () => {
  const work = lacks === "" ? makeDirectory("hook-faults") : ""
  const machine = join(work, "machine")
  const settings = join(work, "settings")
  const trace = join(work, "trace")
  const strace = mustRun("sh", ["-c", "command -v strace || echo none"]).trim()

  beforeAll(() => {
    mustRun(gantryProgram, ["simulate", "up", machine, "--gpus", "2", "--model", "a100"])
    mkdirSync(join(settings, "nvidia-container-runtime"), { recursive: true })
    writeFileSync(join(settings, "nvidia-container-runtime/config.toml"), `[gantry]\nhost = "${machine}"\n`)
  })
  afterAll(() => {
    mustRun(gantryProgram, ["simulate", "down", machine])
    rmSync(work, { recursive: true, force: true })
  })

  /** `options`: of strace. */
  function start(...options: readonly string[]): Ran {
    const tracing = options.length === 0 ? [] : [strace, "-f", "-qq", "-o", trace, ...options]
    const variables = ["/usr/bin/env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", `XDG_CONFIG_HOME=${settings}`]
    const bundle = makeBundle(work, {
      args: ["sh", "-c", "ls /dev | grep nvidia; ls /usr/bin/nvidia-smi"],
      env: ["NVIDIA_VISIBLE_DEVICES=0", "NVIDIA_DRIVER_CAPABILITIES=utility"],
      hook: [...variables, ...tracing, hookProgram, "prestart"],
    })
    try {
      return bundle.start()
    } finally {
      bundle.remove()
    }
  }
  const served = "nvidia0\nnvidiactl\n/usr/bin/nvidia-smi\n"
  const mounts = (): string => readFileSync("/proc/self/mountinfo", "utf8")

  describe.each([
    ["mount, permission or namespace", mounting],
    ["file, link or directory", writing],
  ])("%s", (_, calls) => {
    test.each(["error=ENOMEM", "signal=KILL"])(
      "%s at every one of them: the start works or fails in one line, and the next one works",
      (disturbance) => {
        expect(start()).toMatchObject({ status: 0, stdout: served })
        const before = mounts()
        start("-e", `trace=${calls}`)
        const count = readFileSync(trace, "utf8").split("\n").length - 1
        const failed = new Set<string>()
        for (let nth = 1; nth <= count; nth++) {
          const ran = start("-e", `trace=${calls}`, "-e", `inject=${calls}:${disturbance}:when=${nth}`)
          const lines = ran.stderr.match(/\[GAN\d{4}\]|internal error|ended without an answer/g) ?? []
          if (ran.status === 0) expect([nth, ran.stdout, lines]).toEqual([nth, served, []])
          else expect([nth, ran.stdout, lines]).toEqual([nth, "", [expect.stringMatching(/GAN3|ended/)]])
          if (ran.status !== 0) failed.add(lines[0] ?? "")
        }
        // Proof that calls were disturbed, and that not the first alone was.
        expect(count).toBeGreaterThan(3)
        expect(failed.size).toBeGreaterThan(0)
        expect(mounts()).toBe(before)
        expect(start()).toMatchObject({ status: 0, stdout: served })
        expect(readdirSync("/run/gantry").filter((name) => name.startsWith("."))).toEqual([])
      },
      180_000,
    )
  })
})
