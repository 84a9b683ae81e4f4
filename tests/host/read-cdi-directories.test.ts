import { expect, test } from "bun:test"
import { buildRegistry } from "../../src/core/cdi/registry.ts"
import { specLimitBytes } from "../../src/core/cdi/spec-limit.ts"
import { createMemoryHost } from "../../src/host/memory.ts"
import { readCdiDirectories } from "../../src/host/read-cdi-directories.ts"

const spec = "cdiVersion: 0.5.0\nkind: v/c\ndevices: [{name: a, containerEdits: {env: [A=b]}}]\n"
const file = { kind: "file", content: spec } as const

const host = createMemoryHost({
  "/etc/cdi/a.yaml": file,
  "/etc/cdi/below/b.yaml": file,
  "/etc/cdi/c.yml": file,
  "/etc/cdi/directory.yaml": { kind: "directory" },
  "/etc/cdi/fifo.json": { kind: "fifo" },
  "/etc/cdi/gone.yaml": { kind: "symlink", target: "/nowhere" },
  "/etc/cdi/large.json": { kind: "file", content: new Uint8Array(specLimitBytes + 5) },
  "/opt/link.yaml": file,
  "/var/run/cdi/link.yaml": { kind: "symlink", target: "/opt/link.yaml" },
  "/file": file,
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

test("a directory that is a file cannot be read", () => {
  const [directory] = readCdiDirectories(host, ["/file"])
  expect(directory?.files.ok).toBe(false)
})
