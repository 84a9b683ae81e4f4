/** What each device of specifications has, by name: its own, and what every device of its file brings. */

import type { LoadedSpec, RegisteredDevice } from "../../cdi/registry/registry.ts"
import type { Use } from "../cdi-subject.ts"

export type Owner = Pick<Use<unknown>, "source" | "device">

export interface Reach {
  add(owner: Owner, name: string): void
  has(owner: Owner, name: string): boolean
}

export function createReach(): Reach {
  const bySpec = new Map<LoadedSpec, Map<RegisteredDevice | undefined, Set<string>>>()
  return {
    add({ source, device }, name) {
      const byDevice = bySpec.get(source) ?? new Map<RegisteredDevice | undefined, Set<string>>()
      bySpec.set(source, byDevice)
      byDevice.set(device, (byDevice.get(device) ?? new Set()).add(name))
    },
    has({ source, device }, name) {
      const byDevice = bySpec.get(source)
      return byDevice?.get(undefined)?.has(name) === true || byDevice?.get(device)?.has(name) === true
    },
  }
}
