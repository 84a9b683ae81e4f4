/**
 * What bench/machine.ts compiles and runs in a machine's root, one process a figure: how long the first look at this machine takes.
 *   observe cold      looks at everything; nothing is remembered
 *   observe remember  looks, and remembers below the state directory
 *   observe warm      proves what is remembered fresh, and has the plan's input
 * Prints nanoseconds, and of a look the number of GPUs and libraries, so that a wrong machine cannot be fast.
 */

import { writeSync } from "node:fs"
import { type HostSnapshot, observeSnapshot } from "../src/core/plan/snapshot.ts"
import { createLiveHost } from "../src/host/live.ts"
import { observeAndRemember } from "../src/host/state/observe-and-remember.ts"
import { recallSnapshot } from "../src/host/state/recall-snapshot.ts"

const options = { driverRoot: "/", ldcache: "/etc/ld.so.cache" }
const host = createLiveHost()
const state = "/run/gantry"
const ways: Readonly<Record<string, () => HostSnapshot | undefined>> = {
  cold: () => observeSnapshot(host, options),
  remember: () => observeAndRemember(host, options, state).snapshot,
  warm: () => recallSnapshot(host, options, state)?.snapshot,
}
const look = ways[process.argv[2] ?? ""]
const begun = Bun.nanoseconds()
const snapshot = look?.()
const took = Bun.nanoseconds() - begun
writeSync(1, `${took} ${snapshot?.inventory.gpus.length ?? 0} ${snapshot?.driver?.libraries.length ?? 0}\n`)
process.exit(0)
