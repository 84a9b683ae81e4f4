import { beforeEach, expect, test } from "bun:test"
import { chmodSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { MadeSpec } from "../../../src/core/generate/made-spec.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { createLiveFiles } from "../../../src/host/live-files.ts"
import { createSimulatedFiles } from "../../../src/host/simulated-files.ts"
import { keepSpec, recallSpec, type SpecPlace, specPlace } from "../../../src/host/state/kept-spec.ts"
import { beginWitness } from "../../../src/host/state/make-proof.ts"
import type { Proof } from "../../../src/host/state/stamp.ts"
import { listStates } from "../../../src/host/state/state-file.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const work = temporaryDirectory("kept-spec")
const state = join(work, "state")
const witness = join(work, "witness")
const files = createLiveFiles()
const options = { driverRoot: "/", ldcache: "/etc/ld.so.cache" }
beforeEach(() => {
  rmSync(state, { recursive: true, force: true })
  writeFileSync(witness, "as it was")
  Bun.sleepSync(25)
})

const spec: MadeSpec = {
  kind: "nvidia.com/gpu",
  cdiVersion: "0.7.0",
  deviceNames: ["0"],
  hookPrograms: ["/gantry"],
  text: '---\ncdiVersion: 0.7.0\nkind: "nvidia.com/gpu"\nnames: "ä\u2028\u{1f600}"\n',
  findings: [
    { severity: "note", fault: { tag: "CdiHookProgramAbsent", data: { path: "/gantry" } }, evidence: ["a"] },
  ],
}

function placeOf(call = "call"): SpecPlace {
  const place = specPlace(files, options, call, state)
  if (place === undefined) throw new Error("there is no place")
  return place
}

function proof(): Proof {
  const made = beginWitness(files, []).prove([hostPath(witness)])
  if (made === undefined) throw new Error("it changes")
  return made
}

const keep = (call?: string): void => keepSpec(placeOf(call), proof(), spec)
const kept = (): readonly string[] => listStates(state, /^spec-/)

test("what was kept comes back as it was, byte for byte", () => {
  expect(recallSpec(placeOf())).toBeUndefined()
  keep()
  expect(recallSpec(placeOf())).toEqual(spec)
})

test("a change of what it was made of is noticed", () => {
  keep()
  writeFileSync(witness, "as it is")
  expect(recallSpec(placeOf())).toBeUndefined()
})

test.each<[what: string, place: SpecPlace | undefined]>([
  ["another call", placeOf("other")],
  ["another driver root", specPlace(files, { ...options, driverRoot: "/run/nvidia/driver" }, "call", state)],
  ["another device root", specPlace(files, { ...options, devRoot: "/other" }, "call", state)],
  ["another cache", specPlace(files, { ...options, ldcache: "/other" }, "call", state)],
  ["another machine", specPlace(createSimulatedFiles(work), options, "call", state)],
])("%s is another specification", (_, place) => {
  keep()
  expect(place?.file).not.toBe(placeOf().file)
  expect(place && recallSpec(place)).toBeUndefined()
})

test("nothing is kept without a directory, without a call, or of a recording", () => {
  expect(specPlace(files, options, "call", undefined)).toBeUndefined()
  expect(specPlace(files, options, undefined, state)).toBeUndefined()
  const recording = { ...files, provenance: { kind: "recording", name: "r" } as const }
  expect(specPlace(recording, options, "call", state)).toBeUndefined()
})

test("a file of another key is not believed, whatever its name", () => {
  keep()
  const { file, ...place } = placeOf()
  expect(recallSpec({ ...place, key: "other", file })).toBeUndefined()
})

test.each<[what: string, damage: (whole: string) => string]>([
  ["nothing", () => ""],
  ["one line", (whole) => whole.slice(0, whole.indexOf("\n"))],
  ["no end", (whole) => whole.slice(0, -10)],
  ["another text", (whole) => whole.replace("cdiVersion", "cdiversion")],
  ["other names", (whole) => whole.replace('"deviceNames":["0"]', '"deviceNames":[0]')],
  ["something in front", (whole) => `\n${whole}`],
  ["something else", () => "null\nnull\n"],
])("a file that holds %s is passed over", (_, damage) => {
  keep()
  const { file } = placeOf()
  const whole = readFileSync(file, "utf8")
  expect(damage(whole)).not.toBe(whole)
  writeFileSync(file, damage(whole))
  expect(recallSpec(placeOf())).toBeUndefined()
  writeFileSync(file, whole)
  expect(recallSpec(placeOf())).toEqual(spec)
})

test("a file that others may write is not believed", () => {
  keep()
  chmodSync(placeOf().file, 0o622)
  expect(recallSpec(placeOf())).toBeUndefined()
})

test("no more than 16 are kept, the older go", () => {
  for (let call = 0; call < 16; call++) {
    keep(String(call))
    utimesSync(placeOf(String(call)).file, call, call)
  }
  expect(kept()).toHaveLength(16)
  keep("one more")
  expect(kept()).toHaveLength(9)
  expect(recallSpec(placeOf("0"))).toBeUndefined()
  expect(recallSpec(placeOf("15"))).toEqual(spec)
  expect(recallSpec(placeOf("one more"))).toEqual(spec)
})

test("what is too large is not kept", () => {
  keepSpec(placeOf(), proof(), { ...spec, text: `${"#".repeat(5 * 1024 * 1024)}\n` })
  expect(kept()).toEqual([])
})
