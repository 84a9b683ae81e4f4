import { describe, expect, test } from "bun:test"
import { verifyCdi } from "../../../src/core/diagnose/verify-cdi.ts"
import { cdiMachineCatalogue } from "../../../src/core/fault/cdi-machine.ts"
import type { Finding } from "../../../src/core/fault/finding.ts"
import { faultCode, renderFaultLine } from "../../../src/core/fault/render.ts"
import type { MemoryTree } from "../../../src/host/memory.ts"
import { expectGolden } from "../../golden.ts"
import rows from "../../vectors/cdi/verify.json"
import { hookPath, type MachineChange, subjectOf } from "./healthy-machine.ts"

const program = { kind: "file", content: "a program", mode: 0o755 } as const

interface Row {
  readonly name: string
  readonly source: string
  readonly given: MachineChange
  /** Severity and code of every finding. Order: none that matters. */
  readonly expect: readonly string[]
}

const vectors = rows as unknown as readonly Row[]

/** What was found of each row: every test asks for the same. */
const verified = new Map<Row, readonly Finding[]>()

function findingsOf(row: Row): readonly Finding[] {
  const known = verified.get(row)
  if (known !== undefined) return known
  const findings = verifyCdi(subjectOf(row.given))
  verified.set(row, findings)
  return findings
}

describe("a specification beside its machine", () => {
  test.each(vectors.map((row) => [row.name, row] as const))("%s", (_, row) => {
    const codes = findingsOf(row).map(({ severity, fault }) => `${severity} ${faultCode(fault)}`)
    expect(codes.sort()).toEqual([...row.expect].sort())
  })

  test("what is said of each, where, and what shows it", () => {
    const told = vectors.map((row) => {
      const lines = findingsOf(row).flatMap(({ severity, fault, evidence }) => [
        `${severity}: ${renderFaultLine(fault)}`,
        ...evidence.map((line) => `  ${line}`),
      ])
      return [`# ${row.name}`, ...lines].join("\n")
    })
    expectGolden("verify/findings.txt", `${told.join("\n")}\n`)
  })

  test("each fault has a row that produces it, and the healthy machine none", () => {
    const seen = new Set(vectors.flatMap((row) => row.expect.map((one) => one.split(" ")[1])))
    const codes = Object.values(cdiMachineCatalogue).map(({ code }) => code)
    // What --fix says is held by tests/commands/fix-cdi.test.ts, devices that are no GPUs by tests/commands/cdi-verify-fresh.test.ts.
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

  const install =
    "install the program anew, or generate the specification anew with the hooks of this machine"

  test.each<[what: string, there: MemoryTree[string], problem: string, remedy: string]>([
    [
      "of no use to anybody",
      { ...program, mode: 0o644 },
      "mode 644 lets nobody execute it",
      `run chmod a+x ${hookPath} as root (if it is a program)`,
    ],
    ["empty", { ...program, content: "" }, "it is empty", install],
    ["a directory", { kind: "directory" }, "it is a directory", install],
  ])("of a hook's program that is %s it is said what helps", (_, there, problem, remedy) => {
    const findings = verifyCdi(subjectOf({ machine: { [hookPath]: there } }))
    expect(findings.map(({ fault }) => renderFaultLine(fault))).toEqual([
      `/etc/cdi/nvidia.yaml:31:17: error executing hook "${hookPath}": ${problem}: no container with it starts [GAN4111]: ${remedy}`,
    ])
  })

  test("files of another driver are one finding, not sixty", () => {
    const findings = verifyCdi(subjectOf({ spec: [["550.163.01", "535.54.03"]] }))
    expect(findings).toHaveLength(1)
    expect(findings[0]?.fault.data).toMatchObject({ written: "535.54.03", kernel: "550.163.01" })
  })

  const hookOf = (...args: readonly string[]): readonly [string, string] => [
    "    hooks:\n",
    `    hooks:\n        - hookName: createContainer\n          path: ${hookPath}\n          args: [nvidia-cdi-hook, ${args.join(", ")}]\n          env: [A=b]\n`,
  ]

  test.each<[what: string, spec: NonNullable<MachineChange["spec"]>, told: string]>([
    [
      "told of another driver",
      [hookOf("enable-cuda-compat", "--host-driver-version=535.54.03")],
      "error: 32:17: the specification is for driver 535.54.03, and the kernel module is 550.163.01: 1 hook with that --host-driver-version [GAN4104]: generate the specification anew",
    ],
    [
      "told of another driver, as its files are",
      [["550.163.01", "535.54.03"], hookOf("enable-cuda-compat", "--host-driver-version", "535.54.03")],
      "error: 54:21: the specification is for driver 535.54.03, and the kernel module is 550.163.01: 33 files, 33 of them not there, and 1 hook with that --host-driver-version [GAN4104]: generate the specification anew",
    ],
    [
      "passed over",
      [hookOf("foo")],
      'warning: 32:17: the hook "/usr/bin/nvidia-cdi-hook" does nothing: nvidia-cdi-hook passes over "foo", which no release has [GAN4116]: leave it out, if that is meant; else generate the specification anew, or write what it lacks',
    ],
    [
      "without folders",
      [hookOf("update-ldcache")],
      'warning: 32:17: the hook "/usr/bin/nvidia-cdi-hook" does nothing for loaders: it has no --folder to tell them of [GAN4116]: leave it out, if that is meant; else generate the specification anew, or write what it lacks',
    ],
    [
      "with a folder of nothing",
      [hookOf("update-ldcache", "--folder=/opt/lib")],
      'note: 32:17: the hook "/usr/bin/nvidia-cdi-hook" tells loaders of "/opt/lib", where no specification mounts a library [GAN4116]: leave it out, if that is meant; else generate the specification anew, or write what it lacks',
    ],
  ])("what is said of a hook that is %s", (_, spec, told) => {
    const findings = verifyCdi(subjectOf({ spec }))
    expect(findings.map(({ severity, fault }) => `${severity}: ${renderFaultLine(fault)}`)).toEqual([
      told.replace(": ", ": /etc/cdi/nvidia.yaml:"),
    ])
  })
})
