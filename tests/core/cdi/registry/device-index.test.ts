import { describe, expect, test } from "bun:test"
import { collectEdits } from "../../../../src/core/cdi/edits/collect-edits.ts"
import { findDevices, indexDevices } from "../../../../src/core/cdi/registry/device-index.ts"
import {
  buildRegistry,
  type RegisteredDevice,
  type Registry,
} from "../../../../src/core/cdi/registry/registry.ts"
import { resolveDevices } from "../../../../src/core/cdi/registry/resolve-devices.ts"
import { renderResolved, renderResolvedJson } from "../../../../src/core/explain/render-resolved.ts"
import { ok } from "../../../../src/core/fault/result.ts"
import { bytesOf } from "../spec-vectors.ts"
import { readerOf } from "./index-reader.ts"

const registryOf = (...directories: readonly Readonly<Record<string, string>>[]): Registry =>
  buildRegistry(
    directories.map((files, index) => ({
      path: `/d${index}`,
      files: ok(
        Object.entries(files).map(([name, text]) => ({
          path: `/d${index}/${name}`,
          bytes: ok(bytesOf(text)),
        })),
      ),
    })),
  )

const low = `cdiVersion: 0.5.0
kind: v.com/card
containerEdits: {env: [LOW=1]}
devices:
- {name: "0", containerEdits: {env: [A=0]}}
- {name: "only", containerEdits: {env: ["A=\\u00e9\\n]", 'B="x"'], deviceNodes: [{path: /dev/a, fileMode: 0}]}}
`
const high = `cdiVersion: 1.1.0
kind: v.com/card
containerEdits: {env: [HIGH=1], intelRdt: {schemata: []}, additionalGids: [7]}
devices:
- {name: "0", containerEdits: {hooks: [{hookName: poststop, path: /h, timeout: 3}], mounts: [{hostPath: /a, containerPath: /b, type: bind, options: [ro]}]}}
- {name: "00", containerEdits: {netDevices: [{hostInterfaceName: a, name: b}]}}
`
const registry = registryOf({ "low.yaml": low, "broken.yaml": "{" }, { "high.yaml": high })
const index = readerOf(registry)

describe("the devices of specifications, one a line", () => {
  test.each([
    [["v.com/card=0"]],
    [["v.com/card=00"]],
    [["v.com/card=only"]],
    [["v.com/card=0", "v.com/card=00", "v.com/card=only"]],
    [["v.com/card=only", "v.com/card=0", "v.com/card=only"]],
  ])("%p: the same as from the files", (names) => {
    const resolved = resolveDevices(registry, names)
    const found = findDevices(index, names)
    if (!resolved.ok || found === undefined) throw new Error("not found")
    const recalled = collectEdits(found)
    expect(recalled.edits).toEqual(resolved.value.edits)
    expect(renderResolved(recalled)).toBe(renderResolved(resolved.value))
    expect(renderResolvedJson(recalled, {})).toBe(renderResolvedJson(resolved.value, {}))
    expect(found.map(({ name, device }) => [name, device.name])).toEqual(
      resolved.value.devices.map(({ name, device }) => [name, device.name]),
    )
    const saidBy = ({ source: { spec } }: RegisteredDevice) => [spec.kind, spec.cdiVersion]
    expect(found.map(saidBy)).toEqual(resolved.value.devices.map(saidBy))
    expect(found.map(({ hidden }) => hidden.map(({ path }) => path))).toEqual(
      resolved.value.devices.map(({ hidden }) => hidden.map(({ path }) => path)),
    )
  })

  test("one that is in no line is not found, whatever its name", () => {
    for (const name of ["v.com/card=1", "v.com/card=", "", '",', "v.com/card=0\n", "0"])
      expect(findDevices(index, ["v.com/card=0", name])).toBeUndefined()
    expect(findDevices(index, [])).toEqual([])
  })

  test("of a thousand devices each is found, and little is read for it", () => {
    const names = Array.from({ length: 1000 }, (_, number) => `gpu${number}`)
    const devices = names.map((name) => `- {name: ${name}, containerEdits: {env: [N=${name}]}}\n`).join("")
    const { sources, buckets } = indexDevices(
      registryOf({ "a.yaml": `cdiVersion: 0.5.0\nkind: v.com/card\ndevices:\n${devices}` }),
    )
    for (const name of names) {
      let read = 0
      const text = (part: string | undefined): string | undefined => {
        read += part?.length ?? 0
        return part
      }
      const [found] =
        findDevices(
          {
            bucketCount: buckets.length,
            source: (number) => text(sources[number]),
            bucket: (number) => text(buckets[number]),
          },
          [`v.com/card=${name}`],
        ) ?? []
      expect(found?.device.containerEdits.env).toEqual([`N=${name}`])
      expect(read).toBeLessThan(16 * 1024)
    }
  })

  test("lines stand in the order of names, so that the same devices are the same text", () => {
    const lines = index.bucket(0)?.split("\n") ?? []
    expect(lines.map((line) => /^\["([^"]*)"/.exec(line)?.[1])).toEqual([
      undefined,
      "v.com/card=0",
      "v.com/card=00",
      "v.com/card=only",
    ])
  })

  test("a part that cannot be read is an unknown device", () => {
    const whole = readerOf(registry)
    expect(findDevices({ ...whole, bucket: () => undefined }, ["v.com/card=0"])).toBeUndefined()
    expect(findDevices({ ...whole, source: () => undefined }, ["v.com/card=0"])).toBeUndefined()
  })

  test("a device that two files of one directory define is in none", () => {
    const conflict = readerOf(registryOf({ "a.yaml": low, "b.yaml": low }))
    expect(findDevices(conflict, ["v.com/card=0"])).toBeUndefined()
  })
})
