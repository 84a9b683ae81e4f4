import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gantryProgram, makeDirectory, missing, mustRun, renderSpec, run } from "../bundle.ts"

const lacks = missing("cc", "bash", "setpriv")
const suite = lacks === "" ? describe : describe.skip
const work = makeDirectory("handed-on")
const machine = join(work, "machine")
const settings = join(work, "settings")
const witness = join(work, "witness")
const wrapper = join(import.meta.dir, "../../../dist/bin/nvidia-container-runtime")
const gpu = renderSpec({ args: ["true"], env: ["NVIDIA_VISIBLE_DEVICES=1"] })
const plain = renderSpec({ args: ["true"], env: ["A=b"] })

function configure(runtime: string): void {
  mkdirSync(join(settings, "nvidia-container-runtime"), { recursive: true })
  writeFileSync(
    join(settings, "nvidia-container-runtime/config.toml"),
    `[nvidia-container-runtime]\nruntimes = [${JSON.stringify(runtime)}]\n[gantry]\nhost = "${machine}"\n`,
  )
}

let count = 0
/** A bundle with an empty root; Latin-1: one character a byte. */
function makeBundle(spec = gpu, name = `bundle${count++}`): string {
  const place = join(work, name)
  mkdirSync(join(place, "rootfs"), { recursive: true })
  writeFileSync(join(place, "config.json"), spec)
  return place
}
const specOf = (bundle: string): string => readFileSync(join(bundle, "config.json"), "utf8")
const isEdited = (bundle: string): boolean => specOf(bundle).includes("NVIDIA_VISIBLE_DEVICES=void")

interface Given {
  readonly status: number
  readonly stderr: string
  all(kind: string): readonly string[]
}

/** The wrapper by way of a shell, which sets things that no options of a child process do. Output is Latin-1: one character a byte. */
function start(script: string, env: Readonly<Record<string, string>> = {}, cwd = "/"): Given {
  const ran = Bun.spawnSync(["bash", "-c", script, "bash", wrapper], {
    cwd,
    stdin: "ignore",
    env: { PATH: "/usr/bin:/bin", XDG_CONFIG_HOME: settings, ...env },
  })
  const said = ran.stdout.toString("latin1").split("\0")
  return {
    status: ran.exitCode,
    stderr: ran.stderr.toString(),
    all: (kind) => said.filter((one) => one.startsWith(`${kind} `)).map((one) => one.slice(kind.length + 1)),
  }
}

suite(`what the low-level runtime gets is what the wrapper was given (missing: ${lacks || "nothing"})`, () => {
  beforeAll(() => {
    mustRun(gantryProgram, ["simulate", "up", machine, "--gpus", "2", "--model", "a100"])
    mustRun("cc", ["-O1", "-o", witness, join(import.meta.dir, "witness.c")])
    configure(witness)
  })
  afterAll(() => {
    mustRun(gantryProgram, ["simulate", "down", machine])
    rmSync(work, { recursive: true, force: true })
  })

  test("limits, signals, descriptors and what says how many there are", () => {
    const bundle = makeBundle()
    const ran = start(
      `ulimit -Sn 1000; trap '' USR1; exec 3</dev/null 4</dev/null 5</dev/null 9</dev/null; LISTEN_FDS=2 LISTEN_PID=$$ exec "$1" create --preserve-fds 2 --bundle ${bundle} x`,
    )
    expect(isEdited(bundle)).toBe(true)
    expect(ran.all("files")[0]).toStartWith("1000 ")
    expect(ran.all("ignored").filter((number) => number !== "17")).toEqual(["10"])
    expect([...ran.all("descriptor")].sort()).toEqual(["0", "1", "2", "3", "4", "5", "9"])
    expect(ran.all("environment")).toContain("LISTEN_FDS=2")
    expect(ran.all("argument")).toEqual([witness, "create", "--preserve-fds", "2", "--bundle", bundle, "x"])
  })

  test.each([
    ["standard input", "<&-", ["1", "2"]],
    ["standard error", "2>&-", ["0", "1"]],
    ["both", "<&- 2>&-", ["0", "1"].slice(1)],
  ])("%s is closed, and stays closed", (_, closing, left) => {
    const bundle = makeBundle()
    const ran = start(`exec "$1" create --bundle ${bundle} x ${closing}`)
    expect([ran.status, isEdited(bundle)]).toEqual([0, true])
    // The witness opens a directory, which takes the first free place.
    expect(ran.all("descriptor").filter((one) => !left.includes(one))).toEqual([])
  })

  test("who ignores SIGCHLD, cannot gain privileges, and has few descriptors", () => {
    const bundle = makeBundle()
    const ran = start(
      `trap '' CHLD; ulimit -n 64; exec setpriv --no-new-privs "$1" create --bundle ${bundle} x`,
    )
    expect([ran.status, isEdited(bundle)]).toEqual([0, true])
    expect(ran.all("ignored")).toContain("17")
    expect(ran.all("files")).toEqual(["64 64"])
  })

  test("who ignores and blocks every signal: the start is served, and nothing is said of it", () => {
    const bundle = makeBundle()
    const caller = join(work, "deaf")
    writeFileSync(
      `${caller}.c`,
      "#include <signal.h>\n#include <unistd.h>\nint main(int c, char **a) { (void)c; sigset_t all; sigfillset(&all); sigprocmask(SIG_SETMASK, &all, 0); for (int n = 1; n < 65; n++) signal(n, SIG_IGN); execv(a[1], a + 1); return 9; }\n",
    )
    mustRun("cc", ["-o", caller, `${caller}.c`])
    const ran = start(`exec ${caller} "$1" create --bundle ${bundle} x`)
    expect([ran.status, ran.stderr, isEdited(bundle)]).toEqual([0, "", true])
    // SIGPWR among them.
    expect(ran.all("ignored")).toContain("30")
  })

  test("a bundle that is told relative to the working directory, or not at all", () => {
    for (const args of ["--bundle ./b/../", "-b=", ""]) {
      const bundle = makeBundle()
      mkdirSync(join(bundle, "b"))
      expect(start(`exec "$1" create ${args} x`, {}, bundle).status).toBe(0)
      expect(isEdited(bundle)).toBe(true)
    }
  })

  test("a working directory that is mounted over: what the runtime would read there cannot be edited, and is not passed on unsaid", () => {
    const covered = (spec: string, args: string): Given => {
      const [bundle, cover] = [makeBundle(spec), makeBundle("{}")]
      const ran = start(
        `exec unshare --mount bash -c 'cd ${bundle} && mount --bind ${cover} ${bundle} && exec "$1" create ${args} x' bash "$1"`,
      )
      expect([specOf(bundle), specOf(cover)]).toEqual([spec, "{}"])
      return ran
    }
    for (const args of ["--bundle ./", ""]) {
      const ran = covered(gpu, args)
      expect([ran.status, ran.all("argument")]).toEqual([1, []])
      expect(ran.stderr).toContain("cannot be found again")
      expect(covered("{}", args).status).toBe(0)
    }
  })

  test("`..` behind a link leads where the kernel goes", () => {
    const bundle = makeBundle()
    mkdirSync(join(bundle, "inner"))
    mkdirSync(join(work, "elsewhere"))
    symlinkSync(join(bundle, "inner"), join(work, "elsewhere/link"))
    expect(start(`exec "$1" create --bundle ${work}/elsewhere/link/.. x`).status).toBe(0)
    expect(isEdited(bundle)).toBe(true)
  })

  test("arguments and variables that are no text, stand twice, or are as large as the kernel takes", () => {
    const bundle = makeBundle()
    const large = "x".repeat(128 * 1024 - 10)
    const ran = start(
      `export ODD=$'a\\xff\\xfeb' SAME=1; for n in 1 2 3 4 5 6 7 8; do export LARGE$n=${"$BIG"}; done; exec "$1" --root $'/r\\xff' create --bundle ${bundle} --pid-file "$BIG" x`,
      { BIG: large },
    )
    expect([ran.status, ran.stderr, isEdited(bundle)]).toEqual([0, "", true])
    expect(ran.all("environment")).toContain("ODD=a\u00ff\u00feb")
    expect(ran.all("environment").filter((entry) => entry.endsWith(large))).toHaveLength(9)
    expect(ran.all("argument")[2]).toBe("/r\u00ff")
    expect(ran.all("argument")[7]).toBe(large)
  })

  test("names in the environment that stand twice: the first counts, and both are handed on", () => {
    const bundle = makeBundle()
    const caller = join(work, "twice")
    writeFileSync(
      `${caller}.c`,
      '#include <unistd.h>\nint main(int c, char **a) { (void)c; char *e[] = {a[3], a[4], "PATH=/usr/bin", "PATH=.", 0}; char *v[] = {a[1], "create", "--bundle", a[2], "x", 0}; execve(a[1], v, e); return 9; }\n',
    )
    mustRun("cc", ["-o", caller, `${caller}.c`])
    const ran = start(`exec ${caller} "$1" ${bundle} XDG_CONFIG_HOME=${settings} XDG_CONFIG_HOME=/nowhere`)
    expect([ran.status, isEdited(bundle)]).toEqual([0, true])
    expect(ran.all("environment")).toEqual([
      `XDG_CONFIG_HOME=${settings}`,
      "XDG_CONFIG_HOME=/nowhere",
      "PATH=/usr/bin",
      "PATH=.",
    ])
  })

  test("a name that is none, and no name at all, fool nobody", () => {
    expect(start(`exec -a '' "$1" create x`).status).not.toBe(0)
    const nameless = join(work, "nameless")
    writeFileSync(
      `${nameless}.c`,
      "#include <unistd.h>\nint main(int c, char **a) { (void)c; char *v[] = {0}; execve(a[1], v, v); return 9; }\n",
    )
    mustRun("cc", ["-o", nameless, `${nameless}.c`])
    // The kernel gives who has no name an empty one.
    expect([1, 2]).toContain(start(`exec ${nameless} "$1"`).status)
  })

  test("a runtime in the working directory is not taken for the machine's", () => {
    const bundle = makeBundle(plain)
    configure("runc-of-test")
    writeFileSync(join(bundle, "runc-of-test"), "#!/bin/sh\necho hostile\n", { mode: 0o755 })
    try {
      for (const path of [".:/usr/bin", ":/usr/bin", "/usr/bin:", "usr/bin"]) {
        const ran = start(`PATH=${path} exec "$1" create x`, {}, bundle)
        expect([ran.status, ran.stderr]).toEqual([1, expect.stringContaining("[GAN1120]")])
      }
    } finally {
      configure(witness)
    }
  })

  test.each<[runtimes: string, status: number, said: RegExp]>([
    ['["nvidia-container-runtime", "nvidia-container-runtime.cdi"]', 1, /^[^\n]*\[GAN1120\][^\n]*\n$/],
    ['["nvidia-container-runtime", "true"]', 0, /^$/],
  ])(
    "a wrapper that is configured as its own runtime, %s, does not become itself without end",
    (runtimes, status, said) => {
      const bundle = makeBundle(plain)
      const script = [
        "mount -t tmpfs -o mode=755 none /run; mount -t tmpfs none /etc; mkdir /etc/nvidia-container-runtime",
        `printf '[nvidia-container-runtime]\\nruntimes = ${runtimes}\\n' >/etc/nvidia-container-runtime/config.toml`,
        // Where it was told, and what it has then told the launcher.
        `sleep 0.2; for call in "state x" "create --bundle ${bundle} x"; do PATH="\${0%/*}:$PATH" timeout 5 "$0" $call; status=$?; done; exit $status`,
      ].join("\n")
      const ran = run("unshare", ["--mount", "sh", "-c", script, wrapper], { env: {} })
      expect([ran.status, ran.stdout]).toEqual([status, ""])
      expect([...new Set(ran.stderr.split(/(?<=\n)/))].join("")).toMatch(said)
    },
  )

  test("config.json out of a FIFO reaches the runtime whole", () => {
    const reader = join(work, "reader")
    writeFileSync(reader, '#!/bin/sh\nexec cat "$3/config.json"\n', { mode: 0o755 })
    configure(reader)
    const bundle = join(work, "fifo")
    mkdirSync(bundle)
    mustRun("mkfifo", [join(bundle, "config.json")])
    try {
      const script = `(cat ${join(makeBundle(plain), "config.json")} >${bundle}/config.json || echo broken >&2) & exec "$1" create --bundle ${bundle} x`
      const ran = run("timeout", ["20", "bash", "-c", script, "bash", wrapper], {
        env: { ...process.env, XDG_CONFIG_HOME: settings },
      })
      expect(ran).toEqual({ status: 0, stdout: plain, stderr: "" })
    } finally {
      configure(witness)
    }
  })

  test("a specification too large to be edited is refused only when it asks for a GPU", () => {
    const padded = (spec: string): string => spec.replace("{", `{"pad":"${"x".repeat(9 * 1024 * 1024)}",`)
    const [asking, other] = [makeBundle(padded(gpu)), makeBundle(padded(plain))]
    expect(start(`exec "$1" create --bundle ${other} x`).status).toBe(0)
    const ran = start(`exec "$1" create --bundle ${asking} x`)
    expect([ran.status, ran.stderr]).toEqual([1, expect.stringMatching(/^[^\n]*is larger than[^\n]*\n$/)])
  })

  test("a bundle whose name is no text is refused in one line when it asks for a GPU, and else passed on", () => {
    const script = (spec: string): string =>
      `d=$'${work}/odd\\xff'; mkdir -p "$d/rootfs"; cp ${spec} "$d/config.json"; exec "$1" create --bundle "$d" x`
    expect(start(script(join(makeBundle(plain), "config.json"))).status).toBe(0)
    const ran = start(script(join(makeBundle(), "config.json")))
    expect([ran.status, ran.stderr]).toEqual([1, expect.stringMatching(/^[^\n]*no UTF-8[^\n]*\n$/)])
    expect(start(`cd $'${work}/odd\\xff' && exec "$1" create x`).status).toBe(1)
  })

  describe("when the program does not answer", () => {
    /** A launcher with another program beside it. */
    function launcherWith(script: string): string {
      const directory = join(work, `beside${count++}`)
      mkdirSync(directory)
      mustRun("cp", [join(wrapper, "../../gantry-launcher"), join(directory, "nvidia-container-runtime")])
      writeFileSync(join(directory, "gantry"), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
      return join(directory, "nvidia-container-runtime")
    }
    const call = (script: string, before = "") =>
      run("bash", ["-c", `${before} exec "$0" create x`, launcherWith(script)], {
        env: { XDG_CONFIG_HOME: settings },
      })

    test.each([
      ["killed", "kill -9 $$", 137, /^gantry: [^\n]*: it was killed \[GAN3052\]: [^\n]+\n$/],
      ["crashed", "kill -SEGV $$", 139, /^gantry: [^\n]*: it died \[GAN3052\]: [^\n]+\n$/],
      ["gone without a word", "exit 0", 1, /^gantry: [^\n]*: it died \[GAN3052\]: [^\n]+\n$/],
      ["failing", "echo why >&2; exit 7", 7, /^why\n$/],
      ["cut off in its verdict", "printf 'own\\0/bin/true\\0' >&4; exit 3", 3, /^$/],
      ["talking nonsense", "printf 'exec\\0/bin/true\\09999999\\0.\\0' >&4; exit 3", 3, /^$/],
      ["endless", "exec yes >&4", 141, /^gantry: [^\n]*: it died \[GAN3052\]: [^\n]+\n$/],
    ])("%s: a status and at most one line", (_, script, status, line) => {
      const ran = call(script)
      expect([ran.status, ran.stdout]).toEqual([status, ""])
      expect(ran.stderr).toMatch(line)
    })

    test("it is told how its own children ended, whatever the caller ignores", () => {
      const launcher = launcherWith("")
      // No shell: that would see to its own signals.
      const program = "#!/usr/bin/env -S grep -hs ^SigIgn /proc/self/status\n"
      writeFileSync(join(launcher, "../gantry"), program)
      const ran = run("bash", ["-c", `trap '' CHLD USR1; exec "${launcher}" create x`])
      const ignored = Number.parseInt(ran.stdout.replace("SigIgn:", "").trim(), 16)
      const [usr1, chld] = [10, 17].map((signal) => (ignored >> (signal - 1)) & 1)
      expect([usr1, chld]).toEqual([1, 0])
    })

    test("killed, and SIGCHLD is ignored", () => {
      expect(call("kill -9 $$", "trap '' CHLD;")).toMatchObject({
        status: 1,
        stderr: expect.stringContaining("ended without an answer"),
      })
    })

    test("the program does not outlive a launcher that is killed, whatever the caller ignores", async () => {
      const mark = join(work, "outlived")
      const program = launcherWith(`echo started; sleep 1; touch ${mark}`)
      const child = Bun.spawn(["bash", "-c", `trap '' TERM; exec ${program} create x`], {
        env: { PATH: "/usr/bin:/bin", XDG_CONFIG_HOME: settings },
        stdout: "pipe",
        stderr: "ignore",
      })
      await child.stdout.getReader().read()
      child.kill("SIGKILL")
      await child.exited
      await Bun.sleep(1500)
      expect(existsSync(mark)).toBe(false)
    })

    test("it has nothing of the caller's but its standard streams", () => {
      const ran = run(
        "bash",
        [
          "-c",
          'exec 7</dev/null 8</dev/null; exec "$0" create x',
          launcherWith(
            "ls /proc/self/fd | tr '\\n' ' '; env | cut -d= -f1 | sort | tr '\\n' ' '; pwd; exit 1",
          ),
        ],
        { env: { XDG_CONFIG_HOME: settings, SECRET: "x" } },
      )
      expect(ran.stdout).toMatch(/^0 1 2 3 4 5 /)
      expect(ran.stdout).not.toContain("7 8")
      expect(ran.stdout).not.toContain("SECRET")
      expect(ran.stdout).toEndWith("/\n")
    })
  })

  test("what the launcher knows counts only while the build that wrote it is there", () => {
    const installed = join(work, "installed")
    mkdirSync(installed)
    const place = join(import.meta.dir, "../../../dist")
    const bundle = makeBundle(plain)
    const script = [
      "mount -t tmpfs -o mode=755 none /run",
      `mount -t tmpfs none ${installed}`,
      `cp ${place}/gantry ${installed}/gantry && cp ${place}/gantry-launcher ${installed}/nvidia-container-runtime`,
      `${installed}/nvidia-container-runtime --version >/dev/null`,
      "test -e /run/gantry/launcher && echo written",
      `${installed}/nvidia-container-runtime create --bundle ${bundle} x 2>&1 | grep -c . `,
      `printf '#!/bin/sh\\necho asked; exit 1' >${installed}/new && chmod 755 ${installed}/new`,
      `mv ${installed}/new ${installed}/gantry`,
      `${installed}/nvidia-container-runtime create --bundle ${bundle} x`,
    ].join("\n")
    const ran = run("unshare", ["--mount", "sh", "-c", script], { env: process.env })
    expect(ran.stdout.split("\n").at(0)).toBe("written")
    expect(ran.stdout).toContain("asked\n")
  })
})
