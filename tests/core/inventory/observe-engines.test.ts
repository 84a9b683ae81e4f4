import { describe, expect, test } from "bun:test"
import { observeEngines, packageStanza } from "../../../src/core/inventory/observe-engines.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"
import { elfWithSection } from "./elf-with-section.ts"

const head = `\xff Go buildinf:\x08\x02${"\0".repeat(16)}`
const program = (info: string): MemoryTree[string] => ({
  kind: "file",
  mode: 0o755,
  content: elfWithSection(".go.buildinfo", `${head}${info}`),
})

const status = (name: string, version: string, state = "install ok installed"): string =>
  `Package: ${name}\nStatus: ${state}\nVersion: ${version}\n\n`

const enginesOf = (tree: MemoryTree): readonly (readonly unknown[])[] =>
  observeEngines(createMemoryHost(tree)).map(({ engine, version, highest }) => [engine, version, highest])

describe("container engines of a machine", () => {
  test("a machine without engines has none", () => {
    expect(enginesOf({ "/usr/bin/dockerd/x": { kind: "file", content: "" } })).toEqual([])
  })

  test("a Go program says which CDI library is in it", () => {
    const info =
      "go1.24\x90\x01path\tgithub.com/containers/podman/v5/cmd/podman\nmod\tgithub.com/containers/podman/v5\tv5.4.2+incompatible\n" +
      "dep\ttags.cncf.io/container-device-interface\tv0.8.0\th1:x=\ndep\ttags.cncf.io/container-device-interface/specs-go\tv0.9.0\th1:x=\n"
    expect(enginesOf({ "/usr/bin/podman": program(info) })).toEqual([["podman", "5.4.2", "0.8.0"]])
  })

  test("an old library has another name", () => {
    const info =
      "\ndep\tgithub.com/container-orchestrated-devices/container-device-interface\tv0.5.4\th1:x=\n"
    expect(enginesOf({ "/usr/local/bin/containerd": program(info) })).toEqual([
      ["containerd", undefined, "0.5.0"],
    ])
  })

  test("a program without modules is known by its package", () => {
    const tree: MemoryTree = {
      "/usr/sbin/dockerd": program("path\tgithub.com/docker/docker/cmd/dockerd\n"),
      "/usr/bin/containerd": { kind: "file", content: "no ELF" },
      "/var/lib/dpkg/status": {
        kind: "file",
        content: `${status("docker.io", "5:25.0.3+dfsg1")}${status("containerd", "1.6.20~ds1-1")}`,
      },
    }
    expect(enginesOf(tree)).toEqual([
      ["docker", "25.0.3", "0.6.0"],
      ["containerd", "1.6.20", "none"],
    ])
  })

  test.each([
    ["nothing says", ""],
    ["another package's name begins alike", status("podman-docker", "4.3.1")],
    ["a package's version is a day", status("podman", "5:0.0.0~20250801010039.1a2b3c4-0~debian")],
    ["the package was removed", status("podman", "4.3.1", "deinstall ok config-files")],
  ])("unknown, when %s", (_, database) => {
    const tree: MemoryTree = {
      "/usr/bin/podman": { kind: "file", content: "" },
      "/var/lib/dpkg/status": { kind: "file", content: database },
    }
    expect(enginesOf(tree)).toEqual([["podman", undefined, "unknown"]])
  })

  /** As Go writes it into a program: the lines of what it is made of, then those of how it was built. */
  const builtOf = (module: string, library: string, ldflags: string): string =>
    `path\tx\nmod\t${module}\th1:x=\ndep\ttags.cncf.io/container-device-interface\t${library}\th1:x=\n` +
    `build\t-ldflags=${JSON.stringify(ldflags)}\nbuild\tCGO_ENABLED=1\n`

  test.each([
    ["Docker's module counts for itself", "dockerd", "github.com/moby/moby/v2\tv2.0.0-beta.24", "-w"],
    [
      "a build between releases is none",
      "dockerd",
      "github.com/docker/docker\t(devel)",
      '-X "github.com/docker/docker/dockerversion.Version=0.0.0-20250801010039-1a2b3c4"',
    ],
    [
      "a day is no release",
      "containerd",
      "github.com/containerd/containerd/v2\tv2.0.0-20260805182427-6a43e3d5af1b",
      "",
    ],
  ])("%s, so the package is asked", (_, name, module, ldflags) => {
    const packages = `${status("docker-ce", "5:29.7.2-1~debian.12")}${status("containerd.io", "2.1.4-1")}`
    const tree: MemoryTree = {
      [`/usr/bin/${name}`]: program(builtOf(module, "v1.1.0", ldflags)),
    }
    expect(enginesOf(tree).map(([, version]) => version)).toEqual([undefined])
    const withPackages = { ...tree, "/var/lib/dpkg/status": { kind: "file", content: packages } as const }
    expect(enginesOf(withPackages).map(([, version]) => version)).toEqual([
      name === "dockerd" ? "29.7.2" : "2.1.4",
    ])
  })

  test.each([
    [
      "dockerd",
      "github.com/moby/moby/v2\tv2.0.0-beta.21+dirty",
      '-X "github.com/moby/moby/v2/dockerversion.Version=29.7.2"',
      "29.7.2",
    ],
    [
      "dockerd",
      "github.com/docker/docker\t(devel)",
      "-w -X github.com/docker/docker/dockerversion.Version=28.2.2+ce",
      "28.2.2",
    ],
    [
      "containerd",
      "github.com/containerd/containerd/v2\t(devel)",
      "-X github.com/containerd/containerd/v2/version.Version=v2.1.4 -s",
      "2.1.4",
    ],
    ["podman", "github.com/containers/podman/v5\tv5.8.2", "-X a.b/other/version.Version=1.2", "5.8.2"],
  ])("what %s of %s was linked with says its release", (name, module, ldflags, version) => {
    expect(enginesOf({ [`/usr/bin/${name}`]: program(builtOf(module, "v1.1.0", ldflags)) })).toEqual([
      [name === "dockerd" ? "docker" : name, version, "1.1.0"],
    ])
  })

  test.each([
    ["v1.1.0", "before 1.1.1"],
    ["v1.1.1", "from 1.1.1"],
  ] as const)("with library %s in it an engine reads as %s, whatever its release", (library, era) => {
    const info = builtOf("github.com/moby/moby/v2\tv2.0.0-beta.24", library, "")
    expect(observeEngines(createMemoryHost({ "/usr/bin/dockerd": program(info) }))).toMatchObject([{ era }])
  })

  test("a link that leads nowhere is no engine", () => {
    expect(enginesOf({ "/usr/bin/crio": { kind: "symlink", target: "/opt/crio" } })).toEqual([])
  })

  test("the stanza of a package, and nothing of its neighbours", () => {
    const database = `${status("a", "1")}${status("b", "2")}`
    expect(packageStanza(database, "b")).toBe("Package: b\nStatus: install ok installed\nVersion: 2")
    expect(packageStanza(database, "a")).toBe("Package: a\nStatus: install ok installed\nVersion: 1")
    expect(packageStanza(database, "c")).toBeUndefined()
  })
})
