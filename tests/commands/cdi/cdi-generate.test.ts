import { describe, expect, test } from "bun:test"
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { parseSpec } from "../../../src/core/cdi/read/parse-spec.ts"
import type { CdiSpec } from "../../../src/core/cdi/spec.ts"
import { encodeUtf8 } from "../../../src/core/text/utf8.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const root = resolve(import.meta.dir, "../../..")
const directory = temporaryDirectory("cdi-generate")
const at = (name: string): string => join(directory, name)

function generate(host: string, ...args: readonly string[]) {
  const machine = existsSync(host) ? host : join(root, "hosts", host, "machine.json")
  const command = [process.execPath, join(root, "src/main.ts"), "cdi", "generate", "--host", machine]
  const ran = Bun.spawnSync([...command, ...args], { env: { PATH: "/usr/bin" } })
  return { exit: ran.exitCode, stdout: ran.stdout.toString(), stderr: ran.stderr.toString() }
}

function specOf(text: string): CdiSpec {
  const parsed = parseSpec({ path: "generated", bytes: encodeUtf8(text) })
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.fault))
  expect(parsed.value.warnings).toEqual([])
  return parsed.value.spec
}

const editsOf = (spec: CdiSpec) => [spec.containerEdits, ...spec.devices.map((one) => one.containerEdits)]

describe("gantry cdi generate", () => {
  test("prints to standard output and writes nothing", () => {
    const { exit, stdout, stderr } = generate("one-gpu-headless")
    expect([exit, stderr]).toEqual([0, ""])
    expect(specOf(stdout).devices.map(({ name }) => name)).toEqual([
      "0",
      "0000:10:00.0",
      expect.stringMatching(/^GPU-/),
      "all",
      "gpu0",
    ])
  })

  test("nodes have no numbers that could grow stale, and root's stay root's", () => {
    const nodes = editsOf(specOf(generate("mig").stdout)).flatMap((edits) => edits.deviceNodes)
    expect(nodes.length).toBeGreaterThan(20)
    expect(nodes.filter(({ major, minor, uid }) => major !== 0 || minor !== 0 || uid !== 0)).toEqual([])
    const numbered = editsOf(specOf(generate("mig", "--numbers").stdout)).flatMap(
      (edits) => edits.deviceNodes,
    )
    expect(numbered.every(({ major }) => major > 0)).toBe(true)
  })

  test("one hook does everything for however many GPUs; separate ones do the same", () => {
    const hooksOf = (text: string) => editsOf(specOf(text)).flatMap((edits) => edits.hooks)
    const [hook, ...others] = hooksOf(generate("a100").stdout)
    expect(others).toEqual([])
    expect(hook?.env.length).toBeGreaterThan(0)
    const separate = hooksOf(generate("a100", "--hooks=separate").stdout)
    const linksOf = (args: readonly string[], flag: string) =>
      args.filter((_, index) => args[index - 1] === flag)
    const links = linksOf(hook?.args ?? [], "--link")
    expect([...links, ...linksOf(hook?.args ?? [], "--node-link")].sort()).toEqual(
      [...new Set(separate.flatMap(({ args }) => linksOf(args, "--link")))].sort(),
    )
    expect(linksOf(hook?.args ?? [], "--node-link")).toHaveLength(16)
    expect(hooksOf(generate("a100", "--disable-hook=all").stdout)).toEqual([])
  })

  test("engines decide the version, and what they cannot read is told", () => {
    const { exit, stderr, stdout } = generate("a100", "--for-engine=docker@28.2,podman@4.3.1")
    expect(exit).toBe(0)
    expect(specOf(stdout).cdiVersion).toBe("0.5.0")
    expect(stderr).toContain("GAN4062")
    expect(specOf(generate("a100", "--for-engine=docker").stdout).cdiVersion).toBe("0.7.0")
  })

  test("writes a file whole, for everybody, and says what it wrote", () => {
    const file = at("out/nvidia.yaml")
    const { exit, stdout } = generate("one-gpu", "--output", file, "--json", "--for-engine", "podman@5.5")
    expect(exit).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      version: 2,
      files: [
        {
          file,
          kind: "nvidia.com/gpu",
          cdiVersion: "0.7.0",
          versionLimit: "1.0.0",
          findings: [],
          engines: [{ name: "podman", version: "5.5", reads: "1.0.0" }],
        },
      ],
    })
    expect(statSync(file).mode & 0o777).toBe(0o644)
    expect(readdirSync(at("out"))).toEqual(["nvidia.yaml"])
    expect(generate("one-gpu", "--output", file).stdout).toContain("5 devices of nvidia.com/gpu")
  })

  test("of many that write at once into a directory one has its file, and the others are told", async () => {
    const machine = join(root, "hosts/one-gpu/machine.json")
    const runs = Array.from({ length: 6 }, (_, index) =>
      Bun.spawn(
        [
          process.execPath,
          join(root, "src/main.ts"),
          "cdi",
          "generate",
          "--host",
          machine,
          "--output",
          at(`race/${index}.yaml`),
        ],
        { env: { PATH: "/usr/bin" }, stdout: "ignore", stderr: "pipe" },
      ),
    )
    const exits = await Promise.all(runs.map(({ exited }) => exited))
    const told = await Promise.all(runs.map(({ stderr }) => new Response(stderr).text()))
    expect(exits.toSorted()).toEqual([0, 1, 1, 1, 1, 1])
    expect(told.filter((text) => text.includes("[GAN4042]"))).toHaveLength(5)
    expect(readdirSync(at("race"))).toHaveLength(1)
  })

  test("what nobody means in a file of additions is told, with line and column", () => {
    writeFileSync(
      at("odd.yaml"),
      "containerEdits:\n  mounts: [{hostPath: /a, containerPath: b, options: [rbind]}]\n",
    )
    const { exit, stderr } = generate("one-gpu", "--edits", at("odd.yaml"))
    expect([exit, stderr]).toEqual([
      0,
      `warning: ${at("odd.yaml")}:2:42: the mount containerPath "b" is not absolute [GAN4030]: write it from / on\n`,
    ])
    const { stdout } = generate("one-gpu", "--edits", at("odd.yaml"), "-o", at("odd/nvidia.yaml"), "--json")
    expect(JSON.parse(stdout).files[0].findings).toMatchObject([{ severity: "warning", code: "GAN4030" }])
  })

  test("-o is --output", () => {
    expect(generate("one-gpu", "-o", at("short/nvidia.yaml")).exit).toBe(0)
    expect(readdirSync(at("short"))).toEqual(["nvidia.yaml"])
  })

  test("has two names for standard output, which is meant when nothing is said", () => {
    const { stdout } = generate("one-gpu")
    for (const name of ["-", "/dev/stdout"]) expect(generate("one-gpu", "--output", name).stdout).toBe(stdout)
  })

  test("tells of engines that were named and read no specification", () => {
    const { exit, stderr } = generate("one-gpu", "--for-engine=podman@3.0,docker@29.0")
    expect(exit).toBe(0)
    expect(stderr.trim().split("\n")).toEqual([
      expect.stringMatching(/^warning: podman 3\.0 does not know CDI.*\[GAN4125\]/),
    ])
  })

  test("does not write a second file of the same devices into a directory", () => {
    generate("one-gpu", "--output", at("twice/a.yaml"))
    const before = readFileSync(at("twice/a.yaml"), "utf8")
    const { exit, stderr } = generate("one-gpu", "--output", at("twice/b.json"))
    expect(exit).toBe(1)
    expect(stderr).toContain("GAN4042")
    expect(readdirSync(at("twice"))).toEqual(["a.yaml"])
    expect(readFileSync(at("twice/a.yaml"), "utf8")).toBe(before)
    expect(generate("one-gpu", "--output", at("twice/b.json"), "--kind=other.com/gpu").exit).toBe(0)
    expect(generate("mig-extras", "--output", at("twice/m.yaml"), "--mode=management").exit).toBe(0)
  })

  test("adds what a file says: for everybody, for a device by any of its names, and devices of its own", () => {
    writeFileSync(
      at("more.yaml"),
      `annotations: { site: here }
containerEdits: { env: [SITE=1] }
devices:
  - { name: gpu0, annotations: { shelf: upper }, containerEdits: { env: [FIRST=1] } }
  - { name: all, containerEdits: { env: [ALL=1] } }
  - { name: own, containerEdits: { deviceNodes: [{ path: /dev/own }] } }
  - { name: gpu-shared, containerEdits: { env: [SHARED=1] } }
`,
    )
    const cut = generate("mig", "--edits", at("more.yaml"), "--name=index,type-index")
    const spec = specOf(cut.stdout)
    // The first GPU is cut, and nobody is given a device of its name that is no GPU.
    expect(cut.stderr).toContain(
      `without what is added for "gpu0": the specification has no such device of the machine's [GAN4062]`,
    )
    expect(spec.devices.map(({ name }) => name)).not.toContain("gpu0")
    expect(spec.containerEdits.env).toContain("SITE=1")
    const envOf = (name: string) => spec.devices.find((one) => one.name === name)?.containerEdits.env
    expect(envOf("all")).toEqual(["ALL=1"])
    expect(envOf("own")).toEqual([])
    writeFileSync(
      at("forms.yaml"),
      `devices:
  - { name: 00000000:10:00.0, containerEdits: { env: [LONG=1] } }
  - { name: "13:00.0", containerEdits: { env: [SHORT=1] } }
  - { name: GPU-DB09E364-68F6-AD55-D55D-DF0389F224AD, containerEdits: { env: [LOUD=1] } }
  - { name: "99:00.0", containerEdits: { env: [NOBODY=1] } }
`,
    )
    const forms = generate("one-gpu", "--edits", at("forms.yaml"), "--name=index")
    const [only] = specOf(forms.stdout).devices
    expect([only?.name, only?.containerEdits.env]).toEqual(["0", ["LONG=1", "LOUD=1"]])
    expect(forms.stderr.match(/without what is added for "[^"]*"/g)).toEqual([
      'without what is added for "13:00.0"',
      'without what is added for "99:00.0"',
    ])
    const byIndex = generate("a100", "--edits", at("more.yaml"), "--name=index", "--without-all")
    const numbered = specOf(byIndex.stdout)
    expect(numbered.devices.find(({ name }) => name === "0")?.containerEdits.env).toEqual(["FIRST=1"])
    expect(numbered.devices.map(({ name }) => name)).toEqual([..."01234567", "gpu-shared", "own"])
    expect(byIndex.stderr).toContain('without what is added for "all"')
    const whole = specOf(generate("a100", "--edits", at("more.yaml")).stdout)
    expect(whole.devices.map(({ name }) => name)).toContain("own")
    expect(whole.devices.find(({ name }) => name === "0")?.containerEdits.env).toEqual(["FIRST=1"])
    expect(whole.devices.find(({ name }) => name === "all")?.containerEdits.env).toEqual(["FIRST=1", "ALL=1"])
    expect(whole.devices.find(({ name }) => name === "1")?.containerEdits.env).toEqual([])
    expect([...whole.annotations]).toEqual([["site", "here"]])
    const annotated = whole.devices.filter(({ annotations }) => annotations.size > 0)
    expect(annotated.map(({ annotations }) => [...annotations])).toEqual(Array(4).fill([["shelf", "upper"]]))
    expect(annotated.map(({ name }) => name)).toContain("0")
    // An image must not choose what a program that runs as root on the machine finds in its environment.
    writeFileSync(
      at("hooks.yaml"),
      "containerEdits: { hooks: [{ hookName: createContainer, path: /opt/site/prepare }, { hookName: poststop, path: /bin/sh, env: [A=1] }] }\n",
    )
    const hooked = specOf(generate("a100", "--edits", at("hooks.yaml")).stdout).containerEdits.hooks
    expect(hooked.filter(({ args }) => args.length === 0).map(({ env }) => env)).toEqual([
      ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
      ["A=1"],
    ])
    writeFileSync(at("wrong.yaml"), "containerEdits: { env: [NOTHING] }\n")
    const wrong = generate("a100", "--edits", at("wrong.yaml"))
    expect([wrong.exit, wrong.stdout]).toEqual([1, ""])
    expect(wrong.stderr).toContain("wrong.yaml:1:")
  })

  test("network interfaces that are added stand once, and those that cannot go together are told of", () => {
    const adding = (interfaces: readonly (readonly [device: string, host: string, name: string])[]) => {
      const devices = interfaces.map(([device, host, name]) => ({
        name: device,
        containerEdits: { netDevices: [{ hostInterfaceName: host, name }] },
      }))
      writeFileSync(at("net.json"), JSON.stringify({ devices }))
      return generate("a100", "--name=index", "--for-engine=podman@6.0", "--edits", at("net.json"))
    }
    const same = adding([
      ["gpu0", "eth1", "rdma0"],
      ["gpu1", "eth1", "rdma0"],
    ])
    const all = specOf(same.stdout).devices.find(({ name }) => name === "all")
    expect(all?.containerEdits.netDevices).toEqual([{ hostInterfaceName: "eth1", name: "rdma0" }])
    const clash = adding([
      ["gpu0", "eth1", "rdma0"],
      ["gpu1", "eth2", "rdma0"],
    ])
    expect([clash.exit, clash.stdout]).toEqual([1, ""])
    expect(clash.stderr).toStartWith(
      'the specification with what --edits adds: devices[8].containerEdits.netDevices[1]: invalid linux net device, duplicate Name "rdma0" [GAN4025]',
    )
  })

  test("a hook's program knows that it is a hook whatever its name", () => {
    const argsOf = (path: string) =>
      specOf(generate("a100", `--hook-path=${path}`).stdout).containerEdits.hooks[0]?.args.slice(0, 2)
    expect(argsOf("/opt/gantry")).toEqual(["nvidia-cdi-hook", "complete-container"])
    expect(argsOf("/opt/gantry-dev")).toEqual(["nvidia-cdi-hook", "complete-container"])
    expect(argsOf("/opt/nvidia-cdi-hook")).toEqual(["nvidia-cdi-hook", "complete-container"])
  })

  test("for an engine that reads no such names it is told which devices are lost", () => {
    const { exit, stdout, stderr } = generate("a100", "--name=index", "--for-engine=podman@4.1")
    expect(exit).toBe(0)
    expect(specOf(stdout).devices.map(({ name }) => name)).toEqual(["all"])
    expect(stderr).toContain("[GAN4062]: 0, 1, 2 and 5 more have no other name and are not in it\n")
    const none = generate("a100", "--name=index", "--without-all", "--for-engine=podman@4.1")
    expect([none.exit, none.stdout]).toEqual([1, ""])
    expect(none.stderr).toStartWith("no CDI specification that podman 4.1 can read (0.4.0) says what")
    const named = generate("a100", "--for-engine=podman@4.1")
    expect(specOf(named.stdout).devices.map(({ name }) => name)).toContain("gpu7")
  })

  test("tells what it does not give: MIG devices without a name, and those of a GPU that was asked for as a whole", () => {
    const byPlace = generate("mig", "--name=pci")
    expect([byPlace.exit, specOf(byPlace.stdout).devices.map(({ name }) => name)]).toEqual([
      0,
      ["0000:12:00.0", "all"],
    ])
    expect(byPlace.stderr).toContain("without MIG device 0:0: it has no name by pci [GAN4062]")
    const whole = generate("mig", "--device=0")
    expect([whole.exit, whole.stderr]).toEqual([
      0,
      expect.stringContaining("without the MIG devices of GPU 0: it was asked for as a whole"),
    ])
    expect(generate("mig").stderr).toBe("")
  })

  test("leaves a GPU out with which something is wrong, and refuses a machine whose driver is", () => {
    const dead = generate("dead-gpu")
    expect(dead.exit).toBe(0)
    expect(dead.stderr).toContain("GAN2100")
    expect(specOf(dead.stdout).devices.filter(({ name }) => /^\d$/.test(name))).toHaveLength(7)
    for (const [host, code] of [
      ["no-driver", "GAN2102"],
      ["upgraded-not-rebooted", "GAN21"],
    ] as const) {
      const refused = generate(host, "--output", at(`refused-${host}.yaml`))
      expect(refused.exit).toBe(1)
      expect(refused.stderr).toContain(code)
      expect(existsSync(at(`refused-${host}.yaml`))).toBe(false)
    }
  })

  test.each([
    [["--defect", "dead-gpu:0"], "GAN2100"],
    [["--defect", "excluded-gpu:0"], "GAN2111"],
    [["--defect", "missing-node:nvidia0"], "GAN2101"],
    [["--mig", "0:1/0=3g.20gb", "--defect", "mig-cap-missing"], "GAN2123"],
  ])("where no GPU is left says what is wrong with one: %j", (defect, code) => {
    const machine = join(directory, "none-left")
    const make = ["simulate", "up", machine, "--gpus", "1", "--no-nvml", ...defect]
    expect(Bun.spawnSync([process.execPath, join(root, "src/main.ts"), ...make]).exitCode).toBe(0)
    const { exit, stdout, stderr } = generate(machine)
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: "" })
    expect(stderr).toContain(`[${code}]`)
    expect(stderr).not.toContain("GAN4060")
  })

  test("of a simulated machine names the places where engines find its files", () => {
    const machine = at("machine")
    const simulate = (...args: readonly string[]) =>
      Bun.spawnSync([process.execPath, join(root, "src/main.ts"), "simulate", ...args]).exitCode
    expect(simulate("up", machine, "--gpus", "1", "--compat32")).toBe(0)
    try {
      const spec = specOf(generate(machine, "--compat32").stdout)
      const places = editsOf(spec).flatMap((edits) =>
        [...edits.mounts, ...edits.deviceNodes].map((one) => one.hostPath),
      )
      expect(places.filter((path) => !path.startsWith(`${machine}/`))).toEqual([])
      expect(places.filter((path) => !existsSync(path))).toEqual([])
      const is32Bit = (path: string): boolean => /\/(lib32|i386-linux-gnu)\//.test(path)
      expect(places.some(is32Bit)).toBe(true)
      const plain = editsOf(specOf(generate(machine).stdout)).flatMap(({ mounts }) => mounts)
      expect(plain.some(({ containerPath }) => is32Bit(containerPath))).toBe(false)
      expect(spec.containerEdits.hooks.every(({ path }) => !path.startsWith(machine))).toBe(true)
    } finally {
      simulate("down", machine)
    }
  })

  test("a place where no file can be is told of, in one line", () => {
    writeFileSync(at("a-file"), "")
    const { exit, stdout, stderr } = generate("one-gpu", "--output", at("a-file/nvidia.yaml"))
    expect([exit, stdout]).toEqual([1, ""])
    expect(stderr).toMatch(/^[^\n]*a-file[^\n]*\[GAN4\d{3}\][^\n]*\n$/)
  })

  test.each([
    [["--mode=other"], 'unknown mode "other"'],
    [["--json"], "--json tells of the file"],
    [["--output=/dev/null"], "--output names a file or a directory"],
  ])("%j is wrong usage", (args, text) => {
    const { exit, stdout, stderr } = generate("one-gpu", ...args)
    expect([exit, stdout]).toEqual([2, ""])
    expect(stderr).toContain(text)
  })
})
