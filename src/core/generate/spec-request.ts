/**
 * What is asked of a generator of CDI specifications: for which devices of a machine, under which names, in which style. Source of modes,
 * strategies and hooks: facts, toolkit §1.3 and §5.
 */

import type { ToolkitHook } from "../cdi/edits/toolkit-hooks.ts"
import type { Inventory } from "../inventory/inventory.ts"
import type { Additions } from "./add-edits.ts"
import type { NameStrategy } from "./machine-names.ts"

export const specModes = [
  "auto",
  "csv",
  "gdrcopy",
  "gds",
  "imex",
  "management",
  "mofed",
  "nvml",
  "nvswitch",
  "wsl",
] as const
export type SpecMode = (typeof specModes)[number]

export interface HookStyle {
  /** The program that serves hooks, on the machine. */
  readonly path: string
  /** One entry for each hook of each device, as the reference has them; or one that does everything, which only Gantry serves. */
  readonly shape: "separate" | "one"
  readonly isEnabled: (name: ToolkitHook) => boolean
  /** Empty: the hook's own choice. */
  readonly ldconfigPath: string
}

export interface NodeStyle {
  /** `written`: numbers as they are now. `left`: the engine reads them when it starts a container, so that they cannot grow stale. */
  readonly numbers: "written" | "left"
  /** Mode and permissions, in the same way. */
  readonly rights: "written" | "left"
  /** `machine`: root's nodes stay root's. `container`: as the reference, they become the container's user's. */
  readonly owners: "machine" | "container"
}

export interface SpecRequest {
  readonly mode: SpecMode
  readonly vendor: string
  readonly class: string
  /** Selectors; `all`, `none`. */
  readonly devices: readonly string[]
  readonly names: readonly NameStrategy[]
  readonly hasAllDevice: boolean
  readonly hooks: HookStyle
  readonly nodes: NodeStyle
  /** Groups that may open a node, for a container's process. They need version 0.7.0 of the specification. */
  readonly hasGroups: boolean
  readonly has32Bit: boolean
  /** Where images for Orin boards keep newer CUDA libraries; empty: where they do. */
  readonly orinCompatDirectory: string
  /** Sockets of the driver's services. */
  readonly hasSockets: boolean
  /** `refused`: a machine whose nodes are wrong gets no specification, and a GPU with which something is wrong is left out. */
  readonly machineFaults: "reported" | "refused"
  /** What an administrator adds. */
  readonly additions: Additions
}

/** Of `all` and `none`, which count for more than devices, the first counts; undefined: neither was asked for. */
export const wholeSelector = (devices: readonly string[]): "all" | "none" | undefined =>
  devices.find((one) => one === "all" || one === "none") as "all" | "none" | undefined

/** The mode of a machine about which nothing was said. */
export function resolveMode(
  mode: SpecMode,
  { platform }: Pick<Inventory, "platform">,
): Exclude<SpecMode, "auto"> {
  if (mode !== "auto") return mode
  return platform === "tegra" ? "csv" : platform === "wsl" ? "wsl" : "nvml"
}

/**
 * The reference's rule: what is enabled beats what is disabled. By itself `chmod` is disabled, and in mode `management` the hook that keeps the
 * driver from making nodes.
 */
export const hookChoice =
  (mode: SpecMode, disabled: readonly string[], enabled: readonly string[]) =>
  (name: ToolkitHook): boolean =>
    enabled.includes(name) ||
    !(
      disabled.includes(name) ||
      disabled.includes("all") ||
      name === "chmod" ||
      (mode === "management" && name === "disable-device-node-modification")
    )
