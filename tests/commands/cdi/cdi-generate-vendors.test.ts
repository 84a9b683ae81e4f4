import { describe, expect, test } from "bun:test"
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join, resolve } from "node:path"
import { run as simulate } from "../../../src/commands/simulate.ts"
import { mapEdits } from "../../../src/core/cdi/edits/map-edits.ts"
import { parseSpec } from "../../../src/core/cdi/read/parse-spec.ts"
import { renderSpec } from "../../../src/core/cdi/render-spec.ts"
import type { CdiSpec } from "../../../src/core/cdi/spec.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { encodeUtf8 } from "../../../src/core/text/utf8.ts"
import { openHost } from "../../../src/host/open-host.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const root = resolve(import.meta.dir, "../../..")
const directory = temporaryDirectory("cdi-vendors")

function generate(host: string, ...args: readonly string[]) {
  const machine = host.startsWith("/") ? host : join(root, "hosts", host, "machine.json")
  const command = [process.execPath, join(root, "src/main.ts"), "cdi", "generate", "--host", machine]
  const ran = Bun.spawnSync([...command, ...args], { env: { PATH: "/usr/bin" } })
  return { exit: ran.exitCode, stdout: ran.stdout.toString(), stderr: ran.stderr.toString() }
}

function specOf(text: string): CdiSpec {
  const parsed = parseSpec({ path: "generated", bytes: encodeUtf8(text) })
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.fault))
  return parsed.value.spec
}

describe("a file of GPUs that have been taken away", () => {
  const machine = join(directory, "emptied")
  const file = join(directory, "emptied.yaml")
  const withdrawn = `${file}.withdrawn`
  const make = (...args: readonly string[]) => generate(machine, "--vendor=amd", `--output=${file}`, ...args)

  test("stays, or is withdrawn where that is said, and only while it names what is gone", async () => {
    expect(await simulate(["up", machine, "--amd=mi210", "--intel=flex170"])).toBe(0)
    expect(make("--withdraw-stale").exit).toBe(0)
    expect(await simulate(["up", machine, "--intel=flex170"])).toBe(0)
    expect([make().exit, existsSync(file)]).toEqual([1, true])
    const { exit, stderr } = make("--withdraw-stale")
    expect([exit, existsSync(file), existsSync(withdrawn)]).toEqual([1, false, true])
    expect(stderr).toContain(
      `${file} is withdrawn, since what it names is not there any more; it lies in ${withdrawn}\n`,
    )
    const again = make("--withdraw-stale")
    expect([again.exit, again.stderr.includes("withdrawn")]).toEqual([1, false])
  })

  test("of NVIDIA's stays while what it names is there, though none can be made of a GPU that has failed", async () => {
    const nvidia = join(directory, "emptied-nvidia.yaml")
    const words = ["--withdraw-stale", "--hook-path=/bin/sh", `--output=${nvidia}`]
    expect(await simulate(["up", machine, "--gpus=1", "--no-nvml"])).toBe(0)
    expect(generate(machine, ...words).exit).toBe(0)
    expect(await simulate(["up", machine, "--gpus=1", "--no-nvml", "--defect=dead-gpu:0"])).toBe(0)
    const failed = generate(machine, ...words)
    expect([failed.exit, existsSync(nvidia), failed.stderr.includes("withdrawn")]).toEqual([1, true, false])
    expect(await simulate(["up", machine, "--gpus=0", "--no-nvml"])).toBe(0)
    const gone = generate(machine, ...words)
    expect([gone.exit, existsSync(nvidia)]).toEqual([1, false])
    expect(gone.stderr).toContain(`${nvidia} is withdrawn, since what it names is not there any more`)
  })

  test("stays where it cannot be taken away, which is said once", () => {
    rmSync(withdrawn)
    mkdirSync(withdrawn)
    writeFileSync(
      file,
      "cdiVersion: 0.5.0\nkind: amd.com/gpu\ndevices:\n- {name: all, containerEdits: {deviceNodes: [{path: /gone}]}}\n",
    )
    const { exit, stderr } = make("--withdraw-stale")
    expect([exit, existsSync(file)]).toEqual([1, true])
    rmSync(file)
    expect(stderr.match(/^.* stays, .*?:/gm)).toEqual([
      `${file} stays, and engines read it, though what it names is not there any more:`,
    ])
  })

  test.each([[[]], [["--output=-"]], [[`--output=${directory}`]]])("is one file, and not %p", (args) => {
    const { exit, stderr } = generate("amd-mi300x", "--withdraw-stale", ...args)
    expect([exit, stderr.includes("--withdraw-stale takes away")]).toEqual([2, true])
  })
})

describe("whose GPUs gantry cdi generate takes", () => {
  test.each([
    ["mixed-vendors", [], "nvidia.com/gpu"],
    ["amd-mi300x", [], "amd.com/gpu"],
    ["intel-flex", [], "intel.com/gpu"],
    ["mixed-vendors", ["--vendor", "nvidia"], "nvidia.com/gpu"],
    ["mixed-vendors", ["--vendor=amd"], "amd.com/gpu"],
    ["mixed-vendors", ["--vendor=intel"], "intel.com/gpu"],
    ["amd-mi300x", ["--vendor=all"], "amd.com/gpu"],
    ["mixed-vendors", ["--mode=management"], "management.nvidia.com/gpu"],
  ])("of %s with %p those of %s, alone", (host, args, kind) => {
    const { exit, stdout, stderr } = generate(host, ...args)
    expect([exit, stderr]).toEqual([0, ""])
    expect(specOf(stdout).kind).toBe(kind)
  })

  test.each([
    ["a vendor that the machine has no GPU of", "amd-mi300x", ["--vendor=intel"], 1, "GAN2179"],
    ["NVIDIA where it is not", "amd-mi300x", ["--vendor=nvidia"], 1, "GAN2102"],
    ["nobody's, which is told as NVIDIA's", "no-driver", [], 1, "GAN2102"],
    ["what is NVIDIA's alone, where it is not", "amd-mi300x", ["--hooks=one"], 1, "GAN2102"],
    ["an unknown vendor", "mixed-vendors", ["--vendor=via"], 2, "GAN1001"],
    ["what is NVIDIA's alone", "mixed-vendors", ["--vendor=amd", "--hooks=separate"], 2, "GAN1001"],
    ["what is NVIDIA's alone, for all", "mixed-vendors", ["--vendor=all", "--compat32"], 2, "GAN1001"],
    [
      "several kinds in one file",
      "mixed-vendors",
      ["--vendor=all", `--output=${directory}/x.yaml`],
      2,
      "GAN1001",
    ],
  ])("%s is refused", (_what, host, args, status, code) => {
    const { exit, stdout, stderr } = generate(host, ...args)
    expect([exit, stdout]).toEqual([status, ""])
    expect(stderr).toContain(`[${code}]`)
    expect(readdirSync(directory)).not.toContain("x.yaml")
  })

  test("all of them to standard output are documents one after the other", () => {
    const { exit, stdout, stderr } = generate("mixed-vendors", "--vendor=all")
    expect(exit).toBe(0)
    // Engines read the first document of a file.
    expect(stderr).toBe("note: each document is for a file of its own: --output DIR/ writes them\n")
    const kinds = stdout
      .split(/^---\n/m)
      .slice(1)
      .map((text) => specOf(text).kind)
    expect(kinds).toEqual(["nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu"])
  })

  test("a directory gets a file for each, with the name of its kind", () => {
    const into = join(directory, "all")
    const { exit, stdout, stderr } = generate("mixed-vendors", "--vendor=all", `--output=${into}/`)
    expect([exit, stderr]).toEqual([0, ""])
    expect(stdout.split("\n")).toEqual([
      expect.stringMatching(/nvidia\.com-gpu\.yaml: \d+ devices of nvidia\.com\/gpu/),
      expect.stringMatching(/amd\.com-gpu\.yaml: 7 devices of amd\.com\/gpu, cdiVersion 0\.7\.0$/),
      expect.stringMatching(/intel\.com-gpu\.yaml: 4 devices of intel\.com\/gpu/),
      "",
    ])
    for (const name of ["nvidia.com-gpu.yaml", "amd.com-gpu.yaml", "intel.com-gpu.yaml"])
      expect(statSync(join(into, name)).mode & 0o777).toBe(0o644)
    expect(readFileSync(join(into, "amd.com-gpu.yaml"), "utf8")).toBe(
      readFileSync(join(root, "tests/goldens/vendor-specs/amd.com-gpu.yaml"), "utf8"),
    )
  })

  test("what is wrong with one vendor's GPUs does not keep another's from having a file", async () => {
    const machine = join(directory, "machine")
    const orders = ["--amd=mi210", "--intel=b60", "--defect=missing-node:dri/renderD128"]
    expect(await simulate(["up", machine, ...orders])).toBe(0)
    const into = join(directory, "some")
    const { exit, stderr } = generate(machine, `--output=${into}/`)
    expect(exit).toBe(1)
    expect(stderr).toContain("no AMD GPU that containers could use; 0000:05:00.0 cannot be used [GAN2179]")
    // Why, as where others of the vendor's can be used.
    expect(stderr).toStartWith("error: /dev/dri/renderD128 of GPU 0000:05:00.0 is not there,")
    expect(readdirSync(into)).toEqual(["intel.com-gpu.yaml"])
    // The machine's nodes lie in its directory.
    const { devices } = specOf(readFileSync(join(into, "intel.com-gpu.yaml"), "utf8"))
    expect(devices[0]?.containerEdits.deviceNodes[0]).toMatchObject({
      path: "/dev/dri/card2",
      hostPath: `${machine}/dev/dri/card2`,
    })
    expect(await simulate(["down", machine])).toBe(0)
  })

  test("NVIDIA's GPUs without their driver are told of to who wants everybody's, and others have their file", async () => {
    const machine = join(directory, "undriven")
    expect(await simulate(["up", machine, "--gpus=1", "--amd=mi210", "--defect=no-driver"])).toBe(0)
    const into = join(directory, "undriven-out")
    const { exit, stderr } = generate(machine, "--vendor=all", `--output=${into}/`)
    expect([exit, stderr]).toEqual([1, expect.stringContaining("[GAN2102]")])
    expect(readdirSync(into)).toEqual(["amd.com-gpu.yaml"])
    // Where they are given to a virtual machine nobody misses them.
    for (const name of readdirSync(join(machine, "sys/bus/pci/devices"))) {
      const place = join(machine, "sys/bus/pci/devices", name)
      if (readFileSync(join(place, "vendor"), "utf8").trim() === "0x10de")
        symlinkSync("../../../bus/pci/drivers/vfio-pci", join(place, "driver"))
    }
    expect(generate(machine, "--vendor=all", `--output=${into}/`)).toMatchObject({ exit: 0, stderr: "" })
    expect(await simulate(["down", machine])).toBe(0)
  })

  test("GPUs of a vendor's that a virtual machine has are missed by nobody who wants everybody's", async () => {
    const machine = join(directory, "held")
    expect(await simulate(["up", machine, "--no-nvml", "--amd=mi210", "--intel=b60"])).toBe(0)
    const link = join(machine, "sys/bus/pci/devices/0000:05:00.0/driver")
    rmSync(link)
    symlinkSync("../../../bus/pci/drivers/vfio-pci", link)
    const into = join(directory, "held-out")
    expect(generate(machine, "--vendor=all", `--output=${into}/`)).toMatchObject({ exit: 0, stderr: "" })
    expect(readdirSync(into)).toEqual(["intel.com-gpu.yaml"])
    // Who wants them is told who has them.
    const { exit, stderr } = generate(machine, "--vendor=amd")
    expect(exit).toBe(1)
    expect(stderr).toContain("vfio-pci has it [GAN2170]: it is kept for a virtual machine")
    rmSync(join(machine, "sys/bus/pci/devices/0000:03:00.0/vendor"))
    expect(generate(machine).stderr).toContain("no AMD GPU that containers could use")
    expect(await simulate(["down", machine])).toBe(0)
  })

  test("without /dev/kfd there is no file of AMD's, and a file beside its machine shows what has changed", async () => {
    const machine = join(directory, "compared")
    expect(await simulate(["up", machine, "--gpus=1", "--amd=w7900:2", "--intel=a770", "--no-nvml"])).toBe(0)
    const into = join(directory, "compared-out")
    expect(generate(machine, "--vendor=all", `--output=${into}/`)).toMatchObject({ exit: 0, stderr: "" })
    const diff = (vendor: string): readonly string[] => {
      const words = ["cdi", "diff", join(into, `${vendor}.com-gpu.yaml`), "machine", "--host", machine]
      const ran = Bun.spawnSync([process.execPath, join(root, "src/main.ts"), ...words])
      return (ran.stdout.toString() + ran.stderr.toString()).trimEnd().split("\n")
    }
    for (const vendor of ["nvidia", "amd", "intel"])
      expect(diff(vendor)).toEqual(["no difference for containers"])
    // As the vendors' own generators write: AMD's with numbers and owners, Intel's with places on the bus as mounts.
    const rewrite = (vendor: string, change: (spec: CdiSpec) => CdiSpec): void => {
      const file = join(into, `${vendor}.com-gpu.yaml`)
      writeFileSync(file, renderSpec(change(specOf(readFileSync(file, "utf8"))), "yaml"))
    }
    const numbers = (path: string) => {
      const host = openHost(machine)
      const stat = host.ok ? host.value.lstat(hostPath(path)) : host
      if (!stat.ok) throw new Error(path)
      const { major, minor, mode, uid, gid } = stat.value
      return { major, minor, fileMode: mode, uid, gid }
    }
    rewrite("amd", (spec) =>
      mapEdits({ ...spec, devices: spec.devices.filter(({ name }) => /^\d+$/.test(name)) }, (edits) => ({
        ...edits,
        additionalGids: [],
        deviceNodes: edits.deviceNodes.map((node) => ({
          ...node,
          type: "c",
          permissions: "rwm",
          ...numbers(node.path),
        })),
      })),
    )
    const isByPath = ({ path }: { readonly path: string }): boolean => path.includes("by-path")
    rewrite("intel", (spec) =>
      mapEdits(spec, (edits) => ({
        ...edits,
        deviceNodes: edits.deviceNodes.filter((node) => !isByPath(node)),
        mounts: edits.deviceNodes.filter(isByPath).map(({ path }) => ({
          hostPath: join(machine, path),
          containerPath: path,
          type: "",
          options: ["bind", "rw"],
        })),
      })),
    )
    for (const vendor of ["amd", "intel"]) expect(diff(vendor)).toEqual(["no difference for containers"])
    rmSync(join(machine, "dev/dri/renderD129"))
    // The first of AMD's has lost its node: its names are gone, and the other is what it was.
    expect(diff("amd")).toContain("- device 0")
    expect(diff("amd").filter((line) => line.includes("device 1"))).toEqual([])
    expect(diff("intel")).toEqual(["no difference for containers"])
    rmSync(join(machine, "dev/kfd"))
    const { exit, stderr } = generate(machine, "--vendor=amd", "--output", join(directory, "no-kfd.yaml"))
    expect([exit, stderr]).toEqual([1, expect.stringContaining("[GAN2175]")])
    expect(readdirSync(directory)).not.toContain("no-kfd.yaml")
    rmSync(machine, { recursive: true })
  })

  test("what is amiss with one GPU of several is told once, and the file is of the others", async () => {
    const machine = join(directory, "one-amiss")
    expect(await simulate(["up", machine, "--no-nvml", "--amd=w7900:2"])).toBe(0)
    rmSync(join(machine, "dev/dri/renderD128"))
    const file = join(directory, "amiss/one-amiss.yaml")
    const { exit, stdout, stderr } = generate(machine, `--output=${file}`)
    const lines = stderr.trimEnd().split("\n")
    expect([exit, lines]).toEqual([0, [expect.stringMatching(/^error: \/dev\/dri\/renderD128 of GPU /)]])
    // Nobody else's GPUs are there to be told of.
    expect(stdout.split("\n")).toEqual([
      expect.stringMatching(/one-amiss\.yaml: 4 devices of amd\.com\/gpu/),
      "",
    ])
  })

  test("a hook's program that is not there is told of, on standard error or in the JSON", async () => {
    const machine = join(directory, "hookless")
    expect(await simulate(["up", machine, "--no-nvml", "--gpus=1"])).toBe(0)
    const words = ["--hook-path=/nowhere/hook", `--output=${join(directory, "hookless/spec/nvidia.yaml")}`]
    const told = generate(machine, ...words)
    expect([told.exit, told.stderr]).toEqual([0, expect.stringMatching(/^warning: .*"\/nowhere\/hook"/)])
    const { stdout, stderr } = generate(machine, ...words, "--json")
    const [{ code }] = JSON.parse(stdout).files[0].findings
    expect([stderr, told.stderr.includes(`[${code}]`)]).toEqual(["", true])
  })

  test("a directory that is there needs no slash, and a format is its ending", () => {
    const into = join(directory, "there")
    mkdirSync(into)
    expect(generate("intel-flex", "--output", into, "--format=json").exit).toBe(0)
    expect(readdirSync(into)).toEqual(["intel.com-gpu.json"])
  })

  test("who writes one of several is told of the others, and how to say the other where it is one", async () => {
    const machine = join(directory, "two-vendors")
    expect(await simulate(["up", machine, "--no-nvml", "--gpus=1", "--intel=b60"])).toBe(0)
    expect(generate(machine, "--output", join(directory, "of-two/one.yaml")).stdout).toEndWith(
      "\nthis machine has GPUs of intel too: --vendor intel\n",
    )
    const { stdout } = generate("mixed-vendors", "--output", join(directory, "one.yaml"))
    expect(stdout).toEndWith("\nthis machine has GPUs of amd and intel too: --vendor all\n")
    const { stdout: asked } = generate(
      "mixed-vendors",
      "--vendor=amd",
      "--output",
      join(directory, "two.yaml"),
    )
    expect(asked.split("\n")).toHaveLength(2)
  })

  test("an engine that knows no groups gets none, and loses nothing by it", () => {
    const { exit, stdout, stderr } = generate("amd-mi300x-cpx", "--for-engine=podman@4.3.1")
    expect([exit, stderr]).toEqual([0, ""])
    const spec = specOf(stdout)
    expect(spec.cdiVersion).toBe("0.5.0")
    expect(spec.devices).toHaveLength(64 * 3 + 8 * 2 + 1)
  })

  test("said twice it is refused: the first would be nobody's", () => {
    const { exit, stderr } = generate("mixed-vendors", "--vendor=amd", "--vendor=intel")
    expect(exit).toBe(2)
    expect(stderr).toContain("--vendor is said once")
  })

  test("as JSON each is told by itself", () => {
    const into = join(directory, "told")
    const { stdout, stderr } = generate("amd-mi300x", `--output=${into}/`, "--json", "--for-engine=docker")
    expect(stderr).toBe("")
    const file = join(into, "amd.com-gpu.yaml")
    expect(JSON.parse(stdout)).toMatchObject({
      version: 2,
      files: [{ file, kind: "amd.com/gpu", cdiVersion: "0.7.0", findings: [] }],
    })
    const all = generate("mixed-vendors", `--output=${into}/`, "--json", "--vendor=all")
    const files = JSON.parse(all.stdout).files as readonly { readonly kind: string }[]
    expect(files.map(({ kind }) => kind)).toEqual(["nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu"])
    const wrong = generate("mixed-vendors", "--vendor=all", "--format=foo")
    expect(wrong.stderr.match(/unknown format/g)).toHaveLength(1)
  })
})
