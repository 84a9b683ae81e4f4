/** What one device, or every container, is given: edits of a plan, and the hooks that do what an engine cannot. */

import type { HookLink } from "../cdi/edits/toolkit-hooks.ts"
import type { Finding } from "../fault/finding.ts"
import type { Edit } from "../plan/edit.ts"

export type HookCall =
  | { readonly name: "create-symlinks"; readonly links: readonly HookLink[] }
  | { readonly name: "chmod"; readonly paths: readonly string[] }
  | {
      readonly name: "enable-cuda-compat"
      readonly hostDriverVersion: string | undefined
      readonly hostCudaVersion: string | undefined
      /** Where the image keeps newer libraries; empty: where images do. */
      readonly directory: string
    }
  | { readonly name: "update-ldcache"; readonly folders: readonly string[] }
  | { readonly name: "disable-device-node-modification" | "update-application-profile" }

export interface SpecPart {
  readonly edits: readonly Edit[]
  /** Order: as they are to run. */
  readonly hooks: readonly HookCall[]
}

/** Paths of its nodes. */
export const nodesOf = ({ edits }: SpecPart): ReadonlySet<string> =>
  new Set(edits.flatMap((edit) => (edit.kind === "deviceNode" ? [edit.path] : [])))

/** A device's names. */
export interface DeviceNames {
  /** Under which it is written. */
  readonly names: readonly string[]
  /** Names that it could have too, by which additions may mean it. */
  readonly aliases: readonly string[]
}

export interface NamedPart extends DeviceNames {
  readonly part: SpecPart
  /** `NAME=VALUE`, for what is no GPU's. */
  readonly env: readonly string[]
}

/** A machine whose platform says what there is. */
export interface PlatformDescription {
  readonly devices: readonly NamedPart[]
  readonly shared: SpecPart
  /** Of what is left out. */
  readonly findings: readonly Finding[]
}
