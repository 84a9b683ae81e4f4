import { describe, expect, test } from "bun:test"
import { type CdiDevice, type ContainerEdits, noEdits } from "../../../src/core/cdi/spec.ts"
import { type Additions, addFor, noAdditions, ownDevices } from "../../../src/core/generate/add-edits.ts"

const env = (...entries: readonly string[]): ContainerEdits => ({ ...noEdits, env: entries })
const device = (name: string, entry: string, note: string): CdiDevice => ({
  name,
  annotations: new Map([[note, name]]),
  containerEdits: env(entry),
})
const uuid = "GPU-5a1c6c1e-2b7d-4c6f-9a3e-0123456789ab"
const additions: Additions = {
  ...noAdditions,
  devices: [
    device("0", "ZERO=1", "index"),
    device(uuid.toLowerCase(), "UUID=1", "uuid"),
    device("1A:00.0", "PCI=1", "pci"),
    device("mine", "MINE=1", "own"),
  ],
}

describe("what an administrator adds for a device", () => {
  test("comes behind its own, under whichever of its names, in whatever form that is written", () =>
    expect(addFor(["0", "0000:1a:00.0", uuid], env("OWN=1"), additions)).toEqual({
      annotations: new Map([
        ["index", "0"],
        ["uuid", uuid.toLowerCase()],
        ["pci", "1A:00.0"],
      ]),
      containerEdits: env("OWN=1", "ZERO=1", "UUID=1", "PCI=1"),
    }))

  test("is nothing of another's", () =>
    expect(addFor(["1", "0000:1b:00.0"], env("OWN=1"), additions)).toEqual({
      annotations: new Map(),
      containerEdits: env("OWN=1"),
    }))
})

test("devices that none of the machine's is called are the administrator's own", () => {
  const names = ({ devices }: Additions, known: readonly string[]): readonly string[] =>
    ownDevices(known, { ...noAdditions, devices }).map(({ name }) => name)
  expect(names(additions, ["0", uuid, "0000:1a:00.0"])).toEqual(["mine"])
  expect(names(additions, ["1"])).toEqual(["0", uuid.toLowerCase(), "1A:00.0", "mine"])
})
