/**
 * What bench/generate.ts compiles and runs in a machine's root, one process a figure: the work of `gantry cdi generate`, and where its time
 * goes.
 *   anew      looks at everything; nothing is remembered
 *   remember  looks, and remembers below the state directory
 *   known     proves what is remembered fresh
 * Prints nanoseconds: from the start of the process, for the machine, for the specification, for its text; then the number of devices.
 */

import { writeSync } from "node:fs"
import { renderSpec } from "../src/core/cdi/render-spec.ts"
import { noAdditions } from "../src/core/generate/add-edits.ts"
import { fitVersion } from "../src/core/generate/fit-version.ts"
import { generateSpec } from "../src/core/generate/generate-spec.ts"
import { hookChoice, nameStrategies, type SpecRequest } from "../src/core/generate/spec-request.ts"
import { type HostSnapshot, observeSnapshot } from "../src/core/plan/snapshot.ts"
import { createLiveHost } from "../src/host/live.ts"
import { observeAndRemember } from "../src/host/observe-and-remember.ts"
import { recallSnapshot } from "../src/host/recall-snapshot.ts"

const request: SpecRequest = {
  ...{ mode: "auto", vendor: "nvidia.com", class: "gpu", devices: ["all"], names: nameStrategies },
  hooks: { path: "/usr/local/bin/gantry", shape: "one", isEnabled: hookChoice([], []), ldconfigPath: "" },
  nodes: { numbers: "left", rights: "written", owners: "machine" },
  ...{ hasAllDevice: true, hasGroups: true, has32Bit: false, hasSockets: true, orinCompatDirectory: "" },
  ...{ trouble: "refused", additions: noAdditions },
}
const options = { driverRoot: "/", ldcache: "/etc/ld.so.cache" }
const host = createLiveHost()
const state = "/run/gantry"
const ways: Readonly<Record<string, () => HostSnapshot | undefined>> = {
  anew: () => observeSnapshot(host, options),
  remember: () => observeAndRemember(host, options, state),
  known: () => recallSnapshot(host, options, state)?.snapshot,
}
const times = [Bun.nanoseconds()]
const snapshot = ways[process.argv[2] ?? ""]?.()
times.push(Bun.nanoseconds())
if (snapshot === undefined) throw new Error("nothing is remembered")
const generated = generateSpec(snapshot, request)
const fitted = generated.ok ? fitVersion(generated.value.spec, undefined) : generated
if (!fitted.ok) throw new Error(fitted.fault.tag)
times.push(Bun.nanoseconds())
const text = renderSpec(fitted.value.spec, "yaml")
times.push(Bun.nanoseconds())
const steps = times.slice(1).map((time, index) => time - (times[index] ?? 0))
writeSync(
  1,
  `${Math.round(performance.now() * 1e6)} ${steps.join(" ")} ${text.length > 10_000 ? fitted.value.spec.devices.length : 0}\n`,
)
process.exit(0)
