import { describe, expect, test } from "bun:test"
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join, resolve } from "node:path"
import { temporaryDirectory } from "../../temporary-directory.ts"

const root = resolve(import.meta.dir, "../../..")
const directory = temporaryDirectory("ctk")

interface More {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  readonly host?: string
}

function ctk(args: readonly string[], { env = {}, stdin = "", host = "one-gpu" }: More = {}) {
  const machine = `--host=${join(root, "hosts", host, "machine.json")}`
  const ran = Bun.spawnSync([process.execPath, join(root, "src/main.ts"), "nvidia-ctk", machine, ...args], {
    env: { PATH: "/usr/bin", ...env },
    stdin: Buffer.from(stdin),
  })
  return { exit: ran.exitCode, stdout: ran.stdout.toString(), stderr: ran.stderr.toString() }
}

/** What the one line of an error says; undefined: it is no line of a log. */
function errorIn(stderr: string): string | undefined {
  const [, message] = /^time="[^"]+" level=error msg=(".*")\n$/.exec(stderr) ?? []
  return message === undefined ? undefined : (JSON.parse(message) as string)
}

describe("nvidia-ctk cdi generate", () => {
  test("prints a specification, and its version as the reference logs it", () => {
    const { exit, stdout, stderr } = ctk(["cdi", "generate"])
    expect(exit).toBe(0)
    expect(stdout).toStartWith("---\ncdiVersion: 0.7.0\nkind: nvidia.com/gpu\n")
    expect(stderr).toMatch(
      /^time="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ" level=info msg="Generated CDI spec with version 0\.7\.0"\n$/,
    )
  })

  test("directories that it makes are open, whatever the caller masks", () => {
    const file = join(directory, "masked/cdi/nvidia.yaml")
    const before = process.umask(0o077)
    expect(ctk(["cdi", "generate", `--output=${file}`]).exit).toBe(0)
    process.umask(before)
    for (const place of ["masked", "masked/cdi"])
      expect(statSync(join(directory, place)).mode & 0o777).toBe(0o755)
  })

  test("a hook program that this machine lacks is told of, and one that it has is not", () => {
    const machine = join(directory, "machine")
    Bun.spawnSync([process.execPath, join(root, "src/main.ts"), "simulate", "up", machine, "--no-nvml"])
    const told = (program: string): string =>
      ctk([`--host=${machine}`, "cdi", "generate", `--nvidia-cdi-hook-path=${program}`]).stderr
    expect(told("/nowhere/nvidia-cdi-hook")).toContain(
      'level=warning msg="the hooks of the CDI specification call',
    )
    expect(told("/nowhere/nvidia-cdi-hook")).toContain("[GAN4064]")
    expect(told("/nowhere/nvidia-cdi-hook")).toContain("gantry install --prefix DIR")
    // Nothing of ours puts somebody's own program there.
    expect(told("/nowhere/site-hook")).not.toContain("gantry install")
    expect(told("/nowhere/site-hook")).toContain("put the program there")
    expect(told("/bin/sh")).not.toContain("level=warning")
  })

  test.each([
    [["cdi"]],
    [["cdi", "--help"]],
    [["cdi", "transform"]],
    [["cdi", "transform", "-h"]],
    [["cdi", "help"]],
    [["cdi", "--quiet", "-h"]],
    [["cdi", "generate", "help"]],
    [["cdi", "list", "h"]],
  ])("%p is help, not wrong usage", (words) => {
    expect(ctk(words)).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining("usage: nvidia-ctk cdi"),
      stderr: "",
    })
  })

  test("help names each flag, its other names and its variable", () => {
    const { stdout } = ctk(["cdi", "generate", "--help"])
    expect(stdout).toMatch(
      /--device-id, --device-ids, --device, --devices VALUE,… +NVIDIA_CTK_CDI_GENERATE_DEVICE_IDS\n/,
    )
    expect(stdout).toMatch(/--no-all-device +NVIDIA_CTK_CDI_GENERATE_NO_ALL_DEVICE\n/)
    expect(stdout).toMatch(/--debug, -d +NVIDIA_CTK_DEBUG\n/)
  })

  test("global flags stand before a command, between its words or behind it", () => {
    for (const args of [
      ["--quiet", "cdi", "generate"],
      ["cdi", "--quiet", "generate"],
      ["cdi", "generate", "--quiet", "-d"],
      ["--debug=false", "cdi", "--config", "/nowhere", "generate", "--quiet=true"],
    ])
      expect(ctk(args)).toMatchObject({ exit: 0, stderr: "" })
    expect(ctk(["cdi", "list", "--quiet", "--spec-dir=/nowhere"])).toMatchObject({ exit: 0, stderr: "" })
    const config = join(directory, "config.toml")
    writeFileSync(config, '[nvidia-container-cli]\nroot = "/nowhere"\n')
    for (const args of [
      ["--config", config, "cdi", "generate"],
      ["cdi", "generate", `--config=${config}`],
    ])
      expect(ctk(args)).toMatchObject({ exit: 1, stderr: expect.stringContaining("/nowhere") })
  })

  test.each([
    [["-c", "/nowhere", "cdi", "list"], "-c"],
    [["--output=x", "cdi", "generate"], "-output"],
    [["cdi", "-c", "/nowhere", "list"], "-c"],
    [["cdi", "--output=x", "generate"], "-output"],
    [["cdi", "--unknown"], "-unknown"],
    [["--unknown"], "-unknown"],
    [["-x", "hook", "noop"], "-x"],
  ])("%p has a flag in front that no command shares: wrong usage, and no unknown command", (args, flag) => {
    const { exit, stdout, stderr } = ctk(args)
    expect([exit, stdout]).toEqual([1, ""])
    expect(errorIn(stderr)).toContain(`flag provided but not defined: ${flag} [GAN1001]`)
  })

  test.each([
    [["--", "cdi", "generate"]],
    [["cdi", "--", "generate"]],
    [["--debug", "--", "cdi", "--quiet", "--", "generate"]],
  ])("%p: two dashes in front of a command end no flags of its own", (args) =>
    expect(ctk([...args, "--format=json"]).stdout).toStartWith("{"),
  )

  test("what is no command ends otherwise", () => {
    for (const args of [["nothing"], ["cdi", "nothing"], ["--quiet", "cdi", "--debug", "nothing"]])
      expect(ctk(args)).toMatchObject({ exit: 3, stdout: "" })
  })

  test("blanks around a flag are none of it, and a mode of one device takes any", () => {
    expect(ctk(["cdi", "generate", "--mode=nvml ", "\t--format=json\n"]).stdout).toStartWith("{")
    expect(ctk(["cdi", "generate", "--mode=management", "--device-id="])).toMatchObject({ exit: 0 })
  })

  test.each([
    [["--output=a.YAML"], "a.YAML.yaml"],
    [["--output=a.JSON"], "a.JSON.json"],
    [["--format=json", "--output=a.YAML"], "a.YAML.json"],
    [["--format=yaml", "--output=a.JSON"], "a.JSON.yaml"],
    [["--format=json", "--output=a.yaml"], "a.yaml"],
  ])("%p: the file is %s", (flags, name) => {
    const place = mkdtempSync(join(directory, "ending-"))
    const { exit } = ctk(["cdi", "generate", ...flags.map((flag) => flag.replace("a.", `${place}/a.`))])
    expect(exit).toBe(0)
    expect(readdirSync(place)).toEqual([name])
    expect(readFileSync(join(place, name), "utf8").startsWith("{")).toBe(name.endsWith(".json"))
  })

  test("--version says which program this is", () => {
    for (const flag of ["--version", "-v"])
      expect(ctk([flag])).toMatchObject({
        exit: 0,
        stdout: expect.stringMatching(/^NVIDIA Container Toolkit CLI version \S+ \(gantry\)\n$/),
      })
  })

  test("a switch takes Go's words alone, and an empty variable is none", () => {
    for (const word of ["T", "1", "True", ""])
      expect(ctk(["cdi", "generate", `--no-all-device=${word}`]).stdout).not.toContain("name: all")
    for (const word of ["f", "0", "FALSE"])
      expect(ctk(["cdi", "generate", `--no-all-device=${word}`]).stdout).toContain("name: all")
    const names = ["NO_ALL_DEVICE", "MODE", "VENDOR", "DEVICE_IDS"].map((name) => `CDI_GENERATE_${name}`)
    const env = Object.fromEntries([...names, "QUIET"].map((name) => [`NVIDIA_CTK_${name}`, ""]))
    expect(ctk(["cdi", "generate"], { env }).stdout).toBe(ctk(["cdi", "generate"]).stdout)
    const wrong = ctk(["cdi", "generate"], { env: { NVIDIA_CTK_CDI_GENERATE_NO_ALL_DEVICE: "yes" } })
    expect(wrong).toMatchObject({ exit: 1, stdout: "" })
    expect(errorIn(wrong.stderr)).toContain(
      'could not parse "yes" as bool value from environment variable "NVIDIA_CTK_CDI_GENERATE_NO_ALL_DEVICE"',
    )
  })

  test("what is named twice is given once, and a device may be named as in all of Gantry", () => {
    const plain = ctk(["cdi", "generate", "--device-id=0", "--device-name-strategy=index"])
    for (const device of ["0,0", "0, 0", "a100", "GPU-db"])
      expect(
        ctk(["cdi", "generate", `--device-id=${device}`, "--device-name-strategy=index,index"]),
      ).toMatchObject({ exit: 0, stdout: plain.stdout })
  })

  test("a variable speaks where the flag does not; lists have commas in both", () => {
    const byVariable = ctk(["cdi", "generate"], {
      env: {
        NVIDIA_CTK_CDI_GENERATE_DEVICE_NAME_STRATEGIES: "type-index,index",
        NVIDIA_CTK_CDI_GENERATE_CLASS: "other",
        NVIDIA_CTK_CDI_GENERATE_OUTPUT_FORMAT: "json",
        NVIDIA_CTK_CDI_GENERATE_NO_ALL_DEVICE: "true",
        NVIDIA_CTK_CDI_GENERATE_DISABLED_HOOKS: "all",
      },
    })
    const spec = JSON.parse(byVariable.stdout)
    expect(spec.kind).toBe("nvidia.com/other")
    expect(spec.devices.map(({ name }: { readonly name: string }) => name)).toEqual(["0", "gpu0"])
    expect(byVariable.stdout).not.toContain('"hooks"')
    const byFlag = ctk(["cdi", "generate", "--class=mine", "--format", "json"], {
      env: { NVIDIA_CTK_CDI_GENERATE_CLASS: "other" },
    })
    expect(JSON.parse(byFlag.stdout).kind).toBe("nvidia.com/mine")
  })

  test("a file gets the ending's form, mode 0644 and its directories; an old file's mode does not stay", () => {
    const file = join(directory, "new/cdi/nvidia.json")
    expect(ctk(["cdi", "generate", `--output=${file}`]).exit).toBe(0)
    expect(JSON.parse(readFileSync(file, "utf8")).kind).toBe("nvidia.com/gpu")
    const closed = join(directory, "closed.yaml")
    writeFileSync(closed, "old", { mode: 0o600 })
    expect(ctk(["cdi", "generate", "--output", closed]).exit).toBe(0)
    expect(statSync(closed).mode & 0o777).toBe(0o644)
    expect(ctk(["cdi", "generate", `--output=${join(directory, "plain")}`]).exit).toBe(0)
    expect(existsSync(join(directory, "plain.yaml"))).toBe(true)
  })

  test("a file's ending counts before a form that is named beside it, and that is told of", () => {
    const file = join(directory, "ending/gpu.json")
    const { exit, stderr } = ctk(["cdi", "generate", `--output=${file}`, "--format=yaml"])
    expect(exit).toBe(0)
    expect(stderr).toContain("level=warning")
    expect(JSON.parse(readFileSync(file, "utf8")).kind).toBe("nvidia.com/gpu")
  })

  test("classes of coherence are files beside", () => {
    const file = join(directory, "split/gpu.yaml")
    const { exit } = ctk(
      ["cdi", "generate", "--output", file, "--feature-flag=enable-coherent-annotations"],
      { host: "gb200" },
    )
    expect(exit).toBe(0)
    expect(readFileSync(join(directory, "split/gpu.coherent.yaml"), "utf8")).toContain(
      "kind: nvidia.com/gpu.coherent\n",
    )
    expect(existsSync(join(directory, "split/gpu.noncoherent.yaml"))).toBe(false)
  })

  test("a way of naming that is named twice gives each device its names once", () => {
    const { exit, stdout } = ctk(["cdi", "generate", "--device-name-strategy=index,index", "--format=json"])
    expect(exit).toBe(0)
    expect(JSON.parse(stdout).devices.map(({ name }: { readonly name: string }) => name)).toEqual([
      "0",
      "all",
    ])
  })

  test("a driver root and places to search are clean paths, however they are written", () => {
    const plain = ctk(["cdi", "generate"]).stdout
    for (const flag of ["--driver-root=//", "--driver-root=/usr/..", "--library-search-path="])
      expect(ctk(["cdi", "generate", flag]).stdout).toBe(plain)
  })

  test("an empty place to search for configuration files has none", () =>
    expect(ctk(["cdi", "generate", "--config-search-path="]).stdout).not.toContain(".json"))

  test("a place to search for libraries keeps no board from a specification", () => {
    const flag = "--library-search-path=/usr/lib/aarch64-linux-gnu/tegra"
    expect(ctk(["cdi", "generate", flag], { host: "orin" }).exit).toBe(0)
  })

  test("what is no GPU is in no class of coherence", () => {
    for (const mode of ["management", "imex"]) {
      const args = ["cdi", "generate", `--mode=${mode}`]
      const split = ctk([...args, "--feature-flag=enable-coherent-annotations"], { host: "gb200" })
      expect(split.exit).toBe(0)
      expect(split.stdout).toBe(ctk(args, { host: "gb200" }).stdout)
    }
  })

  test("no specification is without a device, and a board's devices may be apart from its files", () => {
    const nameless = ctk(["cdi", "generate", "--device-name-strategy=uuid"], { host: "orin" })
    expect(nameless).toMatchObject({ exit: 1, stdout: "" })
    expect(nameless.stderr).toContain("no device has a name by uuid [GAN4065]")
    const lists = "/etc/nvidia-container-runtime/host-files-for-container.d"
    const apart = ctk(["cdi", "generate", "--mode=csv", `--csv.file=${lists}/devices.csv`], { host: "orin" })
    expect(apart.exit).toBe(0)
    expect(apart.stdout).toContain("path: /dev/nvmap")
    expect(apart.stdout).not.toContain("tegra/libcuda")
    const files = ctk(["cdi", "generate", `--csv.file=${lists}/drivers.csv`], { host: "orin" })
    expect(files.exit).toBe(0)
    expect(files.stdout).not.toContain("path: /dev/")
    expect(files.stdout).toContain("tegra/libcuda")
    const nothing = ctk(["cdi", "generate", "--csv.file=/nowhere.csv"], { host: "orin" })
    expect(nothing.exit).toBe(1)
    expect(nothing.stderr).toContain("everything that the board's lists")
    const unread = /level=warning msg="cannot \w+ \\"\/nowhere\.csv\\": .*\[GAN2001\]/
    expect(nothing.stderr).toMatch(unread)
    const beside = ctk(["cdi", "generate", `--csv.file=${lists}/devices.csv,/nowhere.csv`, "--mode=csv"], {
      host: "orin",
    })
    expect(beside.exit).toBe(0)
    expect(beside.stderr).toMatch(unread)
    // Where lists say nothing nobody misses them.
    expect(ctk(["cdi", "generate", "--csv.file=/nowhere.csv"]).stderr).not.toContain("nowhere")
  })

  test("--quiet, or its variable, leaves nothing but errors", () => {
    expect(ctk(["--quiet", "cdi", "generate"]).stderr).toBe("")
    expect(ctk(["cdi", "generate"], { env: { NVIDIA_CTK_QUIET: "true" } }).stderr).toBe("")
    expect(ctk(["--quiet", "cdi", "generate", "--mode=gds"]).stderr).toContain("GAN4060")
  })

  test("another file of the directory with the same devices is told of", () => {
    mkdirSync(join(directory, "two"))
    ctk(["cdi", "generate", "--output", join(directory, "two/a.yaml")])
    const { exit, stderr } = ctk(["cdi", "generate", "--output", join(directory, "two/b.json")])
    expect(exit).toBe(0)
    expect(stderr).toContain("GAN4042")
  })

  test.each([
    [["cdi", "generate", "--mode=gds"], "GAN4060"],
    [["cdi", "generate", "--device-id=7"], "GAN2104"],
    [["cdi", "generate", "--enable-hook=all"], "enabling all hooks is not supported"],
    [["cdi", "generate", "--vendor=1"], "invalid CDI vendor name"],
    [["cdi", "generate", "--vendor=v"], "invalid CDI vendor name"],
    [["cdi", "generate", "--class=x"], "engines with CDI 1.1.0 and older crash on it"],
    [["cdi", "generate", "--mode=none"], "invalid discovery mode: none"],
    [["cdi", "generate", "--format=xml"], "invalid output format: xml"],
    [["cdi", "generate", "--device-name-strategy=pci"], "invalid device name strategy: pci"],
    [["cdi", "generate", "--output=/proc/none/x.yaml"], "GAN4061"],
    [["cdi", "generate", "--device-id=0,"], "GAN2104"],
    [["cdi", "generate", "--driver-root=run/driver"], "the driver root is not absolute: run/driver"],
    [["cdi", "generate", "--dev-root=run/driver"], "the dev root is not absolute: run/driver"],
    [["cdi", "generate", "--library-search-path=/usr/lib/x86_64-linux-gnu/vdpau"], "GAN2103"],
    [["cdi", "generate", "word"], "unexpected"],
    [["cdi", "generate", "--no-all-device", "false"], 'unexpected "false"'],
    [["cdi", "generate", "--no-all-device=maybe"], 'invalid value "maybe" for flag -no-all-device'],
    [["cdi", "generate", "--device-id="], 'identifier is not a valid UUID or index: ""'],
    [["--frobnicate", "cdi", "generate"], "flag provided but not defined: -frobnicate"],
    [["cdi", "generate", "--device-id", "0 ", "--mode", "nvml "], "invalid discovery mode: nvml "],
    [["cdi", "transform", "root", "--relative-to=moon"], "invalid --relative-to value: moon"],
    [["cdi", "transform", "root", "--input=/none"], "GAN4041"],
  ])("%j ends with 1 and says %s", (args, text) => {
    const { exit, stdout, stderr } = ctk(args)
    expect(exit).toBe(1)
    expect(stdout).toBe("")
    expect(errorIn(stderr)).toContain(text)
  })
})

test("a driver root of config.toml that is not absolute is refused, and one of the command line takes its place", () => {
  const config = join(directory, "relative.toml")
  writeFileSync(config, '[nvidia-container-cli]\nroot = "run/driver"\n')
  const refused = ctk(["--config", config, "cdi", "generate"])
  expect(refused.exit).toBe(1)
  expect(refused.stdout).toBe("")
  expect(errorIn(refused.stderr)).toContain("the driver root of config.toml is not absolute: run/driver")
  expect(ctk(["--config", config, "cdi", "generate", "--driver-root=/"]).exit).toBe(0)
})

test.each([
  ["root = 5", "nvidia-container-cli.root is an integer, not a string [GAN1101]"],
  ["root = ", "[GAN1100]"],
])(
  "a driver root of config.toml that makes no sense, %s, is passed over as in the reference, and told of",
  (line, text) => {
    const config = join(directory, "senseless.toml")
    writeFileSync(config, `[nvidia-container-cli]\n${line}\n`)
    const { exit, stdout, stderr } = ctk(["--config", config, "cdi", "generate"])
    expect([exit, stdout]).toEqual([0, ctk(["cdi", "generate", "--driver-root=/"]).stdout])
    expect(stderr).toContain("level=warning")
    expect(stderr).toContain(text)
  },
)

test.each([
  [["foo"], 3],
  [["cdi", "foo"], 3],
  [["cdi", "transform", "foo"], 3],
  [[], 0],
  [["cdi", "generate", "--", "foo"], 0],
])("nvidia-ctk %j ends as the reference does, with %d", (args, status) => {
  const { exit, stdout, stderr } = ctk(args)
  expect(exit).toBe(status)
  expect(stdout === "").toBe(status === 3)
  expect(stderr.trim().split("\n")).toHaveLength(1)
})

test("all and none together are all devices, and no device of all", () => {
  const { exit, stdout } = ctk(["cdi", "generate", "--device-id=all,none", "--device-name-strategy=index"])
  expect(exit).toBe(0)
  expect(stdout.match(/^ {4}- name: .*$/gm)).toEqual(['    - name: "0"'])
})

test("only the endings that engines read choose the form", () => {
  const file = join(directory, "named.yml")
  expect(ctk(["cdi", "generate", `--output=${file}`, "--format=json"]).exit).toBe(0)
  expect(readFileSync(`${file}.json`, "utf8")).toStartWith('{"cdiVersion"')
})

test("a link in the place of the file gives way, and what it leads to stays", () => {
  const [link, other] = [join(directory, "link.yaml"), join(directory, "other.conf")]
  writeFileSync(other, "own\n", { mode: 0o600 })
  symlinkSync(other, link)
  expect(ctk(["cdi", "generate", `--output=${link}`]).exit).toBe(0)
  expect(readFileSync(other, "utf8")).toBe("own\n")
  expect(lstatSync(link).isSymbolicLink()).toBe(false)
  expect(statSync(link).mode & 0o777).toBe(0o644)
})

test("the driver's root is read of a configuration whose other values are wrong", () => {
  const config = join(directory, "config.toml")
  writeFileSync(config, 'disable-require = "x"\n[nvidia-container-cli]\nroot = "/run/nvidia/driver"\n')
  const { exit, stdout } = ctk([`--config=${config}`, "cdi", "generate", "--dev-root=/"], {
    host: "driver-container",
  })
  expect(exit).toBe(0)
  expect(stdout).toContain("hostPath: /run/nvidia/driver/usr/lib")
})

test("nvidia-ctk cdi list: names on standard output, how many on standard error, also beside a bad file", () => {
  const place = join(directory, "list")
  ctk(["cdi", "generate", "--output", join(place, "a.yaml"), "--device-name-strategy=index"])
  writeFileSync(join(place, "bad.yaml"), "[")
  const ran = Bun.spawnSync(
    [process.execPath, join(root, "src/main.ts"), "nvidia-ctk", "cdi", "list", `--spec-dir=${place}`],
    { env: { PATH: "/usr/bin" } },
  )
  expect(ran.exitCode).toBe(0)
  expect(ran.stdout.toString()).toBe("nvidia.com/gpu=0\nnvidia.com/gpu=all\n")
  expect(ran.stderr.toString()).toContain('level=info msg="Found 2 CDI devices"')
  expect(ran.stderr.toString()).toContain("bad.yaml")
})

test("nvidia-ctk cdi transform root: paths move, and the version rises where the new form needs it", () => {
  const input =
    "cdiVersion: 0.3.0\nkind: a.b/c\ndevices:\n- name: d\n  containerEdits:\n    deviceNodes:\n    - path: /dev/d\n"
  const { exit, stdout } = ctk(["cdi", "transform", "root", "--from=/", "--to=/host"], { stdin: input })
  expect(exit).toBe(0)
  expect(stdout).toContain("hostPath: /host/dev/d")
  expect(stdout).toContain("cdiVersion: 0.5.0")
  const unversioned = ctk(["cdi", "transform", "root", "--from=/", "--to=/"], {
    stdin: input.replace("cdiVersion: 0.3.0\n", ""),
  })
  expect(unversioned.exit).toBe(0)
  expect(unversioned.stdout).toContain("cdiVersion: 0.3.0")
  const mount = input.replace(
    "deviceNodes:\n    - path: /dev/d",
    "mounts: [{hostPath: /d, containerPath: /d}]",
  )
  const refused = ctk(["cdi", "transform", "root", "--from=/d", "--to="], { stdin: mount })
  expect(refused).toMatchObject({ exit: 1, stdout: "" })
  expect(refused.stderr).toContain("invalid mount, empty host path")
})
