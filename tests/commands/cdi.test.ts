import { afterAll, describe, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const root = resolve(import.meta.dir, "../..")
const directory = mkdtempSync(join(tmpdir(), "gantry-cdi-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function gantry(...args: readonly string[]) {
  const ran = Bun.spawnSync([process.execPath, join(root, "src/main.ts"), ...args])
  return { exit: ran.exitCode, stdout: ran.stdout.toString(), stderr: ran.stderr.toString() }
}

const cdi = (...args: readonly string[]) => gantry("cdi", ...args)

const page = readFileSync(join(root, "docs/cdi.md"), "utf8")
const withPlace = (text: string): string => text.replaceAll("DIR/", `${directory}/`)
const withoutPlace = (text: string): string => text.replaceAll(`${directory}/`, "DIR/")

/** A file is the block of YAML behind the last name in quotes; a run is a block of sh, its output the block of text behind it. */
const files = [...page.matchAll(/`DIR\/([^`]+)`:\n\n```yaml\n([\s\S]*?)```/g)]
for (const [, name = "", text = ""] of files) {
  mkdirSync(join(directory, name, ".."), { recursive: true })
  writeFileSync(join(directory, name), text)
}
const runs = [
  ...page.matchAll(/```sh\n(?:gantry simulate up .*\n)?gantry cdi (.*)\n```\n\n```text\n([\s\S]*?)```/g),
]
const machines = [...page.matchAll(/^gantry simulate up (.*)$/gm)].map(([, args = ""]) => args)
for (const args of machines) gantry("simulate", "up", ...withPlace(args).split(" "))

describe("the page on CDI", () => {
  test("has files and runs", () => {
    expect(files.length).toBe(4)
    expect(runs.length).toBe(7)
  })

  test.each(runs.map(([, command = "", output = ""]) => [command, output] as const))(
    "gantry cdi %s",
    (command, output) => {
      // Columns grow with the paths in them.
      const narrow = (text: string): string => text.replaceAll(/ {2,}/g, "  ")
      const { exit, stdout, stderr } = cdi(...withPlace(command).split(" "))
      const shown = narrow(withoutPlace(stdout + stderr))
      expect(shown).toBe(narrow(output))
      expect(exit).toBe(/\[GAN/.test(output) ? 1 : 0)
    },
  )
})

describe("gantry cdi verify", () => {
  const machine = join(directory, "machine")
  const spec = `cdiVersion: 0.5.0
kind: nvidia.com/gpu
devices: [{name: "0", containerEdits: {deviceNodes: [{path: /dev/nvidia0}]}}]
`
  const file = join(machine, "etc/cdi/nvidia.yaml")
  const verify = (...args: readonly string[]) => cdi("verify", "--host", machine, ...args)

  test("a sound specification, as text and as JSON", () => {
    mkdirSync(join(machine, "etc/cdi"), { recursive: true })
    writeFileSync(file, spec)
    expect(verify()).toEqual({
      exit: 0,
      stdout: `1 CDI device in 1 file, on ${machine}, driver 550.163.01, as root, for no engine that is known\n`,
      stderr: "",
    })
    const { exit, stdout } = verify("--json", "--engine", "cri-o@1.31", "--user", "1000:44,1000")
    expect(exit).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      ...{ version: 1, isSound: true, host: { kind: "simulated", name: machine }, driver: "550.163.01" },
      user: { uid: 1000, gids: [44, 1000] },
      engines: [{ engine: "crio", version: "1.31", program: null, highest: "0.7.0" }],
      files: [
        {
          ...{ file: "/etc/cdi/nvidia.yaml", kind: "nvidia.com/gpu", cdiVersion: "0.5.0" },
          ...{ minimumVersion: "0.5.0", devices: ["0"], warnings: [] },
        },
      ],
      ...{ rejected: [], findings: [] },
    })
  })

  test("a recording of the machine is judged as the machine", () => {
    writeFileSync(file, spec.replace("path: /dev/nvidia0", "path: /dev/nvidia7"))
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
  })

  test("an image's own files, links within the image", () => {
    const image = join(directory, "image")
    mkdirSync(join(image, "usr/lib"), { recursive: true })
    writeFileSync(join(image, "usr/lib/libx.so"), "x")
    symlinkSync("/usr/lib", join(image, "lib"))
    writeFileSync(
      file,
      `${spec}containerEdits: {mounts: [{hostPath: /usr/bin/nvidia-smi, containerPath: /lib/libx.so}]}\n`,
    )
    expect(verify("--image-root", image).stdout.split("\n")[1]).toStartWith(
      'note: /etc/cdi/nvidia.yaml:4:74: "/lib/libx.so" hides a file (1 bytes) of the image [GAN4140]',
    )
    expect(verify("--image-root", "/nowhere").stderr).toContain("/nowhere")
  })

  test.each<[flag: string, value: string]>([
    ["--engine", "podman"],
    ["--engine", "rkt@1.0"],
    ["--user", "root"],
    ["--user", "1:x"],
    ["--spec-dir", "relative"],
    ["--bogus", "x"],
  ])("wrong usage: %p %p", (flag, value) => {
    const { exit, stderr } = verify(flag, value)
    expect(exit).toBe(2)
    expect(stderr).toContain("gantry cdi verify")
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
          ...{ name: "vendor.com/gpu=0", vendor: "vendor.com", class: "gpu", device: "0" },
          ...{ file: "DIR/run/vendor.yaml", hidden: ["DIR/etc/old.yaml"] },
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
          ...{ name: "vendor.com/gpu=0", file: "DIR/run/vendor.yaml", line: 6, column: 5 },
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
      'error: conflicting device "vendor.com/gpu=0" (specs "DIR/rival/a.yaml", "DIR/rival/b.yaml") [GAN4042]: no engine injects it until only one of them is left: remove DIR/rival/b.yaml',
    )
    expect(stdout).toContain("invalid spec, no devices [GAN4015]")
    const validated = cdi("validate", "--json", "--spec-dir", rival)
    expect(validated.exit).toBe(1)
    expect(JSON.parse(validated.stdout)).toMatchObject({ version: 1, isFaultless: false })
    expect(cdi("validate", "--spec-dir", `${directory}/run`).exit).toBe(0)
  })

  test("a machine without specifications has none, which is no failure", () => {
    expect(cdi("list", "--spec-dir", "/nowhere")).toEqual({
      exit: 0,
      stdout: "0 CDI devices in 0 files\n",
      stderr: "",
    })
    expect(cdi("validate", "--spec-dir", "/nowhere")).toEqual({
      exit: 0,
      stdout: "no CDI specifications\n",
      stderr: "",
    })
    expect(cdi("resolve", "a/b=c", "--spec-dir", "/nowhere").stderr).toContain(
      "there is no CDI specification",
    )
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
    ["bogus"],
    ["list", "--bogus"],
    ["list", "--spec-dir", "relative"],
  ])("wrong usage: %p %p %p", (...args) => {
    const { exit, stderr } = cdi(...args)
    expect(exit).toBe(2)
    expect(stderr).toContain("gantry cdi")
  })
})
