import { beforeAll, describe, expect, test } from "bun:test"
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join, resolve } from "node:path"
import { mapEdits } from "../../../src/core/cdi/edits/map-edits.ts"
import { parseSpec } from "../../../src/core/cdi/read/parse-spec.ts"
import { renderSpec } from "../../../src/core/cdi/render-spec.ts"
import { encodeUtf8 } from "../../../src/core/text/utf8.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const root = resolve(import.meta.dir, "../../..")
const work = temporaryDirectory("cdi-fix")

function gantry(...args: readonly string[]) {
  const ran = Bun.spawnSync([process.execPath, join(root, "src/main.ts"), ...args])
  return { exit: ran.exitCode, stdout: ran.stdout.toString(), stderr: ran.stderr.toString() }
}

const machine = join(work, "machine")
const recording = join(work, "machine.json")
const file = join(machine, "etc/cdi/nvidia.yaml")
const verify = (...args: readonly string[]) => gantry("cdi", "verify", "--host", machine, ...args)
/** As on the machine itself, not as a directory's engine would find it. */
const generated = (...args: readonly string[]): string =>
  gantry("cdi", "generate", "--host", recording, "--hook-path", "/usr/bin/nvidia-cdi-hook", ...args).stdout
const stale = (text: string): string => text.replaceAll("550.163.01", "535.54.03")

beforeAll(() => {
  gantry("simulate", "up", machine, "--gpus", "2", "--no-nvml")
  mkdirSync(join(machine, "etc/cdi"), { recursive: true })
  writeFileSync(join(machine, "usr/bin/nvidia-cdi-hook"), "a program", { mode: 0o755 })
  gantry("host", "record", "--host", machine, "-o", recording)
})

describe("a generated specification and its machine", () => {
  test.each([[[]], [["--hooks", "separate", "--name", "uuid"]]])(
    "%p: verify finds nothing, diff no difference",
    (style) => {
      writeFileSync(file, generated(...style))
      expect(verify()).toMatchObject({ exit: 0 })
      expect(verify().stdout.split("\n")).toHaveLength(2)
      expect(gantry("cdi", "diff", file, "machine", "--host", machine).stdout).toBe(
        "no difference for containers\n",
      )
    },
  )

  test("diff tells what the machine would have instead", () => {
    writeFileSync(file, generated().replaceAll("/dev/nvidia1\n", "/dev/nvidia7\n"))
    const { stdout } = gantry("cdi", "diff", file, "machine", "--host", machine)
    expect(stdout).toContain('- device 1 deviceNodes {"path":"/dev/nvidia7"')
    expect(stdout).toContain('+ device 1 deviceNodes {"path":"/dev/nvidia1"')
    expect(gantry("cdi", "diff", file, "machine", "--host", "/nowhere").exit).toBe(1)
  })

  test("diff compares nobody's file with NVIDIA's GPUs, and a file of a kind of its author's own if it is of them", () => {
    const other = join(work, "nic.yaml")
    writeFileSync(
      other,
      'cdiVersion: 0.5.0\nkind: v.com/nic\ndevices: [{name: "0", containerEdits: {env: [A=1]}}]\n',
    )
    const { exit, stdout, stderr } = gantry("cdi", "diff", other, "machine", "--host", machine)
    expect([exit, stdout, stderr]).toEqual([
      2,
      "",
      expect.stringContaining('nothing would be generated in the place of a file of kind "v.com/nic"'),
    ])
    writeFileSync(other, generated().replace("kind: nvidia.com/gpu", "kind: v.com/gpu"))
    expect(gantry("cdi", "diff", other, "machine", "--host", machine).stdout).toBe(
      "no difference for containers\n",
    )
    rmSync(other)
  })
})

describe("a specification that was generated of a simulated machine, for an engine of this one", () => {
  const other = join(work, "placed")
  const placed = join(other, "etc/cdi/nvidia.yaml")
  const onOther = (...args: readonly string[]) => gantry("cdi", ...args, "--host", other)
  const hook = ["--hook-path", "/bin/sh"]

  test("its machine finds nothing wrong with it, where it lies and where it is named; diff neither", () => {
    gantry("simulate", "up", other, "--gpus", "2", "--no-nvml")
    expect(onOther("generate", "--output", placed, ...hook).exit).toBe(0)
    expect(readFileSync(placed, "utf8")).toContain(`hostPath: ${other}/dev/nvidia0`)
    for (const named of [[], [placed]]) {
      const { exit, stdout } = onOther("verify", ...named)
      expect(stdout.split("\n")).toHaveLength(2)
      expect(exit).toBe(0)
    }
    expect(onOther("diff", placed, "machine").stdout).toBe("no difference for containers\n")
  })

  test("is in the version that the machine's engines parse", () => {
    const status = join(other, "var/lib/dpkg/status")
    mkdirSync(join(other, "var/lib/dpkg"), { recursive: true })
    writeFileSync(status, "Package: podman\nStatus: install ok installed\nVersion: 4.3.1+ds1-8\n\n")
    writeFileSync(join(other, "usr/bin/podman"), "a Go program", { mode: 0o755 })
    const { exit, stdout } = onOther("generate", "--output", placed, ...hook)
    expect([exit, stdout]).toEqual([0, expect.stringContaining("cdiVersion 0.5.0, for podman 4.3.1")])
    expect(onOther("verify")).toMatchObject({ exit: 0 })
  })

  test("links on the machine's way to its files are no difference", () => {
    const linked = join(work, "linked")
    gantry("simulate", "up", linked, "--from", join(root, "hosts/a100/listing.txt"), "--no-nvml")
    const made = join(work, "linked.yaml")
    expect(gantry("cdi", "generate", "--host", linked, "--output", made, ...hook).exit).toBe(0)
    expect(readFileSync(made, "utf8")).toContain(`${linked}/usr/lib/firmware/`)
    expect(gantry("cdi", "diff", made, "machine", "--host", linked).stdout).toBe(
      "no difference for containers\n",
    )
  })

  test("inject finds its nodes on the machine", () => {
    const config = join(work, "config.json")
    writeFileSync(config, "{}")
    const { exit, stdout } = onOther("inject", "nvidia.com/gpu=0", "--config", config, "-o", "-")
    expect(exit).toBe(0)
    expect(JSON.parse(stdout).linux.devices).toContainEqual(
      expect.objectContaining({ path: "/dev/nvidia0", type: "c", major: 195, minor: 0 }),
    )
  })

  test("--fix makes it anew as it was", () => {
    const whole = readFileSync(placed, "utf8")
    writeFileSync(placed, stale(whole).replaceAll("path: /bin/sh", "path: /nowhere/gantry"))
    expect(onOther("verify").stdout).toContain("[GAN4104]")
    // Run from source there is no program of ours; what the file names is kept.
    expect(onOther("verify", "--fix").stdout).toContain("[GAN4110]")
    expect(readFileSync(placed, "utf8")).toBe(whole.replaceAll("path: /bin/sh", "path: /nowhere/gantry"))
  })
})

describe("gantry cdi verify --fix", () => {
  test("makes a stale file anew in its own style, and keeps what it was", () => {
    const style = ["--hooks", "separate", "--name", "index", "--numbers"]
    const before = stale(generated(...style))
    writeFileSync(file, before)
    chmodSync(file, 0o600)
    expect(verify().exit).toBe(1)
    const { exit, stdout } = verify("--fix")
    expect(stdout.split("\n")[0]).toBe(
      "/etc/cdi/nvidia.yaml: made anew, and what it was is kept in /etc/cdi/nvidia.yaml.previous",
    )
    expect(exit).toBe(0)
    expect(readFileSync(file, "utf8")).toBe(generated(...style))
    expect(readFileSync(`${file}.previous`, "utf8")).toBe(before)
    // Who could not read it before reads no more of it now.
    expect([file, `${file}.previous`].map((path) => statSync(path).mode & 0o777)).toEqual([0o644, 0o600])
  })

  test("where what it was cannot be kept, the file stays as it is", () => {
    const before = stale(generated())
    writeFileSync(file, before)
    rmSync(`${file}.previous`, { force: true })
    mkdirSync(`${file}.previous`)
    const { exit, stdout } = verify("--fix")
    expect([exit, readFileSync(file, "utf8")]).toEqual([1, before])
    expect(stdout).toContain(`${file}.previous`)
    expect(stdout).toContain("[GAN4061]")
    rmSync(`${file}.previous`, { recursive: true })
  })

  test("says which devices came and went: a GPU may have been left out on purpose", () => {
    const one = generated("--device", "0", "--name", "index", "--without-all")
    writeFileSync(file, stale(one).replace('- name: "0"', '- name: "7"'))
    expect(verify("--fix").stdout).toStartWith(
      "/etc/cdi/nvidia.yaml: made anew, gives 0 1, no longer gives 7, and what it was is kept in",
    )
  })

  test("what keeps a file from being made anew is told once", () => {
    const troubled = join(work, "troubled")
    gantry("simulate", "up", troubled, "--gpus", "1", "--no-nvml", "--defect", "stale-uvm-major")
    const named = join(work, "troubled.yaml")
    writeFileSync(named, stale(generated()))
    const { exit, stdout } = gantry("cdi", "verify", named, "--host", troubled, "--fix")
    expect(exit).toBe(1)
    expect(stdout.match(/GAN2113/g)).toHaveLength(1)
  })

  test("a named file keeps its name, whatever its ending, and no other comes beside it", () => {
    const directory = join(work, "named")
    mkdirSync(directory)
    const named = join(directory, "spec.yml")
    writeFileSync(named, stale(generated()))
    expect(gantry("cdi", "verify", named, "--host", machine, "--fix")).toMatchObject({ exit: 0 })
    expect(readFileSync(named, "utf8")).toBe(generated())
    expect(readdirSync(directory).sort()).toEqual(["spec.yml", "spec.yml.previous"])
  })

  test("hooks that were switched off stay so", () => {
    const off = ["--disable-hook", "enable-cuda-compat,disable-device-node-modification"]
    writeFileSync(file, stale(generated(...off)))
    expect(verify("--fix")).toMatchObject({ exit: 0 })
    expect(readFileSync(file, "utf8")).toBe(generated(...off))
    rmSync(`${file}.previous`, { force: true })
  })

  test("what is right stays as it is", () => {
    const before = statSync(file, { bigint: true })
    expect(verify("--fix")).toMatchObject({ exit: 0 })
    expect(statSync(file, { bigint: true }).mtimeNs).toBe(before.mtimeNs)
    expect(existsSync(`${file}.previous`)).toBe(false)
  })

  test("in the version that the engines parse", () => {
    writeFileSync(file, generated("--name", "type-index"))
    expect(verify("--engine", "podman@4.3.1").stdout).toContain("[GAN4124]")
    const { exit, stdout } = verify("--fix", "--json", "--engine", "podman@4.3.1")
    const told = JSON.parse(stdout)
    expect([exit, told.isSound]).toEqual([0, true])
    expect(told.fixed).toEqual([
      { file: "/etc/cdi/nvidia.yaml", previous: "/etc/cdi/nvidia.yaml.previous", added: [], removed: [] },
    ])
    expect(told.files[0].cdiVersion).toBe("0.3.0")
  })

  test("a file with its author's own content is left alone", () => {
    const own = stale(generated()).replace(
      "containerEdits:\n    env:\n",
      "containerEdits:\n    env:\n        - MODELS=/opt\n",
    )
    expect(own).toContain("MODELS")
    writeFileSync(file, own)
    const { exit, stdout } = verify("--fix")
    expect(exit).toBe(1)
    expect(stdout).toContain("/etc/cdi/nvidia.yaml is not made anew: the variable MODELS in it")
    expect(stdout).toContain("[GAN4128]")
    expect(readFileSync(file, "utf8")).toBe(own)
  })

  test("a device that is only called like a GPU's UUID is its author's own, and its file is left alone", () => {
    const own = stale(generated()).replace('- name: "0"', "- name: GPU-left")
    expect(own).toContain("GPU-left")
    writeFileSync(file, own)
    expect(verify("--fix").stdout).toContain(
      '/etc/cdi/nvidia.yaml is not made anew: a device "GPU-left" in it',
    )
    expect(readFileSync(file, "utf8")).toBe(own)
  })

  test("a hand-written file of a kind of its own is left alone, also with the driver's nodes; one of NVIDIA's kinds is made anew", () => {
    const byHand = (kind: string): string =>
      JSON.stringify({
        cdiVersion: "0.5.0",
        kind,
        devices: [{ name: "0", containerEdits: { deviceNodes: [{ path: "/dev/nvidia7" }] } }],
      })
    const own = join(machine, "etc/cdi/acme.json")
    for (const [kind, isKept] of [
      ["acme.com/gpu", true],
      ["gpus.nvidia.com/gpu", false],
    ] as const) {
      writeFileSync(own, byHand(kind))
      verify("--fix")
      expect(readFileSync(own, "utf8") === byHand(kind)).toBe(isKept)
    }
    rmSync(own)
    rmSync(`${own}.previous`)
  })

  test("a sound file is left alone and not told of, whatever in it is its author's, where another is made anew", () => {
    const own = join(machine, "etc/cdi/own.json")
    const spec = JSON.parse(generated("--format", "json", "--kind", "own.nvidia.com/gpu"))
    const before = JSON.stringify({
      ...spec,
      cdiVersion: "0.7.0",
      annotations: { "own.example/note": "kept" },
    })
    writeFileSync(own, before)
    writeFileSync(file, stale(generated()))
    const { exit, stdout } = verify("--fix")
    expect([exit, stdout]).toEqual([0, expect.not.stringContaining("GAN4128")])
    expect(stdout).toContain("/etc/cdi/nvidia.yaml: made anew")
    expect(readFileSync(own, "utf8")).toBe(before)
    rmSync(own)
  })

  test("what engines crash on is an error, though the rules allow it", () => {
    const other = join(work, "one-letter.yaml")
    writeFileSync(
      other,
      "cdiVersion: 0.5.0\nkind: v.com/x\ndevices: [{name: a, containerEdits: {env: [A=1]}}]\n",
    )
    const { exit, stdout } = verify(other)
    expect([exit, stdout]).toEqual([1, expect.stringContaining("\nerror: ")])
    expect(stdout).toContain(
      'the name "x" has one letter [GAN4030]: engines with CDI 1.1.0 and older crash on it',
    )
    rmSync(other)
  })

  test.each([
    ["permissions that only a newer one knows", "docker@28.2", "docker@28.2"],
    ["permissions that only a newer one knows", "containerd@2.4.0", "runc, by what comes of them"],
    ["a field in another case", "containerd@2.4.0", "containerd@2.4.0"],
    ["a field in another case", "docker@28.2", undefined],
    ["a field in another case", "containerd@2.3.1", undefined],
  ])("for %s it counts who refuses, of %s: %s", (what, engine, refusing) => {
    const other = join(work, "refused.yaml")
    const text =
      "cdiVersion: 0.7.0\nkind: v.com/gpu\ndevices: [{name: a, containerEdits: {deviceNodes: [NODE]}}]\n"
    const isNode = what.startsWith("permissions")
    const node = `{path: /dev/nvidiactl${isNode ? ", permissions: none" : ""}}`
    writeFileSync(other, text.replace("NODE", node).replace("kind", isNode ? "kind" : "Kind"))
    const findings = JSON.parse(verify(other, "--json", "--engine", engine).stdout).findings
    const told = findings.find(({ code }: { readonly code: string }) => code === "GAN4030")
    expect(told.severity).toBe(refusing === undefined ? "warning" : "error")
    rmSync(other)
  })

  test("another vendor's file is nobody's to make", () => {
    const other = join(machine, "etc/cdi/other.yaml")
    const text = `cdiVersion: 0.5.0\nkind: v.com/card\ndevices: [{name: x, containerEdits: {mounts: [{hostPath: /gone, containerPath: /x}]}}]\n`
    writeFileSync(other, text)
    writeFileSync(file, stale(generated()))
    const { exit, stdout } = verify("--fix")
    expect(exit).toBe(1)
    expect(stdout.match(/made anew/g)).toHaveLength(1)
    expect(stdout).toContain('/etc/cdi/other.yaml:3:58: cannot stat "/gone"')
    expect(readFileSync(other, "utf8")).toBe(text)
    rmSync(other)
  })

  test("a named file is made anew where it lies; a recording has none", () => {
    const named = join(work, "named.json")
    writeFileSync(named, stale(generated("--format", "json")))
    expect(verify("--fix", named)).toMatchObject({ exit: 0 })
    expect(readFileSync(named, "utf8")).toBe(generated("--format", "json"))
    writeFileSync(named, stale(generated("--format", "json")))
    const refused = gantry("cdi", "verify", "--fix", named, "--host", recording)
    expect(refused.exit).toBe(2)
    expect(refused.stderr).toContain("a recording has none")
  })

  test("a file with two names is made anew once, keeps what it was beside itself and its names", () => {
    const [real, link] = [join(work, "spec-v1"), join(work, "linked.json")]
    const old = stale(generated("--format", "json"))
    writeFileSync(real, old)
    symlinkSync("spec-v1", link)
    const { stdout } = verify("--fix", link, real)
    expect(stdout.match(/made anew/g)).toHaveLength(1)
    expect(stdout).toContain(`${real}.previous`)
    expect(readFileSync(`${real}.previous`, "utf8")).toBe(old)
    expect(readFileSync(real, "utf8")).toBe(generated("--format", "json"))
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(verify(link).exit).toBe(0)
  })

  /** What is told when a shell's command comes between the two steps of the command. */
  function fixAfter(command: string): string {
    const steps = `
      import { fixSpecs } from "${root}/src/commands/cdi/fix-cdi.ts"
      import { renderFaultLine } from "${root}/src/core/fault/render.ts"
      import { createSimulatedHost } from "${root}/src/host/simulated.ts"
      import { subjectOn } from "${root}/tests/core/diagnose/healthy-machine.ts"
      const judged = subjectOn(createSimulatedHost("${machine}"))
      Bun.spawnSync(["sh", "-c", ${JSON.stringify(command)}, "${file}"])
      const { fixed, faults } = fixSpecs(judged)
      console.log(["fixed " + fixed.length, ...faults.map(renderFaultLine)].join("\\n"))
    `
    const ran = Bun.spawnSync([process.execPath, "-e", steps], { timeout: 60_000 })
    expect([ran.exitCode, ran.stderr.toString()]).toEqual([0, ""])
    return ran.stdout.toString()
  }

  test.each([
    ["a FIFO", 'rm "$0" && mkfifo "$0"'],
    ["a directory", 'rm "$0" && mkdir "$0"'],
  ])(
    "%s that has taken the file's place since it was judged is told of, and nobody waits for it",
    (_, command) => {
      writeFileSync(file, stale(generated()))
      expect(fixAfter(command)).toBe(
        `fixed 0\n${file}: failed to write CDI spec: it is no longer a regular file [GAN4061]: look at who writes it, and run the command again\n`,
      )
      rmSync(file, { recursive: true })
    },
  )

  test("what somebody has written into the file since it was judged stays, and is told of", () => {
    writeFileSync(file, stale(generated()))
    const named = generated("--name", "uuid", "--without-all")
    writeFileSync(join(work, "meanwhile"), named)
    expect(fixAfter(`cp "${join(work, "meanwhile")}" "$0"`)).toMatch(
      /^fixed 0\n.*nvidia\.yaml: .* \[GAN4061\]/,
    )
    expect(readFileSync(file, "utf8")).toBe(named)
    writeFileSync(join(work, "meanwhile"), "no specification")
    writeFileSync(file, stale(generated()))
    expect(fixAfter(`cp "${join(work, "meanwhile")}" "$0"`)).toContain("[GAN4061]")
    expect(readFileSync(file, "utf8")).toBe("no specification")
  })

  test("one that somebody else has made anew since is not made again", () => {
    writeFileSync(join(work, "meanwhile"), generated())
    writeFileSync(file, stale(generated()))
    rmSync(`${file}.previous`, { force: true })
    expect(fixAfter(`cp "${join(work, "meanwhile")}" "$0"`)).toBe("fixed 0\n")
    expect(existsSync(`${file}.previous`)).toBe(false)
  })
})

describe("gantry cdi verify --fix of AMD's and Intel's files", () => {
  const mixed = join(work, "mixed")
  const at = (vendor: string): string => join(mixed, `etc/cdi/${vendor}.com-gpu.yaml`)
  const onMixed = (...args: readonly string[]) => gantry("cdi", ...args, "--host", mixed)
  const isAsMade = (vendor: string) => onMixed("diff", at(vendor), "machine").stdout
  /** What an earlier boot had, or an earlier cut, of the same machine. */
  const make = (...orders: readonly string[]): void => {
    rmSync(mixed, { recursive: true, force: true })
    expect(gantry("simulate", "up", mixed, "--no-nvml", ...orders).exit).toBe(0)
  }
  const older = (vendor: string, ...orders: readonly string[]): string => {
    make(...orders)
    return onMixed("generate", "--vendor", vendor).stdout
  }
  const put = (files: Readonly<Record<string, string>>): void => {
    mkdirSync(join(mixed, "etc/cdi"), { recursive: true })
    for (const [vendor, text] of Object.entries(files)) writeFileSync(at(vendor), text)
  }

  test("a GPU that is put in moves everybody's DRM nodes: their files are made anew, and what they were is kept", () => {
    const before = ["--gpus=1", "--amd=mi210", "--intel=flex170"]
    const [amd, intel] = [older("amd", ...before), older("intel", ...before)]
    make("--gpus=2", "--amd=mi210", "--intel=flex170")
    put({ amd, intel })
    expect(onMixed("verify").exit).toBe(1)
    const { exit, stdout } = onMixed("verify", "--fix")
    expect(exit).toBe(0)
    for (const [vendor, text] of [
      ["amd", amd],
      ["intel", intel],
    ] as const) {
      expect(stdout).toContain(`/etc/cdi/${vendor}.com-gpu.yaml: made anew, and what it was is kept in`)
      expect(readFileSync(`${at(vendor)}.previous`, "utf8")).toBe(text)
      expect(isAsMade(vendor)).toBe("no difference for containers\n")
    }
  })

  test("a GPU that is cut in another way has its parts, under the names that the file had", () => {
    const amd = older("amd", "--amd=mi300x:1:cpx")
    make("--amd=mi300x:1:spx")
    put({ amd })
    const { exit, stdout } = onMixed("verify", "--fix")
    expect(exit).toBe(0)
    expect(stdout).toContain("no longer gives 0000:05:00.0:0 ")
    expect(isAsMade("amd")).toBe("no difference for containers\n")
  })

  test("a file of parts alone gets the GPU that is whole now, not an empty file", () => {
    const amd = older("amd", "--amd=mi300x:1:dpx")
    const cut = amd.slice(0, amd.indexOf("    - name:"))
    const part = / {4}- name: 0000:05:00.0:1\n(?: {6}.*\n)*/.exec(amd)?.[0] ?? ""
    make("--amd=mi300x:1:spx")
    put({ amd: cut + part })
    expect(onMixed("verify").stdout).toContain(
      ":5:13: amd.com/gpu=0000:05:00.0:1: this machine has no amd.com/gpu of that name [GAN4130]",
    )
    expect(onMixed("verify", "--fix").exit).toBe(0)
    expect(readFileSync(at("amd"), "utf8")).toContain('- name: "0"\n')
  })

  /** As Intel's released generator writes it: each GPU under its card alone, nodes with their type, places on the bus as mounts. */
  const cards = (): string => {
    const parsed = parseSpec({
      path: at("intel"),
      bytes: encodeUtf8(onMixed("generate", "--vendor=intel", "--for-engine=podman@4.3").stdout),
    })
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.fault))
    const { spec } = parsed.value
    const devices = spec.devices.filter(({ name }) => /^\d+$/.test(name))
    const named = devices.map((device) => ({
      ...device,
      name: /card\d+/.exec(device.containerEdits.deviceNodes[0]?.path ?? "")?.[0] ?? "",
    }))
    const isPlace = (path: string): boolean => path.startsWith("/dev/dri/by-path/")
    const text = renderSpec(
      mapEdits({ ...spec, devices: named }, (edits) => ({
        ...edits,
        deviceNodes: edits.deviceNodes
          .filter(({ path }) => !isPlace(path))
          .map((node) => ({ ...node, hostPath: "", type: "c", permissions: "" })),
        mounts: edits.deviceNodes
          .filter(({ path }) => isPlace(path))
          .map(({ path }) => ({
            hostPath: path,
            containerPath: path,
            type: "none",
            options: ["bind", "rw"],
          })),
      })),
      "yaml",
    )
    expect(text).toMatch(/name: card\d/)
    return text
  }

  test("cards that have other numbers now: the file of Intel's released generator is wrong, and made anew with its names", () => {
    make("--gpus=1", "--intel=flex170:2")
    const intel = cards()
    put({ intel })
    expect(onMixed("verify", "--engine=podman@4.3")).toMatchObject({ exit: 0 })
    make("--gpus=2", "--intel=flex170:2")
    const now = cards()
    put({ intel })
    const { exit, stdout } = onMixed("verify")
    expect(exit).toBe(1)
    expect(stdout).toContain("intel.com/gpu=card2: this machine has no intel.com/gpu of that name [GAN4130]")
    const fixed = onMixed("verify", "--fix")
    expect(fixed).toMatchObject({ exit: 0 })
    expect(fixed.stdout).toContain("made anew, gives card4, no longer gives card2, and")
    const devices = (text: string): string => text.slice(text.indexOf("devices:"))
    expect(devices(readFileSync(at("intel"), "utf8"))).toBe(devices(now))
    expect(isAsMade("intel")).toBe("no difference for containers\n")
  })

  test("the directory of nodes in a node's place, as Intel's generator writes it for a GPU without a driver, is nobody's own", () => {
    make("--gpus=1", "--intel=flex170")
    const intel = onMixed("generate", "--vendor=intel").stdout
    const other = "0000-04-00-0-0x56a0"
    const undriven = `    - name: ${other}\n      containerEdits:\n        deviceNodes:\n            - path: /dev/dri\n              type: c\n`
    put({ intel: intel + undriven })
    expect(onMixed("verify").exit).toBe(1)
    const fixed = onMixed("verify", "--fix")
    expect(fixed.stdout).toContain(`made anew, no longer gives ${other}, and`)
    expect(fixed.exit).toBe(0)
  })

  test("of GPUs that are gone no name is right, also where others have their nodes' names by now", () => {
    const intel = older("intel", "--intel=flex170").replaceAll(/ +- path: .*by-path.*\n(?: {14}\w.*\n)+/g, "")
    expect(intel).not.toContain("by-path")
    make("--gpus=1")
    put({ intel })
    const { exit, stdout } = onMixed("verify", "--fix")
    expect([exit, stdout]).toEqual([1, expect.stringContaining("intel.com/gpu=0: this machine has no")])
    expect(stdout).toContain("[GAN2179]")
    expect(readFileSync(at("intel"), "utf8")).toBe(intel)
  })

  test("a GPU that is not whole is told of, though no file names it, and nothing of a vendor without a file", () => {
    make("--amd=w7900:2", "--intel=b60")
    rmSync(join(mixed, "dev/dri/renderD128"))
    rmSync(join(mixed, "dev/dri/renderD130"))
    put({ amd: onMixed("generate", "--vendor", "amd").stdout })
    const { exit, stdout } = onMixed("verify")
    expect(exit).toBe(0)
    expect(stdout).toContain("\nwarning: /dev/dri/renderD128 of GPU 0000:05:00.0 is not there")
    expect(stdout).not.toContain("renderD130")
  })

  test("without /dev/kfd, which may come yet, the file stays", () => {
    const amd = older("amd", "--amd=mi210")
    put({ amd })
    rmSync(join(mixed, "dev/kfd"))
    const { exit, stdout } = onMixed("verify", "--fix")
    expect([exit, stdout]).toEqual([1, expect.stringContaining("[GAN2175]")])
    expect(readFileSync(at("amd"), "utf8")).toBe(amd)
  })

  test.each([
    ["a variable", "containerEdits: { env: [HSA_ENABLE_SDMA=0] }\n", "the variable HSA_ENABLE_SDMA"],
    [
      "a mount",
      "containerEdits: { mounts: [{ hostPath: /srv, containerPath: /srv }] }\n",
      "the mount of /srv",
    ],
    [
      "a hook",
      "containerEdits: { hooks: [{ hookName: createContainer, path: /bin/sh, env: [A=1] }] }\n",
      "the hook /bin/sh",
    ],
    ["a node", "containerEdits: { deviceNodes: [{ path: /dev/shm/x }] }\n", "the device node /dev/shm/x"],
    ["a group", "containerEdits: { additionalGids: [4711] }\n", "the group 4711"],
    ["a note", "annotations: { site: north }\n", "the annotation site"],
  ])("%p of its author's keeps a file from being made anew", (_what, added, told) => {
    const before = older("amd", "--gpus=1", "--amd=mi210") + added
    make("--gpus=2", "--amd=mi210")
    put({ amd: before })
    const { exit, stdout } = onMixed("verify", "--fix")
    expect([exit, stdout]).toEqual([1, expect.stringContaining(`${told} in it is nobody's but its author's`)])
    expect(stdout).toContain("put what you add into a file of a kind of your own")
    expect(readFileSync(at("amd"), "utf8")).toBe(before)
  })

  test("so does a device that no generator names", () => {
    const before = older("amd", "--gpus=1", "--amd=mi210").replace('- name: "0"', "- name: render-farm")
    make("--gpus=2", "--amd=mi210")
    put({ amd: before })
    expect(onMixed("verify", "--fix").stdout).toContain('a device "render-farm" in it is nobody')
    expect(readFileSync(at("amd"), "utf8")).toBe(before)
  })
})
