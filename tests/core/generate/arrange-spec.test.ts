import { describe, expect, test } from "bun:test"
import { mergeEdits } from "../../../src/core/cdi/edits/merge-edits.ts"
import { type CdiDevice, type ContainerEdits, noEdits } from "../../../src/core/cdi/spec.ts"
import { arrangeSpec } from "../../../src/core/generate/arrange-spec.ts"
import { bareNode } from "../cdi/read/bare-parts.ts"

const device = (name: string, containerEdits: ContainerEdits): CdiDevice => ({
  name,
  annotations: new Map(),
  containerEdits,
})
const hook = (...args: readonly string[]): ContainerEdits["hooks"][number] => ({
  hookName: "createContainer",
  path: "/usr/bin/nvidia-cdi-hook",
  args,
  env: ["A=b"],
  timeout: undefined,
})
const mount = (path: string): ContainerEdits["mounts"][number] => ({
  hostPath: path,
  containerPath: path,
  options: ["ro"],
  type: "",
})

/** One of everything that can stand in two places, by the letter that it has. */
const everything = (letter: string, number: number): ContainerEdits => ({
  ...noEdits,
  env: [`${letter}=1`],
  deviceNodes: [bareNode(`/dev/${letter}`)],
  netDevices: [{ hostInterfaceName: letter, name: letter }],
  hooks: [hook(letter)],
  mounts: [mount(`/lib/${letter}`)],
  additionalGids: [number],
})
const [a, b] = [everything("a", 1), everything("b", 2)]
const both = mergeEdits([a, b])

describe("what a specification says, it says once", () => {
  test("in one place", () =>
    expect(arrangeSpec([], mergeEdits([a, b, b, a]), undefined).containerEdits).toEqual(both))

  test("what every container gets no device says again", () =>
    expect(arrangeSpec([device("0", both)], a, undefined)).toEqual({
      devices: [device("0", b)],
      containerEdits: a,
    }))

  test("but for a device of which nothing would be left: one without edits is none", () =>
    expect(arrangeSpec([device("0", a)], both, undefined).devices).toEqual([device("0", a)]))
})

describe("the device that is all the others", () => {
  const devices = [device("1", a), device("0", b)]

  test("has everything of each, and stands among them by its name", () =>
    expect(arrangeSpec(devices, noEdits, "all").devices).toEqual([
      device("0", b),
      device("1", a),
      device("all", both),
    ]))

  test("is not made where nobody wants it, where there are no others, or where one is called so", () => {
    const namesOf = (given: readonly CdiDevice[], merged: string | undefined): readonly string[] =>
      arrangeSpec(given, noEdits, merged).devices.map(({ name }) => name)
    expect(namesOf(devices, undefined)).toEqual(["0", "1"])
    expect(namesOf([], "all")).toEqual([])
    expect(namesOf([...devices, device("all", a)], "all")).toEqual(["0", "1", "all"])
  })
})

test("groups stand by number", () =>
  expect(arrangeSpec([], { ...noEdits, additionalGids: [110, 44, 9] }, undefined).containerEdits).toEqual({
    ...noEdits,
    additionalGids: [9, 44, 110],
  }))
