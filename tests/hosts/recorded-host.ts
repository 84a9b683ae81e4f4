/** The machines in hosts/, as tests read them: listing, options, recording, and the reference's answer where there is one. */

import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { chooseSnapshotOptions } from "../../src/core/plan/choose-snapshot-options.ts"
import { type HostSnapshot, observeSnapshot } from "../../src/core/plan/snapshot.ts"
import { createRecordingHost, parseRecording, type Recording } from "../../src/host/recording.ts"
import type { Catalogued, Modes } from "./catalogued.ts"

const directory = join(import.meta.dir, "../../hosts")

/** Order: by name. */
export const hostNames: readonly string[] = readdirSync(directory).sort()

export const hostFile = (name: string, file: string): string => join(directory, name, file)

export function readRecording(name: string): Recording {
  const parsed = parseRecording(readFileSync(hostFile(name, "machine.json"), "utf8"), name)
  if (!parsed.ok) throw new Error(`${name}: ${parsed.fault.tag}`)
  return parsed.value
}

/** As every command observes a machine about which nothing was said. */
export function observeRecorded(name: string): HostSnapshot {
  const host = createRecordingHost(readRecording(name), name)
  return observeSnapshot(host, chooseSnapshotOptions(host, {}))
}

/** undefined: the reference was not run on this machine. */
export function referenceOf(name: string): Reference | undefined {
  const file = hostFile(name, "reference.json")
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Reference) : undefined
}

interface Reference extends Catalogued {
  readonly modes?: Modes
  /** Variables that every container has. */
  readonly env?: readonly string[]
  /** Groups that a container has with a device. */
  readonly groups?: Readonly<Record<string, readonly number[]>>
}
