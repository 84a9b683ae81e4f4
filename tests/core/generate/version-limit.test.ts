import { describe, expect, test } from "bun:test"
import { minimumVersion } from "../../../src/core/cdi/rules/version.ts"
import type { CdiSpec } from "../../../src/core/cdi/spec.ts"
import { noEdits } from "../../../src/core/cdi/spec.ts"
import { fitVersion } from "../../../src/core/generate/fit-version.ts"
import {
  asReleased,
  findVersionLimit,
  parseEngine,
  readEngineVersion,
  versionReadBy,
} from "../../../src/core/generate/version-limit.ts"
import { bareNode } from "../cdi/read/bare-parts.ts"

const limitOf = (engines: readonly string[]) =>
  findVersionLimit(engines.flatMap((text) => parseEngine(text) ?? []).map(asReleased))

describe("the version that an engine reads", () => {
  test.each([
    ["podman@4.3.1", "0.5.0"],
    ["podman@5.4.2", "0.8.0"],
    ["docker@20.10.24", undefined],
    ["docker@28.2.2", "1.0.0"],
    ["podman@999", "1.1.0"],
    ["podman", "1.1.0"],
    ["crio@1.30", "0.7.0"],
    ["cri-o@1.30", "0.7.0"],
    ["crio", "1.1.0"],
    ["cri-o", "1.1.0"],
    ["Docker", "1.1.0"],
    ["docker-ce", "1.1.0"],
    ["containerd@1.7.5", "0.5.0"],
  ] as const)("%s: %s", (text, version) => {
    const engine = parseEngine(text)
    expect(engine).toBeDefined()
    expect(engine && versionReadBy(engine)).toBe(version)
  })

  test.each(["lxc", "podman@", "podman@4.3.1@2", "podman@v", "Dockr", "cri-o-x", "x-cri-o", ""])(
    "%j names no engine",
    (text) => expect(parseEngine(text)).toBeUndefined(),
  )

  test.each([
    ["podman version 4.3.1\n", "4.3.1"],
    ["Docker version 20.10.24+dfsg1, build 5d6db84\n", "20.10.24"],
    ["Docker version 28.0.1, build bbd0a17\n", "28.0.1"],
    ["containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3\n", "1.6.20"],
    [
      "containerd github.com/containerd/containerd/v2 v2.0.4 1a43cb6a1035441f9aca8f5666a9b3ef9e70ab20\n",
      "2.0.4",
    ],
    ["crio version 1.34.1\nGitCommit: abc\n", "1.34.1"],
    ["Docker version 0.0.0-20250801010039-1a2b3c4, build 1a2b3c4\n", undefined],
    ["something else", undefined],
  ])("%j says %s", (said, version) => expect(readEngineVersion(said)).toBe(version))

  test("of several the lowest counts; those that read none count for nothing", () => {
    const engines = ["podman@4.3.1", "docker@20.10.24", "docker@28.2", "containerd@1.7.5"]
    expect(limitOf(engines)).toEqual({
      version: "0.5.0",
      because: [
        { name: "podman", version: "4.3.1" },
        { name: "containerd", version: "1.7.5" },
      ],
    })
    expect(limitOf(["docker@20.10"])).toBeUndefined()
    for (const names of [
      ["docker@20.10.24", "docker@28.2", "crio@1.30", "podman@4.3.1"],
      ["crio@1.30", "podman@4.3.1", "docker@20.10.24", "docker@28.2"],
      ["podman@4.3.1", "docker@28.2", "docker@20.10.24", "crio@1.30"],
    ])
      expect(limitOf(names)).toEqual({
        version: "0.5.0",
        because: [{ name: "podman", version: "4.3.1" }],
      })
  })
})

describe("a specification for an older version", () => {
  const device = (name: string, gids: readonly number[] = [44]) => ({
    name,
    annotations: new Map<string, string>(),
    containerEdits: { ...noEdits, env: ["A=1"], additionalGids: gids },
  })
  const spec = (devices: CdiSpec["devices"], more: Partial<CdiSpec> = {}): CdiSpec => ({
    cdiVersion: "",
    kind: "a.b/c",
    annotations: new Map(),
    devices,
    containerEdits: noEdits,
    ...more,
  })
  const limit = (version: "0.4.0" | "0.5.0" | "0.7.0") => ({
    version,
    because: [{ name: "podman", version: "4" }] as const,
  })

  test("where nobody limits it, says everything in the lowest version", () => {
    const fitted = fitVersion(spec([device("0")]), undefined)
    expect(fitted.ok && [fitted.value.spec.cdiVersion, fitted.value.findings]).toEqual(["0.7.0", []])
  })

  test("leaves groups out, then names of digits, and tells", () => {
    const whole = spec([device("0"), device("gpu0")])
    const five = fitVersion(whole, limit("0.5.0"))
    expect(five.ok && five.value.spec.devices.map(({ name }) => name)).toEqual(["0", "gpu0"])
    expect(five.ok && five.value.spec.devices[0]?.containerEdits.additionalGids).toEqual([])
    expect(five.ok && five.value.findings).toHaveLength(1)
    const four = fitVersion(whole, limit("0.4.0"))
    expect(four.ok && four.value.spec.devices.map(({ name }) => name)).toEqual(["gpu0"])
    expect(four.ok && four.value.findings).toHaveLength(2)
    for (const fitted of [five, four])
      expect(fitted.ok && fitted.value.spec.cdiVersion).toBe(
        fitted.ok ? minimumVersion(fitted.value.spec).version : "",
      )
  })

  test("tells which devices have no other name, for which that of all together is none", () => {
    const other = { ...device("1g-team", []), containerEdits: { ...noEdits, env: ["B=2"] } }
    const consequenceOf = (devices: CdiSpec["devices"]): string => {
      const fitted = fitVersion(spec(devices), limit("0.4.0"))
      const [finding] = fitted.ok ? fitted.value.findings : []
      return finding?.fault.tag === "CdiContentLeftOut" ? finding.fault.data.consequence : ""
    }
    expect(consequenceOf([device("0", []), device("gpu0", []), other])).toBe(
      "1g-team has no other name and is not in it",
    )
    expect(consequenceOf(["0", "1", "2", "3", "all"].map((name) => device(name, [])))).toBe(
      "0, 1, 2 and 1 more have no other name and are not in it",
    )
  })

  test("leaves nothing out that a version can say", () => {
    const fitted = fitVersion(spec([device("0", [])]), limit("0.5.0"))
    expect(fitted.ok && fitted.value.findings).toEqual([])
  })

  test.each([
    ["every name begins with a digit", spec([device("0", [])]), "0.4.0"],
    [
      "nodes lie elsewhere",
      spec([device("d", [])], {
        containerEdits: {
          ...noEdits,
          deviceNodes: [{ ...bareNode("/dev/a"), hostPath: "/x/dev/a" }],
        },
      }),
      "0.4.0",
    ],
    ["a class has a dot", spec([device("d", [])], { kind: "a.b/c.d" }), "0.5.0"],
  ] as const)("is none where %s", (_, one, version) => {
    const fitted = fitVersion(one, limit(version))
    expect(fitted.ok ? "" : fitted.fault.tag).toBe("CdiVersionUnreachable")
  })
})
