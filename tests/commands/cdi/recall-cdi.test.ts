/** What who asks for devices is told besides them: the same whether specifications were read or what they came to was remembered. */

import { expect, test } from "bun:test"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { resolveOn, resolveSaid } from "../../../src/commands/cdi/recall-cdi.ts"
import { parseFlags } from "../../../src/commands/flags.ts"
import { fail } from "../../../src/core/fault/result.ts"
import type { HostFiles } from "../../../src/core/host/host.ts"
import { readFault } from "../../../src/core/host/resolve-path.ts"
import { createLiveFiles } from "../../../src/host/live-files.ts"
import { stateDirectory } from "../../../src/host/state/state-directory.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const work = temporaryDirectory("recall")
const directory = join(work, "cdi")
const absent = join(work, "absent")
mkdirSync(directory)
const put = (name: string, kind: string, entry: string): void =>
  writeFileSync(
    join(directory, name),
    `{"cdiVersion":"0.5.0","kind":"${kind}","devices":[{"name":"0","containerEdits":{"env":["${entry}"]}}]}`,
  )
put("good.json", "v.com/good", "A=1")
for (const name of ["one.json", "other.json"]) put(name, "v.com/twice", "B=1")
writeFileSync(join(directory, "bad.json"), "{}")

async function resolve(areNamed: boolean) {
  const search = { host: createLiveFiles(), directories: [absent, directory], areNamed }
  const found = await resolveOn(search, ["v.com/good=0"])
  if (!found.ok) throw new Error(found.fault.tag)
  const { resolved, problems } = found.value
  return {
    env: resolved.edits.env,
    findings: problems.findings.map(({ fault }): string => fault.tag),
    rejected: problems.rejected.map(({ path }) => path),
  }
}

test.each(["read", "remembered"])(
  "when %s: a conflict of others' devices and a bad file are told of",
  async () => {
    // What changed a moment ago is not remembered.
    await Bun.sleep(20)
    const told = { env: ["A=1"], findings: ["CdiDeviceConflict"], rejected: [join(directory, "bad.json")] }
    expect(await resolve(false)).toEqual(told)
    // To who has named it a directory that is not there is a slip of the pen; of the usual ones it is nothing.
    expect(await resolve(true)).toEqual({ ...told, findings: ["HostReadFailed", "CdiDeviceConflict"] })
  },
)

test.skipIf(stateDirectory() === undefined)(
  "what is remembered is not read again (missing: a place to remember it)",
  async () => {
    const place = join(work, "remembered")
    mkdirSync(place)
    const file = join(place, "good.json")
    writeFileSync(file, readFileSync(join(directory, "good.json")))
    await Bun.sleep(20)
    const live = createLiveFiles()
    const read: string[] = []
    const host: HostFiles = {
      ...live,
      readFile: (path, range) => {
        read.push(path)
        return live.readFile(path, range)
      },
    }
    const readBy = async () => {
      read.length = 0
      const found = await resolveOn({ host, directories: [place], areNamed: false }, ["v.com/good=0"])
      return [found.ok && found.value.resolved.edits.env, [...read]]
    }
    expect(await readBy()).toEqual([["A=1"], [file]])
    expect(await readBy()).toEqual([["A=1"], []])
  },
)

test("what no specification has is refused, though others are sound", async () => {
  const search = { host: createLiveFiles(), directories: [directory], areNamed: false }
  expect(await resolveOn(search, ["v.com/good=0", "v.com/twice=0"])).toMatchObject({
    ok: false,
    fault: { tag: "CdiDeviceUnresolvable" },
  })
})

test.each(["EIO", "EMFILE", "ENOMEM"])(
  "what could not be read for a moment (%s) is read the next time, and hides no later directory's device for good",
  async (errno) => {
    const [etc, run] = [join(work, `etc-${errno}`), join(work, `run-${errno}`)]
    for (const [place, value] of [
      [etc, "stale"],
      [run, "fresh"],
    ] as const) {
      mkdirSync(place)
      const text = `{"cdiVersion":"0.5.0","kind":"v.com/gpu","devices":[{"name":"0","containerEdits":{"env":["A=${value}"]}}]}`
      writeFileSync(join(place, "v.json"), text)
    }
    await Bun.sleep(20)
    const live = createLiveFiles()
    const readFile: HostFiles["readFile"] = (path, range) =>
      path === join(run, "v.json") ? fail(readFault(path, "open", errno)) : live.readFile(path, range)
    const valueOn = async (host: HostFiles): Promise<readonly string[]> => {
      const found = await resolveOn({ host, directories: [etc, run], areNamed: false }, ["v.com/gpu=0"])
      return found.ok ? found.value.resolved.edits.env : []
    }
    expect(await valueOn({ ...live, readFile })).toEqual(["A=stale"])
    expect(await valueOn(live)).toEqual(["A=fresh"])
  },
)

test("a machine that is not there is told of", async () => {
  const shape = { program: "gantry cdi resolve", usage: "", valued: ["spec-dir", "host"], switches: [] }
  const flags = parseFlags(["v.com/good=0", "--host", join(work, "nowhere")], shape)
  if (!flags.ok) throw new Error(flags.fault.tag)
  expect(await resolveSaid(flags.value, shape)).toMatchObject({ ok: false, fault: { tag: "HostUnknown" } })
})
