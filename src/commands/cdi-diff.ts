/** `gantry cdi diff FILE FILE|machine`: what two files do differently to containers, or a file and what its machine would have in its place. */

import { diffSpecs, type SpecChange } from "../core/cdi/diff-specs.ts"
import { raiseVersion } from "../core/cdi/raise-version.ts"
import type { CdiSpec } from "../core/cdi/spec.ts"
import { ok, type Result } from "../core/fault/result.ts"
import type { HostFiles } from "../core/host/host.ts"
import { escapeControl } from "../core/text/escape.ts"
import { vendorOfKind } from "../core/vendor/vendor-names.ts"
import { cdiShape, misused, runAction } from "./cdi-flags.ts"
import type { Flags } from "./flags.ts"
import { machineFlags, machineUsage } from "./machine-flags.ts"
import { openMachine } from "./open-machine.ts"
import { directoryOf, readSoundSpec } from "./read-cdi.ts"

const shape = cdiShape({
  usage: `diff FILE FILE [--json] | diff FILE machine [--json] ${machineUsage}`,
  valued: [...machineFlags],
})

export const run = (args: readonly string[]): Promise<number> =>
  runAction(args, shape, async (flags) => {
    const [first, second, ...more] = flags.words
    if (first === undefined || second === undefined || more.length > 0)
      return misused(shape, "diff takes two files, or a file and the word machine")
    const one = readSoundSpec(first)
    if (!one.ok) return one
    const pair = second === "machine" ? await besideMachine(one.value, flags) : beside(one.value, second)
    if (!pair.ok) return pair
    const changes = diffSpecs(...pair.value)
    return ok({ text: flags.on.has("json") ? renderDiffJson(changes) : renderDiff(changes), exit: 0 })
  })

type Pair = readonly [CdiSpec, CdiSpec]

function beside(one: CdiSpec, path: string): Result<Pair> {
  const other = readSoundSpec(path)
  return other.ok ? ok([one, other.value]) : other
}

/**
 * In the file's own style, so that what differs is the machine's doing; both with the machine's own paths. Faults: those of generateLike and
 * of opening a machine.
 */
async function besideMachine(written: CdiSpec, flags: Flags): Promise<Result<Pair>> {
  const host = await openMachine(flags.values.get("host"))
  if (!host.ok) return host
  const { takeHome } = await import("../core/generate/place-on-machine.ts")
  const directory = directoryOf(host.value)
  const spec = directory === undefined ? written : takeHome(written, directory)
  const made = await generateLike(spec, host.value, flags)
  return made.ok ? ok([spec, raiseVersion({ ...made.value.spec, cdiVersion: spec.cdiVersion })]) : made
}

/** Faults: those of observeMachine, generateSpec, generateVendorSpec. */
async function generateLike(
  spec: CdiSpec,
  host: HostFiles,
  flags: Flags,
): Promise<Result<{ readonly spec: CdiSpec }>> {
  const vendor = vendorOfKind(spec.kind)
  if (vendor !== undefined)
    return (await import("../core/vendor/vendor-spec-like.ts")).generateVendorSpecLike(vendor, host, spec)
  const [{ observeMachine }, { generateSpec }, { requestLike }, { ownHookProgram }] = await Promise.all([
    import("./observe-machine.ts"),
    import("../core/generate/generate-spec.ts"),
    import("../core/generate/request-like.ts"),
    import("./own-hook-program.ts"),
  ])
  const machine = observeMachine(flags, shape)
  return machine.ok ? generateSpec(machine.value.snapshot, requestLike(spec, ownHookProgram())) : machine
}

const renderDiffJson = (changes: readonly SpecChange[]): string =>
  `${JSON.stringify({ version: 1, changes }, null, 2)}\n`

function renderDiff(changes: readonly SpecChange[]): string {
  const lines = changes.map(({ where, field, change, what }) =>
    escapeControl(
      `${change === "added" ? "+" : "-"} ${[where, field, what].filter((word) => word !== "").join(" ")}`,
    ),
  )
  return lines.length === 0 ? "no difference for containers\n" : `${lines.join("\n")}\n`
}
