/**
 * A Tegra board as devices of a specification: what its lists name, in the parts of a native plan, so that a container gets the same from
 * a specification as from the wrapper. Its own GPU is `0`; with a discrete GPU beside it, each GPU is a device by itself.
 * Source: facts, toolkit §5.7.
 */

import type { PlatformContents, PlatformItem } from "../driver/platform-contents.ts"
import type { Finding } from "../fault/finding.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { Inventory } from "../inventory/inventory.ts"
import { isOrin } from "../inventory/is-tegra.ts"
import { defaultListDirectory, isBasePlatformList } from "../inventory/platform-list.ts"
import type { SelectedDevice } from "../inventory/select-devices.ts"
import { boardFiles } from "../plan/board-files.ts"
import { type BoardContents, boardNodes } from "../plan/board-nodes.ts"
import { checkMachine } from "../plan/check-machine.ts"
import { planGroups, toNodeEdit } from "../plan/plan-nodes.ts"
import { type BoardDevices, selectBoard } from "../plan/select-board.ts"
import type { HostSnapshot } from "../plan/snapshot.ts"
import { leftOut, sharedNodes } from "./left-out.ts"
import type { NameStrategy } from "./machine-names.ts"
import { nameDevice, namesFor } from "./name-devices.ts"
import { nothingToGenerate } from "./nothing-to-generate.ts"
import { type HookCall, type NamedPart, nodesOf, type PlatformDescription, type SpecPart } from "./part.ts"
import { mountedLibrariesHook, partOf, symlinksIn, withFolders } from "./plan-parts.ts"
import { driverlessContext } from "./spec-context.ts"
import type { SpecRequest } from "./spec-request.ts"

const reasons = ["specification"]
const theLists = `the board's lists (${defaultListDirectory}/*.csv)`

/** Faults: CdiNothingToGenerate; those of selectBoard; of checkMachine, where no device is left. */
export function boardDevices(
  snapshot: HostSnapshot,
  request: Pick<
    SpecRequest,
    "devices" | "names" | "additions" | "orinCompatDirectory" | "machineFaults" | "has32Bit"
  >,
): Result<PlatformDescription> {
  const { inventory, platform } = snapshot
  const items = (platform?.items ?? []).filter(({ list }) => isBasePlatformList(list))
  if (platform === undefined || items.length === 0)
    return nothingToGenerate("csv", `everything that ${theLists} name`)
  // Half of a driver is none; but who names lists one by one may keep devices and files apart.
  const isStrict = request.machineFaults === "refused"
  const hasFiles = items.some(({ file }) => file !== undefined)
  if (!hasFiles && (isStrict || platform.findings.some(isOfAbsentFile)))
    return nothingToGenerate("csv", `every file that ${theLists} name`)
  const selected = selectBoard(request.devices, inventory)
  if (!selected.ok) return selected
  const devices: NamedPart[] = []
  const left: Finding[] = []
  for (const board of oneByOne(selected.value)) {
    const part = deviceOf(snapshot, { board, platform, items }, request)
    const [beside] = board.discrete
    const unfit = beside && findUnfit(inventory, beside, part, request)
    if (unfit !== undefined) {
      left.push(unfit)
      continue
    }
    const given =
      nodesOf(part).size > 0 || isStrict ? part : { ...boardFiles([], platform, reasons), hooks: [] }
    if (given.edits.length === 0) return nothingToGenerate("csv", `a device that ${theLists} name`)
    devices.push({ ...namesFor(request, (strategies) => namesOf(board, strategies)), part: given, env: [] })
  }
  const cause = left.find((one) => one.fault.cause !== undefined)?.fault.cause
  if (devices.length === 0 && left.length > 0)
    return cause === undefined ? nothingToGenerate("csv", "a GPU that has a device node") : fail(cause)
  const shared = sharedPart(items, platform, inventory, request.orinCompatDirectory)
  return ok({ devices, shared, findings: left })
}

/** undefined: containers can have it. */
function findUnfit(
  inventory: Inventory,
  device: SelectedDevice,
  part: SpecPart,
  { machineFaults }: Pick<SpecRequest, "machineFaults">,
): Finding | undefined {
  const given = nodesOf(part)
  const needed = new Set([...given, ...sharedNodes(inventory)])
  const checked = machineFaults === "refused" ? checkMachine(inventory, [device], needed) : ok(true as const)
  if (!checked.ok) return leftOut(device, "it is out of order", checked.fault)
  const { node, drm } = device.gpu
  const own = [...(node === undefined ? [] : [node]), ...drm.map((one) => one.node)]
  // What else the lists name would hide that nothing of its own is there.
  return own.some(({ path }) => given.has(path)) ? undefined : leftOut(device, "it has no device node")
}

/** Where lists name files and none is there, the driver lies elsewhere. */
const isOfAbsentFile = ({ fault: { tag, data } }: Finding): boolean =>
  tag === "PlatformEntryMissing" && isBasePlatformList(data.list) && !data.entry.startsWith("dev,")

/** Each device of the board as if it were the only one that was asked for. */
const oneByOne = (board: BoardDevices): readonly BoardDevices[] => [
  ...(board.own === undefined ? [] : [{ ...board, discrete: [] }]),
  ...board.discrete.map((one) => ({ ...board, own: undefined, ownGpu: undefined, discrete: [one] })),
]

/** The lists alone have no UUID for the board's GPU. */
function namesOf(
  { own, ownGpu, discrete }: BoardDevices,
  strategies: readonly NameStrategy[],
): readonly string[] {
  const [beside] = discrete
  if (beside !== undefined) return nameDevice(beside, strategies)
  if (own !== undefined && ownGpu !== undefined)
    return nameDevice({ kind: "gpu", gpu: ownGpu, selector: own }, strategies)
  return strategies.flatMap((name) => (name === "index" ? ["0"] : name === "type-index" ? ["gpu0"] : []))
}

/** Nodes with the groups that may open them, and a discrete GPU's links to them. */
function deviceOf(
  { inventory }: HostSnapshot,
  contents: BoardContents,
  request: Pick<SpecRequest, "has32Bit">,
): SpecPart {
  const { discrete } = contents.board
  const context = driverlessContext({ inventory }, discrete, request)
  const { given, links } = boardNodes(context, contents, [])
  const part = partOf([
    ...given.map((one) => toNodeEdit(one.node, inventory.devRoot, one.reasons)),
    ...links,
    ...planGroups(context, given, []),
  ])
  return discrete.length === 0 ? part : withFolders(part)
}

/** Files and links that the board's lists name. */
function sharedPart(
  items: readonly PlatformItem[],
  platform: PlatformContents,
  inventory: Inventory,
  orinCompatDirectory: string,
): SpecPart {
  const { edits } = boardFiles(items, platform, reasons)
  const { cudaVersion: told } = inventory
  // A table's version would do for a requirement, not for another libcuda.
  const cudaVersion = told?.source === "NVML" ? told.value : undefined
  const compat: HookCall = {
    name: "enable-cuda-compat",
    hostDriverVersion: undefined,
    hostCudaVersion: cudaVersion,
    directory: isOrin(inventory) ? orinCompatDirectory || "/usr/local/cuda/compat_orin" : "",
  }
  return {
    edits,
    hooks: [
      { name: "create-symlinks", links: symlinksIn(edits) },
      ...(cudaVersion === undefined ? [] : [compat]),
      mountedLibrariesHook(edits),
    ],
  }
}
