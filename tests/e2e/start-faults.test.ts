import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import {
  gantryProgram,
  hasProgram,
  listTree,
  makeDirectory,
  missing,
  mustRun,
  type Ran,
  renderSpec,
  run,
} from "./bundle.ts"
import { age } from "./disturbed-calls.ts"

const lacks = missing("unshare", "bash", "setpriv")
const suite = lacks === "" ? describe : describe.skip
const wrapper = join(import.meta.dir, "../../dist/bin/nvidia-container-runtime")

suite(`starts that are disturbed (missing: ${lacks || "nothing"})`, () => {
  const work = lacks === "" ? makeDirectory("start-faults") : ""
  const machine = join(work, "machine")
  const settings = join(work, "settings")
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", XDG_CONFIG_HOME: settings }
  const old = renderSpec({
    args: ["true"],
    env: ["NVIDIA_VISIBLE_DEVICES=0,1", "NVIDIA_DRIVER_CAPABILITIES=all"],
  })
  let bundle = ""
  let count = 0

  function makeBundle(parent = work): string {
    const place = join(parent, `bundle${count++}`)
    mkdirSync(join(place, "rootfs/etc"), { recursive: true })
    writeFileSync(join(place, "config.json"), old)
    // What is there already is replaced, and that takes a temporary file.
    mkdirSync(join(place, "rootfs/usr/lib/x86_64-linux-gnu"), { recursive: true })
    for (const name of ["libcuda.so.1", "libcuda.so"])
      writeFileSync(join(place, "rootfs/usr/lib/x86_64-linux-gnu", name), "the image's")
    return place
  }
  /** With a state directory that nobody has used; `before`: shell commands, `$1` is the bundle. */
  const cold = (before = "true"): string[] => [
    ...["unshare", "--mount", "bash", "-c"],
    `mkdir -p /run/gantry; mount -t tmpfs -o mode=700 none /run/gantry; ${before}; shift; exec "$@"`,
    ...["bash", bundle],
  ]
  const call = (): string[] => [wrapper, "create", "--bundle", bundle, "x"]
  const start = (before?: string): Ran => {
    const [program = "", ...args] = before === undefined ? call() : [...cold(before), ...call()]
    return run(program, args, { env })
  }
  const spec = (): string => readFileSync(join(bundle, "config.json"), "utf8")
  /** As an undisturbed start leaves it; bundles differ in their names only. */
  let whole = ""
  const state = (): "old" | "new" | "cut" => {
    if (spec() === old) return "old"
    return spec().replaceAll(bundle, "BUNDLE") === whole ? "new" : "cut"
  }
  const leftovers = (): readonly string[] => listTree(bundle).filter((line) => line.includes("gantry-"))
  const isOneLine = (ran: Ran): void => {
    expect([ran.status, ran.stdout]).toEqual([1, ""])
    expect(ran.stderr).toMatch(/^[^\n]+\n$/)
  }

  beforeAll(() => {
    mustRun(gantryProgram, ["simulate", "up", machine, "--gpus", "2", "--model", "a100"])
    mkdirSync(join(settings, "nvidia-container-runtime"), { recursive: true })
    writeFileSync(
      join(settings, "nvidia-container-runtime/config.toml"),
      `[nvidia-container-runtime]\nruntimes = ["true"]\n[gantry]\nhost = "${machine}"\n`,
    )
    bundle = makeBundle()
    expect(start()).toEqual({ status: 0, stdout: "", stderr: "" })
    whole = spec().replaceAll(bundle, "BUNDLE")
    expect(whole).toContain("NVIDIA_VISIBLE_DEVICES=void")
    expect(leftovers()).toEqual([])
  })
  afterAll(() => {
    mustRun(gantryProgram, ["simulate", "down", machine])
    rmSync(work, { recursive: true, force: true })
  })
  beforeEach(() => {
    bundle = makeBundle()
  })

  test.each(["755", "700"])(
    "a root of mode %s that is closed to root, as an NFS export that squashes it, fails the start, which would find no GPU",
    (mode) => {
      mustRun("chown", ["-R", "1000", join(bundle, "rootfs")])
      mustRun("chmod", ["-R", mode, join(bundle, "rootfs")])
      const before = listTree(bundle)
      const ran = run("setpriv", ["--bounding-set", "-dac_override,-dac_read_search,-fowner", ...call()], {
        env,
      })
      isOneLine(ran)
      expect(ran.stderr).toMatch(/: EACCES \[GAN3001\]: .*root_squash/)
      expect([spec(), listTree(bundle)]).toEqual([old, before])
    },
  )

  describe("at once", () => {
    const spawnAll = async (commands: readonly (readonly string[])[]): Promise<readonly string[]> =>
      Promise.all(
        commands.map(async (command) => {
          const child = Bun.spawn([...command], { env, stdout: "ignore", stderr: "pipe" })
          const said = await new Response(child.stderr).text()
          return `${await child.exited} ${said}`
        }),
      )

    test("four starts of one bundle, again and again", async () => {
      for (let round = 0; round < 8; round++) {
        bundle = makeBundle()
        expect(await spawnAll([1, 2, 3, 4].map(call))).toEqual(Array(4).fill("0 "))
        expect([state(), leftovers()]).toEqual(["new", []])
      }
    })

    test("fifty starts on a machine of which nothing is known", async () => {
      const bundles = Array.from({ length: 50 }, () => makeBundle())
      const script = `mkdir -p /run/gantry; mount -t tmpfs -o mode=700 none /run/gantry
        for b in "$@"; do ${wrapper} create --bundle "$b" x & pids="$pids $!"; done
        failed=0; for p in $pids; do wait $p || failed=$((failed + 1)); done; echo failed $failed
        find /run/gantry -name '.*' -o -name '*.[0-9]*.*' | sort`
      const ran = run("unshare", ["--mount", "bash", "-c", script, "bash", ...bundles], { env })
      expect(ran).toEqual({ status: 0, stdout: "failed 0\n", stderr: "" })
      for (const one of bundles) {
        bundle = one
        expect([state(), leftovers()]).toEqual(["new", []])
      }
    })
  })

  describe("killed", () => {
    function expectNextStartCompletes(): void {
      age(join(bundle, "rootfs"))
      const before = state()
      expect(before).not.toBe("cut")
      const ran = start()
      expect([ran.status, ran.stderr, state()]).toEqual([0, "", "new"])
      // One that was complete has nothing left to do.
      if (before === "old") expect(leftovers()).toEqual([])
    }

    test("at sixty moments: config.json is old or new, and the next start completes it", async () => {
      const seen = { old: 0, new: 0 }
      for (let moment = 0; moment < 60; moment++) {
        bundle = makeBundle()
        const command = moment % 3 === 0 ? [...cold(), ...call()] : call()
        const child = Bun.spawn(command, { env, stdout: "ignore", stderr: "ignore" })
        await Bun.sleep(moment * (moment % 3 === 0 ? 4 : 1.5))
        child.kill("SIGKILL")
        await child.exited
        // The program dies with its launcher, if not at once.
        await Bun.sleep(5)
        const now = state()
        if (now !== "cut") seen[now]++
        expectNextStartCompletes()
      }
      expect(seen.old).toBeGreaterThan(5)
    })

    const changes =
      "mkdir,mkdirat,symlink,symlinkat,rename,renameat,renameat2,fsync,fchmod,unlink,unlinkat,write"
    const trace = join(work, "trace")
    const traced = (...more: readonly string[]): Ran => {
      bundle = makeBundle()
      return run("strace", ["-f", "-qq", "-o", trace, "-e", `trace=${changes}`, ...more, ...call()], { env })
    }
    const lacksStrace = !hasProgram("strace")

    test.skipIf(lacksStrace)(
      "at every change that it makes",
      () => {
        expect(traced().status).toBe(0)
        const count = readFileSync(trace, "utf8").split("\n").length - 1
        const seen = { old: 0, new: 0 }
        for (let nth = 1; nth <= count; nth++) {
          traced("-e", `inject=${changes}:signal=KILL:when=${nth}`)
          const now = state()
          if (now !== "cut") seen[now]++
          expectNextStartCompletes()
        }
        expect([count > 30, seen.old > 30, seen.new > 0]).toEqual([true, true, true])
      },
      180_000,
    )

    test.skipIf(lacksStrace)(
      "not killed, but told at every change that the disk is full",
      () => {
        traced()
        const count = readFileSync(trace, "utf8").split("\n").length - 1
        const statuses = new Set<number>()
        for (let nth = 1; nth <= count; nth++) {
          const ran = traced("-e", `inject=${changes}:error=ENOSPC:when=${nth}`)
          statuses.add(ran.status)
          // What it says may be what cannot be written.
          expect([nth, ran.stdout]).toEqual([nth, ""])
          expect(ran.stderr).toMatch(/^([^\n]+\n)?$/)
          if (ran.status === 0) expect([nth, state()]).toEqual([nth, "new"])
          expectNextStartCompletes()
        }
        expect([...statuses].sort()).toEqual([0, 1])
      },
      180_000,
    )
  })

  describe.skipIf(!hasProgram("strace"))("under a filter of system calls that is older than openat2", () => {
    const refused = "EPERM [GAN3001]: let the engine have CAP_SYS_ADMIN, and no filter of system calls"
    test.each([
      ["EPERM", refused],
      ["ENOSYS", "ENOSYS [GAN3001]: start it on Linux 5.12 or later"],
    ])("%s: who asks for a GPU is told so in one line, who asks for none starts", (error, said) => {
      const filter = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=openat2"]
      const [program = "", ...args] = [...cold(), ...filter, "-e", `inject=openat2:error=${error}`, ...call()]
      const ran = run(program, args, { env })
      isOneLine(ran)
      expect(ran.stderr).toContain(said)
      expect([state(), leftovers()]).toEqual(["old", []])
      const asksForNone = renderSpec({ args: ["true"], env: [] })
      writeFileSync(join(bundle, "config.json"), asksForNone)
      expect(run(program, args, { env })).toEqual({ status: 0, stdout: "", stderr: "" })
      expect(spec()).toBe(asksForNone)
    })
  })

  describe.skipIf(!hasProgram("strace"))("where what tells of GPUs cannot be read for a moment", () => {
    const list = "proc/driver/nvidia/gpus"
    test.each([
      [list, "openat,open", "EMFILE"],
      [list, "openat,open", "ENOMEM"],
      [`${list}/0000:10:00.0/information`, "openat,open", "EIO"],
      [`${list}/0000:10:00.0/information`, "openat,open", "EACCES"],
      ["dev/nvidia0", "lstat,newfstatat,statx", "EIO"],
    ])("%s (%s: %s): one line for who asks for a GPU, and the next start is whole", (path, calls, error) => {
      const place = join(machine, path)
      const filter = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", place, "-e", `trace=${calls}`]
      const disturbed = [...filter, "-e", `inject=${calls}:error=${error}`, wrapper]
      const rest = ["create", "--bundle", bundle, "x"]
      const asksForNone = makeBundle()
      writeFileSync(join(asksForNone, "config.json"), renderSpec({ args: ["true"], env: [] }))
      const script = `mkdir -p /run/gantry; mount -t tmpfs -o mode=700 none /run/gantry
        ${disturbed.join(" ")} create --bundle ${asksForNone} y || exit 9
        ${disturbed.join(" ")} ${rest.join(" ")} && exit 8
        cmp -s ${join(bundle, "config.json")} ${join(work, "old.json")} || exit 7
        exec ${wrapper} ${rest.join(" ")}`
      writeFileSync(join(work, "old.json"), old)
      const ran = run("unshare", ["--mount", "bash", "-c", script], { env })
      expect([ran.status, ran.stdout, state(), leftovers()]).toEqual([0, "", "new", []])
      expect(ran.stderr).toMatch(
        new RegExp(`^cannot read "/${path}": \\w+: ${error} \\[GAN2001\\]: [^\\n]+\\n$`),
      )
    })
  })

  test.each([
    ["proc shows nobody else's processes", "mount -t proc -o hidepid=2 none /proc"],
    ["proc shows processes and nothing else", "mount -t proc -o subset=pid none /proc"],
    ["nothing below /run may be executed", "mount -o remount,noexec,nosuid,nodev /run/gantry"],
    ["there are no control groups", "umount -R /sys/fs/cgroup"],
  ])("a machine on which %s: the start is whole", (_, before) => {
    expect(start(before)).toEqual({ status: 0, stdout: "", stderr: "" })
    expect([state(), leftovers()]).toEqual(["new", []])
  })

  describe("without room or right to write", () => {
    const fill = 'dd if=/dev/zero of="$1/fill" bs=4096 2>/dev/null'

    test("a full disk under the bundle: one line, the specification as it was; then there is room", () => {
      const small = join(work, "small")
      mkdirSync(small)
      mustRun("mount", ["-t", "tmpfs", "-o", "size=256k", "none", small])
      try {
        bundle = makeBundle(small)
        run("sh", ["-c", fill, "sh", small])
        isOneLine(start())
        expect([state(), leftovers()]).toEqual(["old", []])
        rmSync(join(small, "fill"))
        expect([start().status, state()]).toEqual([0, "new"])
      } finally {
        mustRun("umount", [small])
      }
    })

    test("a full disk under the root alone, and under config.json alone", () => {
      for (const place of ["rootfs", "."]) {
        bundle = makeBundle()
        const ran = start(
          place === "rootfs"
            ? `mount -t tmpfs -o size=4k none "$1/rootfs" && head -c 4096 /dev/zero >"$1/rootfs/fill"`
            : `mkdir /tmp/kept.$$ && mount --bind "$1/rootfs" /tmp/kept.$$ && cp "$1/config.json" /tmp/kept.$$/c && mount -t tmpfs -o size=8k none "$1" && mkdir "$1/rootfs" && mount --move /tmp/kept.$$ "$1/rootfs" && cp "$1/rootfs/c" "$1/config.json"; rm -f "$1/rootfs/c"; rmdir /tmp/kept.$$; ${fill}`,
        )
        isOneLine(ran)
        expect(start().status).toBe(0)
      }
    })

    test("a bundle that is read-only: one line", () => {
      isOneLine(start('mount --bind "$1" "$1" && mount -o remount,ro,bind "$1"'))
      expect(state()).toBe("old")
      expect([start().status, state()]).toEqual([0, "new"])
    })

    test("a root that is read-only costs no start", () => {
      const ran = start('mount --bind "$1/rootfs" "$1/rootfs" && mount -o remount,ro,bind "$1/rootfs"')
      expect([ran.status, ran.stderr, state()]).toEqual([0, "", "new"])
    })

    test.each<[how: string, spoil: string]>([
      ["is read-only", "mount -o remount,ro /run/gantry"],
      ["is full", "mount -o remount,size=4k /run/gantry; head -c 4096 /dev/zero >/run/gantry/fill"],
      ["is another's", "chown 1234 /run/gantry"],
      ["can be entered by all", "chmod 755 /run/gantry"],
      ["is a file", "umount /run/gantry; mount -t tmpfs none /run; echo x >/run/gantry"],
      ["is a link", "umount /run/gantry; mount -t tmpfs none /run; ln -s /tmp /run/gantry"],
      ["cannot be made", "umount /run/gantry; mount -t tmpfs none /run; mount -o remount,ro /run"],
    ])("a state directory that %s: the start works without it", (_, spoil) => {
      const ran = start(spoil)
      expect([ran.status, ran.stderr]).toEqual([0, ""])
      const { mounts } = JSON.parse(whole) as { mounts: { source: string }[] }
      const expected = mounts.filter(({ source }) => !source.startsWith("/run/gantry/"))
      const got = (JSON.parse(spec()) as { mounts: { source: string }[] }).mounts
      expect(got.filter(({ source }) => !source.startsWith("/run/gantry/"))).toEqual(expected)
      expect(spec()).toContain("NVIDIA_VISIBLE_DEVICES=void")
    })

    test.each([6, 8, 10, 14, 20])("no more than %i descriptors: one line, or it works", (limit) => {
      const ran = run("bash", ["-c", `ulimit -n ${limit}; exec "$@"`, "bash", ...call()], { env })
      if (ran.status !== 0) {
        expect(ran.stderr).toMatch(/^[^\n]+\n$/)
        expect(state()).toBe("old")
      }
      expect([start().status, state()]).toEqual([0, "new"])
    })

    test("no file may grow: one line, and the next start works", () => {
      const ran = run("bash", ["-c", 'ulimit -f 0; exec "$@"', "bash", ...call()], { env })
      expect(ran.status).not.toBe(0)
      expect(state()).toBe("old")
      expect([start().status, state(), leftovers()]).toEqual([0, "new", []])
    })
  })
})
