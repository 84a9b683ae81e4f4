import { expect, test } from "bun:test"
import type { CdiSpec } from "../../../../src/core/cdi/spec.ts"
import { generateVendorSpec } from "../../../../src/core/vendor/generate-vendor-spec.ts"
import { withCardNames } from "../../../../src/core/vendor/intel/card-names.ts"
import { remove, vendorMachine } from "../vendor-machine.ts"

function made(host = vendorMachine({ intel: ["uhd770", "flex170"], drmBefore: 1 })): CdiSpec {
  const spec = generateVendorSpec("intel", host, { hasGroups: false })
  if (!spec.ok) throw new Error(spec.fault.tag)
  return spec.value.spec
}

const named = (...names: readonly string[]): CdiSpec => ({
  ...made(),
  devices: names.map((name) => ({ ...made().devices[0], name }) as CdiSpec["devices"][number]),
})
const editsOf = ({ devices }: CdiSpec, name: string) =>
  devices.find((one) => one.name === name)?.containerEdits

test("a file with names of cards has each GPU under the card that it has now", () => {
  const spec = withCardNames(made(), named("card0"))
  expect(spec.devices.length).toBe(made().devices.length + 2)
  expect(editsOf(spec, "card2")).toEqual(editsOf(spec, "0") as never)
  expect(editsOf(spec, "card3")).toEqual(editsOf(spec, "1") as never)
  const names = spec.devices.map(({ name }) => name)
  expect(names).toEqual(names.toSorted())
})

test.each([[["0", "all"]], [["card"]], [["card1a"]], [[]]])("one with %p has none", (names) =>
  expect(withCardNames(made(), named(...names))).toEqual(made()),
)

test("a GPU without a card has no such name", () => {
  const host = vendorMachine({ intel: ["a770"], change: (tree) => remove(tree, "/dev/dri/card1") })
  expect(withCardNames(made(host), named("card1"))).toEqual(made(host))
})
