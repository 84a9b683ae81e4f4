/**
 * The last decisions about GPU containers, one small file each, for `gantry explain --last`. Bounded, owned by us, and never a
 * reason for a start to fail: whatever goes wrong here is silent. Format and place: docs/state.md.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs"
import type { Fault } from "../../core/fault/fault.ts"
import type { Plan } from "../../core/plan/plan.ts"
import { isOurs, stateDirectory } from "./state-directory.ts"
import { writeStateText } from "./state-file.ts"

/** How many decisions are kept. */
const capacity = 64
/** A container that says more than this is not worth the memory. Units: characters. */
const sizeLimit = 512 * 1024
const namePattern = /^\d{15}-\d+\.json$/

export interface LoggedDecision {
  readonly version: 2
  /** Milliseconds since 1970, UTC. */
  readonly timeMs: number
  readonly bundle: string
  readonly pid: string
  /** With faults as they are, not as they are told: what they say is not loaded at a start. */
  readonly plan: Plan
}

/** `plan`: as JSON, since a start may have it in no other form. */
export function logDecision(
  { plan, ...decision }: Omit<LoggedDecision, "version" | "plan"> & { readonly plan: string },
  state: string | undefined = stateDirectory(),
): void {
  if (state === undefined) return
  try {
    const rest = JSON.stringify({ version: 2, ...decision } satisfies Omit<LoggedDecision, "plan">)
    const text = `${rest.slice(0, -1)},"plan":${plan}}`
    if (text.length > sizeLimit) return
    const directory = `${state}/decisions`
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    if (!isOurs(state)) return
    const name = `${String(decision.timeMs).padStart(15, "0")}-${process.pid}.json`
    writeStateText(directory, `${directory}/${name}`, text)
    // What another start is writing just now is none of the old.
    const names = readdirSync(directory)
      .filter((one) => namePattern.test(one))
      .sort()
    for (const old of names.slice(0, Math.max(0, names.length - capacity)))
      rmSync(`${directory}/${old}`, { force: true })
  } catch {
    // No log is better than no container.
  }
}

const faultsOf = ({ findings = [], refusal }: Partial<Plan>): readonly Fault[] => [
  ...findings.map(({ fault }) => fault),
  ...(refusal === undefined ? [] : [refusal]),
]

/** Newest first. What another build wrote is left out. */
export function readDecisions(
  isKnownFault: (fault: Fault) => boolean,
  state: string | undefined = stateDirectory(),
): readonly LoggedDecision[] {
  if (state === undefined) return []
  const directory = `${state}/decisions`
  if (!isOurs(state) || !isOurs(directory)) return []
  const decisions: LoggedDecision[] = []
  for (const name of readdirSync(directory)
    .filter((one) => namePattern.test(one))
    .sort()
    .reverse()) {
    try {
      const parsed = JSON.parse(readFileSync(`${directory}/${name}`, "utf8")) as Partial<LoggedDecision>
      if (parsed.version === 2 && parsed.plan !== undefined && faultsOf(parsed.plan).every(isKnownFault))
        decisions.push(parsed as LoggedDecision)
    } catch {
      // Removed meanwhile, or not ours to understand.
    }
  }
  return decisions
}
