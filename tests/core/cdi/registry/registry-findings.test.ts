import { expect, test } from "bun:test"
import { registryFindings, registryProblems } from "../../../../src/core/cdi/registry/registry-findings.ts"
import { type Fault, fault } from "../../../../src/core/fault/fault.ts"
import type { Finding } from "../../../../src/core/fault/finding.ts"

const finding = (number: number): Finding => ({
  severity: "error",
  fault: fault("CdiDeviceConflict", { device: `v.com/c=${number}`, files: ["/a.yaml", "/b.yaml"] }),
  evidence: [],
})
const empty = (file: string): Fault => fault("CdiTextEmpty", { file })
const rejected = (number: number) => ({
  path: `/${number}.yaml`,
  faults: [empty(`/${number}.yaml`), empty("/after")],
})
const registryOf = (findings: number, files: number) => ({
  specs: [],
  devices: new Map(),
  conflicts: [],
  findings: Array.from({ length: findings }, (_, number) => finding(number)),
  rejected: Array.from({ length: files }, (_, number) => rejected(number)),
})

test("what is wrong with specifications is a warning to who uses others, and of a file the first fault counts", () => {
  expect(registryFindings(registryProblems(registryOf(1, 2)))).toEqual([
    { ...finding(0), severity: "warning" },
    { severity: "warning", fault: empty("/0.yaml"), evidence: ["/0.yaml: not loaded"] },
    { severity: "warning", fault: empty("/1.yaml"), evidence: ["/1.yaml: not loaded"] },
  ])
})

test("of each kind the first are kept, and the rest is counted", () => {
  const { untold, ...kept } = registryProblems(registryOf(34, 37))
  expect(kept).toEqual({
    findings: registryOf(32, 0).findings,
    rejected: registryOf(0, 32).rejected.map(({ path, faults }) => ({ path, faults: faults.slice(0, 1) })),
  })
  expect(untold).toBe(7)
  expect(registryProblems(registryOf(32, 32)).untold).toBe(0)
})
