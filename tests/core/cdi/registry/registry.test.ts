import { describe, expect, test } from "bun:test"
import { buildRegistry, type Registry } from "../../../../src/core/cdi/registry/registry.ts"
import { resolveDevices } from "../../../../src/core/cdi/registry/resolve-devices.ts"
import { fault } from "../../../../src/core/fault/fault.ts"
import { renderFaultLine } from "../../../../src/core/fault/render.ts"
import { fail, ok } from "../../../../src/core/fault/result.ts"
import { hostPath } from "../../../../src/core/text/brand.ts"
import rows from "../../../vectors/cdi/directories.json"
import { bytesOf } from "../spec-vectors.ts"

interface Row {
  readonly name: string
  readonly given: {
    readonly directories: readonly Readonly<Record<string, string>>[]
    readonly names?: readonly string[]
  }
  readonly expect: {
    readonly devices: Readonly<Record<string, string>>
    readonly conflicts?: readonly string[]
    readonly rejected?: readonly string[]
    readonly env?: readonly string[]
    readonly unresolved?: readonly string[]
  }
}

const registryOf = (directories: Row["given"]["directories"]): Registry =>
  buildRegistry(
    directories.map((files, index) => ({
      path: String(index),
      files: ok(
        Object.entries(files)
          .filter(([name]) => /\.(json|yaml)$/.test(name))
          .map(([name, text]) => ({ path: `${index}/${name}`, bytes: ok(bytesOf(text)) })),
      ),
    })),
  )

test("a conflict in two directories is told of with all four files", () => {
  const text = 'cdiVersion: 0.5.0\nkind: v.com/c\ndevices: [{name: "0", containerEdits: {env: [A=1]}}]\n'
  const { conflicts, findings } = registryOf([
    { "a.yaml": text, "b.yaml": text },
    { "c.yaml": text },
    { "d.yaml": text, "e.yaml": text },
  ])
  const files = ["0/a.yaml", "0/b.yaml", "2/d.yaml", "2/e.yaml"]
  expect(conflicts).toEqual([{ name: "v.com/c=0", files }])
  expect(findings).toEqual([
    { severity: "error", fault: fault("CdiDeviceConflict", { device: "v.com/c=0", files }), evidence: [] },
  ])
})

test("conflicts are told in the order of names, whatever that of files", () => {
  const text =
    "cdiVersion: 0.5.0\nkind: v.com/c\ndevices:\n- {name: b, containerEdits: {env: [A=1]}}\n- {name: a, containerEdits: {env: [A=1]}}\n"
  const { conflicts } = registryOf([{ "a.yaml": text, "b.yaml": text }])
  expect(conflicts.map(({ name }) => name)).toEqual(["v.com/c=a", "v.com/c=b"])
})

describe("specifications of a machine", () => {
  test.each((rows as unknown as readonly Row[]).map((row) => [row.name, row] as const))("%s", (_, row) => {
    const registry = registryOf(row.given.directories)
    const { devices, conflicts = [], rejected = [], env, unresolved } = row.expect
    expect([...registry.devices].map(([name, { source }]) => [name, source.path])).toEqual(
      Object.entries(devices).sort(),
    )
    expect(registry.conflicts.map(({ name }) => name)).toEqual([...conflicts])
    expect(registry.rejected.map(({ path }) => path)).toEqual([...rejected])
    if (row.given.names === undefined) return
    const resolved = resolveDevices(registry, row.given.names)
    if (unresolved === undefined)
      expect(resolved.ok ? resolved.value.edits.env : []).toEqual([...(env ?? [])])
    else expect(resolved.ok ? {} : resolved.fault.data).toMatchObject({ devices: unresolved })
  })

  const spec = (kind: string, ...names: readonly string[]): string =>
    `cdiVersion: 0.5.0\nkind: ${kind}\ndevices:\n${names.map((name) => `- {name: "${name}", containerEdits: {env: [A=b]}}\n`).join("")}`

  test("what a later directory hides is told", () => {
    const registry = registryOf([{ "a.yaml": spec("v/c", "0") }, { "b.yaml": spec("v/c", "0") }])
    expect(registry.devices.get("v/c=0")?.hidden.map(({ path }) => path)).toEqual(["0/a.yaml"])
    expect(registry.specs.map(({ directory, priority }) => [directory, priority])).toEqual([
      ["0", 0],
      ["1", 1],
    ])
  })

  test("a directory that cannot be read ends the search, and a file that cannot be read spoils itself", () => {
    const path = hostPath("/x")
    const denied = fault("HostReadFailed", { path, syscall: "open", errno: "EACCES", reason: "denied" })
    const registry = buildRegistry([
      { path: "/a", files: ok([{ path: "/a/x.yaml", bytes: fail(denied) }]) },
      { path: "/b", files: fail(denied) },
      { path: "/c", files: ok([{ path: "/c/x.yaml", bytes: ok(bytesOf(spec("v/c", "0"))) }]) },
    ])
    expect(registry.devices.size).toBe(0)
    expect(registry.rejected.flatMap(({ faults }) => faults).map(renderFaultLine)).toEqual([
      '/a/x.yaml: failed to read CDI Spec: cannot read "/x": open: EACCES [GAN4041]: run as root; and let everybody read it (chmod a+r), since engines without root must too',
    ])
    expect(registry.findings.map((one) => renderFaultLine(one.fault))).toEqual([
      '/b: the directory of CDI specifications cannot be read, and engines then do not look into /c: cannot read "/x": open: EACCES [GAN4040]: make it a directory that the engine may read, or remove it',
    ])
  })

  test("a directory that engines pass over is told of, and the search goes on", () => {
    const unused = (directory: string) =>
      fault("CdiDirectoryUnused", { directory, why: "is not a directory" })
    const registry = buildRegistry([
      { path: "/b", files: fail(unused("/b")) },
      { path: "/a", files: fail(unused("/a")) },
      { path: "/c", files: ok([{ path: "/c/x.yaml", bytes: ok(bytesOf(spec("v/c", "0"))) }]) },
    ])
    expect([...registry.devices.keys()]).toEqual(["v/c=0"])
    // As read.
    expect(registry.findings).toEqual(
      ["/b", "/a"].map((path) => ({ severity: "error", fault: unused(path), evidence: [] })),
    )
  })

  test.each([
    [
      "v/c=gpu0",
      'unresolvable CDI devices v/c=gpu0: v/c has no device "gpu0" [GAN4043]: did you mean v/c=0?',
    ],
    ...["nvidia0", "mig0"].map((name): [string, string] => [
      `v/c=${name}`,
      `unresolvable CDI devices v/c=${name}: v/c has no device "${name}" [GAN4043]: did you mean v/c=0?`,
    ]),
    [
      "v/c=GPU0",
      'unresolvable CDI devices v/c=GPU0: v/c has no device "GPU0" [GAN4043]: did you mean v/c=0?',
    ],
    [
      "0",
      'unresolvable CDI devices 0: "0" is not a qualified name, vendor/class=device [GAN4043]: did you mean v/c=0?',
    ],
    [
      "w/c=al",
      "unresolvable CDI devices w/c=al: no specification is of kind w/c [GAN4043]: did you mean v/c=all?",
    ],
    [
      "x/y=z\n",
      'unresolvable CDI devices x/y=z\\n: "x/y=z\\n" is not a qualified name, vendor/class=device [GAN4043]: gantry cdi list',
    ],
    [
      "v/c=2",
      'unresolvable CDI devices v/c=2: "v/c=2" is defined by 0/a.yaml and 0/b.yaml [GAN4043]: gantry cdi list',
    ],
  ])("%s: why, and what may be meant", (name, line) => {
    const registry = registryOf([{ "a.yaml": spec("v/c", "0", "all", "2"), "b.yaml": spec("v/c", "2") }])
    const resolved = resolveDevices(registry, [name])
    expect(resolved.ok ? "" : renderFaultLine(resolved.fault)).toStartWith(line)
  })

  test("the only device there is may be meant", () => {
    const resolved = resolveDevices(registryOf([{ "a.yaml": spec("v/c", "first") }]), ["v/c=frist"])
    expect(resolved.ok ? "" : renderFaultLine(resolved.fault)).toContain("did you mean v/c=first?")
  })

  test.each([
    ["v/c=card1", "did you mean v/c=1? "],
    ["v/c=card2", "did you mean v/c=2? "],
    ["v/c=renderD129", "did you mean v/c=2? "],
    ["v/c=card0", "gantry cdi list"],
  ])("of a node's name, %s, who has the node is meant, whatever is spelled like it", (name, advice) => {
    const device = (called: string, ...nodes: readonly string[]) =>
      `{name: "${called}", containerEdits: {deviceNodes: [${nodes.map((node) => `{path: /dev/dri/${node}}`).join(", ")}]}}`
    const devices = [
      device("0000:03:00.0", "card2", "renderD129"),
      // All of them together, by a name that is as short as any and the first.
      device("0", "card1", "card2", "renderD128", "renderD129"),
      device("1", "card1", "renderD128"),
      device("2", "card2", "renderD129"),
    ]
    const text = `cdiVersion: 0.5.0\nkind: v/c\ndevices: [${devices.join(", ")}]\n`
    const resolved = resolveDevices(registryOf([{ "a.yaml": text }]), [name])
    expect(resolved.ok ? "" : renderFaultLine(resolved.fault)).toContain(`[GAN4043]: ${advice}`)
  })

  const other = "GPU-2f54e711-3f64-6a36-3a70-4d33efc825dd"
  test.each([
    // Beside it a specification that gives containers every node of the driver.
    ["all", "did you mean nvidia.com/gpu=all? "],
    ["runtime.nvidia.com/gpu=all", "did you mean nvidia.com/gpu=all? "],
    ["Runtime.NVIDIA.com/gpu=all", "did you mean nvidia.com/gpu=all? "],
    // The beginning of a UUID, and one of a GPU that is not there.
    ["nvidia.com/gpu=GPU-2f54e711", `did you mean nvidia.com/gpu=${other}? `],
    ["nvidia.com/gpu=gpu-2F54", `did you mean nvidia.com/gpu=${other}? `],
    ["nvidia.com/gpu=GPU-11111111", "gantry cdi list"],
    ["nvidia.com/gpu=MIG-11111111-3f64", "gantry cdi list"],
  ])("%s: the GPU itself is meant, and no other", (name, advice) => {
    const gpus = spec(
      "nvidia.com/gpu",
      "0",
      "1",
      "GPU-088686e2-9f99-00fd-c89b-a1339a71a61e",
      other,
      "all",
      "gpu1",
    )
    const directory = { "a.yaml": spec("management.nvidia.com/gpu", "all"), "b.yaml": gpus }
    const resolved = resolveDevices(registryOf([directory]), [name])
    expect(resolved.ok ? "" : renderFaultLine(resolved.fault)).toContain(`[GAN4043]: ${advice}`)
  })

  test("of several vendors' devices of one name the one is meant that is spelled alike, in whichever case", () => {
    const registry = registryOf([
      { "a.yaml": spec("amd.com/gpu", "0"), "i.yaml": spec("intel.com/gpu", "0") },
    ])
    for (const name of ["INTEL.COM/GPU=0", "intel.com/gpus=0"]) {
      const resolved = resolveDevices(registry, [name])
      expect(resolved.ok ? "" : renderFaultLine(resolved.fault)).toContain("did you mean intel.com/gpu=0?")
    }
  })

  test.each([
    ["graphics-card1", "graphics-card0"],
    ["card1-left", "card0-left"],
  ])("what only has a node's name in it, %s, is a name as others are", (name, meant) => {
    const resolved = resolveDevices(registryOf([{ "a.yaml": spec("v/c", meant, "other") }]), [`v/c=${name}`])
    expect(resolved.ok ? "" : renderFaultLine(resolved.fault)).toContain(`did you mean v/c=${meant}?`)
  })

  test("of several every reason is told once, of the first three", () => {
    const registry = registryOf([{ "a.yaml": spec("v/c", "0", "1", "all") }])
    const resolved = resolveDevices(registry, ["v/c=gpu0", "v/c=0", "w/c=9", "v/c=gpu0", "v/c=gpu1", "x/c=9"])
    expect(resolved.ok ? "" : renderFaultLine(resolved.fault)).toBe(
      'unresolvable CDI devices v/c=gpu0, w/c=9, v/c=gpu0, v/c=gpu1, x/c=9: v/c has no device "gpu0"; no specification is of kind w/c; v/c has no device "gpu1" [GAN4043]: did you mean v/c=0 and v/c=1? gantry cdi list shows every device',
    )
  })

  test("of a kind whose file may be one that cannot be loaded no other vendor's device is meant", () => {
    const directory = { "amd.json": '{"kind": "amd.com/gpu",', "intel.yaml": spec("intel.com/gpu", "0") }
    const resolved = resolveDevices(registryOf([directory]), ["amd.com/gpu=0"])
    expect(resolved.ok ? "" : renderFaultLine(resolved.fault)).toEndWith(
      "it may be in what cannot be loaded: 0/amd.json [GAN4043]: gantry cdi list shows every device and the file that it comes from",
    )
  })

  test("what could not be loaded is named, files and directories, and so is a machine without any", () => {
    const broken = resolveDevices(registryOf([{ "a.yaml": "kind: [", "b.yaml": "" }]), ["v/c=0"])
    expect(broken.ok ? "" : renderFaultLine(broken.fault)).toContain(
      "no specification is of kind v/c; it may be in what cannot be loaded: 0/a.yaml, 0/b.yaml [",
    )
    const path = hostPath("/x")
    const denied = fault("HostReadFailed", { path, syscall: "open", errno: "EACCES", reason: "denied" })
    for (const reason of [
      denied,
      fault("CdiDirectoryUnused", { directory: "/b", why: "is not a directory" }),
    ]) {
      const closed = resolveDevices(buildRegistry([{ path: "/b", files: fail(reason) }]), ["v/c=0"])
      expect(closed.ok ? "" : renderFaultLine(closed.fault)).toContain(
        "no specification is of kind v/c; it may be in what cannot be loaded: /b [",
      )
    }
    const none = resolveDevices(registryOf([]), ["v/c=0"])
    expect(none.ok ? "" : renderFaultLine(none.fault)).toContain(
      "there is no CDI specification on this machine",
    )
  })
})
