import { describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { chmodSync, chownSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { hostPath } from "../../src/core/text/brand.ts"
import { createLiveHost } from "../../src/host/live.ts"
import { createMemoryHost } from "../../src/host/memory.ts"
import { openHost } from "../../src/host/open-host.ts"
import { createRecordingHost, parseRecording, recordHost } from "../../src/host/recording.ts"
import { createSimulatedHost } from "../../src/host/simulated.ts"
import { manifestName, readManifest } from "../../src/host/simulated-files.ts"
import { makeCharacterNode } from "../../src/linux/nodes.ts"
import { temporaryDirectory } from "../temporary-directory.ts"
import { contractTree, hostContract } from "./contract.ts"

const work = temporaryDirectory("host")

/** The tree on disk; nodes are only described where this user may not make them. */
function writeTree(directory: string, prefix: string): Readonly<Record<string, object>> {
  const impliedNodes: Record<string, object> = {}
  for (const [path, entry] of Object.entries(contractTree(prefix))) {
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
    if (entry.mode !== undefined && entry.kind !== "symlink") chmodSync(place, entry.mode)
  }
  return impliedNodes
}

const directory = join(work, "simulated")
const impliedNodes = writeTree(directory, "")
const manifest = { version: 1, kind: "gantry-simulated-machine", impliedNodes, paths: [] }
writeFileSync(join(directory, manifestName), JSON.stringify(manifest))

const below = join(work, "live")
const canMakeNodes = Object.keys(writeTree(below, below)).length === 0

hostContract("a tree in memory", () => createMemoryHost(contractTree("")))
hostContract("a simulated directory", () => createSimulatedHost(directory))
hostContract("the live machine", createLiveHost, {
  prefix: below,
  dotDotStopsAtTree: false,
  ...(canMakeNodes ? {} : { nodePath: "/dev/null" }),
})

// A recording can answer what was asked: the suite is asked of the recorder first.
const recorder = recordHost(createMemoryHost(contractTree("")))
hostContract("a machine being recorded", () => recorder.host)
hostContract("a recording", () =>
  createRecordingHost(JSON.parse(JSON.stringify(recorder.recording())), "test"),
)

describe("owners on a machine in a directory", () => {
  const ownersOf = (host: ReturnType<typeof createSimulatedHost>, path: string) => {
    const stat = host.lstat(hostPath(path))
    return stat.ok ? [stat.value.uid, stat.value.gid] : stat.fault.tag
  }

  test("whoever has the directory is root there", () => {
    expect(ownersOf(createSimulatedHost(directory), "/usr/lib/libx.so.1")).toEqual([0, 0])
  })

  const suite = process.geteuid?.() === 0 ? test : test.skip
  suite("what a user made is root's, what is another's stays so (missing: root, to give files away)", () => {
    const place = join(work, "a-users")
    mkdirSync(join(place, "etc"), { recursive: true })
    for (const name of ["own", "other", "roots"]) writeFileSync(join(place, "etc", name), "")
    for (const path of ["", "etc", "etc/own"]) chownSync(join(place, path), 1234, 1235)
    chownSync(join(place, "etc/other"), 999, 1235)
    const host = createSimulatedHost(place)
    for (const path of ["/", "/etc", "/etc/own", "/etc/roots"]) expect(ownersOf(host, path)).toEqual([0, 0])
    expect(ownersOf(host, "/etc/other")).toEqual([999, 0])
  })
})

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

  test("a FIFO is none, in place of a recording or of a simulated machine's manifest, and is not waited for", () => {
    const place = join(work, "fifo")
    mkdirSync(place)
    spawnSync("mkfifo", [join(place, manifestName), join(place, "recording")])
    expect(openHost(join(place, "recording")).ok).toBe(false)
    expect(openHost(place).ok).toBe(true)
    expect(readManifest(place)).toBeUndefined()
  })

  test.if(existsSync("/proc/kallsyms"))("a file that does not say how long it is is read to its end", () => {
    const content = createLiveHost().readFile(hostPath("/proc/kallsyms"))
    expect(content.ok && content.value.at(-1)).toBe(10)
    expect(content.ok && content.value.length).toBeGreaterThan(65_536)
  })

  test.each(["/nowhere/at/all", "/etc/passwd"])("%s is none", (selector) => {
    expect(openHost(selector).ok).toBe(false)
  })

  test("a recording of another kind is refused with a reason", () => {
    for (const text of [
      '{"kind":"gantry-recording","version":1,"answers":{"readFile /x":{"value":5}}}',
      '{"kind":"gantry-recording","version":1,"answers":{"readDir /x":{"value":[1]}}}',
      '{"kind":"gantry-recording","version":1,"answers":{"lstat /x":{"value":{}}}}',
      '{"kind":"gantry-recording","version":1,"answers":{"lstat /x":null}}',
      '{"kind":"gantry-recording","version":1,"answers":{"unknown /x":{"value":1}}}',
      '{"kind":"gantry-recording","version":1,"answers":[]}',
      "x",
      "{}",
      '{"kind":"gantry-recording","version":2,"answers":{}}',
      "null",
      "[]",
    ])
      expect(parseRecording(text, "x").ok).toBe(false)
  })
})
