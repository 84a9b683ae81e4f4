/** A machine's tree that was made to cost much. */

import { expect, test } from "bun:test"
import { observeAmd } from "../../../../src/core/vendor/amd/observe-amd.ts"
import { vendorMachine } from "../vendor-machine.ts"

test("a tree with a hundred thousand of everything is not walked to its end", () => {
  const inventory = observeAmd(
    vendorMachine({
      amd: ["w7900"],
      change: (tree) => {
        for (let number = 2; number < 100_000; number++)
          tree[`/sys/devices/virtual/kfd/kfd/topology/nodes/${number}/properties`] = {
            kind: "file",
            content: "simd_count 1\n",
          }
        for (let number = 0; number < 10_000; number++)
          tree[`/sys/devices/pci0000:00/0000:05:00.0/drm/card${1000 + number}`] = { kind: "directory" }
      },
    }),
  )
  expect(inventory.findings.length).toBeGreaterThan(1000)
  expect(inventory.findings.length).toBeLessThan(1100)
  expect(inventory.gpus.map(({ state }) => state)).toEqual(["usable"])
})
