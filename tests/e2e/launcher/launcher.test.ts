import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gantryProgram, hasProgram, hookProgram, makeDirectory, mustRun, renderSpec, run } from "../bundle.ts"

const suite = hasProgram("cc") ? describe : describe.skip
const work = makeDirectory("launcher")
afterAll(() => rmSync(work, { recursive: true, force: true }))

const bundle = join(work, "bundle")
const state = JSON.stringify({ ociVersion: "1.0.2", id: "x", pid: 1, bundle })
const witness = join(work, "nvidia-container-cli")
const trace = join(work, "trace")
const config = join(work, "config.toml")

beforeAll(() => {
  mkdirSync(bundle)
  const gpu = renderSpec({ args: ["true"], env: ["NVIDIA_VISIBLE_DEVICES=all"] })
  writeFileSync(join(bundle, "config.json"), gpu)
  writeFileSync(
    config,
    `[nvidia-container-cli]\npath = ${JSON.stringify(witness)}\nldconfig = "@/sbin/ldconfig"\n[gantry]\ninjector = "delegate"\n`,
  )
  if (!hasProgram("cc")) return
  mustRun("cc", ["-O1", "-o", witness, join(import.meta.dir, "witness.c")])
  mustRun("cc", [
    "-O1",
    "-shared",
    "-fPIC",
    "-o",
    join(work, "hostile.so"),
    join(import.meta.dir, "hostile.c"),
  ])
})

/** What the program that the hook became was given, sorted by kind. */
function given(output: string): Readonly<Record<string, readonly string[]>> {
  const said: Record<string, string[]> = {}
  for (const line of output.split("\0").filter((one) => one !== "")) {
    const blank = line.indexOf(" ")
    const kind = line.slice(0, blank)
    said[kind] = [...(said[kind] ?? []), line.slice(blank + 1)]
  }
  return said
}

/** The hook by way of a shell, which sets things that no options of a child process do. Latin-1: one character a byte. */
function become(
  before: string,
  env: Readonly<Record<string, string>> = {},
): Readonly<Record<string, readonly string[]>> {
  const script = `${before}; exec "${hookProgram}" -config "${config}" prestart`
  const ran = Bun.spawnSync(["bash", "-c", script], {
    stdin: Buffer.from(state),
    env: { PATH: "/usr/bin:/bin", ...env },
  })
  if (ran.exitCode !== 0) throw new Error(ran.stderr.toString())
  return given(ran.stdout.toString("latin1"))
}

suite("what the hook becomes gets what the hook was given (missing: cc)", () => {
  test("limits, signals and descriptors", () => {
    const {
      files,
      ignored = [],
      descriptor,
    } = become("ulimit -Sn 1000; trap '' USR1; exec 7</dev/null 9</dev/null")
    expect(files?.[0]).toStartWith("1000 ")
    // SIGUSR1 as the shell left it; SIGPIPE and SIGXFSZ, which Bun ignores, are not.
    expect(ignored.filter((number) => number !== "17")).toEqual(["10"])
    expect(descriptor?.filter((number) => number !== "3").sort()).toEqual(["0", "1", "2", "7", "9"])
  })

  test("an environment that is no text, byte for byte", () => {
    const { environment = [] } = become("export ODD=$'a\\xff\\xfeb' EMPTY=")
    expect(environment).toContain("ODD=a\u00ff\u00feb")
    expect(environment).toContain("EMPTY=")
    expect(environment.some((entry) => entry.startsWith("BUN_") || entry.startsWith("GANTRY"))).toBe(false)
  })

  test("a working directory that is gone", () => {
    const gone = join(work, "gone")
    mkdirSync(gone)
    const { directory } = become(`cd "${gone}"; rmdir "${gone}"`)
    expect(directory).toEqual(["gone"])
  })

  test("descriptors that are closed stay no obstacle", () => {
    const script = `exec 2>&-; exec "${hookProgram}" -config "${config}" prestart`
    const ran = Bun.spawnSync(["bash", "-c", script], {
      stdin: Buffer.from(state),
      env: { PATH: "/usr/bin:/bin" },
    })
    expect(ran.exitCode).toBe(0)
    expect(given(ran.stdout.toString("latin1"))["argument"]?.at(-1)).toBe(join(process.cwd(), "rootfs"))
  })
})

suite("a hostile environment reaches nothing (missing: cc)", () => {
  const preload = join(work, "preload.js")
  const hostile = {
    LD_PRELOAD: join(work, "hostile.so"),
    LD_AUDIT: join(work, "hostile.so"),
    BUN_OPTIONS: `--preload=${preload}`,
    BUN_BE_BUN: "1",
    BUN_INSPECT: "ws://127.0.0.1:1/",
    NODE_OPTIONS: `--require ${preload}`,
    TRACE: trace,
  }
  beforeAll(() => writeFileSync(preload, `require("fs").writeFileSync(${JSON.stringify(trace)}, "")`))

  test.each(Object.keys(hostile).filter((name) => name !== "TRACE"))("%s", (name) => {
    rmSync(trace, { force: true })
    const env = { TRACE: trace, [name]: hostile[name as keyof typeof hostile] }
    // The version is told by the compiled program, and by nothing else.
    const ran = run(hookProgram, ["-version"], { env })
    expect([ran.status, ran.stdout]).toEqual([
      0,
      expect.stringContaining("NVIDIA Container Runtime Hook version"),
    ])
    expect(existsSync(trace)).toBe(false)
  })

  test("and these are hostile indeed: the compiled program alone obeys them", () => {
    const alone = (env: Readonly<Record<string, string>>): boolean => {
      rmSync(trace, { force: true })
      run(gantryProgram, ["version"], { env: { TRACE: trace, ...env } })
      return existsSync(trace)
    }
    expect(alone({ LD_PRELOAD: hostile.LD_PRELOAD })).toBe(true)
    expect(alone({ BUN_OPTIONS: hostile.BUN_OPTIONS })).toBe(true)
    expect(alone({})).toBe(false)
  })

  test("a working directory full of settings", () => {
    const directory = join(work, "settings")
    mkdirSync(directory)
    rmSync(trace, { force: true })
    writeFileSync(join(directory, "bunfig.toml"), `preload = [${JSON.stringify(preload)}]\n`)
    writeFileSync(
      join(directory, ".env"),
      `BUN_OPTIONS=--preload=${preload}\nLD_PRELOAD=${hostile.LD_PRELOAD}\nTRACE=${trace}\n`,
    )
    writeFileSync(join(directory, "package.json"), "{")
    writeFileSync(join(directory, "tsconfig.json"), "{")
    const ran = run(hookProgram, ["-version"], { cwd: directory })
    expect([ran.status, existsSync(trace)]).toEqual([0, false])
  })
})

suite("the launcher itself (missing: cc)", () => {
  const launcher = join(import.meta.dir, "../../../dist/gantry-launcher")

  test("is static, small, and asks for nobody's libraries", () => {
    const bytes = readFileSync(launcher)
    // On arm64, whose pages may have 64 KiB, its parts lie that far from each other.
    expect(bytes.length).toBeLessThan(process.arch === "arm64" ? 96 * 1024 : 32 * 1024)
    expect(bytes.includes("ld-linux")).toBe(false)
  })

  test("without the program beside it says what to do, in one line", () => {
    const lonely = join(work, "lonely")
    mkdirSync(lonely)
    mustRun("cp", [launcher, join(lonely, "nvidia-container-runtime-hook")])
    const ran = run(join(lonely, "nvidia-container-runtime-hook"), ["prestart"], { input: state })
    expect(ran.status).toBe(1)
    expect(ran.stderr).toMatch(
      /^gantry: cannot start the gantry executable: \S+\/gantry \[GAN3051\]: install it beside gantry-launcher, [^\n]+\n$/,
    )
  })

  test.each([[["poststart"]], [["poststop"]]])("%p is nothing to do", (args) => {
    expect(run(hookProgram, args)).toEqual({ status: 0, stdout: "", stderr: "" })
  })

  test("by its own name it is asked for one thing only", () => {
    expect(run(launcher, [])).toEqual({
      status: 2,
      stdout: "",
      stderr: expect.stringMatching(
        /^gantry: usage: gantry-launcher bind-params ROOT \[GAN1001\]: [^\n]+\n$/,
      ),
    })
  })

  /** The call travels in memory that nothing can be executed from: Linux 6.3 to 6.5 refuse other where vm.memfd_noexec is 2. */
  test.skipIf(!hasProgram("strace"))(
    "says that its memory is not to be executed, and does without where no kernel knows",
    () => {
      const calls = (...options: readonly string[]): readonly boolean[] => {
        const tracing = ["-qq", "-o", trace, "-e", "trace=memfd_create", ...options]
        expect(run("strace", [...tracing, hookProgram, "-version"])).toMatchObject({ status: 0, stderr: "" })
        const made = readFileSync(trace, "utf8").match(/^memfd_create.*$/gm) ?? []
        return made.map((call) => /NOEXEC_SEAL|\|0x8\b/.test(call))
      }
      // On an older kernel the first is refused without our doing.
      expect(calls()[0]).toBe(true)
      expect(calls("-e", "inject=memfd_create:error=EINVAL:when=1")).toEqual([true, false])
    },
  )

  test.skipIf(!hasProgram("strace")).each(["EPERM", "EACCES", "ENOSYS", "EMFILE", "ENOMEM"])(
    "says by which error that memory was refused: %s",
    (error) => {
      const refusing = ["-qq", "-o", trace, "-e", `inject=memfd_create:error=${error}`]
      expect(run("strace", [...refusing, hookProgram, "-version"])).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(
          new RegExp(`^gantry: cannot start: memfd_create is refused: ${error} \\[GAN3050\\]: [^\n]+\n$`),
        ),
      })
    },
  )
})
