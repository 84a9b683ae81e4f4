import { afterAll, describe, expect, test } from "bun:test"
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { specLimitBytes } from "../../../src/core/cdi/read/spec-limit.ts"
import { buildRegistry } from "../../../src/core/cdi/registry/registry.ts"
import { resolveDevices } from "../../../src/core/cdi/registry/resolve-devices.ts"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import { fail } from "../../../src/core/fault/result.ts"
import type { HostFiles } from "../../../src/core/host/host.ts"
import { readFault } from "../../../src/core/host/resolve-path.ts"
import { readCdiDirectories } from "../../../src/host/cdi/read-cdi-directories.ts"
import { createLiveFiles } from "../../../src/host/live-files.ts"
import { createMemoryHost } from "../../../src/host/memory.ts"

const spec = "cdiVersion: 0.5.0\nkind: v/c\ndevices: [{name: a, containerEdits: {env: [A=b]}}]\n"
const file = { kind: "file", content: spec } as const

const host = createMemoryHost({
  "/etc/cdi/a.yaml": file,
  "/etc/cdi/below/b.yaml": file,
  "/etc/cdi/c.yml": file,
  "/etc/cdi/d.yaml.bak": file,
  "/etc/cdi/directory.yaml": { kind: "directory" },
  "/etc/cdi/fifo.json": { kind: "fifo" },
  "/etc/cdi/gone.yaml": { kind: "symlink", target: "/nowhere" },
  "/etc/cdi/large.json": { kind: "file", content: new Uint8Array(specLimitBytes + 5) },
  "/opt/link.yaml": file,
  "/var/run/cdi/link.yaml": { kind: "symlink", target: "/opt/link.yaml" },
  "/file": file,
  "/linked": { kind: "symlink", target: "/etc/cdi" },
})

test("files that end in .json or .yaml, links followed, nothing below, what cannot be read with its reason", () => {
  const directories = readCdiDirectories(host, ["/etc/cdi/", "/missing", "/var/run/cdi"])
  const registry = buildRegistry(directories)
  expect(directories.map(({ path, files }) => [path, files.ok ? files.value.length : -1])).toEqual([
    ["/etc/cdi", 4],
    ["/missing", 0],
    ["/var/run/cdi", 1],
  ])
  expect([...registry.devices.values()].map(({ source }) => source.path)).toEqual(["/var/run/cdi/link.yaml"])
  expect(registry.rejected.map(({ path, faults }) => [path, faults[0]?.tag as string])).toEqual([
    ["/etc/cdi/fifo.json", "CdiFileUnreadable"],
    ["/etc/cdi/gone.yaml", "CdiFileUnreadable"],
    ["/etc/cdi/large.json", "CdiTextTooLarge"],
  ])
})

describe("a directory that comes again, by whichever name", () => {
  const place = mkdtempSync(join(tmpdir(), "gantry-again-"))
  afterAll(() => rmSync(place, { recursive: true, force: true }))
  mkdirSync(join(place, "run/cdi"), { recursive: true })
  mkdirSync(join(place, "etc"))
  symlinkSync("run", join(place, "var-run"))
  symlinkSync("cdi", join(place, "run/linked"))
  writeFileSync(join(place, "run/cdi/a.yaml"), spec)
  writeFileSync(join(place, "etc/a.yaml"), spec)
  const read = (...names: readonly string[]) =>
    buildRegistry(
      readCdiDirectories(
        createLiveFiles(),
        names.map((name) => `${place}/${name}`),
      ),
    )

  test.each<[names: readonly string[], source: string, hidden: readonly string[]]>([
    [["run/cdi", "run/cdi/"], "run/cdi/a.yaml", []],
    [["run/cdi", "var-run/cdi"], "var-run/cdi/a.yaml", []],
    [["var-run/cdi", "etc", "run/cdi"], "run/cdi/a.yaml", ["etc/a.yaml"]],
    [["run/cdi", "etc"], "etc/a.yaml", ["run/cdi/a.yaml"]],
  ])("%j: its files are there once, where they count for more", (names, source, hidden) => {
    const registry = read(...names)
    const within = ({ path }: { readonly path: string }): string => path.slice(place.length + 1)
    const [device] = [...registry.devices.values()]
    expect(device && within(device.source)).toBe(source)
    expect(device?.hidden.map(within)).toEqual([...hidden])
  })

  test("it stays in the list, without files", () => {
    const directories = [`${place}/run/cdi`, `${place}/var-run/cdi`]
    const told = readCdiDirectories(createLiveFiles(), directories)
    expect(told.map(({ path, files }) => [path, files.ok && files.value.length])).toEqual([
      [`${place}/run/cdi`, 0],
      [`${place}/var-run/cdi`, 1],
    ])
  })

  test("but one that is passed over takes no files away", () => {
    expect([...read("run/cdi", "run/linked").devices.keys()]).toEqual(["v/c=a"])
    const linked = createMemoryHost({
      "/cdi/a.yaml": file,
      "/linked": { kind: "symlink", target: "/cdi" },
    })
    expect([...buildRegistry(readCdiDirectories(linked, ["/cdi", "/linked"])).devices.keys()]).toEqual([
      "v/c=a",
    ])
  })

  test("where one directory alone has files, nobody asks where names lead", () => {
    const asked: string[] = []
    const files = {
      ...createLiveFiles(),
      livePath: (path: string) => {
        asked.push(path)
        return path
      },
    }
    for (const order of [
      ["etc", "run/none"],
      ["run/none", "etc"],
    ]) {
      asked.length = 0
      readCdiDirectories(
        files,
        order.map((name) => `${place}/${name}`),
      )
      // To be listed.
      expect(asked).toEqual([`${place}/etc`])
    }
  })

  test("a conflict in it is told once", () => {
    writeFileSync(join(place, "run/cdi/b.yaml"), spec)
    const files = [`${place}/var-run/cdi/a.yaml`, `${place}/var-run/cdi/b.yaml`]
    expect(read("run/cdi", "var-run/cdi").conflicts).toEqual([{ name: "v/c=a", files }])
  })
})

describe("what cannot be looked at", () => {
  const denied = (at: string, syscall: "lstat" | "readdir", errno = "EACCES") =>
    fail(readFault(at, syscall, errno))
  const read = (changed: Partial<HostFiles>) =>
    buildRegistry(readCdiDirectories({ ...host, ...changed }, ["/etc/cdi", "/var/run/cdi"]))
  const lstatOf = (closed: string, errno: string): Partial<HostFiles> => ({
    lstat: (path) => (path === closed ? denied(path, "lstat", errno) : host.lstat(path)),
  })
  const tagsOf = ({ findings }: ReturnType<typeof read>): readonly string[] =>
    findings.map(({ fault }) => fault.tag)

  test.each(["/etc/cdi", "/etc/cdi/a.yaml"])("ends the search: %s", (closed) => {
    const registry = read(lstatOf(closed, "EACCES"))
    expect([tagsOf(registry), registry.devices.size]).toEqual([["CdiDirectoryUnreadable"], 0])
  })

  test("is no file where it has gone since it was listed", () => {
    const registry = read(lstatOf("/etc/cdi/large.json", "ENOENT"))
    expect([tagsOf(registry), registry.rejected.map(({ path }) => path)]).toEqual([
      [],
      ["/etc/cdi/fifo.json", "/etc/cdi/gone.yaml"],
    ])
  })

  test("is a directory without files where it cannot be listed, which is told", () => {
    const registry = read({
      readDir: (path) => (path === "/etc/cdi" ? denied(path, "readdir") : host.readDir(path)),
    })
    expect(registry.findings.map(({ fault }) => [fault.tag as string, fault.data as unknown])).toEqual([
      ["CdiDirectoryUnused", { directory: "/etc/cdi", why: "cannot be listed" }],
    ])
    expect(registry.devices.size).toBe(1)
  })
})

test("who wants some files alone has no others read", () => {
  const read: string[] = []
  const watched: HostFiles = {
    ...host,
    readFile: (path, range) => {
      read.push(path)
      return host.readFile(path, range)
    },
  }
  const directories = readCdiDirectories(watched, ["/etc/cdi"], (path) => path === "/etc/cdi/a.yaml")
  expect(directories.flatMap(({ files }) => (files.ok ? files.value : [])).map(({ path }) => path)).toEqual([
    "/etc/cdi/a.yaml",
  ])
  expect(read).toEqual(["/etc/cdi/a.yaml"])
})

test("what is no directory is passed over, a link to one too, unless it is called as a file is", () => {
  const registry = buildRegistry(readCdiDirectories(host, ["/file", "/linked", "/opt/link.yaml"]))
  expect(registry.findings.map(({ fault }) => [fault.tag as string, fault.data as unknown])).toEqual([
    ["CdiDirectoryUnused", { directory: "/file", why: "is not a directory" }],
    [
      "CdiDirectoryUnused",
      {
        directory: "/linked",
        why: "is a link, which only Docker 29.2, containerd 2.4 and later follow",
      },
    ],
  ])
  expect([...registry.devices.values()].map(({ source }) => source.path)).toEqual(["/opt/link.yaml"])
  const closed = resolveDevices(buildRegistry(readCdiDirectories(host, ["/linked"])), ["v/c=a"])
  expect(closed.ok || renderFaultLine(closed.fault)).toStartWith(
    "unresolvable CDI devices v/c=a: no specification is of kind v/c; it may be in what cannot be loaded: /linked [GAN4043]",
  )
})

describe.skipIf(process.getuid?.() !== 0)("as another user", () => {
  const place = mkdtempSync(join(tmpdir(), "gantry-cdi-dirs-"))
  afterAll(() => rmSync(place, { recursive: true, force: true }))

  test.each([
    ["unlisted", 0o711, ["CdiDirectoryUnused"], 1],
    ["unentered", 0o744, ["CdiDirectoryUnreadable"], 0],
  ] as const)("a directory that is %s", (name, mode, tags, devices) => {
    chmodSync(place, 0o755)
    for (const [directory, id] of [
      [name, "a"],
      ["open", "b"],
    ] as const) {
      mkdirSync(join(place, directory), { recursive: true })
      writeFileSync(join(place, directory, "a.yaml"), spec.replace("name: a", `name: ${id}`))
    }
    chmodSync(join(place, name), mode)
    process.seteuid?.(65534)
    try {
      const directories = [join(place, name), join(place, "open")]
      const registry = buildRegistry(readCdiDirectories(createLiveFiles(), directories))
      expect(registry.findings.map(({ fault }) => fault.tag as string)).toEqual([...tags])
      expect(registry.devices.size).toBe(devices)
    } finally {
      process.seteuid?.(0)
    }
  })
})

test("a file whose name is no UTF-8 is not taken for one that it is shown as", () => {
  const directory = mkdtempSync(join(tmpdir(), "gantry-cdi-names-"))
  const place = (...bytes: readonly number[]): Buffer =>
    Buffer.concat([Buffer.from(`${directory}/a`), Buffer.from(bytes), Buffer.from(".yaml")])
  writeFileSync(place(0xff), spec.replace("v/c", "z/c"))
  writeFileSync(place(0xfe), spec.replace("v/c", "y/c"))
  writeFileSync(place(0xef, 0xbf, 0xbd), spec)
  // Beside names that are in order.
  writeFileSync(`${directory}/b.yaml`, spec.replace("v/c", "w/c"))
  const read = (host: HostFiles) => buildRegistry(readCdiDirectories(host, [directory]))
  const { devices, conflicts, rejected } = read(createLiveFiles())
  // As a recording has it, which knows no bytes.
  const recorded = read({ ...createLiveFiles(), livePath: () => undefined })
  rmSync(directory, { recursive: true })
  expect([...devices.keys()]).toEqual(["v/c=a", "w/c=a"])
  expect(conflicts).toEqual([])
  expect(rejected.map(({ path }) => path.slice(directory.length))).toEqual(["/a\udcfe.yaml", "/a\udcff.yaml"])
  const [fault] = rejected[1]?.faults ?? []
  expect(fault && renderFaultLine(fault).slice(directory.length)).toStartWith(
    "/a\\udcff.yaml: failed to read CDI Spec: cannot read ",
  )
  expect(fault && renderFaultLine(fault)).toEndWith(
    "[GAN4041]: give it a name in UTF-8: engines read it by the name that it has, and this program cannot",
  )
  expect([...recorded.devices.keys()]).toEqual(["v/c=a", "w/c=a"])
  expect(recorded.rejected.map(({ path }) => path.slice(directory.length))).toEqual([
    "/a\ufffd.yaml",
    "/a\ufffd.yaml",
  ])
})

test("a file whose name is no UTF-8 cannot be read, and is told of", () => {
  const directory = mkdtempSync(join(tmpdir(), "gantry-cdi-name-"))
  writeFileSync(
    Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff]), Buffer.from(".yaml")]),
    spec,
  )
  // On this machine, and as a recording has it.
  const hosts = [createLiveFiles(), { ...createLiveFiles(), livePath: () => undefined }]
  const registries = hosts.map((host) => buildRegistry(readCdiDirectories(host, [directory])))
  rmSync(directory, { recursive: true })
  for (const { devices, rejected } of registries) {
    expect(devices.size).toBe(0)
    expect(rejected.map(({ faults }) => faults[0]?.tag as string)).toEqual(["CdiFileUnreadable"])
  }
})
