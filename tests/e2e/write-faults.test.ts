/** The commands that write files, disturbed at each call by which they do. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gantryProgram, makeDirectory, missing, mustRun, type Ran, run } from "./bundle.ts"
import { disturbEach } from "./disturbed-calls.ts"

const lacks = missing("strace")
const suite = lacks === "" ? describe : describe.skip
const title = lacks === "" ? "strace" : `strace (missing: ${lacks})`

suite(`commands that write, disturbed at each of their calls: ${title}`, () => {
  const work = lacks === "" ? makeDirectory("write-faults") : ""
  const machine = join(work, "machine")
  const specs = join(work, "specs")
  const place = join(work, "place")
  const file = join(place, "file.yaml")
  const trace = join(work, "trace")

  /** Older than the machine, and a toolkit's. */
  let stale = ""
  beforeAll(() => {
    mustRun(gantryProgram, ["simulate", "up", machine, "--gpus", "1", "--no-nvml"])
    mkdirSync(specs)
    const vendor =
      'cdiVersion: 0.5.0\nkind: vendor.com/gpu\ndevices: [{ name: "0", containerEdits: { env: [A=1] } }]\n'
    writeFileSync(join(specs, "vendor.yaml"), vendor)
    const made = mustRun(gantryProgram, ["cdi", "generate", "--host", machine])
    stale = made.replaceAll("libcuda.so.550.163.01", "libcuda.so.535.54.03")
    expect(stale).not.toBe(made)
  })
  afterAll(() => rmSync(work, { recursive: true, force: true }))
  beforeEach(() => {
    rmSync(place, { recursive: true, force: true })
    mkdirSync(place)
  })

  const config = '{ "process": { "env": [] } }\n'
  const onMachine = ["--host", machine]
  const commands: Readonly<
    Record<string, { readonly words: readonly string[]; readonly before: () => string }>
  > = {
    generate: { words: ["cdi", "generate", ...onMachine, "--output", file], before: () => "old\n" },
    "nvidia-ctk": {
      words: ["nvidia-ctk", `--host=${machine}`, "cdi", "generate", `--output=${file}`],
      before: () => "old\n",
    },
    "verify --fix": { words: ["cdi", "verify", "--fix", ...onMachine, file], before: () => stale },
    inject: {
      words: ["cdi", "inject", "vendor.com/gpu=0", "--spec-dir", specs, "--config", file],
      before: () => config,
    },
    "transform root": {
      words: [
        "cdi",
        "transform",
        "root",
        join(specs, "vendor.yaml"),
        "--from",
        "/a",
        "--to",
        "/b",
        "-o",
        file,
      ],
      before: () => "old\n",
    },
    "watch --once": {
      words: [
        "cdi",
        "watch",
        "--once",
        ...onMachine,
        "--without-nodes",
        "--ready-timeout",
        "0.5",
        "--output",
        file,
      ],
      before: () => "old\n",
    },
  }

  const content = (): string => readFileSync(file, "utf8")
  /** All but what `--fix` keeps on purpose. */
  const beside = (): readonly string[] =>
    readdirSync(place).filter((name) => !["file.yaml", "file.yaml.previous"].includes(name))
  function call(name: string, ...options: readonly string[]): Ran {
    const { words = [], before = () => "" } = commands[name] ?? {}
    for (const left of ["file.yaml", "file.yaml.previous"]) rmSync(join(place, left), { force: true })
    writeFileSync(file, before(), { mode: 0o644 })
    return run("strace", ["-qq", "-o", trace, ...options, gantryProgram, ...words])
  }

  /** Each by itself: strace counts each of several for itself, and would disturb more than one. */
  function disturbAll(
    name: string,
    disturbance: string,
    check: (nth: string, ran: Ran) => void,
    kinds: readonly string[] = ["fsync", "rename", "fchmod", "write"],
  ): void {
    const start = (...options: readonly string[]): Ran => call(name, ...options)
    for (const calls of kinds) {
      const count = disturbEach({ trace, calls, disturbance, start }, (nth, ran) =>
        check(`${calls} ${nth}`, ran),
      )
      expect([calls, count > 0]).toEqual([calls, true])
    }
  }
  const patienceMs = 60_000
  const cases = Object.keys(commands)

  test.each(cases)(
    "%s: an error leaves the file old or new and nothing beside it, and is told",
    (name) => {
      expect(call(name).status).toBe(0)
      const [old, done] = [commands[name]?.before(), content()]
      disturbAll(name, "error=EIO", (nth, ran) => {
        expect([nth, beside()]).toEqual([nth, []])
        expect([nth, [old, done]]).toEqual([nth, expect.arrayContaining([content()])])
        const told = `${ran.stderr}${ran.stdout}`.match(/\[GAN\d{4}\]|internal error/g) ?? []
        // Where the last word could not be said the work is done.
        expect([nth, ran.status === 0 ? content() === done : told[0]]).toEqual([
          nth,
          ran.status === 0 ? true : expect.stringMatching(/GAN(?:1004|2001|4061)/),
        ])
      })
    },
    patienceMs,
  )

  test.each(cases)(
    "%s: a call that a signal interrupts is made again",
    (name) => {
      expect(call(name).status).toBe(0)
      const done = content()
      const check = (nth: string, { status, stderr }: Ran): void =>
        expect([nth, status, stderr.includes("EINTR"), content() === done]).toEqual([nth, 0, false, true])
      disturbAll(name, "error=EINTR", check)
      // Listing is the same call everywhere, and here it is made a few times only.
      if (name === "inject") disturbAll(name, "error=EINTR", check, ["getdents64"])
    },
    patienceMs,
  )

  test.each(cases)(
    "%s: what cannot be taken away afterwards hides no cause",
    (name) => {
      const failing = ["-e", "inject=fsync:error=ENOSPC", "-e", "inject=unlink:error=EACCES"]
      const ran = call(name, "-e", "trace=fsync,unlink", ...failing)
      expect(ran.status).toBe(1)
      expect(ran.stdout + ran.stderr).toMatch(/cannot write .*: ENOSPC \[GAN\d{4}\]/)
      // No engine reads it, and the next one takes it away.
      expect(beside()).toEqual([expect.stringMatching(/^file\.yaml\.(?:previous\.)?gantry-[^.]*$/)])
      expect([call(name).status, beside()]).toEqual([0, []])
    },
    patienceMs,
  )

  test("a watch that cannot write takes a specification away for what is gone, not for what cannot be looked at", () => {
    const named = join(work, "named")
    const spec = (path: string): string =>
      `cdiVersion: 0.5.0\nkind: nvidia.com/gpu\ndevices: [{ name: "0", containerEdits: { mounts: [{ hostPath: ${path}, containerPath: /x }] } }]\n`
    const watching = [gantryProgram, ...(commands["watch --once"]?.words ?? [])]
    const withdrawn = (...options: readonly string[]): boolean => {
      rmSync(place, { recursive: true })
      mkdirSync(place)
      writeFileSync(file, spec(named))
      writeFileSync(join(place, "rival.yaml"), spec("/"))
      expect(run("strace", ["-qq", "-o", trace, ...options, ...watching]).stderr).toContain("[GAN4042]")
      return !existsSync(file)
    }
    writeFileSync(named, "")
    const looking = "statx,newfstatat"
    const failing = ["-P", named, "-e", `trace=${looking}`, "-e", `inject=${looking}:error=EIO`]
    expect([withdrawn(), withdrawn(...failing)]).toEqual([false, false])
    expect(readFileSync(trace, "utf8")).toContain("INJECTED")
    rmSync(named)
    expect(withdrawn()).toBe(true)
  })

  test("verify --fix makes nothing anew without what it could not read", () => {
    const [address = ""] = readdirSync(join(machine, "proc/driver/nvidia/gpus"))
    const information = join(machine, "proc/driver/nvidia/gpus", address, "information")
    const failing = ["-e", "trace=openat", "-e", "inject=openat:error=EMFILE:when=1"]
    const ran = call("verify --fix", "-P", information, ...failing)
    expect(readFileSync(trace, "utf8")).toContain("INJECTED")
    expect([ran.status, content() === stale, readdirSync(place)]).toEqual([1, true, ["file.yaml"]])
    expect(ran.stdout).toContain("[GAN4070]")
    expect([call("verify --fix").status, content() === stale]).toEqual([0, false])
  })

  test("who cannot be told that a file was changed is told to look before it is changed again", () => {
    writeFileSync(file, config)
    const words = [gantryProgram, ...(commands["inject"]?.words ?? [])]
    const ran = run("sh", ["-c", 'exec "$@" >/dev/full', "sh", ...words])
    expect([ran.status, content() === config, ran.stderr]).toEqual([
      1,
      false,
      expect.stringMatching(/^standard output cannot be written: .*\[GAN1004\]: .*look at the file first\n$/),
    ])
  })

  test("a watch waits for what could not be read, and writes nothing without it", () => {
    call("watch --once")
    const done = content()
    const gpus = join(machine, "proc/driver/nvidia/gpus")
    const [address = ""] = readdirSync(gpus)
    const failing = ["-e", "trace=openat", "-e", "inject=openat:error=EMFILE:when=1"]
    const ran = call("watch --once", "-P", join(gpus, address, "information"), ...failing)
    expect(readFileSync(trace, "utf8")).toContain("INJECTED")
    expect([ran.status, content() === done]).toEqual([0, true])
    expect(ran.stdout).toContain(`lacks a readable /proc/driver/nvidia/gpus/${address}/information`)
  })

  test.each(cases)(
    "%s: killed at any of them, the file is old or new, and the next one works",
    (name) => {
      call(name)
      const [old, done] = [commands[name]?.before(), content()]
      disturbAll(name, "signal=KILL", (nth) => {
        expect([nth, [old, done].includes(content()), beside().length <= 1]).toEqual([nth, true, true])
        expect([nth, call(name).status, content() === done, beside()]).toEqual([nth, 0, true, []])
      })
    },
    patienceMs,
  )
})
