import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import type { CompatNote } from "../../../src/core/compat/compat-note.ts"
import { type CompatQuestion, decideCompat } from "../../../src/core/compat/decide-compat.ts"

const directory = "/usr/local/cuda/compat"
const none: CompatNote = { kind: "none" }
const malformed: CompatNote = { kind: "malformed" }
const note = (cudaVersion: string, ...driverBranches: readonly number[]): CompatNote => ({
  kind: "note",
  cudaVersion,
  driverBranches,
})

const question = (
  version: string,
  own: CompatNote,
  hostDriverVersion: string | undefined,
  hostCudaVersion?: string,
): CompatQuestion => ({
  directory,
  libraries: [{ path: `${directory}/libcuda.so.${version}`, version, note: own }],
  hostDriverVersion,
  hostCudaVersion,
})

type Row = readonly [
  version: string,
  note: CompatNote,
  driver: string | undefined,
  cuda: string | undefined,
  reason: string,
]

const path = (version: string): string => `${directory}/libcuda.so.${version}`

describe("a compatibility library is used", () => {
  test.each<Row>([
    [
      "550.54.14",
      none,
      "535.104.05",
      undefined,
      `${path("550.54.14")} is of driver branch 550, which is newer than the host's 535`,
    ],
    [
      "550.54.14",
      none,
      "535.104.05",
      "99.0",
      `${path("550.54.14")} is of driver branch 550, which is newer than the host's 535`,
    ],
    [
      "550.54.15",
      note("12.4", 535, 550),
      "550.54.14",
      undefined,
      `${path("550.54.15")} names the host's driver branch 550, and is newer than the host's driver`,
    ],
    [
      "1000.1.1",
      note("20.0", 550),
      "550.163.01",
      undefined,
      `${path("1000.1.1")} names the host's driver branch 550, and is newer than the host's driver`,
    ],
    [
      "550.54.14",
      note("12.4"),
      undefined,
      "12.2",
      `${path("550.54.14")} brings CUDA 12.4, which is newer than the host's`,
    ],
    [
      "550.54.14",
      note("12.10"),
      undefined,
      "12.9",
      `${path("550.54.14")} brings CUDA 12.10, which is newer than the host's`,
    ],
  ])("%s, %j, on driver %s and CUDA %s", (version, own, driver, cuda, reason) => {
    expect(decideCompat(question(version, own, driver, cuda))).toEqual({ directory, reason, findings: [] })
  })
})

describe("a compatibility library is left", () => {
  test.each<Row>([
    [
      "525.60.13",
      none,
      "535.104.05",
      undefined,
      `${path("525.60.13")} is of driver branch 525, which is not newer than the host's 535`,
    ],
    [
      "535.999.1",
      none,
      "535.104.05",
      undefined,
      `${path("535.999.1")} is of driver branch 535, which is not newer than the host's 535`,
    ],
    [
      "550.54.14",
      none,
      undefined,
      "1.0",
      `${path("550.54.14")} has no note, and the host's driver version is not known`,
    ],
    [
      "550.54.14",
      note("12.4", 525),
      "535.104.05",
      "1.0",
      `${path("550.54.14")} does not name the host's driver branch 535`,
    ],
    [
      "550.54.14",
      note("12.4", 550),
      "550.54.14",
      undefined,
      `${path("550.54.14")} names the host's driver branch 550, and is not newer than the host's driver`,
    ],
    [
      "550.54.14",
      note("12.4"),
      undefined,
      "12.4",
      `${path("550.54.14")} brings CUDA 12.4, which is not newer than the host's`,
    ],
    [
      "550.54.14",
      note("x"),
      undefined,
      "12.4",
      `no two versions are known by which ${path("550.54.14")} could be compared with the host`,
    ],
    [
      "550.54.14",
      note("12.4"),
      undefined,
      undefined,
      `no two versions are known by which ${path("550.54.14")} could be compared with the host`,
    ],
    [
      "550.54.14",
      malformed,
      "535.104.05",
      "1.0",
      `the compatibility note of ${path("550.54.14")} cannot be read`,
    ],
    ["x.y", none, "535.104.05", undefined, `${path("x.y")} names no version`],
  ])("%s, %j, on driver %s and CUDA %s", (version, own, driver, cuda, reason) => {
    expect(decideCompat(question(version, own, driver, cuda))).toEqual({
      directory: undefined,
      reason,
      findings: [],
    })
  })

  test("where there is none", () => {
    expect(decideCompat({ ...question("1.1", none, "1.1"), libraries: [] })).toEqual({
      directory: undefined,
      reason: `there is no compatibility library in ${directory}`,
      findings: [],
    })
  })

  test("where there are several, with a finding that names them", () => {
    const { libraries } = question("550.54.14", none, undefined)
    const decision = decideCompat({
      ...question("560.1.1", none, "535.1.1"),
      libraries: [...libraries, ...libraries],
    })
    expect(decision.directory).toBeUndefined()
    expect(decision.findings).toMatchObject([
      {
        severity: "warning",
        fault: { tag: "CompatLibrariesSeveral", data: { paths: [path("550.54.14"), path("550.54.14")] } },
      },
    ])
  })

  test.each(["/opt/a\n/b", "/opt/a#b", "/opt/a=b", "/opt/a/", "include x"])(
    "where the loader would read its directory %j as something else",
    (named) => {
      const decision = decideCompat({ ...question("550.1.1", none, "535.1.1"), directory: named })
      expect(decision.directory).toBeUndefined()
    },
  )

  test("where the host's version is none, with a finding", () => {
    expect(decideCompat(question("550.1.1", none, "abc", "1..2")).findings).toMatchObject([
      { fault: { tag: "HostVersionInvalid", data: { which: "driver", text: "abc" } } },
      { fault: { tag: "HostVersionInvalid", data: { which: "CUDA", text: "1..2" } } },
    ])
  })
})

test("a newer host never makes a library used that an older one did not use", () => {
  const part = fc.integer({ min: 1, max: 4 })
  const version = fc.tuple(part, part, part).map((parts) => parts.join("."))
  fc.assert(
    fc.property(version, version, version, (library, one, other) => {
      const [older = "", newer = ""] = [one, other].sort()
      const isUsed = (host: string): boolean =>
        decideCompat(question(library, none, host)).directory !== undefined
      if (isUsed(newer)) expect(isUsed(older)).toBe(true)
    }),
  )
})
