import { describe, expect, test } from "bun:test"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { renderSpec } from "../../src/core/cdi/render-spec.ts"
import type { CdiSpec } from "../../src/core/cdi/spec.ts"
import type { Finding } from "../../src/core/fault/finding.ts"
import { renderFaultLine } from "../../src/core/fault/render.ts"
import { generateAmdSpec } from "../../src/core/vendor/amd/generate-amd-spec.ts"
import { observeAmd } from "../../src/core/vendor/amd/observe-amd.ts"
import { generateIntelSpec } from "../../src/core/vendor/intel/generate-intel-spec.ts"
import { observeIntel } from "../../src/core/vendor/intel/observe-intel.ts"
import { createRecordingHost } from "../../src/host/recording.ts"
import { expectGolden } from "../golden.ts"
import { hostNames, readRecording } from "./recorded-host.ts"

interface Made {
  readonly spec: CdiSpec
  readonly findings: readonly Finding[]
}

/** Of each vendor that the machine has GPUs of. */
function specsOf(name: string): readonly Made[] {
  const host = createRecordingHost(readRecording(name), name)
  return [
    generateAmdSpec(observeAmd(host), { hasGroups: true }),
    generateIntelSpec(observeIntel(host), { hasGroups: true }),
  ].flatMap((made) => (made.ok ? [made.value] : []))
}

/** A line for each device. */
const outline = ({ spec, findings }: Made): string =>
  [
    `== ${spec.kind}, ${spec.cdiVersion}, ${spec.devices.length} devices`,
    ...findings.map(({ severity, fault }) => `${severity}: ${renderFaultLine(fault)}`),
    ...spec.devices.map(
      ({ name, containerEdits: { deviceNodes, additionalGids } }) =>
        `${name}: ${deviceNodes.map(({ path }) => path.replace("/dev/", "")).join(" ")}; groups ${additionalGids.join(" ")}`,
    ),
    "",
  ].join("\n")

describe("goldens: specifications of other vendors' GPUs", () => {
  const withOthers = hostNames.flatMap((name) => {
    const specs = specsOf(name)
    return specs.length === 0 ? [] : [{ name, specs }]
  })

  test("four machines have some, the others none", () =>
    expect(withOthers.map(({ name }) => name)).toEqual([
      "amd-mi300x",
      "amd-mi300x-cpx",
      "intel-flex",
      "mixed-vendors",
    ]))

  for (const { name, specs } of withOthers)
    test(name, () => expectGolden(`vendor-specs/${name}.txt`, specs.map(outline).join("\n")))

  for (const { spec } of withOthers.find(({ name }) => name === "mixed-vendors")?.specs ?? []) {
    const file = `${spec.kind.replace("/", "-")}.yaml`
    test(`mixed-vendors, ${file}, as it is written`, () =>
      expectGolden(`vendor-specs/${file}`, renderSpec(spec, "yaml")))
  }

  test("no golden is left of a machine that is gone", () => {
    const files = readdirSync(join(import.meta.dir, "../goldens/vendor-specs"))
    expect(files.filter((file) => file.endsWith(".txt")).sort()).toEqual(
      withOthers.map(({ name }) => `${name}.txt`).sort(),
    )
  })
})
