import { describe, expect, test } from "bun:test"
import { renderInfoTable } from "../../../src/core/explain/render-info.ts"
import { otherGpusTable } from "../../../src/core/explain/render-other-gpus.ts"
import { fail } from "../../../src/core/fault/result.ts"
import type { Host } from "../../../src/core/host/host.ts"
import { readFault } from "../../../src/core/host/resolve-path.ts"
import { observeSnapshot } from "../../../src/core/plan/snapshot.ts"
import { observeAmd } from "../../../src/core/vendor/amd/observe-amd.ts"
import { observeIntel } from "../../../src/core/vendor/intel/observe-intel.ts"
import { remove, type Tree, vendorMachine } from "../vendor/vendor-machine.ts"

const observe = (host: Host) => ({ amd: observeAmd(host), intel: observeIntel(host) })
const first = "/sys/devices/pci0000:00/0000:05:00.0"
const rowsWith = (change: (tree: Tree) => void): readonly string[] =>
  otherGpusTable(observe(vendorMachine({ amd: ["mi210"], intel: ["b60"], change }))).slice(2)

describe("the table of other vendors' GPUs", () => {
  test.each([
    ["whole", () => undefined, /^amd\.com\/gpu=0 +0000:05:00\.0 +card1 renderD128 +740f +amdgpu +0x/],
    [
      "undriven",
      (tree: Tree) => remove(tree, `${first}/driver`),
      /^amd\.com\/gpu=- +0000:05:00\.0 +undriven +740f +- +-$/,
    ],
    [
      "broken",
      (tree: Tree) => remove(tree, "/dev/dri/renderD128"),
      /^amd\.com\/gpu=- +0000:05:00\.0 +broken +740f +amdgpu/,
    ],
    [
      "without compute",
      (tree: Tree) => remove(tree, "/dev/kfd"),
      /^amd\.com\/gpu=0 .* card1 renderD128 \(graphics only\) /,
    ],
    [
      "unknown",
      (tree: Tree) => remove(tree, `${first}/device`),
      /^amd\.com\/gpu=0 .* renderD128 +\? +amdgpu/,
    ],
  ])("tells of one that is %s", (_state, change, expected) => {
    const rows = rowsWith(change)
    expect(rows[0]).toMatch(expected)
    expect(rows[1]).toMatch(/^intel\.com\/gpu=0 +0000:03:00\.0 +card2 renderD129 +e211 +xe +-$/)
  })

  test("is not there on a machine without any", () => {
    expect(
      otherGpusTable({ amd: { kfd: undefined, gpus: [], findings: [] }, intel: { gpus: [], findings: [] } }),
    ).toEqual([])
  })
})

test("what several observers were refused alike is told once", () => {
  const machine = vendorMachine({ amd: ["mi210"] })
  const host: Host = {
    ...machine,
    readDir: (path) =>
      path === "/sys/bus/pci/devices" ? fail(readFault(path, "open", "EACCES")) : machine.readDir(path),
  }
  const others = observe(host)
  expect(others.amd.findings).toEqual(others.intel.findings)
  const snapshot = observeSnapshot(host, { driverRoot: "/", ldcache: "/etc/ld.so.cache" })
  const text = renderInfoTable({ snapshot, kind: "memory", gpus: [], migDevices: [], others })
  expect(text.split("\n").filter((line) => line.includes("/sys/bus/pci/devices"))).toHaveLength(1)
})
