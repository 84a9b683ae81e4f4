/**
 * Which engines this machine has, by what their programs say of themselves. Each is asked for two seconds at most, all at once, and not again
 * while its file is the same.
 */

import { engineNames } from "../core/cdi/rules/engine-versions.ts"
import { type Engine, readEngineVersion } from "../core/generate/version-limit.ts"
import { enginePrograms } from "../core/inventory/observe-engines.ts"
import { hostPath } from "../core/text/brand.ts"
import { findRuntime, programPlaces } from "./find-runtime.ts"
import { createLiveFiles } from "./live-files.ts"
import { stampPlaces } from "./state/make-proof.ts"
import { areFresh, areStamps, type Stamp } from "./state/stamp.ts"
import { readState, writeState } from "./state/state-file.ts"

/** Units: milliseconds. */
const limitMs = 2000
/** What a program wrote before its end is there by then, also when somebody else holds its pipe. Units: milliseconds. */
const afterwordMs = 100

/** Kept below the state directory. Format: docs/state.md. */
interface RememberedEngines {
  readonly version: 1
  readonly programs: Readonly<Record<string, RememberedProgram>>
}

interface RememberedProgram {
  readonly stamps: readonly Stamp[]
  readonly engineVersion: string
}

/** Order: by name. An engine that does not say its version is not told of. */
export async function detectEngines(path: string, state: string | undefined): Promise<readonly Engine[]> {
  const file = `${state}/engines.json`
  const known = state === undefined ? {} : recall(state, file)
  const told = await Promise.all(
    engineNames.map(async (name) => {
      const found = findRuntime([enginePrograms[name]], path)
      if (found === undefined) return []
      const remembered = known[found]
      const asked =
        remembered !== undefined && areFresh(remembered.stamps) ? remembered : await ask(found, path)
      return asked === undefined ? [] : [{ name, found, asked }]
    }),
  )
  const engines = told.flat()
  const now = Object.fromEntries(engines.map(({ found, asked }) => [found, asked]))
  if (state !== undefined && engines.some(({ found, asked }) => known[found] !== asked))
    writeState(state, file, { version: 1, programs: { ...known, ...now } } satisfies RememberedEngines)
  return engines.map(({ name, asked }) => ({ name, version: asked.engineVersion }))
}

/** Where such a program would be found, there or not. */
export const enginePlaces = (path: string): readonly string[] =>
  engineNames.flatMap((name) => programPlaces(enginePrograms[name], path))

function recall(state: string, file: string): RememberedEngines["programs"] {
  const known = readState(state, file) as Partial<RememberedEngines> | null | undefined
  if (known?.version !== 1 || typeof known.programs !== "object" || known.programs === null) return {}
  return Object.fromEntries(
    Object.entries(known.programs).filter(
      ([, one]) => typeof one?.engineVersion === "string" && areStamps(one.stamps) && one.stamps.length > 0,
    ),
  )
}

/** The stamp is taken first: a program that is replaced meanwhile is asked again. */
async function ask(program: string, path: string): Promise<RememberedProgram | undefined> {
  const stamps = stampPlaces(createLiveFiles(), [hostPath(program)])
  const said = await askVersion(program, path)
  const engineVersion = said === undefined ? undefined : readEngineVersion(said)
  return engineVersion === undefined ? undefined : { stamps, engineVersion }
}

/** What a program says, and nothing of one that says nothing for too long: a script's child may hold its pipe after both are killed. */
async function askVersion(program: string, path: string): Promise<string | undefined> {
  try {
    const child = Bun.spawn([program, "--version"], {
      cwd: "/",
      env: { PATH: path },
      stdio: ["ignore", "pipe", "ignore"],
      timeout: limitMs,
    })
    const said: string[] = []
    const reading = readInto(said, child.stdout)
    const status = await Promise.race([child.exited, Bun.sleep(limitMs)])
    await Promise.race([reading, Bun.sleep(afterwordMs)])
    return status === 0 ? said.join("") : undefined
  } catch {
    return undefined
  }
}

/** A version is a few lines. Units: characters. */
const answerLimit = 64 * 1024

async function readInto(said: string[], stream: ReadableStream<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder()
  let length = 0
  for await (const bytes of stream) {
    const text = decoder.decode(bytes, { stream: true })
    said.push(text)
    length += text.length
    if (length > answerLimit) return
  }
}
