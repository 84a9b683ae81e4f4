import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import {
  cdiHookProgram,
  gantryProgram,
  hookProgram,
  listTree,
  makeBundle,
  makeBusyboxRoot,
  makeDirectory,
  missing,
  mustRun,
  type Ran,
  run,
} from "./bundle.ts"

const lacks = missing("runc", "busybox", "cc", "unshare")
const suite = lacks === "" ? describe : describe.skip
const wrapper = join(import.meta.dir, "../../dist/bin/nvidia-container-runtime")

const tmpfsAt = (destination: string): object => ({ destination, type: "tmpfs", source: "tmpfs" })

suite(`images that lead elsewhere, started by the wrapper and runc (missing: ${lacks || "nothing"})`, () => {
  const work = lacks === "" ? makeDirectory("attacks") : ""
  const machine = join(work, "machine")
  const victim = join(work, "victim")
  const settings = (runtime: string): string => join(work, `settings-${runtime}`)
  const env = ["NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_DRIVER_CAPABILITIES=all"]

  beforeAll(() => {
    mustRun(gantryProgram, ["simulate", "up", machine, "--gpus", "2", "--model", "a100", "--compat32"])
    for (const runtime of ["runc", "true"]) {
      mkdirSync(join(settings(runtime), "nvidia-container-runtime"), { recursive: true })
      writeFileSync(
        join(settings(runtime), "nvidia-container-runtime/config.toml"),
        `[nvidia-container-runtime]\nruntimes = ["${runtime}"]\n[gantry]\nhost = "${machine}"\n`,
      )
    }
    for (const place of ["etc/nvidia", "usr/lib/x86_64-linux-gnu", "lib64"])
      mkdirSync(join(victim, place), { recursive: true })
    writeFileSync(join(victim, "etc/ld.so.cache"), "the victim's")
    mustRun("cc", ["-O1", "-o", join(work, "swap"), join(import.meta.dir, "swap.c")])
    writeFileSync(mark, "")
    writeFileSync(join(work, "linked"), "the victim's")
  })
  afterAll(() => {
    mustRun(gantryProgram, ["simulate", "down", machine])
    rmSync(work, { recursive: true, force: true })
  })

  const mark = join(work, "mark")
  /** What a start must leave alone and that changed since the mark, by its status time: where files would be written, were they led out. */
  function changedOnMachine(): readonly string[] {
    const places = ["/etc", "/usr", "/lib", "/lib64", "/boot", "/home"].filter(existsSync)
    const changed = ["-xdev", "-maxdepth", "4", "-cnewer", mark, "-not", "-type", "c"]
    return run("find", [...places, victim, machine, ...changed])
      .stdout.split("\n")
      .filter((line) => line !== "" && !/__pycache__|node_modules/.test(line))
  }

  function start(prepare: (root: string) => void, runtime = "runc", end = (): void => undefined): Ran {
    const bundle = makeBundle(work, { args: ["true"], env }, (root) => {
      makeBusyboxRoot(root)
      prepare(root)
    })
    const id = basename(bundle.directory)
    const args = [wrapper, "--root", join(work, "state"), "run", "--bundle", bundle.directory, id]
    try {
      return run("timeout", ["20", ...args], { env: { ...process.env, XDG_CONFIG_HOME: settings(runtime) } })
    } finally {
      end()
      bundle.remove()
    }
  }

  /** Started, or refused in a line of ours or of runc's; what links lead to is as before. */
  function expectHarmless(begin: () => Ran): Ran {
    const before = listTree(victim)
    const ran = begin()
    // 124: it hung.
    expect([0, 1]).toContain(ran.status)
    expect(ran.stderr).not.toContain("internal error")
    expect(listTree(victim)).toEqual(before)
    expect(readFileSync(join(victim, "etc/ld.so.cache"), "utf8")).toBe("the victim's")
    expect(readFileSync(join(work, "linked"), "utf8")).toBe("the victim's")
    return ran
  }

  const replaceBy = (root: string, place: string, make: (path: string) => void): void => {
    const path = join(root, place)
    rmSync(path, { recursive: true, force: true })
    mkdirSync(dirname(path), { recursive: true })
    make(path)
  }

  describe.each([
    ["usr"],
    ["usr/lib"],
    ["usr/lib/x86_64-linux-gnu"],
    ["usr/lib/i386-linux-gnu"],
    ["lib"],
    ["lib64"],
    ["etc"],
    ["etc/nvidia"],
  ])("/%s is a link", (place) => {
    test.each([
      ["/"],
      ["/proc/self/root"],
      ["../../../../../../../.."],
      ["../../victim"],
      ["VICTIM"],
      ["itself"],
      ["/nowhere/at/all"],
    ])("to %s", (target) => {
      expectHarmless(() =>
        start((root) =>
          replaceBy(root, place, (path) =>
            symlinkSync(target === "VICTIM" ? victim : target === "itself" ? basename(path) : target, path),
          ),
        ),
      )
    })
  })

  describe.each([
    ["etc/ld.so.cache"],
    ["etc/nvidia"],
    ["usr/lib/x86_64-linux-gnu"],
    ["usr/lib/x86_64-linux-gnu/libcuda.so.1"],
  ])("where /%s should be is", (place) => {
    test.each<[what: string, make: (path: string) => void]>([
      ["a FIFO", (path) => mustRun("mkfifo", [path])],
      ["a socket", (path) => Bun.listen({ unix: path, socket: { data: () => undefined } }).stop(true)],
      ["a disk", (path) => mustRun("mknod", [path, "b", "259", "0"])],
      ["memory", (path) => mustRun("mknod", [path, "c", "1", "1"])],
      ["a directory", (path) => mkdirSync(join(path, "full"), { recursive: true })],
      ["a link to the victim's", (path) => symlinkSync(join(victim, "etc/ld.so.cache"), path)],
      ["another name of a file", (path) => mustRun("ln", [join(work, "linked"), path])],
    ])("%s", (_, make) => {
      expectHarmless(() => start((root) => replaceBy(root, place, make)))
    })
  })

  test("names that look like our temporary files, and a directory of thousands", () => {
    const ran = expectHarmless(() =>
      start((root) => {
        mkdirSync(join(root, "etc/.gantry-1-dir"))
        symlinkSync(join(victim, "etc/ld.so.cache"), join(root, "etc/.gantry-1-link"))
        for (let n = 0; n < 3000; n++) writeFileSync(join(root, `etc/.gantry-zz-${n}`), "")
      }),
    )
    expect(ran.status).toBe(0)
  })

  test.each<[what: string, extra: readonly object[], variable: string]>([
    [
      "ten thousand mounts",
      Array.from({ length: 10_000 }, (_, n) => tmpfsAt(`/m/${n}/${"x".repeat(40)}`)),
      "A=b",
    ],
    ["a mount at a path of 4,096 characters", [tmpfsAt(`/${"d".repeat(4095)}`)], "A=b"],
    ["a mount at 2,000 directories", [tmpfsAt("/d".repeat(2000)), tmpfsAt("/usr/..".repeat(500))], "A=b"],
    ["a variable of a megabyte", [], `A=${"x".repeat(1 << 20)}`],
  ])("a specification with %s is served in seconds, and keeps what it says", (_, mounts, variable) => {
    const bundle = makeBundle(work, { args: ["true"], env: [...env, variable], mounts })
    const args = ["20", wrapper, "create", "--bundle", bundle.directory, "x"]
    const ran = run("timeout", args, { env: { ...process.env, XDG_CONFIG_HOME: settings("true") } })
    expect(ran).toEqual({ status: 0, stdout: "", stderr: "" })
    const spec = JSON.parse(readFileSync(join(bundle.directory, "config.json"), "utf8")) as {
      mounts: object[]
      process: { env: string[] }
    }
    expect(spec.mounts).toEqual(expect.arrayContaining(mounts.slice(0, 10)))
    expect(spec.mounts.length).toBeGreaterThan(mounts.length + 20)
    expect(spec.process.env).toContain(variable)
    expect(spec.process.env).toContain("NVIDIA_VISIBLE_DEVICES=void")
    bundle.remove()
  })

  test.each(["etc", "usr/lib/x86_64-linux-gnu", "usr/lib", "usr"])(
    "/%s is swapped for a link out of the root by a racing thread",
    (place) => {
      for (let round = 0; round < 10; round++) {
        let racer: ReturnType<typeof Bun.spawn> | undefined
        const race = (root: string): void => {
          mkdirSync(join(root, place), { recursive: true })
          symlinkSync(join(victim, place), join(root, "other"))
          racer = Bun.spawn([join(work, "swap"), join(root, place), join(root, "other")])
        }
        const end = (): void => {
          racer?.kill("SIGKILL")
          // Until it is gone for good.
          Bun.sleepSync(20)
        }
        expectHarmless(() => start(race, "true", end))
      }
    },
  )

  describe("a root that turns out to be the machine's own is refused", () => {
    /** A machine whose root nobody can write, so that nothing happens to this one: `$1` is to become its root, `$2` stays as it is. */
    const cage = `mkdir -p "$1" && mount --rbind / "$1" && mount -o remount,ro,bind "$1" && mount --bind "$2" "$1$2" &&
      cd "$1" && pivot_root . mnt && cd / && shift 2 && exec "$@"`
    const inCage = (...command: readonly string[]): Ran =>
      run("unshare", ["--mount", "sh", "-c", cage, "sh", join(work, "cage"), work, ...command], {
        env: { ...process.env, XDG_CONFIG_HOME: settings("true") },
      })
    const refused = (ran: Ran): void => {
      expect(ran.status).toBe(1)
      expect(ran.stderr).toMatch(
        /^failed to determine container root: [^\n]*the machine's own root \[GAN1232\][^\n]*\n$/,
      )
    }

    test.each(["/", "a link"])("%s", (how) => {
      const bundle = makeBundle(work, { args: ["true"], env }, () => undefined)
      const spec = join(bundle.directory, "config.json")
      const text = readFileSync(spec, "utf8")
      rmSync(bundle.root, { recursive: true })
      if (how === "a link") symlinkSync("/", bundle.root)
      else writeFileSync(spec, text.replace('"path":"rootfs"', '"path":"/"'))
      const before = readFileSync(spec, "utf8")
      refused(inCage(wrapper, "create", "--bundle", bundle.directory, "x"))
      expect(readFileSync(spec, "utf8")).toBe(before)
      const script = `sleep 20 & echo '{"pid":'$!',"bundle":"${bundle.directory}"}' | "$0" prestart; status=$?; kill $!; exit $status`
      refused(inCage("sh", "-c", script, hookProgram))
      bundle.remove()
    })
  })

  test("nothing of the machine is another than before, and the guard would have seen it", () => {
    expect(changedOnMachine()).toEqual([])
    writeFileSync(join(victim, "etc/ld.so.cache"), "the victim's")
    expect(changedOnMachine()).toEqual([join(victim, "etc/ld.so.cache")])
  })

  describe("a createContainer hook that got no environment of its own runs with the image's (CVE-2025-23266)", () => {
    const trace = join(work, "trace")
    const hostile = join(work, "hostile.so")
    beforeAll(() => {
      mustRun("cc", ["-O1", "-shared", "-fPIC", "-o", hostile, join(import.meta.dir, "launcher/hostile.c")])
    })

    function startWith(path: string, args: readonly string[]): Ran {
      rmSync(trace, { force: true })
      const image = [
        "LD_PRELOAD=./hostile.so",
        "LD_AUDIT=./hostile.so",
        "LD_LIBRARY_PATH=.",
        "BUN_OPTIONS=--preload=./preload.js",
        "BUN_BE_BUN=1",
        "NODE_OPTIONS=--require ./preload.js",
        `TRACE=${trace}`,
      ]
      const bundle = makeBundle(work, { args: ["cat", "/etc/link"], env: image }, (root) => {
        makeBusyboxRoot(root)
        mustRun("cp", [hostile, join(root, "hostile.so")])
        writeFileSync(join(root, "preload.js"), `require("fs").writeFileSync(${JSON.stringify(trace)}, "")`)
        writeFileSync(join(root, "bunfig.toml"), 'preload = ["./preload.js"]\n')
        writeFileSync(join(root, "etc/target"), "led here\n")
      })
      const spec = join(bundle.directory, "config.json")
      const parsed = JSON.parse(readFileSync(spec, "utf8")) as { hooks: object }
      parsed.hooks = { createContainer: [{ path, args }] }
      writeFileSync(spec, JSON.stringify(parsed))
      try {
        return run("runc", [
          "--root",
          join(work, "state"),
          "run",
          "--bundle",
          bundle.directory,
          basename(bundle.directory),
        ])
      } finally {
        bundle.remove()
      }
    }

    test("and then a program of the machine loads what the image says: the attack is a real one", () => {
      startWith("/bin/true", ["true"])
      expect(existsSync(trace)).toBe(true)
    })

    test("nvidia-cdi-hook does its work and loads nothing", () => {
      const ran = startWith(cdiHookProgram, [
        "nvidia-cdi-hook",
        "create-symlinks",
        "--link",
        "target::/etc/link",
      ])
      expect(ran).toEqual({ status: 0, stdout: "led here\n", stderr: "" })
      expect(existsSync(trace)).toBe(false)
    })

    test("nor does the hook that binds the driver's parameters", () => {
      startWith(join(dirname(wrapper), "../gantry-launcher"), ["gantry-launcher", "bind-params", work])
      expect(existsSync(trace)).toBe(false)
    })
  })
})
