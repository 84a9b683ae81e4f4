/**
 * Mode `csv`: a container on a Tegra board gets what the platform's lists name, and nothing else is known to be the driver's.
 *   nodes of the lists for the board's own GPU; where a discrete GPU is beside it, each gets its own GPU node, the discrete one the
 *   driver's control nodes too
 *   files, directories and links of the lists for every container that asks for the driver, whatever its capabilities
 *   what an image requires of the driver is judged; what the lists name and is not there is a finding
 * Source: facts, toolkit §4.2 and §5.7.
 */

import type { DriverLibrary } from "../driver/catalogue.ts"
import { extraLinks } from "../driver/implied-files.ts"
import type { PlatformContents, PlatformItem } from "../driver/platform-contents.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { NodeFact } from "../inventory/inventory.ts"
import { defaultListDirectory, isBasePlatformList } from "../inventory/platform-list.ts"
import type { Evidence, ReasonLog } from "../request/reason.ts"
import { type ContainerPath, containerPath, type HostPath } from "../text/brand.ts"
import { baseName, parentPath } from "../text/path.ts"
import { arrangeEdits } from "./arrange-edits.ts"
import { checkMachine } from "./check-machine.ts"
import type { Edit, MountEdit } from "./edit.ts"
import { everyCapability } from "./grant-capabilities.ts"
import { judgeRules } from "./judge-rules.ts"
import type { Omission } from "./plan.ts"
import { planLoader } from "./plan-loader.ts"
import type { NativeInput, NativePlan } from "./plan-native.ts"
import { completeNodes, type GivenNode, gpuNodes } from "./plan-nodes.ts"
import { type DriverlessContext, lastReason, type PlanPart } from "./plan-part.ts"
import { type BoardDevices, selectBoard } from "./select-board.ts"
import { selectChannels } from "./select-channels.ts"

const listKey = "nvidia-container-runtime.modes.csv.mount-spec-path"

/**
 * Faults: PlatformUnlisted, those of selectBoard, selectChannels and checkMachine, RequirementUnmet, RequirementInvalid.
 */
export function planPlatform(
  { request, snapshot, layout, config, mode }: NativeInput,
  log: ReasonLog,
): Result<NativePlan> {
  const { inventory, platform } = snapshot
  const isChosen = ({ list }: { readonly list: HostPath }): boolean =>
    request.platformLists === "every" || isBasePlatformList(list)
  const items = (platform?.items ?? []).filter(isChosen)
  const selected = selectBoard(request.devices, inventory)
  if (!selected.ok) return selected
  const board = selected.value
  const isBare = board.own !== undefined && !items.some(({ node }) => node !== undefined)
  if (platform === undefined || items.length === 0 || isBare)
    return fail(
      fault("PlatformUnlisted", {
        directory: config.value(listKey) || defaultListDirectory,
        what:
          platform === undefined ? "has no list" : `names ${isBare ? "no device" : "nothing"} that is there`,
        host: snapshot.name,
      }),
    )
  const channels = selectChannels(request.imexChannels, inventory)
  if (!channels.ok) return channels
  const devices = board.beside.length > 0 ? board.discrete : []
  const judged = judgeRules({ request, mode, config }, inventory, devices)
  if (!judged.ok) return judged
  const everything = new Set(everyCapability)
  const context: DriverlessContext = {
    request,
    config,
    mode,
    inventory,
    layout,
    devices,
    granted: { asked: everything, implied: everything, isEverything: true },
    rights: [],
    because: { devices: lastReason(log, "devices."), capabilities: lastReason(log, "lists.") },
    log,
  }
  const nodes = planNodes(context, { board, platform, items, channels: channels.value })
  const paths = nodes.edits.flatMap((edit) => (edit.kind === "deviceNode" ? [edit.path] : []))
  const checked = devices.length === 0 ? ok(true) : checkMachine(inventory, devices, new Set<string>(paths))
  if (!checked.ok) return checked
  const files = planFiles(items, platform, context.because.capabilities)
  const parts = [
    nodes,
    files,
    planLoader(context, librariesOf(items), undefined),
    planVariable(context.because.devices),
  ]
  return ok({
    edits: arrangeEdits(parts.flatMap(({ edits }) => edits)),
    omissions: parts.flatMap(({ omissions }) => omissions ?? []),
    findings: [
      ...platform.findings.filter((one) => concernsChosen(one, isChosen)),
      ...judged.value.findings,
      ...parts.flatMap(({ findings }) => findings ?? []),
    ],
  })
}

/** Of a list that does not count nothing is told; what is of no list concerns all. */
function concernsChosen(
  { fault: one }: Finding,
  isChosen: (of: { readonly list: HostPath }) => boolean,
): boolean {
  return one.tag === "PlatformEntryMissing" || one.tag === "PlatformEntryInvalid" ? isChosen(one.data) : true
}

interface PlatformNodes {
  readonly board: BoardDevices
  readonly platform: PlatformContents
  readonly items: readonly PlatformItem[]
  readonly channels: readonly NodeFact[]
}

function planNodes(
  context: DriverlessContext,
  { board, platform, items, channels }: PlatformNodes,
): PlanPart {
  const omissions: Omission[] = []
  const listed = items.flatMap(({ node }) => (node === undefined ? [] : [node]))
  const own = ownNodes(context, { board, platform, items, listed, omissions })
  if (board.discrete.length === 0)
    return completeNodes(context, { given: own, links: [], channels, omissions })
  const { given, links } = gpuNodes(context, omissions)
  // The board's GPU node is not theirs; what else the lists name serves every device of the board.
  const reasons = context.because.devices
  const shared = listed.filter(({ path }) => !isGpuNode(path)).map((node) => ({ node, reasons }))
  return completeNodes(context, { given: [...own, ...given, ...shared], links, channels, omissions })
}

const isGpuNode = (path: string): boolean => /^\/dev\/nvidia\d+$/.test(path)

function ownNodes(
  { because, log }: DriverlessContext,
  {
    board,
    platform,
    items,
    listed,
    omissions,
  }: Omit<PlatformNodes, "channels"> & {
    readonly listed: readonly NodeFact[]
    readonly omissions: Omission[]
  },
): readonly GivenNode[] {
  if (board.own === undefined) {
    omissions.push({ what: "the board's own GPU", reasons: because.devices })
    return []
  }
  const others = new Set(board.beside.flatMap(({ node }) => (node === undefined ? [] : [node.path])))
  const nodes = board.beside.length === 0 ? listed : [...listed, ...platform.gpuNodes]
  const given = nodes.filter(({ path }) => !others.has(path))
  const chosen = log.add(
    "select.board",
    evidenceOf(items),
    `${board.own} selects the board's own GPU, which is served by the devices of the lists`,
  )
  return given.map((node) => ({ node, reasons: [...because.devices, chosen] }))
}

/** How many devices each list names that are there. */
function evidenceOf(items: readonly PlatformItem[]): readonly Evidence[] {
  const counts = new Map<HostPath, number>()
  for (const { list, node } of items) if (node !== undefined) counts.set(list, (counts.get(list) ?? 0) + 1)
  return [...counts].map(([path, count]) => ({
    from: "machine",
    path,
    value: `${count} ${count === 1 ? "device" : "devices"}`,
  }))
}

function planFiles(
  items: readonly PlatformItem[],
  { release }: PlatformContents,
  reasons: readonly string[],
): PlanPart {
  const mount = (from: HostPath, to: string): MountEdit => ({
    kind: "mount",
    hostPath: from,
    containerPath: containerPath(to),
    isOptional: true,
    options: ["ro", "nosuid", "nodev"],
    reasons,
  })
  const directories = items.flatMap(({ kind, file }) =>
    kind === "dir" && file !== undefined ? [file.path] : [],
  )
  // What lies in a directory that is given whole comes with it.
  const isInside = (path: string): boolean => directories.some((one) => path.startsWith(`${one}/`))
  const links = new Map<string, string>()
  const add = (path: string, target: string): void => {
    if (!links.has(path) && !isInside(path)) links.set(path, target)
  }
  for (const { links: found } of items) for (const { path, target } of found) add(path, target)
  for (const { file, library } of items) {
    if (file === undefined || library === undefined) continue
    const [directory, name] = [parentPath(file.path), baseName(file.path)]
    if (library.soname !== name) add(`${directory}/${library.soname}`, name)
    for (const { stem, link, target } of extraLinks) {
      const version = name.startsWith(`${stem}.so.`) ? name.slice(`${stem}.so.`.length) : ""
      if (version.includes(".")) add(`${directory}/${link}`, target(version))
    }
  }
  return {
    edits: [
      ...items.flatMap(({ file }) => (file === undefined ? [] : [mount(file.hostPath, file.path)])),
      ...(release === undefined ? [] : [mount(release.hostPath, release.path)]),
      ...[...links].map(
        ([path, target]): Edit => ({ kind: "symlink", path: path as ContainerPath, target, reasons }),
      ),
    ],
  }
}

/** What a loader's cache can hold, in the form of the driver's other libraries. */
const librariesOf = (items: readonly PlatformItem[]): readonly DriverLibrary[] =>
  items.flatMap(({ file, library, links }) =>
    file === undefined || library === undefined
      ? []
      : [
          {
            ...library,
            path: file.hostPath,
            rootPath: file.path,
            links,
            capabilities: [],
            reasons: [],
            glibc: undefined,
          },
        ],
  )

/** No other tool shall serve the container again. */
const planVariable = (reasons: readonly string[]): PlanPart => ({
  edits: [{ kind: "env", name: "NVIDIA_VISIBLE_DEVICES", value: "void", reasons }],
})
