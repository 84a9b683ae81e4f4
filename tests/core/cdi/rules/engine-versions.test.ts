import { describe, expect, test } from "bun:test"
import {
  engineNames,
  engineProblem,
  highestCommonVersion,
  highestVersionOf,
  highestVersionOfLibrary,
  parseEngineRelease,
} from "../../../../src/core/cdi/rules/engine-versions.ts"
import { knownVersions } from "../../../../src/core/cdi/rules/version.ts"

const highest = (text: string): string | undefined => {
  const release = parseEngineRelease(text)
  if (release === undefined) throw new Error(text)
  return highestVersionOf(release)
}

describe("the newest CDI version that an engine parses", () => {
  test.each([
    ["podman@4.3.1", "0.5.0"],
    ["Podman@4.3.1", "0.5.0"],
    ["docker-ce@5:28.2.2-1~debian.12~bookworm", "1.0.0"],
    ["docker.io@20.10.24+dfsg1-1", undefined],
    ["moby@v29.2.0", "1.1.0"],
    ["containerd.io@1.7.27-1", "0.8.0"],
    ["containerd://1.7.27-k3s1", "0.8.0"],
    ["cri-o://1.33.0", "1.0.0"],
    ["podman@4.3.1+ds1-8", "0.5.0"],
    ["containerd@v2.1.0", "1.0.0"],
    ["containerd@2.1.0-rc.1", "1.0.0"],
    ["docker@28.2.2+ce", "1.0.0"],
    ["podman@5.4.0-dev", "0.8.0"],
    ["podman@4.3", "0.5.0"],
    ["podman@4.6.2", "0.5.0"],
    ["podman@4.7.0", "0.6.0"],
    ["podman@5.8.1", "1.0.0"],
    ["podman@7.0.0", "1.1.0"],
    ["podman@3.4.4", undefined],
    ["docker@24.0.7", undefined],
    ["docker@25.0.0", "0.6.0"],
    ["docker@27.3.1", "0.7.0"],
    ["docker@29.1.5", "1.0.0"],
    ["docker@29.2.0", "1.1.0"],
    ["containerd@1.6.20", undefined],
    ["containerd@1.7.11", "0.5.0"],
    ["containerd@1.7.12", "0.6.0"],
    ["containerd@1.7.16", "0.7.0"],
    ["containerd@1.7.29", "0.8.0"],
    ["containerd@2.0.4", "0.8.0"],
    ["containerd@2.0.5", "1.0.0"],
    ["containerd@2.2.0", "1.0.0"],
    ["containerd@2.2.1", "1.1.0"],
    ["containerd@2.4.2", "1.1.0"],
    ["crio@1.23.5", undefined],
    ["crio@1.24.6", "0.3.0"],
    ["crio@1.25.0", "0.5.0"],
    ["crio@1.27.8", "0.5.0"],
    ["crio@1.28.0", "0.6.0"],
    ["cri-o@1.30.14", "0.7.0"],
    ["cri-o@1.31.2", "0.8.0"],
    ["crio@1.34.6", "1.0.0"],
    ["crio@1.35.0", "1.1.0"],
  ])("%s: %p", (text, expected) => {
    expect(highest(text)).toBe(expected as string)
  })

  test.each(["", "new", "v", "1.x.2"])("a release called %p parses nothing", (version) => {
    for (const engine of engineNames) expect(highestVersionOf({ engine, version })).toBeUndefined()
  })

  test("a newer release never parses less", () => {
    for (const engine of engineNames) {
      const steps = Array.from({ length: 400 }, (_, index) => `${Math.floor(index / 10)}.${index % 10}`)
      const order = [undefined, ...knownVersions]
      const levels = steps.map((version) => order.indexOf(highestVersionOf({ engine, version })))
      expect(levels).toEqual([...levels].sort((one, other) => one - other))
    }
  })

  test.each([
    ["0.3.1", "0.3.0"],
    ["0.5.4", "0.5.0"],
    ["0.6.2", "0.6.0"],
    ["0.7.0", "0.6.0"],
    ["0.7.2", "0.7.0"],
    ["1.0.1", "1.0.0"],
    ["1.1.1", "1.1.0"],
  ] as const)("the library %s: %s", (version, expected) => {
    expect(highestVersionOfLibrary(version)).toBe(expected)
  })

  test("several engines agree on the lowest; one without CDI has no say", () => {
    const releases = ["docker@29.0", "podman@4.3.1", "containerd@1.6.20"].flatMap(
      (text) => parseEngineRelease(text) ?? [],
    )
    expect(highestCommonVersion(releases)).toBe("0.5.0")
    expect(highestCommonVersion(releases.slice(2))).toBeUndefined()
    expect(highestCommonVersion([])).toBeUndefined()
  })

  test.each([
    "podman",
    "podman@",
    "podman@x",
    "rkt@1.0",
    "podman@dev",
    "docker@1.2.3.4.5",
    "@1",
    "podman@4.3@2",
    "containerd://",
    "docker@latest",
    "5:28.2.2",
  ])("%p is no release", (text) => {
    expect(parseEngineRelease(text)).toBeUndefined()
  })

  test.each([
    ["lxd@6.1", 'unknown engine "lxd@6.1", which is none of docker, containerd, podman, crio'],
    ["Docker@latest", '"Docker@latest" names no release of docker: write docker@ and its number'],
    ["podman", '"podman" names no release of podman: write podman@ and its number'],
  ])("of %p is said what is wrong", (text, problem) => {
    expect(engineProblem(text)).toBe(problem)
  })
})
