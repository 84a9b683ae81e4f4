/** For whom a specification is written: the engines that somebody named, those of the machine that it is of, or those that will find the file. */

import { beforeAll, expect, test } from "bun:test"
import { mkdirSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { findEnginesWithoutCdi, findReaders } from "../../../src/commands/cdi/find-readers.ts"
import { asReleased, type Engine } from "../../../src/core/generate/version-limit.ts"
import type { HostFiles } from "../../../src/core/host/host.ts"
import { encodeUtf8 } from "../../../src/core/text/utf8.ts"
import { createMemoryHost } from "../../../src/host/memory.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const work = temporaryDirectory("readers")
const link = join(work, "link")
beforeAll(() => {
  mkdirSync(join(work, "here"))
  symlinkSync("/etc", link)
})

/** Which no machine has on which this runs. */
const podman: Engine = { name: "podman", version: "4.3.99" }
const file = (text: string) => ({ kind: "file", content: encodeUtf8(text) }) as const
const another: HostFiles = createMemoryHost({
  "/usr/bin/podman": file("a Go program"),
  "/usr/bin/crio": file("a Go program that says nothing of its version"),
  "/var/lib/dpkg/status": file(
    `Package: podman\nStatus: install ok installed\nVersion: ${podman.version}+ds1\n\n`,
  ),
})

test("engines that were named are all that counts, and the least of them is the limit", async () => {
  const docker: Engine = { name: "docker", version: "28.2" }
  const older: Engine = { name: "podman", version: "4.1" }
  expect(await findReaders({ engines: [docker, older], output: "" }, another)).toEqual({
    engines: [docker, older].map(asReleased),
    limit: { version: "0.4.0", because: [older] },
  })
})

test.each([
  ["on standard output", ""],
  ["in a directory where no engine looks", join(work, "here", "nvidia.yaml")],
  ["in such a directory, which is named by itself", join(work, "here")],
  ["in a directory below that of engines, into which they do not look", "/etc/cdi/below/nvidia.yaml"],
])("of another machine, %s, that machine's engines read it", async (_where, output) => {
  const readers = await findReaders({ engines: undefined, output }, another)
  expect(readers.engines).toEqual([asReleased(podman)])
  expect(readers.limit?.version).toBe("0.5.0")
})

test.each([
  ["a file there", "/etc/cdi/gantry-of-another.yaml"],
  ["the directory, there or not", "/var/run/cdi/"],
  ["a file, by a link on the way", join(link, "cdi/gantry-of-another.yaml")],
])("of another machine, where this one's engines look, these read it: %s", async (_what, output) => {
  const { engines } = await findReaders({ engines: undefined, output }, another)
  expect(engines).not.toContainEqual(asReleased(podman))
})

test("of engines without CDI a user is warned who named one, and of a machine's own that is a note", () => {
  const engines: readonly Engine[] = [
    { name: "podman", version: "3.4" },
    { name: "docker", version: "28.2" },
  ]
  const told = (named: readonly Engine[] | undefined) =>
    findEnginesWithoutCdi({ engines: engines.map(asReleased) }, { engines: named }).map(
      ({ severity, fault }) => [severity, fault.tag, fault.data],
    )
  expect(told(engines)).toEqual([["warning", "CdiEngineWithout", { engine: "podman 3.4" }]])
  expect(told(undefined)).toEqual([["note", "CdiEngineWithout", { engine: "podman 3.4" }]])
})
