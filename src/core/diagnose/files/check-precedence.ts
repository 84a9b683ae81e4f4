/**
 * Which files win: devices that stand in several directories, and what of it containers notice. Source: facts, nvidia-container-cli §6.4.
 */

import { shareResults } from "../../cdi/edits/map-edits.ts"
import { outlineEdits } from "../../cdi/outline-spec.ts"
import type { LoadedSpec, RegisteredDevice } from "../../cdi/registry/registry.ts"
import { renderJson } from "../../cdi/render-outline.ts"
import type { ContainerEdits } from "../../cdi/spec.ts"
import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import { type CdiSubject, found } from "../cdi-subject.ts"

/** Devices that a later directory takes from an earlier one, by pair of files. Order: by winner, as named. */
export function checkPrecedence({ registry }: Pick<CdiSubject, "registry">): readonly Finding[] {
  const hidden = [...registry.devices.values()].flatMap((winner) =>
    winner.hidden.map((loser) => ({ winner, loser })),
  )
  const byPair = Map.groupBy(hidden, ({ winner, loser }) => `${loser.path}\n${winner.source.path}`)
  return [...byPair.values()].map((pairs) => {
    const [{ winner, loser }] = pairs as [(typeof pairs)[number]]
    const areSame = giveSame(pairs, loser)
    return found(
      areSame ? "note" : "warning",
      fault("CdiDevicesHidden", {
        file: loser.path,
        by: winner.source.path,
        devices: pairs.map((pair) => pair.winner.name),
        areSame,
        isWhole: loser.spec.devices.length === pairs.length,
      }),
    )
  })
}

/** Kinds that differ in the case of letters alone: who asks for one gets nothing of the other. Order: as files are read. */
export function checkKindsAlike({ registry }: Pick<CdiSubject, "registry">): readonly Finding[] {
  const first = new Map<string, LoadedSpec>()
  const told = new Set<string>()
  return registry.specs.flatMap((spec) => {
    const { kind } = spec.spec
    const other = first.get(kind.toLowerCase()) ?? spec
    first.set(kind.toLowerCase(), other)
    if (other.spec.kind === kind || told.has(kind)) return []
    told.add(kind)
    const place = spec.locate(["kind"])
    return [
      found(
        "warning",
        fault("CdiKindsAlike", { place, kind, other: other.spec.kind, otherFile: other.path }),
      ),
    ]
  })
}

/** `pairs`: of one winning file. What every container of a file gets is written out once: a file has thousands of devices. */
function giveSame(pairs: readonly { readonly winner: RegisteredDevice }[], loser: LoadedSpec): boolean {
  const text = shareResults((edits: ContainerEdits) => renderJson(outlineEdits(edits)))
  const twins = new Map(loser.spec.devices.map((device) => [device.name, device]))
  return pairs.every(({ winner: { device, source } }) => {
    const twin = twins.get(device.name)
    return (
      twin !== undefined &&
      text(device.containerEdits) === text(twin.containerEdits) &&
      text(source.spec.containerEdits) === text(loser.spec.containerEdits)
    )
  })
}
