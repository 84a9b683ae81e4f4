import { afterAll, describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import type { Host } from "../../src/core/host/host.ts"
import { hostPath } from "../../src/core/text/brand.ts"
import { createLiveHost } from "../../src/host/live.ts"
import { createMemoryHost } from "../../src/host/memory.ts"
import { openHost } from "../../src/host/open-host.ts"
import { createRecordingHost, parseRecording, recordHost } from "../../src/host/recording.ts"
import { createSimulatedHost, manifestName } from "../../src/host/simulated.ts"
import { makeCharacterNode } from "../../src/linux/nodes.ts"
import { contractTree, hostContract } from "./contract.ts"

const directory = mkdtempSync(join(tmpdir(), "gantry-host-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

// The tree on disk; nodes are only described where this user may not make them.
const impliedNodes: Record<string, object> = {}
for (const [path, entry] of Object.entries(contractTree)) {
  const place = join(directory, path)
  mkdirSync(dirname(place), { recursive: true })
  if (entry.kind === "file") writeFileSync(place, entry.content)
  else if (entry.kind === "symlink") symlinkSync(entry.target, place)
  else if (entry.kind === "directory") mkdirSync(place)
  else if (entry.kind === "fifo") spawnSync("mkfifo", [place])
  else if (entry.kind === "character" && !makeCharacterNode(place, entry.major, entry.minor, 0o666).ok) {
    writeFileSync(place, "")
    impliedNodes[path] = { major: entry.major, minor: entry.minor, mode: 0o666 }
  }
  if ("mode" in entry && entry.mode !== undefined && entry.kind !== "symlink") chmodSync(place, entry.mode)
}
writeFileSync(
  join(directory, manifestName),
  JSON.stringify({ version: 1, kind: "gantry-simulated-machine", impliedNodes, paths: [] }),
)

/** The live host, asked about a directory as if it were the root: absolute links are the one thing that differs there. */
function liveBelow(root: string): Host {
  const live = createLiveHost()
  const simulated = createSimulatedHost(root)
  const at = (path: string) => hostPath(simulated.livePath(hostPath(path)) ?? `${root}${path}`)
  const needsTree = (path: string): boolean =>
    ["/absolute", "/climbing", "/lib", "/loop", "/dangling", "/dev/null9"].some((one) => path.startsWith(one))
  const pick = (path: string): [Host, ReturnType<typeof hostPath>] =>
    needsTree(path) ? [simulated, hostPath(path)] : [live, at(path)]
  return {
    provenance: live.provenance,
    readFile: (path, range) => ((host, place) => host.readFile(place, range))(...pick(path)),
    readDir: (path) => ((host, place) => host.readDir(place))(...pick(path)),
    lstat: (path) => ((host, place) => host.lstat(place))(...pick(path)),
    readLink: (path) => ((host, place) => host.readLink(place))(...pick(path)),
    exists: (path) => ((host, place) => host.exists(place))(...pick(path)),
    livePath: (path) => path,
  }
}

hostContract("a tree in memory", () => createMemoryHost(contractTree))
hostContract("a simulated directory", () => createSimulatedHost(directory))
hostContract("the live machine", () => liveBelow(directory))

// A recording can answer what was asked: the suite is asked of the recorder first.
const recorder = recordHost(createMemoryHost(contractTree))
hostContract("a machine being recorded", () => recorder.host)
hostContract("a recording", () =>
  createRecordingHost(JSON.parse(JSON.stringify(recorder.recording())), "test"),
)

describe("which machine is meant", () => {
  test("a directory, a recording's file, or this machine", () => {
    const file = join(directory, "machine.json")
    writeFileSync(file, JSON.stringify(recorder.recording()))
    const kinds = [undefined, "live", directory, file].map((selector) => {
      const opened = openHost(selector)
      return opened.ok ? opened.value.provenance.kind : "fault"
    })
    expect(kinds).toEqual(["live", "live", "simulated", "recording"])
  })

  test.each(["/nowhere/at/all", "/etc/passwd"])("%s is none", (selector) => {
    expect(openHost(selector).ok).toBe(false)
  })

  test("a recording of another kind is refused with a reason", () => {
    for (const text of ["x", "{}", '{"kind":"gantry-recording","version":2,"answers":{}}', "null", "[]"])
      expect(parseRecording(text, "x").ok).toBe(false)
  })
})
