/** Devices by name: of what was remembered where it still holds, else of all specifications, which are then remembered. */

import { collectEdits, type ResolvedDevices } from "../../core/cdi/edits/collect-edits.ts"
import { type RegistryProblems, registryProblems } from "../../core/cdi/registry/registry-findings.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import type { HostFiles } from "../../core/host/host.ts"
import { hostPath } from "../../core/text/brand.ts"
import { recallDevices, rememberDevices } from "../../host/state/cdi-index.ts"
import { stateDirectory } from "../../host/state/state-directory.ts"
import type { FlagShape, Flags } from "../flags.ts"
import { openMachine } from "../machine/open-machine.ts"
import { absentDirectories } from "./absent-directories.ts"
import { checkDirectories } from "./cdi-flags.ts"
import { tellAbsent } from "./tell-problems.ts"

export interface DeviceSearch {
  readonly host: HostFiles
  readonly directories: readonly string[]
  /** Somebody has named the directories. */
  readonly areNamed: boolean
}

export interface Resolution {
  readonly resolved: ResolvedDevices
  /** What is wrong with specifications, which may be those that should have given the devices. */
  readonly problems: RegistryProblems
}

/** What keeps a device from who has named a directory that is not there is told besides. Faults: CdiDeviceUnresolvable. */
export async function resolveOn(
  { host, directories, areNamed }: DeviceSearch,
  names: readonly string[],
): Promise<Result<Resolution>> {
  const state = stateDirectory()
  const absent = areNamed ? absentDirectories(host, directories) : []
  const resolution = (resolved: ResolvedDevices, problems: RegistryProblems): Result<Resolution> =>
    ok({ resolved, problems: { ...problems, findings: [...absent, ...problems.findings] } })
  const recalled = recallDevices(host, directories, names, state)
  if (recalled !== undefined) return resolution(collectEdits(recalled.devices), recalled.problems)
  const [{ readSpecifications }, { hasPassingTrouble }, { resolveDevices }, { beginWitness }] =
    await Promise.all([
      import("./read-specifications.ts"),
      import("../../core/cdi/registry/passing-trouble.ts"),
      import("../../core/cdi/registry/resolve-devices.ts"),
      import("../../host/state/make-proof.ts"),
    ])
  const witness = beginWitness(host, directories.map(hostPath))
  const registry = readSpecifications(host, directories)
  if (!hasPassingTrouble(registry)) rememberDevices(host, directories, registry, witness, state)
  const resolved = resolveDevices(registry, names)
  if (resolved.ok) return resolution(resolved.value, registryProblems(registry))
  await tellAbsent(absent)
  return resolved
}

/** The devices that a command line names, on the machine and in the directories that it says. Faults: UsageInvalid, HostUnknown, RecordingInvalid, CdiDeviceUnresolvable. */
export async function resolveSaid(
  flags: Flags,
  shape: FlagShape,
): Promise<Result<Resolution & { readonly host: HostFiles }>> {
  const directories = checkDirectories(flags, shape)
  if (!directories.ok) return directories
  const host = await openMachine(flags.values.get("host"))
  if (!host.ok) return host
  const areNamed = flags.lists.has("spec-dir")
  const found = await resolveOn({ host: host.value, directories: directories.value, areNamed }, flags.words)
  return found.ok ? ok({ ...found.value, host: host.value }) : found
}
