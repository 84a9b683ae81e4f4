import { beforeAll, describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { temporaryDirectory } from "../../temporary-directory.ts"

const root = resolve(import.meta.dir, "../../..")
const directory = temporaryDirectory("cdi")

function gantry(...args: readonly string[]) {
  const ran = Bun.spawnSync([process.execPath, join(root, "src/main.ts"), ...args])
  return { exit: ran.exitCode, stdout: ran.stdout.toString(), stderr: ran.stderr.toString() }
}
const cdi = (...args: readonly string[]) => gantry("cdi", ...args)

const page = readFileSync(join(root, "docs/cdi.md"), "utf8")
const withPlace = (text: string): string => text.replaceAll("DIR/", `${directory}/`)
const withoutPlace = (text: string): string => text.replaceAll(`${directory}/`, "DIR/")

/** A file is the block of YAML or JSON behind the last name in quotes; a run is a block of sh, its output the block of text behind it. */
const files = [...page.matchAll(/`DIR\/([^`]+)`:\n\n```(?:yaml|json)\n([\s\S]*?)```/g)]
for (const [, name = "", text = ""] of files) {
  mkdirSync(join(directory, name, ".."), { recursive: true })
  writeFileSync(join(directory, name), text)
}
const runs = [
  ...page.matchAll(
    /```sh\n(?:gantry simulate up .*\n)?(?:gantry )?(cdi|nvidia-ctk) (.*)\n```\n\n```text\n([\s\S]*?)```/g,
  ),
]
const machines = [...page.matchAll(/^gantry simulate up (.*)$/gm)].map(([, args = ""]) => args)
for (const args of machines) gantry("simulate", "up", ...withPlace(args).split(" "))

describe("the page on CDI", () => {
  test("has files and runs", () => {
    expect(files.length).toBe(8)
    expect(runs.length).toBe(23)
  })

  test.each(runs.map(([, program = "", words = "", output = ""]) => [program, words, output] as const))(
    "gantry %s %s",
    (program, words, output) => {
      // Columns grow with the paths in them.
      const narrow = (text: string): string => text.replaceAll(/ {2,}/g, "  ")
      const { exit, stdout, stderr } = gantry(program, ...withPlace(words).split(" "))
      const shown = narrow(withoutPlace(stdout + stderr)).replaceAll(/time="[^"]+"/g, 'time="…"')
      expect(shown).toBe(narrow(output))
      expect(exit).toBe(/^(?!warning: ).*\[GAN/m.test(output) ? 1 : 0)
    },
  )
})

describe("gantry cdi verify", () => {
  const machine = join(directory, "machine")
  const spec = `cdiVersion: 0.5.0
kind: nvidia.com/gpu
devices: [{name: "0", containerEdits: {deviceNodes: [{path: /dev/nvidia0}]}}]
`
  const control = ["nvidiactl", "nvidia-modeset", "nvidia-uvm", "nvidia-uvm-tools"]
  /** What every container gets of this machine, of the driver no more than what programs open by name. */
  const edits = (...more: readonly string[]): string => {
    const names = ["cuda", "nvidia-ml", "nvidia-ptxjitcompiler", "nvidia-nvvm", "nvidia-gpucomp"]
    const paths = names.map((name) => `/usr/lib/x86_64-linux-gnu/lib${name}.so.550.163.01`)
    const mounts = paths.map((path) => `{hostPath: ${path}, containerPath: ${path}, options: [ro, bind]}`)
    const env = "[PATH=/usr/bin:/bin]"
    const ldcache = `{hookName: createContainer, path: /bin/sh, args: [x, update-ldcache, --folder, /usr/lib/x86_64-linux-gnu], env: ${env}}`
    return `containerEdits:
  deviceNodes: [${control.map((name) => `{path: /dev/${name}}`).join(", ")}]
  mounts: [${[...mounts, ...more].join(", ")}]
  hooks: [${ldcache}]
`
  }
  const file = join(machine, "etc/cdi/nvidia.yaml")
  const verify = (...args: readonly string[]) => cdi("verify", "--host", machine, ...args)

  test("root is known everywhere, and an image that is not there is wrong usage", () => {
    expect(verify("--user", "root").exit).toBe(0)
    const lost = verify("--image-root", "/nowhere")
    expect(lost.exit).toBe(2)
    expect(lost.stderr).toContain('--image-root is not a directory: cannot read "/nowhere"')
  })

  test("a sound specification, as text and as JSON", () => {
    mkdirSync(join(machine, "etc/cdi"), { recursive: true })
    mkdirSync(join(machine, "bin"), { recursive: true })
    writeFileSync(join(machine, "bin/sh"), "a program", { mode: 0o755 })
    writeFileSync(file, spec + edits())
    expect(verify()).toEqual({
      exit: 0,
      stdout: `1 CDI device in 1 file, on ${machine}, driver 550.163.01, as root, for no engine that is known\n`,
      stderr: "",
    })
    const { exit, stdout } = verify("--json", "--engine", "cri-o@1.31", "--user", "1000:44,1000")
    expect(exit).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      version: 1,
      isSound: true,
      host: { kind: "simulated", name: machine },
      driver: "550.163.01",
      user: { uid: 1000, gids: [44, 1000] },
      engines: [{ engine: "crio", version: "1.31", program: null, highest: "0.8.0" }],
      files: [
        {
          file: "/etc/cdi/nvidia.yaml",
          kind: "nvidia.com/gpu",
          cdiVersion: "0.5.0",
          minimumVersion: "0.5.0",
          devices: ["0"],
          warnings: [],
        },
      ],
      fixed: [],
      rejected: [],
      findings: [],
    })
  })

  test("a release that is named is that of the machine's engine, whose configuration counts; its others count too", () => {
    const engine = (name: string) => join(machine, "usr/bin", name)
    writeFileSync(engine("dockerd"), "a Go program", { mode: 0o755 })
    writeFileSync(engine("podman"), "a Go program", { mode: 0o755 })
    mkdirSync(join(machine, "etc/docker"), { recursive: true })
    writeFileSync(join(machine, "etc/docker/daemon.json"), '{"features":{"cdi":false}}')
    const told = (...args: readonly string[]) =>
      [...verify(...args).stdout.matchAll(/^(\w+: \w+|\w+: [^ ]+).*\[(GAN\d+)\]/gm)].map(([, , code]) => code)
    expect(told()).toEqual(["GAN4129", "GAN4126", "GAN4126"])
    expect(told("--engine", "docker@27.5.1")).toEqual(["GAN4129", "GAN4126"])
    expect(told("--engine", "docker@27.5.1", "--engine", "podman@5.4")).toEqual(["GAN4129"])
    for (const path of [engine("dockerd"), engine("podman"), join(machine, "etc/docker/daemon.json")])
      rmSync(path)
  })

  test("a file that is named twice is one, and in conflict with nobody; a copy is another", () => {
    const named = join(directory, "named/nvidia.yaml")
    mkdirSync(join(directory, "named"))
    symlinkSync("named", join(directory, "named-too"))
    writeFileSync(named, spec + edits())
    const others = [`${directory}/named/./nvidia.yaml`, `${directory}/named-too/nvidia.yaml`, named]
    const { stdout } = verify(named, ...others, "--engine", "docker@28.2,podman@4.3.1")
    expect(stdout).toStartWith("1 CDI device in 1 file, ")
    expect(stdout).toContain("for docker 28.2, podman 4.3.1\n")
    expect(stdout).not.toContain("[GAN4042]")
    const link = join(directory, "named/link.yaml")
    symlinkSync("nvidia.yaml", link)
    const twice = verify(named, link)
    expect([twice.exit, twice.stdout.includes("[GAN4042]")]).toEqual([1, true])
  })

  test("a recording of the machine is judged as the machine", () => {
    writeFileSync(file, spec.replace("path: /dev/nvidia0", "path: /dev/nvidia7") + edits())
    const recording = join(directory, "machine.json")
    expect(gantry("host", "record", "--host", machine, "-o", recording).exit).toBe(0)
    const live = verify("--json")
    const replayed = cdi("verify", "--json", "--host", recording)
    expect([live.exit, replayed.exit]).toEqual([1, 1])
    const findings = JSON.parse(live.stdout).findings
    expect(findings.map(({ code }: { readonly code: string }) => code)).toEqual([
      "GAN4131",
      "GAN4132",
      "GAN4050",
    ])
    expect(JSON.parse(replayed.stdout).findings).toEqual(findings)
    for (const named of [[], [join(directory, "run/vendor.yaml")]]) {
      const fixing = cdi("verify", "--fix", "--host", recording, ...named)
      expect([fixing.exit, fixing.stdout]).toEqual([2, ""])
      expect(fixing.stderr).toContain("--fix changes files, and a recording has none")
    }
  })

  test("an argument that is no UTF-8 would be another file: refused", () => {
    const calls = [
      'cdi validate "$(printf "a\\351.yaml")"',
      'cdi generate --output "$(printf "a\\351.yaml")"',
      'nvidia-ctk cdi generate --output="$(printf "a\\351.yaml")"',
    ]
    for (const call of calls) {
      const command = `exec "$0" "$1" ${call}`
      const ran = Bun.spawnSync(["sh", "-c", command, process.execPath, join(root, "src/main.ts")], {
        cwd: directory,
      })
      expect([ran.exitCode === 0, ran.stdout.toString()]).toEqual([false, ""])
      expect(ran.stderr.toString()).toContain("is no UTF-8")
    }
  })

  test("an image's own files, links within the image", () => {
    const image = join(directory, "image")
    mkdirSync(join(image, "usr/lib"), { recursive: true })
    writeFileSync(join(image, "usr/lib/libx.so"), "x")
    symlinkSync("/usr/lib", join(image, "lib"))
    const more = "{hostPath: /usr/bin/nvidia-smi, containerPath: /lib/libx.so, options: [ro, bind]}"
    writeFileSync(file, spec + edits(more))
    expect(verify("--image-root", image).stdout.split("\n")[1]).toMatch(
      /^note: \/etc\/cdi\/nvidia\.yaml:6:\d+: "\/lib\/libx\.so" hides a file \(1 byte\) of the image \[GAN4140\]/,
    )
    expect(verify("--image-root", "/nowhere").stderr).toContain("/nowhere")
  })

  test("the user is a number with its groups, or a name of the machine's, which may end in a number", () => {
    writeFileSync(join(machine, "etc/passwd"), "root:x:0:0::/:\nci1000:x:1234:5:ci:/:/bin/sh\n")
    writeFileSync(join(machine, "etc/group"), "video:x:44:other,ci1000\n")
    const users = [
      ["1000", { uid: 1000, gids: [] }],
      ["4294967294:44,4294967294", { uid: 4294967294, gids: [44, 4294967294] }],
      ["ci1000", { uid: 1234, gids: [5, 44] }],
    ] as const
    for (const [said, user] of users)
      expect(JSON.parse(verify("--json", "--user", said).stdout).user).toEqual(user)
  })

  test.each<[flag: string, value: string]>([
    ["/etc/cdi/nvidia.yaml", "--spec-dir=/etc/cdi"],
    ["--engine", "podman"],
    ["--engine", "rkt@1.0"],
    ["--user", "nobody-of-this-machine"],
    ["--user", "1:x"],
    ["--user", "4294967295"],
    ["--user", "0:4294967295"],
    ["--spec-dir", "relative"],
    ["--bogus", "x"],
  ])("wrong usage: %p %p", (flag, value) => {
    const { exit, stderr } = verify(flag, value)
    expect(exit).toBe(2)
    expect(stderr).toContain("gantry cdi verify")
  })
})

describe("gantry cdi inject", () => {
  const config = join(directory, "bundle/config.json")
  const text = '{"process":{"env":["A=1"]} ,"big":18446744073709551615,"x":{"\\u00e9":1,"a":1,"a":2}}\n'
  mkdirSync(join(directory, "bundle"))
  const inject = (...args: readonly string[]) =>
    cdi("inject", "--spec-dir", `${directory}/run`, "--bundle", join(directory, "bundle"), ...args)
  const read = (path: string): string => readFileSync(path, "latin1")

  test("in place: no other byte is changed, nor mode and owner", () => {
    writeFileSync(config, Buffer.from(text.replace("A=1", "A=\xff"), "latin1"), { mode: 0o640 })
    expect(inject("vendor.com/gpu=all")).toEqual({
      exit: 0,
      stdout: `vendor.com/gpu=all from ${directory}/run/vendor.yaml\n${config}: changed\n`,
      stderr: "",
    })
    expect(read(config)).toBe(text.replace('"A=1"', '"A=\xff","VENDOR=1","ALL=1"'))
    expect(statSync(config).mode & 0o777).toBe(0o640)
  })

  test("printed: no other byte is changed", () => {
    const ran = Bun.spawnSync([
      ...[process.execPath, join(root, "src/main.ts"), "cdi", "inject", "vendor.com/gpu=all"],
      ...["--spec-dir", `${directory}/run`, "--config", config, "-o", "-"],
    ])
    expect([ran.exitCode, ran.stdout.toString("latin1")]).toEqual([0, read(config)])
    expect(read(config)).toContain("\xff")
  })

  test("nothing to change is nothing written", () => {
    const before = statSync(config, { bigint: true })
    expect(inject("vendor.com/gpu=all").stdout).toEndWith(": has all of it already\n")
    const after = statSync(config, { bigint: true })
    expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs])
  })

  test("of two at once each has its edits in the file", async () => {
    mkdirSync(join(directory, "two"))
    const names = ["a", "b", "c", "d"]
    const devices = names.map((name) => ({ name, containerEdits: { env: [`${name}=1`] } }))
    const spec = { cdiVersion: "0.5.0", kind: "vendor.com/two", devices }
    writeFileSync(join(directory, "two/two.json"), JSON.stringify(spec))
    const file = join(directory, "two-config.json")
    writeFileSync(file, '{"process":{"env":[]}}')
    // By whichever of its names.
    const outputs = [[], ["-o", `${directory}/./two-config.json`], ["-o", file], []]
    const ends = names.map(
      (name, index) =>
        Bun.spawn([
          ...[process.execPath, join(root, "src/main.ts"), "cdi", "inject", `vendor.com/two=${name}`],
          ...["--spec-dir", join(directory, "two"), "--config", file, ...(outputs[index] ?? [])],
        ]).exited,
    )
    expect(await Promise.all(ends)).toEqual([0, 0, 0, 0])
    expect(JSON.parse(readFileSync(file, "utf8")).process.env.sort()).toEqual(["a=1", "b=1", "c=1", "d=1"])
  })

  test("beside it, and dry: the file stays", () => {
    writeFileSync(config, text)
    const output = join(directory, "made.json")
    const dry = inject("vendor.com/gpu=all", "--dry-run", "-o", output)
    expect(dry.stdout).toContain("env VENDOR=1\nenv ALL=1\n")
    expect(dry.stdout).toEndWith(`${output}: would be changed\n`)
    expect(existsSync(output)).toBe(false)
    const made = JSON.parse(inject("vendor.com/gpu=all", "--json", "-o", output).stdout)
    expect(made).toMatchObject({ version: 1, config, output, isChanged: true, isDryRun: false })
    expect(read(config)).toBe(text)
    expect(read(output)).toBe(text.replace('"A=1"', '"A=1","VENDOR=1","ALL=1"'))
  })

  test("numbers of nodes are the machine's, which may be another one", () => {
    const machine = join(directory, "machine")
    const spec = join(machine, "opt/cdi/x.yaml")
    mkdirSync(join(spec, ".."), { recursive: true })
    writeFileSync(
      spec,
      `cdiVersion: 0.5.0
kind: vendor.com/gpu
devices:
  - name: x
    containerEdits:
      deviceNodes: [{path: /dev/x, hostPath: /dev/nvidia0}]
      hooks: [{hookName: poststop, path: /h}]
`,
    )
    const args = ["--host", machine, "--spec-dir", "/opt/cdi", "--bundle", join(directory, "bundle")]
    const { stdout } = cdi("inject", "vendor.com/gpu=x", ...args, "-o", "-")
    expect(JSON.parse(stdout)).toMatchObject({
      linux: {
        devices: [{ path: "/dev/x", type: "c", major: 195, minor: 0, fileMode: 0o666 }],
        resources: { devices: [{ allow: true, type: "c", major: 195, minor: 0, access: "rwm" }] },
      },
      hooks: { poststop: [{ path: "/h", env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"] }] },
    })
    expect(cdi("inject", "vendor.com/gpu=x", ...args).stdout).toContain(
      "the hook /h has no env and gets PATH=",
    )
  })

  test("all or nothing: an unknown device, a missing node and a broken file leave the file as it is", () => {
    writeFileSync(config, text)
    for (const [name, code] of [
      ["vendor.com/gpu=1", "GAN4043"],
      ["vendor.com/gpu=0", "GAN4050"],
    ] as const) {
      const { exit, stderr } = inject("vendor.com/gpu=all", name)
      expect(exit).toBe(1)
      expect(stderr).toContain(code)
    }
    expect(read(config)).toBe(text)
    writeFileSync(config, "{")
    expect(inject("vendor.com/gpu=all").exit).toBe(1)
    expect(read(config)).toBe("{")
    rmSync(config)
    expect(inject("vendor.com/gpu=all").stderr).toContain("ENOENT")
    expect(existsSync(config)).toBe(false)
  })

  test.each([
    [["inject"]],
    [["inject", "a/b=c"]],
    [["inject", "a/b=c", "--config", "x", "--bundle", "y"]],
    [["inject", "a/b=c", "--config", ""]],
    [["inject", "a/b=c", "--config", "x", "-o", ""]],
    [["inject", "a/b=c", "--config", "x", "-o", "-", "--json"]],
    [["transform"]],
    [["transform", "root"]],
    [["transform", "root", "x"]],
    [["transform", "leaf", "x", "--from", "/", "--to", "/a"]],
    [["transform", "root", "x", "--from", "a", "--to", "/a"]],
    [["transform", "root", "x", "--from", "/", "--to", "/a", "--relative-to", "both"]],
    [["transform", "root", "x", "--from", "/", "--to", "/a", "--format", "xml"]],
    [["transform", "root", "x", "--from", "/", "--to", "/a", "--json"]],
    [["transform", "root", "x", "--from", "/", "--to", "/a", "-o", ""]],
    [["transform", "root", "x", "--from", "/", "--to", "/a", "-o", "a.json", "--format", "yaml"]],
    [["transform", "root", "x", "--from", "/", "--to", "/a", "-o", "a.yaml", "--format", "json"]],
    [["watch", "--output", ""]],
  ])("wrong usage: %p", (args) => {
    expect(cdi(...args).exit).toBe(2)
  })
})

describe("gantry cdi watch", () => {
  test("a configuration that is named is read before it is needed", () => {
    const output = join(directory, "watched/nvidia.yaml")
    const watch = (config: string) =>
      cdi("watch", "--once", "--host", join(directory, "machine"), "-o", output, "--config", config)
    expect(watch("/nowhere")).toMatchObject({ exit: 1, stderr: expect.stringContaining("[GAN1230]") })
    const config = join(directory, "config.toml")
    writeFileSync(config, "[nvidia-container-cli")
    expect(watch(config)).toMatchObject({ exit: 1, stderr: expect.stringContaining("[GAN1100]") })
    expect(existsSync(output)).toBe(false)
    writeFileSync(config, "[nvidia-container-cli]\nload-kmods = false\n")
    expect(watch(config).exit).toBe(0)
    expect(existsSync(output)).toBe(true)
  })
})

describe("gantry cdi transform root", () => {
  test("to a file, in the format of its name; for containers; never in too low a version", () => {
    const file = join(directory, "low.yaml")
    writeFileSync(
      file,
      "cdiVersion: 0.3.0\nkind: v.com/card\ndevices: [{name: x, containerEdits: {deviceNodes: [{path: /dev/a}]}}]\n",
    )
    const output = join(directory, "moved.json")
    const args = ["--from", "/dev", "--to", "/opt/dev", "--relative-to", "container"]
    expect(cdi("transform", "root", file, ...args, "-o", output)).toEqual({ exit: 0, stdout: "", stderr: "" })
    expect(readFileSync(output, "utf8")).toBe(
      '{"cdiVersion":"0.5.0","kind":"v.com/card","devices":[{"name":"x","containerEdits":{"deviceNodes":[{"path":"/opt/dev/a","hostPath":"/dev/a"}]}}]}\n',
    )
    expect(cdi("transform", "root", file, "--from", "/x", "--to", "/y").stdout).toContain("cdiVersion: 0.3.0")
    expect(cdi("transform", "root", "/nowhere", "--from", "/x", "--to", "/y").exit).toBe(1)
  })
})

const both = ["--spec-dir", `${directory}/etc`, "--spec-dir", `${directory}/run`]

describe("gantry cdi", () => {
  test("list as JSON", () => {
    const { exit, stdout } = cdi("list", "--json", ...both)
    expect(exit).toBe(0)
    expect(JSON.parse(withoutPlace(stdout))).toMatchObject({
      version: 1,
      devices: [
        {
          name: "vendor.com/gpu=0",
          vendor: "vendor.com",
          class: "gpu",
          device: "0",
          file: "DIR/run/vendor.yaml",
          hidden: ["DIR/etc/old.yaml"],
        },
        { name: "vendor.com/gpu=all", file: "DIR/run/vendor.yaml", hidden: [] },
      ],
      conflicts: [],
      files: [
        { file: "DIR/etc/old.yaml", minimumVersion: "0.5.0" },
        { file: "DIR/run/vendor.yaml", cdiVersion: "0.7.0", devices: ["0", "all"], warnings: [] },
      ],
      rejected: [],
      findings: [],
    })
  })

  test("inspect and resolve as JSON", () => {
    const inspected = JSON.parse(withoutPlace(cdi("inspect", "vendor.com/gpu=0", "--json", ...both).stdout))
    expect(inspected).toMatchObject({
      version: 1,
      devices: [
        {
          name: "vendor.com/gpu=0",
          file: "DIR/run/vendor.yaml",
          line: 6,
          column: 5,
          containerEdits: { deviceNodes: [{ path: "/dev/vendor0", major: 195 }], additionalGids: [44] },
          specContainerEdits: { env: ["VENDOR=1"] },
        },
      ],
    })
    const resolved = JSON.parse(cdi("resolve", "vendor.com/gpu=all", "--json", ...both).stdout)
    expect(resolved.containerEdits).toEqual({ env: ["VENDOR=1", "ALL=1"] })
  })

  test("a conflict and a refused file are told by list, and fail validate", () => {
    const rival = join(directory, "rival")
    mkdirSync(rival)
    const old = readFileSync(join(directory, "etc/old.yaml"))
    writeFileSync(join(rival, "a.yaml"), old)
    writeFileSync(join(rival, "b.yaml"), old)
    writeFileSync(join(rival, "c.json"), "{}")
    const { exit, stdout } = cdi("list", "--spec-dir", rival)
    expect(exit).toBe(0)
    expect(withoutPlace(stdout).split("\n")[2]).toBe(
      'error: conflicting device "vendor.com/gpu=0" (specs "DIR/rival/a.yaml", "DIR/rival/b.yaml") [GAN4042]: no engine injects it until one of them is left in each directory: remove DIR/rival/b.yaml',
    )
    expect(stdout).toContain("invalid spec, no devices [GAN4015]")
    const validated = cdi("validate", "--json", "--spec-dir", rival)
    expect(validated.exit).toBe(1)
    expect(JSON.parse(validated.stdout)).toMatchObject({ version: 1, isFaultless: false })
    expect(cdi("validate", "--spec-dir", `${directory}/run`).exit).toBe(0)
    expect(cdi("validate", `${directory}/etc/old.yaml`).stdout).toContain("valid, vendor.com/gpu, 1 device, ")
  })

  describe("a bad file in the way of a device that a lower directory has too", () => {
    const [low, high] = [join(directory, "low"), join(directory, "high")]
    const config = join(directory, "told.json")
    // The last wins.
    const where = ["--spec-dir", low, "--spec-dir", high]
    const spec = (key: string, value: string) =>
      `cdiVersion: 0.5.0\n${key}: v.com/told\ndevices: [{name: a, containerEdits: {env: [A=${value}]}}]\n`
    beforeAll(() => {
      for (const place of [low, high]) mkdirSync(place)
      writeFileSync(join(low, "v.yaml"), spec("kind", "stale"))
      writeFileSync(join(high, "v.yaml"), spec("knid", "new"))
      writeFileSync(config, "{}")
      // What changed just now is not remembered.
      Bun.sleepSync(20)
    })

    test.each<[action: string, more: readonly string[]]>([
      ["resolve", []],
      ["inspect", []],
      ["inject", ["--config", config, "-o", "-"]],
      ["inject", ["--config", config, "--dry-run"]],
    ])("%s %p tells of it, also where devices are remembered", (action, more) => {
      for (const _ of ["from files", "remembered"]) {
        const { exit, stdout, stderr } = cdi(action, "v.com/told=a", ...where, ...more)
        expect(withoutPlace(stderr)).toBe(
          'warning: DIR/high/v.yaml:2:1: unknown field "knid" [GAN4004]: remove the field: engines refuse the whole file for it\n',
        )
        expect([exit, stdout.includes("A=stale")]).toEqual([0, true])
      }
    })

    test.each<[action: string, more: readonly string[]]>([
      ["resolve", []],
      ["inspect", []],
      ["inject", ["--config", config, "--dry-run"]],
    ])("%s %p as JSON, and a directory that is not there", (action, more) => {
      for (const _ of ["from files", "remembered"]) {
        const args = ["v.com/told=a", ...where, "--spec-dir", "/nowhere", ...more, "--json"]
        const { exit, stdout, stderr } = cdi(action, ...args)
        expect([exit, stderr]).toEqual([0, ""])
        const fault = { code: "GAN4004", tag: "CdiFieldUnknown" }
        expect(JSON.parse(withoutPlace(stdout))).toMatchObject({
          rejected: [{ file: "DIR/high/v.yaml", faults: [fault] }],
          untold: 0,
          findings: [{ severity: "warning", code: "GAN2001" }],
        })
      }
    })

    test("an injection that fails tells of it too, and one of which nobody can be told is done", () => {
      const failing = ["v.com/told=a", ...where, "--config", "/nowhere.json"]
      for (const args of [failing, [...failing, "--json"]]) {
        const { exit, stderr } = cdi("inject", ...args)
        expect([exit, stderr.includes("[GAN4004]"), stderr.includes("[GAN2001]")]).toEqual([1, true, true])
      }
      const command = 'exec "$0" "$1" cdi resolve v.com/told=a --spec-dir "$2" --spec-dir "$3" 2>/dev/full'
      const ran = Bun.spawnSync(["sh", "-c", command, process.execPath, join(root, "src/main.ts"), low, high])
      expect([ran.exitCode, ran.stdout.toString().includes("A=stale")]).toEqual([0, true])
    })
  })

  test("a machine without specifications has none, which is no failure", () => {
    const empty = join(directory, "empty")
    mkdirSync(empty)
    expect(cdi("list", "--spec-dir", empty)).toEqual({
      exit: 0,
      stdout: "0 CDI devices in 0 files\n",
      stderr: "",
    })
    expect(cdi("validate", "--spec-dir", empty)).toEqual({
      exit: 0,
      stdout: "no CDI specifications\n",
      stderr: "",
    })
    expect(cdi("resolve", "a/b=c", "--spec-dir", "/nowhere").stderr).toContain(
      "there is no CDI specification",
    )
  })

  test.each([["list"], ["validate"], ["verify"]])(
    "%s tells of a directory that was named and is not there, which to engines is none",
    (action) => {
      const { exit, stdout } = cdi(action, "--spec-dir", "/nowhere")
      expect(exit).toBe(0)
      expect(stdout).toContain('warning: cannot read "/nowhere": readdir: ENOENT [GAN2001]')
    },
  )

  test.each<[action: string, more: readonly string[]]>([
    ["resolve", []],
    ["inspect", []],
    ["inject", ["--config", join(directory, "config.json"), "--dry-run"]],
  ])("%s tells of it too where a device is nobody's: that is the likeliest reason", (action, more) => {
    const { exit, stdout, stderr } = cdi(action, "v.com/none=0", ...more, "--spec-dir", "/nowhere/cdi")
    expect([exit, stdout]).toEqual([1, ""])
    expect(stderr.split("\n")).toEqual([
      expect.stringMatching(/^warning: cannot read "\/nowhere\/cdi": readdir: ENOENT \[GAN2001\]/),
      expect.stringMatching(/^unresolvable CDI devices v.com\/none=0: there is no CDI specification/),
      "",
    ])
  })

  test("of the usual directories one that is not there is nothing, and no word is lost on it", () => {
    const machine = join(directory, "usual")
    expect(gantry("simulate", "up", machine, "--gpus", "1", "--no-nvml").exit).toBe(0)
    mkdirSync(join(machine, "etc/cdi"), { recursive: true })
    const spec = "cdiVersion: 0.5.0\nkind: v.com/usual\ndevices: [{name: a, containerEdits: {env: [A=1]}}]\n"
    writeFileSync(join(machine, "etc/cdi/v.yaml"), spec)
    const config = join(directory, "usual.json")
    writeFileSync(config, "{}")
    for (const words of [
      ["list"],
      ["resolve", "v.com/usual=a"],
      ["inspect", "v.com/usual=a"],
      ["inject", "v.com/usual=a", "--config", config, "--dry-run"],
    ]) {
      const { exit, stdout, stderr } = cdi(...words, "--host", machine)
      expect([exit, stderr, stdout.includes("/etc/cdi/v.yaml")]).toEqual([0, "", true])
      expect(stdout).not.toContain("/var/run/cdi")
    }
  })

  test("files that are not there and files that are the same", () => {
    expect(cdi("validate", "/nowhere.yaml").stdout).toStartWith(
      'error: /nowhere.yaml: failed to read CDI Spec: cannot read "/nowhere.yaml": open: ENOENT [GAN4041]',
    )
    const same = `${directory}/etc/old.yaml`
    expect(cdi("diff", same, same).stdout).toBe("no difference for containers\n")
    expect(
      JSON.parse(cdi("diff", same, `${directory}/run/vendor.yaml`, "--json").stdout).changes,
    ).toHaveLength(7)
    expect(cdi("diff", same, "/nowhere.yaml").exit).toBe(1)
  })

  test.each([
    [],
    ["list", "x"],
    ["inspect"],
    ["diff", "a"],
    ["diff", "a", "b", "--host", "live"],
    ["bogus"],
    ["list", "--bogus"],
    ["list", "--spec-dir", "relative"],
    ["validate", "a.yaml", "--spec-dir", "/etc/cdi"],
    ["validate", "a.yaml", "--host", "live"],
  ])("wrong usage: %p %p %p", (...args) => {
    const { exit, stderr } = cdi(...args)
    expect(exit).toBe(2)
    expect(stderr).toContain("gantry cdi")
  })
})
