import { describe, expect, test } from "bun:test"
import { verifyCdi } from "../../../src/core/diagnose/verify-cdi.ts"
import { cdiMachineCatalogue } from "../../../src/core/fault/cdi-machine.ts"
import { faultCode, renderFaultLine } from "../../../src/core/fault/render.ts"
import rows from "../../vectors/cdi/verify.json"
import { type MachineChange, subjectOf } from "./healthy-machine.ts"

interface Row {
  readonly name: string
  readonly source: string
  readonly given: MachineChange
  /** Severity and code of every finding. Order: none that matters. */
  readonly expect: readonly string[]
}

const vectors = rows as unknown as readonly Row[]

const findingsOf = ({ given }: Row): readonly string[] =>
  verifyCdi(subjectOf(given)).map(({ severity, fault }) => `${severity} ${faultCode(fault)}`)

describe("a specification beside its machine", () => {
  test.each(vectors.map((row) => [row.name, row] as const))("%s", (_, row) => {
    expect([...findingsOf(row)].sort()).toEqual([...row.expect].sort())
  })

  test("each fault has a row that produces it, and the healthy machine none", () => {
    const seen = new Set(vectors.flatMap((row) => row.expect.map((one) => one.split(" ")[1])))
    const codes = Object.values(cdiMachineCatalogue).map(({ code }) => code)
    // What --fix says is held by tests/commands/cdi-fix.test.ts, devices that are no GPUs by tests/commands/cdi-verify-fresh.test.ts.
    expect(codes.filter((code) => !seen.has(code))).toEqual(["GAN4128", "GAN4137"])
    expect(vectors[0]?.expect).toEqual([])
  })

  test("a finding says where it stands, and where else", () => {
    const findings = verifyCdi(
      subjectOf({ spec: [["          env:\n            - NVIDIA_CTK_DEBUG=false\n", ""]] }),
    )
    expect(findings.map(({ fault, evidence }) => [renderFaultLine(fault), evidence])).toEqual([
      [
        '/etc/cdi/nvidia.yaml:30:11: the createContainer hook "/usr/bin/nvidia-cdi-hook" has no env, so that it runs as root with variables that an image chooses (CVE-2025-23266) [GAN4112]: give the hook an env, one variable at least: env: [PATH=/usr/bin:/bin]',
        ["/etc/cdi/nvidia.yaml:37:11: containerEdits.hooks[1]"],
      ],
    ])
  })

  test("files of another driver are one finding, not sixty", () => {
    const findings = verifyCdi(subjectOf({ spec: [["550.163.01", "535.54.03"]] }))
    expect(findings).toHaveLength(1)
    expect(findings[0]?.fault.data).toMatchObject({ written: "535.54.03", kernel: "550.163.01" })
  })
})
