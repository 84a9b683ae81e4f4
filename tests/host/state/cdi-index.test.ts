import { beforeEach, expect, test } from "bun:test"
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { buildRegistry } from "../../../src/core/cdi/registry/registry.ts"
import type { HostFiles } from "../../../src/core/host/host.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { readCdiDirectories } from "../../../src/host/cdi/read-cdi-directories.ts"
import { createLiveFiles } from "../../../src/host/live-files.ts"
import { createMemoryHost } from "../../../src/host/memory.ts"
import { createSimulatedFiles } from "../../../src/host/simulated-files.ts"
import { recallDevices, rememberDevices } from "../../../src/host/state/cdi-index.ts"
import { beginWitness } from "../../../src/host/state/make-proof.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const work = temporaryDirectory("cdi-index")
const [etc, run, state] = ["etc", "run", "state"].map((name) => join(work, name)) as [string, string, string]
const directories = [etc, run]
const spec = (value: string, name = "0"): string =>
  `cdiVersion: 0.5.0\nkind: v.com/card\ndevices: [{name: "${name}", containerEdits: {env: [A=${value}]}}]\n`

/** A file system's clock is coarser than ours: what was written just now would count as changed meanwhile. */
const settle = (): void => Bun.sleepSync(20)

/** `meanwhile`: what happens between reading and remembering. */
function remember(
  host: HostFiles = createLiveFiles(),
  places = directories,
  meanwhile: () => void = () => undefined,
): void {
  settle()
  const witness = beginWitness(host, places.map(hostPath))
  const registry = buildRegistry(readCdiDirectories(host, places))
  meanwhile()
  rememberDevices(host, places, registry, witness, state)
}

const recalled = (
  name = "0",
  host: HostFiles = createLiveFiles(),
  places = directories,
): string | undefined =>
  recallDevices(host, places, [`v.com/card=${name}`], state)?.devices[0]?.device.containerEdits.env[0]

beforeEach(() => {
  rmSync(work, { recursive: true, force: true })
  mkdirSync(etc, { recursive: true })
  mkdirSync(state, { mode: 0o700 })
  writeFileSync(join(etc, "a.yaml"), spec("1"))
})

test("what was remembered is recalled, and only what is in it", () => {
  expect(recalled()).toBeUndefined()
  remember()
  expect(recalled()).toBe("A=1")
  expect(recalled("1")).toBeUndefined()
  expect(recalled("0", createLiveFiles(), [etc])).toBeUndefined()
})

test.each<[change: string, make: () => void]>([
  ["a file is written anew", () => writeFileSync(join(etc, "a.yaml"), spec("2"))],
  [
    "a file of the same size takes its place",
    () => {
      writeFileSync(join(etc, "b"), spec("2"))
      renameSync(join(etc, "b"), join(etc, "a.yaml"))
    },
  ],
  ["a file is removed", () => rmSync(join(etc, "a.yaml"))],
  ["a file is closed", () => chmodSync(join(etc, "a.yaml"), 0)],
  ["another file appears", () => writeFileSync(join(etc, "b.yaml"), spec("1", "x"))],
  [
    "a directory appears that wins",
    () => {
      mkdirSync(run)
      writeFileSync(join(run, "a.yaml"), spec("3"))
    },
  ],
  ["a directory goes", () => renameSync(etc, `${etc}-away`)],
  [
    "a link takes a directory's place",
    () => {
      renameSync(etc, `${etc}-away`)
      mkdirSync(join(work, "other"))
      symlinkSync(join(work, "other"), etc)
    },
  ],
])("it holds no more when %s", (_, make) => {
  remember()
  expect(recalled()).toBe("A=1")
  make()
  expect(recalled()).toBeUndefined()
})

test("a file that appears and is refused, and is mended", () => {
  writeFileSync(join(etc, "b.yaml"), "{")
  remember()
  expect(recalled()).toBe("A=1")
  writeFileSync(join(etc, "b.yaml"), spec("1", "x"))
  expect(recalled("x")).toBeUndefined()
  remember()
  expect(recalled("x")).toBe("A=1")
})

test("what is wrong with other files and with names is remembered, of many the first, and none hides another kind", () => {
  mkdirSync(run)
  for (let file = 0; file < 40; file++) writeFileSync(join(run, `${file + 10}.yaml`), "{")
  const many = Array.from(
    { length: 40 },
    (_, index) => `{name: d${index + 10}, containerEdits: {env: [A=b]}}`,
  )
  for (const name of ["x", "y"])
    writeFileSync(
      join(run, `${name}.json`),
      `cdiVersion: 0.5.0\nkind: v.com/rival\ndevices: [${many.join(", ")}]\n`,
    )
  remember()
  const problems = recallDevices(createLiveFiles(), directories, ["v.com/card=0"], state)?.problems
  expect(problems?.untold).toBe(16)
  expect(problems?.rejected).toHaveLength(32)
  expect(problems?.rejected[0]).toEqual({
    path: join(run, "10.yaml"),
    faults: [expect.objectContaining({ tag: "CdiTextInvalid" })],
  })
  expect(problems?.findings).toHaveLength(32)
  expect(problems?.findings[0]?.fault.data).toMatchObject({ device: "v.com/rival=d10" })
})

test.each<[change: string, make: () => void]>([
  ["was written anew", () => writeFileSync(join(etc, "a.yaml"), spec("2"))],
  ["came", () => writeFileSync(join(etc, "b.yaml"), spec("2", "x"))],
  ["went with its directory", () => renameSync(etc, `${etc}-away`)],
])("what %s while it was read is not remembered", (_, make) => {
  remember(createLiveFiles(), directories, make)
  expect(recalled()).toBeUndefined()
})

test("a file that others may write is not believed, nor one that says something else", () => {
  remember()
  const file = join(state, readdirSync(state)[0] ?? "")
  chmodSync(file, 0o666)
  expect(recalled()).toBeUndefined()
  chmodSync(file, 0o600)
  expect(recalled()).toBe("A=1")
  for (const text of ["", "{", "{}\n", "null\n", '{"version":5,"key":""}\n']) {
    writeFileSync(file, text)
    expect(recalled()).toBeUndefined()
  }
})

const numbers = ["sourceCount", "bucketCount", "proofBytes", "problemsBytes"]
const wrong = ["-1", "0.5", "1e99", '"1"', "null", "[]", "8388609"]

test.each<[says: string, place: RegExp]>([
  ...numbers.flatMap((name) =>
    wrong.map((value): [string, RegExp] => [`"${name}":${value}`, new RegExp(`"${name}":\\d+`)]),
  ),
  ['"version":6', /"version":7/],
  ['"key":"other', /"key":"/],
  ...["zzzzzzzz", "ffffffff", "-0000001"].map((value): [string, RegExp] => [value, /(?<=\n)[0-9a-f]{8}/]),
])("an index that says %s is not believed", (says, place) => {
  remember()
  const file = join(state, readdirSync(state)[0] ?? "")
  const text = readFileSync(file, "utf8")
  const broken = text.replace(place, says)
  expect(broken).not.toBe(text)
  writeFileSync(file, broken)
  expect(recalled()).toBeUndefined()
  writeFileSync(file, text)
  expect(recalled()).toBe("A=1")
})

test("a simulated machine has its own, and a tree in memory none", () => {
  const machine = join(work, "machine")
  mkdirSync(join(machine, "etc/cdi"), { recursive: true })
  writeFileSync(join(machine, "etc/cdi/a.yaml"), spec("4"))
  symlinkSync("/etc", join(machine, "link"))
  const host = createSimulatedFiles(machine)
  remember(host, ["/link/cdi"])
  expect(recalled("0", host, ["/link/cdi"])).toBe("A=4")
  rmSync(join(machine, "link"))
  symlinkSync("/usr", join(machine, "link"))
  expect(recalled("0", createSimulatedFiles(machine), ["/link/cdi"])).toBeUndefined()
  const memory = createMemoryHost({ "/etc/cdi/a.yaml": { kind: "file", content: spec("5") } })
  remember(memory, ["/etc/cdi"])
  expect(recalled("0", memory, ["/etc/cdi"])).toBeUndefined()
})

test("directories of any name and number, whose first line is longer than what is read at once", () => {
  for (const name of ["é", "日本", "\u{1f600}", "\u007f\u0080"]) {
    const place = join(work, name)
    mkdirSync(place)
    writeFileSync(join(place, "a.yaml"), spec("6"))
    remember(createLiveFiles(), [place])
    expect(recalled("0", createLiveFiles(), [place])).toBe("A=6")
  }
  for (const count of [20, 80]) {
    const places = [
      ...Array.from({ length: count }, (_, index) => join(work, "x".repeat(60), `${index}`)),
      etc,
    ]
    remember(createLiveFiles(), places)
    expect(recalled("0", createLiveFiles(), places)).toBe("A=1")
  }
})

test("of many sets of directories the older go", () => {
  for (let count = 0; count < 20; count++) {
    const place = join(work, `set${count}`)
    mkdirSync(place)
    remember(createLiveFiles(), [place])
  }
  expect(readdirSync(state).length).toBeLessThanOrEqual(16)
})
