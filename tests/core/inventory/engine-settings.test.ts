import { describe, expect, test } from "bun:test"
import { observeEngineSettings } from "../../../src/core/inventory/engine-settings.ts"
import type { HostPath } from "../../../src/core/text/brand.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"

const file = (content: string) => ({ kind: "file", content, mode: 0o644, uid: 0, gid: 0 }) as const
const daemon = (content: string) => createMemoryHost({ "/etc/docker/daemon.json": file(content) })
const docker = { engine: "docker", version: "27.5.1", program: "/usr/bin/dockerd", highest: "0.8.0" } as const

test("a file that names thousands of others has few of them looked for", () => {
  const imports = Array.from({ length: 20_000 }, (_, index) => `"/*/${index}.toml", "${index}.toml"`)
  const machine = createMemoryHost({
    "/etc/containerd/config.toml": file(`imports = [${imports.join(",")}]\n`),
  })
  let looks = 0
  const look = <T>(ask: (path: HostPath) => T) => {
    return (path: HostPath): T => {
      looks++
      return ask(path)
    }
  }
  const host = { ...machine, exists: look(machine.exists), readDir: look(machine.readDir) }
  const settings = observeEngineSettings(host, { ...docker, engine: "containerd", version: "1.7.27" })
  expect(settings?.off?.file).toBe("/etc/containerd/config.toml")
  expect(looks).toBeLessThan(1000)
})

test("what is no directory's name is none", () => {
  const settings = observeEngineSettings(daemon('{"cdi-spec-dirs": ["", 1, "/opt/cdi"]}'), docker)
  expect(settings?.directories).toEqual(["/opt/cdi"])
})

test("containerd 1 is to be switched on where its plugin's last section stands", () => {
  const section = '[plugins."io.containerd.grpc.v1.cri"]\n'
  const host = createMemoryHost({
    "/etc/containerd/config.toml": file(`imports = ["conf.d/*.toml"]\n${section}enable_cdi = true\n`),
    "/etc/containerd/conf.d/a.toml": file(`${section}stream_server_port = "0"\n`),
    "/etc/containerd/conf.d/b.toml": file('[plugins."io.containerd.gc.v1.scheduler"]\n'),
  })
  const settings = observeEngineSettings(host, { ...docker, engine: "containerd", version: "1.7.27" })
  expect(settings?.off?.file).toBe("/etc/containerd/conf.d/a.toml")
})

test.each([
  ["2.0.0", true],
  ["2.3.4", true],
  ["2.4.2", false],
])("containerd %s that is told not to serve CDI devices does not: %p", (version, isOff) => {
  const host = createMemoryHost({
    "/etc/containerd/config.toml": file(
      'imports = ["conf.d/*.toml"]\n[plugins."io.containerd.cri.v1.runtime"]\nenable_cdi = true\n',
    ),
    "/etc/containerd/conf.d/a.toml": file('[plugins."io.containerd.cri.v1.runtime"]\nenable_cdi = false\n'),
    "/etc/containerd/conf.d/b.toml": file('[plugins."io.containerd.cri.v1.runtime"]\nsandbox = "x"\n'),
  })
  const settings = observeEngineSettings(host, { ...docker, engine: "containerd", version })
  const change = 'set enable_cdi = true in [plugins."io.containerd.cri.v1.runtime"] and restart containerd'
  expect(settings?.off).toEqual(isOff ? { file: "/etc/containerd/conf.d/a.toml", change } : undefined)
})

test.each([
  ["*/x.toml", ["/opt/z"], "directories by name, and not by what they are in"],
  [".*/x.toml", ["/opt/hidden"], "a dot where one is named"],
  ["a/**", ["/opt/a"], "double stars as one"],
])("containerd imports %s as Go has it: last from %j, %s", (pattern, directories) => {
  const looks = (directory: string) =>
    file(`[plugins."io.containerd.cri.v1.runtime"]\ncdi_spec_dirs = ["${directory}"]\n`)
  const host = createMemoryHost({
    "/etc/containerd/config.toml": file(`imports = ["${pattern}"]\n`),
    "/etc/containerd/.h/x.toml": looks("/opt/hidden"),
    "/etc/containerd/a/x.toml": looks("/opt/a"),
    "/etc/containerd/a/y/x.toml": looks("/opt/below"),
    "/etc/containerd/a-1/x.toml": looks("/opt/z"),
  })
  const settings = observeEngineSettings(host, { ...docker, engine: "containerd", version: "2.4.2" })
  expect(settings?.directories).toEqual(directories)
})

test("containerd 2 serves CDI devices where nobody says otherwise", () => {
  const host = createMemoryHost({
    "/etc/containerd/config.toml": file('[plugins."io.containerd.cri.v1.runtime"]\nsandbox = "x"\n'),
  })
  const settings = observeEngineSettings(host, { ...docker, engine: "containerd", version: "2.1.4" })
  expect(settings?.off).toBeUndefined()
})

test("a mark that says the order of bytes is no part of daemon.json", () => {
  const settings = observeEngineSettings(daemon('\ufeff{"features": {"cdi": false}}'), docker)
  expect(settings?.off?.file).toBe("/etc/docker/daemon.json")
})

const podman = { engine: "podman", version: "5.8.2" } as const
const looksInto = (...directories: readonly string[]) =>
  file(`[engine]\ncdi_spec_dirs = ${JSON.stringify(directories)}\n`)

test("podman reads files with a leading dot, and no directories that are called as files are", () => {
  const host = createMemoryHost({
    "/etc/containers/containers.conf.d/.own.conf": looksInto("/opt/hidden"),
    "/etc/containers/containers.conf.d/a.conf/b.conf": looksInto("/opt/below"),
    "/etc/containers/containers.conf.d/c.txt": looksInto("/opt/other"),
  })
  expect(observeEngineSettings(host, podman)?.directories).toEqual(["/opt/hidden"])
})

test.each(["containers.conf", "containers.conf.d/a.conf"])(
  "root's podman reads %s in root's home behind all others, another user's does not",
  (name) => {
    const host = createMemoryHost({
      "/etc/containers/containers.conf.d/z.conf": looksInto("/opt/all"),
      [`/root/.config/containers/${name}`]: looksInto("/opt/own"),
    })
    expect(observeEngineSettings(host, podman)?.directories).toEqual(["/opt/own"])
    expect(observeEngineSettings(host, podman, 1000)?.directories).toEqual(["/opt/all"])
  },
)

test("CRI-O reads all that lies below its directory, in the order of names", () => {
  const looks = (directory: string) => file(`[crio.runtime]\ncdi_spec_dirs = ["${directory}"]\n`)
  const first = {
    "/etc/crio/crio.conf": looks("/opt/main"),
    "/etc/crio/crio.conf.d/00-a": looks("/opt/a"),
    "/etc/crio/crio.conf.d/10-b/deep/c.conf": looks("/opt/c"),
  }
  const directoriesOf = (tree: MemoryTree) =>
    observeEngineSettings(createMemoryHost(tree), { engine: "crio", version: "1.36.3" })?.directories
  expect(directoriesOf(first)).toEqual(["/opt/c"])
  expect(directoriesOf({ ...first, "/etc/crio/crio.conf.d/20.conf": looks("/opt/d") })).toEqual(["/opt/d"])
  expect(directoriesOf({ ...first, "/etc/crio/crio.conf.d/.z": looks("/opt/hidden") })).toEqual(["/opt/c"])
})

test("of a plugin's names in one file the newest has the say", () => {
  const host = createMemoryHost({
    "/etc/containerd/config.toml": file(
      'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\ncdi_spec_dirs = ["/opt/old"]\n' +
        '[plugins."io.containerd.cri.v1.runtime"]\ncdi_spec_dirs = ["/opt/new"]\n',
    ),
  })
  const settings = observeEngineSettings(host, { engine: "containerd", version: "2.4.2" })
  expect(settings?.directories).toEqual(["/opt/new"])
})

describe("a setting in another case is read as the engine's reader of TOML does", () => {
  const cri = "io.containerd.cri.v1.runtime"
  const directoriesOf = (path: string, text: string, engine: "crio" | "podman" | "containerd") => {
    const version = { crio: "1.36.3", podman: "5.8.2", containerd: "2.4.2" }[engine]
    return observeEngineSettings(createMemoryHost({ [path]: file(text) }), { engine, version })?.directories
  }
  const crio = "/etc/crio/crio.conf"
  const usual = ["/etc/cdi", "/var/run/cdi"]

  test.each([
    ["CRI-O", "crio", crio, '[CRIO.Runtime]\nCDI_Spec_Dirs = ["/opt/a"]\n'],
    ["Podman", "podman", "/etc/containers/containers.conf", '[Engine]\ncdi_Spec_Dirs = ["/opt/a"]\n'],
    [
      "containerd 2",
      "containerd",
      "/etc/containerd/config.toml",
      `[Plugins."${cri}"]\nCdi_spec_dirs = ["/opt/a"]\n`,
    ],
  ] as const)("%s: in any", (_, engine, path, text) => {
    expect(directoriesOf(path, text, engine)).toEqual(["/opt/a"])
  })

  test("sections that are one to it say together what they say", () => {
    const text = '[crio.runtime]\nselinux = true\n[Crio.Runtime]\ncdi_spec_dirs = ["/opt/a"]\n'
    expect(directoriesOf(crio, text, "crio")).toEqual(["/opt/a"])
    const twice = '[crio.runtime]\ncdi_spec_dirs = ["/opt/a"]\nCDI_SPEC_DIRS = ["/opt/b"]\n'
    expect(directoriesOf(crio, twice, "crio")).toEqual(["/opt/a"])
  })

  test("a word that is written otherwise is another, and so is a plugin's name in another case", () => {
    expect(directoriesOf(crio, '[crio.runtime]\ncdispecdirs = ["/opt/a"]\n', "crio")).toEqual(usual)
    const text = `[plugins."${cri.toUpperCase()}"]\ncdi_spec_dirs = ["/opt/a"]\n`
    expect(directoriesOf("/etc/containerd/config.toml", text, "containerd")).toEqual(usual)
  })

  const isOff = (version: string, text: string) =>
    observeEngineSettings(createMemoryHost({ "/etc/containerd/config.toml": file(text) }), {
      engine: "containerd",
      version,
    })?.off !== undefined

  test.each([
    ['[plugins."io.containerd.grpc.v1.cri"]\nenable_cdi = true\n', false],
    ['[PLUGINS."io.containerd.grpc.v1.cri"]\nENABLE_CDI = true\n', false],
    ['[plugins."io.containerd.grpc.v1.cri"]\nEnable_CDI = true\n', true],
    ['[Plugins."io.containerd.grpc.v1.cri"]\nenable_cdi = true\n', true],
  ])("containerd 1: as it is called, or in capitals: %j", (text, off) => {
    expect(isOff("1.7.27", text)).toBe(off)
  })

  test("containerd 2 is switched off in any", () => {
    expect(isOff("2.2.0", `[Plugins."${cri}"]\nEnable_CDI = false\n`)).toBe(true)
  })

  test("and imports files by it", () => {
    const host = createMemoryHost({
      "/etc/containerd/config.toml": file('Imports = ["conf.d/*.toml"]\n'),
      "/etc/containerd/conf.d/a.toml": file(`[plugins."${cri}"]\ncdi_spec_dirs = ["/opt/a"]\n`),
    })
    const settings = observeEngineSettings(host, { engine: "containerd", version: "2.4.2" })
    expect(settings?.directories).toEqual(["/opt/a"])
  })
})
