/** The hook, disturbed at each call by which it changes a container: the call fails for want of memory, or the hook is killed there. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import {
  gantryProgram,
  hookProgram,
  makeBundle,
  makeBusyboxRoot,
  makeDirectory,
  missing,
  mustRun,
  type Ran,
  run,
} from "./bundle.ts"
import { checkDisturbed, disturbEach, mountingCalls, writingCalls } from "./disturbed-calls.ts"

const lacks = missing("runc", "busybox", "strace")
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "runc" : `runc (missing: ${lacks})`

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

  /** `before`: of the hook, with `$node` the node that is asked for. */
  function startAfter(before: string, ...options: readonly string[]): Ran {
    const tracing = options.length === 0 ? [] : [strace, "-f", "-qq", "-o", trace, ...options]
    const variables = [
      "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
      `XDG_CONFIG_HOME=${settings}`,
      `node=${machine}/dev/nvidia0`,
    ]
    const hook = ["sh", "-c", `${before} exec "$@"`, "sh", ...tracing, hookProgram, "prestart"]
    const shape = {
      args: ["sh", "-c", "ls /dev | grep nvidia; ls /usr/bin/nvidia-smi"],
      env: ["NVIDIA_VISIBLE_DEVICES=0", "NVIDIA_DRIVER_CAPABILITIES=utility"],
      hook: ["/usr/bin/env", ...variables, ...hook],
    }
    const bundle = makeBundle(work, shape, (root) => makeBusyboxRoot(root, ["sh", "ls", "grep"]))
    try {
      return bundle.start("v2ParamsInProc")
    } finally {
      bundle.remove()
    }
  }
  /** `options`: of strace. */
  const start = (...options: readonly string[]): Ran => startAfter("", ...options)
  const served = "nvidia0\nnvidiactl\n/usr/bin/nvidia-smi\n"
  const mounts = (): string => readFileSync("/proc/self/mountinfo", "utf8")

  describe.each([
    ["mount, permission or namespace", mountingCalls],
    ["file, link or directory", writingCalls],
  ])("%s", (_, calls) => {
    test.each(["error=ENOMEM", "signal=KILL"])(
      "%s at every one of them: the start works or fails in one line, and the next one works",
      (disturbance) => {
        expect(start()).toMatchObject({ status: 0, stdout: served })
        const before = mounts()
        const failed = new Set<string>()
        const count = disturbEach({ trace, calls, disturbance, start }, (nth, ran) => {
          const code = checkDisturbed(nth, ran, served)
          if (code !== undefined) failed.add(code)
        })
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

  test("an image that cannot be started makes no other container's start slower: nothing is forgotten", () => {
    const variables = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", `XDG_CONFIG_HOME=${settings}`]
    const shape = {
      args: ["ls", "/usr/bin/nvidia-smi"],
      env: ["NVIDIA_VISIBLE_DEVICES=0", "NVIDIA_DRIVER_CAPABILITIES=utility"],
      hook: ["/usr/bin/env", ...variables, hookProgram, "prestart"],
    }
    const good = makeBundle(work, shape, (root) => makeBusyboxRoot(root, ["ls"]))
    const bad = makeBundle(work, shape, (root) => {
      makeBusyboxRoot(root, ["ls"])
      mustRun("mkfifo", [join(root, "usr/bin/nvidia-smi")])
    })
    // A state directory of its own: other tests' starts may forget what they like.
    const script = `mkdir -p /run/gantry && mount -t tmpfs -o mode=700 none /run/gantry
      start() { runc --root "$1/forget" run --bundle "$2" "forget-$3" 2>&1; ls -i /run/gantry | grep -E '(machine|start)-'; }
      start "$1" "$2" cold >/dev/null; start "$1" "$2" good; echo then; start "$1" "$3" bad`
    try {
      const args = ["--mount", "sh", "-c", script, "sh", work, good.directory, bad.directory]
      const [before = "", after = ""] = run("unshare", args).stdout.split("then\n")
      expect(before).toMatch(/^\/usr\/bin\/nvidia-smi\n/)
      expect(after).toContain("[GAN3010]")
      const kept = (text: string): readonly string[] => text.match(/\d+ (?:machine|start)-\w+\.json/g) ?? []
      expect(kept(before)).toHaveLength(2)
      expect(kept(after)).toEqual([...kept(before)])
    } finally {
      for (const one of [good, bad]) one.remove()
    }
  })

  test.each([
    ["gone", "rm"],
    ["another device", 'rm "$node"; mknod -m 666 "$node" c 195 7; true'],
  ])(
    "a node that is %s when it is to be given, after it was planned: one line, and the next start works",
    (_, change) => {
      expect(start()).toMatchObject({ status: 0, stdout: served })
      const before = mounts()
      const node = join(machine, "dev/nvidia0")
      // The first mount is held up until the node has changed.
      const changing = `(sleep 1; ${change} "$node") >/dev/null 2>&1 &`
      const ran = startAfter(
        changing,
        "-e",
        "trace=open_tree",
        "-e",
        "inject=open_tree:delay_enter=2000000:when=1",
      )
      rmSync(node, { force: true })
      mustRun("mknod", ["-m", "666", node, "c", "195", "0"])
      expect([ran.status, ran.stdout]).toEqual([1, ""])
      expect(ran.stderr.match(/\[GAN\d{4}\]/g)).toEqual([expect.stringMatching(/GAN30(01|11)/)])
      expect(mounts()).toBe(before)
      expect(start()).toMatchObject({ status: 0, stdout: served })
    },
  )
})
