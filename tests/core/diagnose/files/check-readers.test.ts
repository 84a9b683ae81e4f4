import { expect, test } from "bun:test"
import { buildRegistry } from "../../../../src/core/cdi/registry/registry.ts"
import { rootUser } from "../../../../src/core/diagnose/access.ts"
import { checkReaders } from "../../../../src/core/diagnose/files/check-readers.ts"
import { ok } from "../../../../src/core/fault/result.ts"
import { viewRoot } from "../../../../src/core/host/root-view.ts"
import type { ObservedEngine } from "../../../../src/core/inventory/observe-engines.ts"
import { observeSnapshot } from "../../../../src/core/plan/snapshot.ts"
import { hostPath } from "../../../../src/core/text/brand.ts"
import { encodeUtf8 } from "../../../../src/core/text/utf8.ts"
import { createMemoryHost, type MemoryTree } from "../../../../src/host/memory.ts"

const spec =
  '{"cdiVersion": "0.5.0", "kind": "vendor.com/gpu", "devices": [{"name": "a", "containerEdits": {"env": ["A=1"]}}]}'

/** Directories of which `engine` is said not to look into them, when there is a specification in each. */
function unreadBy(engine: ObservedEngine, tree: MemoryTree, directories: readonly string[]) {
  const host = createMemoryHost(tree)
  const registry = buildRegistry(
    directories.map((path) => ({
      path,
      files: ok([{ path: `${path}/a.json`, bytes: ok(encodeUtf8(spec)) }]),
    })),
  )
  const findings = checkReaders({
    host,
    view: viewRoot(host, hostPath("/")),
    snapshot: observeSnapshot(host, { driverRoot: "/", ldcache: "/etc/ld.so.cache" }),
    registry,
    directories,
    areNamed: false,
    placed: undefined,
    engines: [engine],
    user: rootUser,
    looker: 0,
    unrecorded: new Set(),
    mountinfo: undefined,
    image: undefined,
  })
  return findings.map(({ fault }) => (fault.tag === "CdiDirectoryUnread" ? fault.data.directory : fault.tag))
}

const podman: ObservedEngine = {
  engine: "podman",
  version: "5.8.2",
  program: "/usr/bin/podman",
  highest: "1.0.0",
  era: "before 1.1.1",
}
const docker: ObservedEngine = { ...podman, engine: "docker", program: "/usr/bin/dockerd" }

const linked: MemoryTree = {
  "/etc/cdi": { kind: "symlink", target: "/opt/real" },
  "/opt/real": { kind: "directory" },
  "/run/cdi": { kind: "directory" },
  "/var/run": { kind: "symlink", target: "/run" },
}

test.each([
  [{ ...podman }, ["/opt/real"]],
  [{ ...podman, era: "from 1.1.1" }, []],
  [{ ...docker, version: "29.1.5" }, ["/opt/real"]],
  [{ ...docker, version: "29.2.0" }, []],
] as const)("behind a link in a directory's place: %j", (engine, unread) => {
  expect(unreadBy(engine, linked, ["/opt/real"])).toEqual([...unread])
})

test("links on the way to a directory are followed by all", () => {
  expect(unreadBy(podman, linked, ["/run/cdi", "/var/run/cdi"])).toEqual([])
})

test("who looks nowhere does not look there", () => {
  const settings = { kind: "file", content: '{"cdi-spec-dirs": [""]}' } as const
  const tree: MemoryTree = { ...linked, "/etc/docker/daemon.json": settings }
  expect(unreadBy({ ...docker, version: "29.7.2" }, tree, ["/run/cdi"])).toEqual(["/run/cdi"])
})
