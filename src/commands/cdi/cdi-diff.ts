/** `gantry cdi diff FILE FILE|machine`: what two files do differently to containers, or a file and what its machine would have in its place. */

import { diffSpecs } from "../../core/cdi/diff-specs.ts"
import { raiseVersion } from "../../core/cdi/rules/raise-version.ts"
import { allEdits, type CdiSpec } from "../../core/cdi/spec.ts"
import { renderCdiChanges, renderCdiChangesJson } from "../../core/explain/render-cdi-changes.ts"
import type { Finding } from "../../core/fault/finding.ts"
import { renderFaultLine } from "../../core/fault/render.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import { isKindOfNvidia } from "../../core/generate/generated-spec.ts"
import { isNameBy, nameStrategies } from "../../core/generate/machine-names.ts"
import type { HostFiles } from "../../core/host/host.ts"
import { hostPath } from "../../core/text/brand.ts"
import { escapeControl } from "../../core/text/escape.ts"
import { vendorOfKind } from "../../core/vendor/vendor-names.ts"
import { simulatedRoot } from "../../host/specified-machine.ts"
import type { Flags } from "../flags.ts"
import { machineFlags, machineUsage } from "../machine/machine-flags.ts"
import { openMachine } from "../machine/open-machine.ts"
import { writeText } from "../report.ts"
import { cdiShape, misused, runAction } from "./cdi-flags.ts"
import { readValidSpec } from "./read-cdi.ts"

const shape = cdiShape({
  usage: `diff FILE FILE [--json] | gantry cdi diff FILE machine [--json] ${machineUsage}`,
  valued: [...machineFlags],
  switches: ["json"],
})

export const run = (args: readonly string[]): Promise<number> =>
  runAction(args, shape, async (flags) => {
    const [first, second, ...more] = flags.words
    if (first === undefined || second === undefined || more.length > 0)
      return misused(shape, "diff takes two files, or a file and the word machine")
    if (first === "machine")
      return misused(
        shape,
        "the word machine comes second: diff FILE machine (a file of that name is ./machine)",
      )
    const placed = machineFlags.find((name) => flags.values.has(name))
    if (second !== "machine" && placed !== undefined)
      return misused(shape, `files are compared by themselves: --${placed} says nothing of them`)
    const one = readValidSpec(first)
    if (!one.ok) return one
    const pair = second === "machine" ? await besideMachine(one.value, flags) : beside(one.value, second)
    if (!pair.ok) return pair
    const { spec, other, unlisted, unread } = pair.value
    for (const one of unread) writeText(2, `warning: ${renderFaultLine(one.fault)}\n`)
    if (unlisted.length > 0)
      writeText(
        2,
        `${escapeControl(`note: the machine has more than the file gives: ${unlisted.join(", ")}`)}\n`,
      )
    const changes = diffSpecs(spec, other)
    const text = flags.on.has("json") ? renderCdiChangesJson(changes, unlisted) : renderCdiChanges(changes)
    return ok({ text, exit: 0 })
  })

interface Pair {
  readonly spec: CdiSpec
  readonly other: CdiSpec
  /** Devices that the machine has besides: who made the file may have left them out. */
  readonly unlisted: readonly string[]
  /** What of the machine could not be read: a difference may be of that alone. */
  readonly unread: readonly Finding[]
}

function beside(spec: CdiSpec, path: string): Result<Pair> {
  const other = readValidSpec(path)
  return other.ok ? ok({ spec, other: other.value, unlisted: [], unread: [] }) : other
}

/**
 * In the file's own style, so that what differs is the machine's doing; both with the machine's own paths. Faults: those of makeTwin and
 * of opening a machine.
 */
async function besideMachine(written: CdiSpec, flags: Flags): Promise<Result<Pair>> {
  const host = await openMachine(flags.values.get("host"))
  if (!host.ok) return host
  const { placeOnMachine, unplaceSpec } = await import("../../core/generate/place-on-machine.ts")
  const directory = simulatedRoot(host.value)
  const spec = directory === undefined ? written : unplaceSpec(written, directory)
  const twin = await makeTwin(spec, host.value, flags)
  if (!twin.ok) return twin
  const { made, whole, unread } = twin.value
  // Who places a file on a machine in a directory follows its links, and an author may have left some: neither is a difference.
  const isPlaced = directory !== undefined && diffSpecs(spec, written).length > 0
  const follow = (one: CdiSpec): CdiSpec =>
    isPlaced
      ? unplaceSpec(
          placeOnMachine(one, (path) => host.value.livePath(hostPath(path))),
          directory,
        )
      : one
  const other = raiseVersion({ ...follow(made), cdiVersion: spec.cdiVersion })
  const unlisted = namesBeside(whole, [...spec.devices, ...made.devices])
  return ok({ spec: follow(spec), other, unlisted, unread })
}

/** Where NVIDIA's driver lies; other vendors' lies in the kernel. */
const driverFlags = machineFlags.filter((name) => name !== "host")

/** Faults: UsageInvalid, where nobody here generates such a file, or a flag says nothing of it; those of observeMachine, generateTwin, generateVendorSpec. */
async function makeTwin(
  spec: CdiSpec,
  host: HostFiles,
  flags: Flags,
): Promise<Result<{ readonly made: CdiSpec; readonly whole: CdiSpec; readonly unread: readonly Finding[] }>> {
  const { unreadAmong, unreadFindings } = await import("../../core/diagnose/check-unread-machine.ts")
  const vendor = vendorOfKind(spec.kind)
  if (vendor !== undefined) {
    const said = driverFlags.find((name) => flags.values.has(name))
    if (said !== undefined) return misused(shape, `--${said} says nothing of a file of kind ${spec.kind}`)
    const { generateVendorSpecLike } = await import("../../core/vendor/vendor-spec-like.ts")
    const made = generateVendorSpecLike(vendor, host, spec)
    if (!made.ok) return made
    const { spec: whole, findings } = made.value
    return ok({ made: whole, whole, unread: unreadAmong(findings) })
  }
  const [{ observeMachine }, { generateTwin }, { ownHookProgram }] = await Promise.all([
    import("../machine/observe-machine.ts"),
    import("../../core/diagnose/devices/spec-twin.ts"),
    import("./own-hook-program.ts"),
  ])
  if (!isOfNvidia(spec))
    return misused(
      shape,
      `nothing would be generated in the place of a file of kind ${JSON.stringify(spec.kind)}: compare it with another file`,
    )
  const machine = observeMachine(flags, shape)
  if (!machine.ok) return machine
  const { snapshot } = machine.value
  const twin = generateTwin(snapshot, spec, { hookProgram: ownHookProgram(), machineFaults: "refused" })
  return twin.ok ? ok({ ...twin.value, unread: unreadFindings(snapshot) }) : twin
}

/** By its kind, or of a kind of its author's own with the driver's nodes or files in it. */
const isOfNvidia = (spec: CdiSpec): boolean =>
  isKindOfNvidia(spec.kind) ||
  allEdits(spec).some(
    ({ deviceNodes, mounts }) =>
      deviceNodes.some(({ path }) => path.startsWith("/dev/nvidia") || path === "/dev/dxg") ||
      mounts.some(({ containerPath }) => /\/lib(?:cuda|nvidia-ml)\.so/.test(containerPath)),
  )

/** Each device under one of its names. */
function namesBeside({ devices }: CdiSpec, known: CdiSpec["devices"]): readonly string[] {
  const has = new Set(known.map(({ name }) => name))
  const names = devices.map(({ name }) => name).filter((name) => !has.has(name))
  const strategy = nameStrategies.find((one) => names.some((name) => isNameBy(one, name)))
  return strategy === undefined ? names : names.filter((name) => isNameBy(strategy, name))
}
