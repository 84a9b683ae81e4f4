import { expect, test } from "bun:test"
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fault } from "../../../src/core/fault/fault.ts"
import type { Plan } from "../../../src/core/plan/plan.ts"
import { logDecision, readDecisions } from "../../../src/host/state/decision-log.ts"
import { temporaryDirectory } from "../../temporary-directory.ts"

const work = temporaryDirectory("log")
const plan: Plan = {
  version: 1,
  outcome: "refuse",
  profile: "1.20",
  injector: "native",
  edits: [],
  omissions: [],
  reasons: [],
  findings: [],
  refusal: fault("DriverNotLoaded", { host: "live" }),
}
const decision = (timeMs: number) => ({ timeMs, bundle: "/b", pid: "1", plan: JSON.stringify(plan) })
const every = (): boolean => true

test("the newest come first, and no more than 64 are kept", () => {
  const state = join(work, "many")
  for (let time = 1; time <= 70; time++) logDecision(decision(time), state)
  const kept = readDecisions(every, state).map(({ timeMs }) => timeMs)
  expect(kept).toHaveLength(64)
  expect(kept[0]).toBe(70)
  expect(kept.at(-1)).toBe(7)
})

test("many who write at once lose none of the newest", async () => {
  const state = join(work, "together")
  const writer = join(work, "writer.ts")
  const source = join(import.meta.dir, "../../../src/host/state/decision-log.ts")
  writeFileSync(
    writer,
    `import { logDecision } from ${JSON.stringify(source)}
    const plan = ${JSON.stringify(JSON.stringify(plan))}
    for (let round = 0; round < 40; round++)
      logDecision({ timeMs: round * 8 + Number(process.argv[2]), bundle: "/b", pid: "1", plan }, ${JSON.stringify(state)})`,
  )
  const writers = Array.from({ length: 8 }, (_, number) =>
    Bun.spawn([process.execPath, writer, String(number)], { stdio: ["ignore", "inherit", "inherit"] }),
  )
  expect(await Promise.all(writers.map(({ exited }) => exited))).toEqual(Array(8).fill(0))
  const kept = readDecisions(every, state).map(({ timeMs }) => timeMs)
  expect(kept).toEqual(Array.from({ length: 64 }, (_, index) => 319 - index))
  expect(readdirSync(join(state, "decisions"))).toHaveLength(64)
})

test("a directory that others may enter, or a link, is not written to", () => {
  const open = join(work, "open")
  mkdirSync(join(open, "decisions"), { recursive: true })
  chmodSync(open, 0o777)
  logDecision(decision(1), open)
  expect(readdirSync(join(open, "decisions"))).toEqual([])
  const link = join(work, "link")
  symlinkSync(open, link)
  logDecision(decision(1), link)
  expect(readdirSync(join(open, "decisions"))).toEqual([])
})

test("what cannot be written is silent; what cannot be read is passed over", () => {
  logDecision(decision(1), "/proc/nowhere")
  logDecision(decision(1), undefined)
  const state = join(work, "broken")
  logDecision(decision(1), state)
  writeFileSync(join(state, "decisions/000000000000002-1.json"), "{")
  writeFileSync(join(state, "decisions/another"), "{}")
  expect(readDecisions(every, state).map(({ timeMs }) => timeMs)).toEqual([1])
})

test("a decision with a fault that this build does not know is passed over", () => {
  const state = join(work, "other")
  logDecision(decision(1), state)
  expect(readDecisions(every, state).map(({ plan: logged }) => logged)).toEqual([plan])
  expect(readDecisions(({ tag }) => tag !== "DriverNotLoaded", state)).toEqual([])
})
