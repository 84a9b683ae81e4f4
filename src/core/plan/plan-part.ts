/** What every part of a native plan is made from, and what it adds. One part a file: nodes, files, the view of proc, the loader … */

import type { DriverCapability } from "../driver/capability.ts"
import type { DriverCatalogue } from "../driver/catalogue.ts"
import type { Finding } from "../fault/finding.ts"
import type { Inventory } from "../inventory/inventory.ts"
import type { MigRight } from "../inventory/mig-rights.ts"
import type { SelectedDevice } from "../inventory/select-devices.ts"
import type { Config } from "../request/config.ts"
import type { InjectionMode } from "../request/injection-mode.ts"
import type { ReasonLog } from "../request/reason.ts"
import type { GpuRequest } from "../request/request.ts"
import type { ContainerLayout } from "./container-layout.ts"
import type { Edit } from "./edit.ts"
import type { Omission } from "./plan.ts"

/** Capabilities as a plan applies them: the container's own, or all where the mode knows none. */
export interface Granted {
  readonly asked: ReadonlySet<DriverCapability>
  /** With those whose libraries come along. */
  readonly implied: ReadonlySet<DriverCapability>
  /** Everything that the driver has for programs of 64 bits, also what no capability is known to bring. */
  readonly isEverything: boolean
}

export interface PlanContext {
  readonly request: GpuRequest
  readonly config: Config
  readonly mode: InjectionMode
  readonly inventory: Inventory
  readonly driver: DriverCatalogue
  readonly layout: ContainerLayout
  readonly devices: readonly SelectedDevice[]
  readonly granted: Granted
  readonly rights: readonly MigRight[]
  /** Ids of the reasons that decided devices and capabilities. */
  readonly because: { readonly devices: readonly string[]; readonly capabilities: readonly string[] }
  readonly log: ReasonLog
}

/** Where the driver is no catalogue of files: a Tegra board's lists say what there is. */
export type DriverlessContext = Omit<PlanContext, "driver">

export interface PlanPart {
  readonly edits: readonly Edit[]
  readonly omissions?: readonly Omission[]
  readonly findings?: readonly Finding[]
}

/** The reason of a kind that fell last, which is the one that decided. */
export function lastReason(log: ReasonLog, prefix: string): readonly string[] {
  const found = log.reasons.findLast(({ rule }) => rule.startsWith(prefix))
  return found === undefined ? [] : [found.id]
}
