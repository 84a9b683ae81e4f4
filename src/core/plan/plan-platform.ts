/**
 * Mode `csv`: a container on a Tegra board gets what the platform's lists name, and nothing else is known to be the driver's.
 *   nodes by the devices that were asked for (board-nodes.ts)
 *   files, directories and links of the lists for every container that asks for the driver, whatever its capabilities
 *   what an image requires of the driver is judged; what the lists name and is not there is a finding
 * Source: facts, toolkit §4.2 and §5.7.
 */

import type { DriverLibrary } from "../driver/catalogue.ts"
import type { PlatformItem } from "../driver/platform-contents.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { defaultListDirectory, isBasePlatformList } from "../inventory/platform-list.ts"
import type { ReasonLog } from "../request/reason.ts"
import type { HostPath } from "../text/brand.ts"
import { arrangeEdits } from "./arrange-edits.ts"
import { boardFiles } from "./board-files.ts"
import { boardNodes } from "./board-nodes.ts"
import { checkMachine } from "./check-machine.ts"
import { everyCapability } from "./grant-capabilities.ts"
import { judgeRules } from "./judge-rules.ts"
import type { Omission } from "./plan.ts"
import { planLoader } from "./plan-loader.ts"
import type { NativeInput, NativePlan } from "./plan-native.ts"
import { completeNodes } from "./plan-nodes.ts"
import { type DriverlessContext, lastReason, type PlanPart } from "./plan-part.ts"
import { selectBoard } from "./select-board.ts"
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
  const omissions: Omission[] = []
  const given = boardNodes(context, { board, platform, items }, omissions)
  const nodes = completeNodes(context, { ...given, channels: channels.value, omissions })
  const paths = nodes.edits.flatMap((edit) => (edit.kind === "deviceNode" ? [edit.path] : []))
  const checked = devices.length === 0 ? ok(true) : checkMachine(inventory, devices, new Set<string>(paths))
  if (!checked.ok) return checked
  const files = boardFiles(items, platform, context.because.capabilities)
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
