import { describe, expect, test } from "bun:test"
import { buildRegistry, type RegisteredDevice } from "../../../src/core/cdi/registry/registry.ts"
import { renderSpec } from "../../../src/core/cdi/render-spec.ts"
import { type CdiSpec, type DeviceNode, noEdits } from "../../../src/core/cdi/spec.ts"
import { ok } from "../../../src/core/fault/result.ts"
import { placeOnMachine, unplaceRegistry, unplaceSpec } from "../../../src/core/generate/place-on-machine.ts"
import { encodeUtf8 } from "../../../src/core/text/utf8.ts"
import { bareNode } from "../cdi/read/bare-parts.ts"

const mount = (hostPath: string, type: string) => ({ hostPath, containerPath: "/m", options: [], type })
const node = (path: string, hostPath = ""): DeviceNode => ({ ...bareNode(path), hostPath })
const specOf = (
  mounts: readonly ReturnType<typeof mount>[],
  deviceNodes: readonly DeviceNode[] = [],
): CdiSpec => ({
  cdiVersion: "0.5.0",
  kind: "v.com/c",
  annotations: new Map(),
  devices: [],
  containerEdits: { ...noEdits, mounts, deviceNodes },
})
const onMachine = (path: string): string => `/machine/${path.replace(/^\//, "")}`

test("files lie in the machine's directory, and a file system that lies at no path does not", () => {
  const spec = specOf([mount("/lib/a", ""), mount("tmpfs", "tmpfs")])
  const placed = placeOnMachine(spec, onMachine)
  expect(placed).toEqual(specOf([mount("/machine/lib/a", ""), mount("tmpfs", "tmpfs")]))
  expect(unplaceSpec(placed, "/machine")).toEqual(spec)
})

test("nodes lie there too, and are called in containers as before", () => {
  const spec = specOf([], [node("/dev/nvidia0"), node("/dev/nvidia1", "/driver/dev/nvidia1")])
  const placed = placeOnMachine(spec, onMachine)
  expect(placed.containerEdits.deviceNodes).toEqual([
    node("/dev/nvidia0", "/machine/dev/nvidia0"),
    node("/dev/nvidia1", "/machine/driver/dev/nvidia1"),
  ])
  expect(unplaceSpec(placed, "/machine")).toEqual(spec)
})

test("what lies nowhere else means itself", () => {
  const spec = specOf([mount("/lib/a", "")], [node("/dev/a"), node("/dev/b", "/x/b")])
  for (const placeOf of [() => undefined, (path: string) => path])
    expect(placeOnMachine(spec, placeOf)).toEqual(spec)
})

describe("the specifications of a machine that lies in a directory", () => {
  const directory = (path: string, specs: Readonly<Record<string, CdiSpec>>) => ({
    path,
    files: ok(
      Object.entries(specs).map(([name, spec]) => ({
        path: `${path}/${name}.yaml`,
        bytes: ok(encodeUtf8(renderSpec(spec, "yaml"))),
      })),
    ),
  })
  const ofDevice = (name: string, hostPath: string): CdiSpec => ({
    ...specOf([]),
    devices: [
      {
        name,
        annotations: new Map(),
        containerEdits: { ...noEdits, deviceNodes: [node("/dev/a", hostPath)] },
      },
    ],
  })
  const withFile = (hostPath: string): CdiSpec => ({
    ...specOf([mount(hostPath, "")]),
    devices: [{ name: "1", annotations: new Map(), containerEdits: { ...noEdits, env: ["A=b"] } }],
  })
  const read = (...specs: readonly CdiSpec[]) =>
    buildRegistry(specs.map((spec, place) => directory(`/etc/${place}`, { spec })))

  test("are as the machine calls its own: those for it, those for this machine's engines, and those that they hide", () => {
    const { registry, files } = unplaceRegistry(
      read(ofDevice("0", "/machine/dev/a"), ofDevice("0", ""), withFile("/machine/lib/a")),
      "/machine",
    )
    const asItCalls = [ofDevice("0", ""), ofDevice("0", ""), withFile("/lib/a")]
    expect(registry.specs.map(({ path }) => path)).toEqual(
      [0, 1, 2].map((place) => `/etc/${place}/spec.yaml`),
    )
    expect(files).toEqual(new Set(["/etc/0/spec.yaml", "/etc/2/spec.yaml"]))
    expect(registry.specs.map(({ spec }) => spec)).toEqual(asItCalls)
    const seen = (name: string): RegisteredDevice | undefined => registry.devices.get(`v.com/c=${name}`)
    expect(seen("0")?.source).toBe(registry.specs[1])
    expect(seen("0")?.hidden).toEqual(registry.specs.slice(0, 1))
    expect(seen("1")?.source).toBe(registry.specs[2])
    for (const [name, place] of [
      ["0", 1],
      ["1", 2],
    ] as const)
      expect(seen(name)?.device).toEqual(asItCalls[place]?.devices[0])
  })

  test("are left as they are where none was for this machine's engines", () => {
    const registry = read(ofDevice("0", "/machine-2/dev/a"))
    expect(unplaceRegistry(registry, "/machine")).toEqual({ registry, files: undefined })
  })
})
