/** `nvidia-cdi-hook complete-container`, the work of all hooks in one, disturbed at each call by which it changes a container. */

import { afterAll, describe, expect, test } from "bun:test"
import { mkdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { listRoot } from "../apply/cdi-hook/hook-root.ts"
import { compatLibrary } from "../core/compat/compat-library.ts"
import { cdiHookProgram, makeDirectory, missing, type Ran, run } from "./bundle.ts"
import { age, disturbances, disturbEach } from "./disturbed-calls.ts"
import { library, makeTree } from "./library-trees.ts"

const lacks = missing("unshare", "strace", "mknod", "setpriv")
const suite = lacks === "" ? describe : describe.skip

suite(`complete-container, disturbed at each of its calls (missing: ${lacks || "nothing"})`, () => {
  const work = lacks === "" ? makeDirectory("cdi-hook-faults") : ""
  const trace = join(work, "trace")
  afterAll(() => rmSync(work, { recursive: true, force: true }))

  let count = 0
  let root = ""
  function makeRoot(): void {
    root = join(work, `root${count++}`)
    makeTree(root, {
      "/etc/ld.so.conf": "include /etc/ld.so.conf.d/*.conf\n",
      "/etc/ld.so.cache": "an old one",
      "/opt/driver/libgpu.so.550.1": library("libgpu.so.1"),
      "/usr/local/cuda/compat/libcuda.so.570.1.1": compatLibrary('{"CUDA Version":"12.8","Driver":[550]}'),
    })
    for (const name of ["dev", "proc"]) mkdirSync(join(root, name))
    run("mknod", ["-m", "666", join(root, "dev/nvidia3"), "c", "195", "3"])
  }

  /** In a mount namespace of its own, with the parameters of a driver's module in proc: as engines start createContainer hooks. */
  const inside = `mount -t tmpfs none /proc/driver && mkdir /proc/driver/nvidia
    printf 'Mobile: 1\\nModifyDeviceFiles: 1\\n' >/proc/driver/nvidia/params && mount --rbind /proc "$1/proc"
    state="{\\"root\\":\\"$1\\"}"; root=$1; shift
    printf %s "$state" | "$@"; status=$?
    cat "$root/proc/driver/nvidia/params"; exit $status`
  function call(hook: readonly string[], options: readonly string[]): Ran {
    const tracing = options.length === 0 ? [] : ["strace", "-f", "-qq", "-o", trace, ...options]
    return run("unshare", ["--mount", "sh", "-c", inside, "sh", root, ...tracing, cdiHookProgram, ...hook])
  }
  const everything = [
    ...["complete-container", "--link", "libgpu.so.550.1::/opt/driver/libgpu.so"],
    ...["--enable-cuda-compat", "--host-driver-version", "550.163.01", "--folder", "/opt/driver"],
    ...["--disable-device-node-modification", "--update-application-profile"],
  ]
  const complete = (...options: readonly string[]): Ran => call(everything, options)
  /** Proc is the machine's, and only there while the hook runs. */
  const done = { status: 0, stdout: "Mobile: 1\nModifyDeviceFiles: 0\n", stderr: "" }

  test.each(disturbances)(
    "%s at every one of them: it works or fails in one line, and what is done the next time is whole",
    (disturbance, calls) => {
      makeRoot()
      expect(complete()).toEqual(done)
      const whole = listRoot(root)
      expect(whole["/opt/driver/libgpu.so"]).toBe("link libgpu.so.550.1")
      const mounts = readFileSync("/proc/self/mountinfo", "utf8")
      const outcomes = new Set<string>()
      const start = (...options: readonly string[]): Ran => {
        makeRoot()
        return complete(...options)
      }
      const disturbed = disturbEach({ trace, calls, disturbance, start }, (nth, ran) => {
        const told = ran.stderr.match(/\[GAN\d{4}\]|internal error/g) ?? []
        // What containers work without is a warning.
        const outcome = ran.status === 0 ? ["works", ...told].join(" ") : (told[0] ?? "")
        outcomes.add(outcome)
        expect([nth, ran.status === 0 || told.length === 1, ran.stderr]).toEqual([
          nth,
          true,
          expect.stringMatching(/^([^\n]+\n)*$/),
        ])
        expect([nth, ran.stderr]).not.toEqual([nth, expect.stringContaining("internal error")])
        // Nothing is left out without a word.
        if (outcome === "works") expect([nth, ran.stdout, listRoot(root)]).toEqual([nth, done.stdout, whole])
        age(root)
        expect([nth, complete()]).toEqual([nth, done])
        expect([nth, listRoot(root)]).toEqual([nth, whole])
        rmSync(root, { recursive: true })
      })
      expect(disturbed).toBeGreaterThan(20)
      expect(outcomes.size).toBeGreaterThan(1)
      expect(readFileSync("/proc/self/mountinfo", "utf8")).toBe(mounts)
    },
    180_000,
  )

  test.each([
    ["complete-container", everything],
    ["create-symlinks", ["create-symlinks", "--link", "libgpu.so.550.1::/opt/driver/libgpu.so"]],
    ["update-ldcache", ["update-ldcache", "--folder", "/opt/driver"]],
    ["update-application-profile", ["update-application-profile"]],
  ])("%s in a root that is closed to root, as an NFS export that squashes it, fails the start", (_, hook) => {
    makeRoot()
    run("chown", ["-R", "1000", root])
    const whole = listRoot(root)
    const squashed = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner"]
    const ran = run("unshare", [
      "--mount",
      "sh",
      "-c",
      inside,
      "sh",
      root,
      ...squashed,
      cdiHookProgram,
      ...hook,
    ])
    expect(ran.status).toBe(1)
    expect(ran.stderr).toMatch(/^[^\n]*: EACCES \[GAN304[01]\]: [^\n]*, and let root write there: [^\n]+\n$/)
    expect(listRoot(root)).toEqual(whole)
  })

  describe.each([
    ["complete-container", everything],
    ["create-symlinks", ["create-symlinks", "--link", "libgpu.so.550.1::/opt/driver/libgpu.so"]],
    ["update-ldcache", ["update-ldcache", "--folder", "/opt/driver"]],
    ["enable-cuda-compat", ["enable-cuda-compat", "--host-driver-version", "550.163.01"]],
    ["disable-device-node-modification", ["disable-device-node-modification"]],
    ["update-application-profile", ["update-application-profile"]],
    ["chmod", ["chmod", "--mode", "755", "--path", "/opt"]],
  ])("%s, whose question about the root is not answered", (_, hook) => {
    test.each([
      ["EPERM", "a filter of system calls that is older than this one"],
      ["ENOSYS", "a kernel that is"],
      ["ENOMEM", "a machine without memory"],
    ])("%s: says so in one line, and leaves nothing out without failing", (error) => {
      makeRoot()
      const whole = listRoot(root)
      const ran = call(hook, ["-e", "trace=openat2", "-e", `inject=openat2:error=${error}`])
      expect(ran).toEqual({
        status: 1,
        stdout: "Mobile: 1\nModifyDeviceFiles: 1\n",
        stderr: expect.stringMatching(
          new RegExp(`^[^\\n]*\\b${error}\\b[^\\n]* \\[GAN\\d{4}\\]: [^\\n]+\\n$`),
        ),
      })
      expect(listRoot(root)).toEqual(whole)
    })
  })
})
