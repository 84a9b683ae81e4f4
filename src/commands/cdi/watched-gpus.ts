/** What a watch asks of a vendor's GPUs: how they are looked at, and what their specification is made of. The rest is the same for all (watch-file.ts). */

import { ok, type Result } from "../../core/fault/result.ts"
import type { Unready } from "../../core/generate/find-unready.ts"
import type { FittedSpec } from "../../core/generate/fit-version.ts"
import type { Readers } from "../../core/generate/version-limit.ts"
import type { HostFiles } from "../../core/host/host.ts"
import { vendorsOn } from "../../core/vendor/generate-vendor-spec.ts"
import type { VendorName } from "../../core/vendor/vendor-names.ts"
import type { FlagShape, Flags } from "../flags.ts"
import { lookAtVendor } from "./look-at-vendor.ts"
import { lookForWatch, type Sight } from "./look-for-watch.ts"
import { finishSpec, makeSpec } from "./make-spec.ts"
import { makeVendorSpec } from "./make-vendor-spec.ts"
import type { SpecCall } from "./spec-call.ts"
import type { Tell } from "./watch-teller.ts"
import { withdrawIfStale, withdrawVendorSpec } from "./withdraw-spec.ts"

/** GPUs as one look saw them. */
export interface Seen {
  readonly sight: Sight
  readonly unready: readonly Unready[]
  /** Why there is nothing to wait for, as the end of a sentence. undefined: there is, or there is nothing that it lacks. */
  readonly whyAbsent: string | undefined
  /** undefined: it is the kernel's own. */
  readonly driverVersion: string | undefined
  /** Faults: those of generating, and of finishSpec. */
  make(readers: Readers): Promise<Result<FittedSpec>>
  /** Where none can be made. Faults: CdiFileUnwritable, which is told. */
  withdraw(tell: Tell): Promise<Result<"done" | "needless">>
}

export interface WatchedGpus {
  /** Whose file is its own. */
  readonly call: SpecCall
  /** Faults: those of lookForWatch and lookAtVendor. */
  look(): Promise<Result<Seen>>
}

/** `others`: whether who waits for NVIDIA's in vain is told of others' GPUs. */
export const watchNvidia = (
  flags: Flags,
  shape: FlagShape,
  call: SpecCall,
  others: "told" | "known",
): WatchedGpus => ({
  call,
  async look() {
    const looked = await lookForWatch(flags, shape)
    if (!looked.ok) return looked
    const { host, snapshot, unready, whyNoDriver } = looked.value
    return ok({
      sight: looked.value,
      unready,
      whyAbsent: whyNoDriver && `${whyNoDriver}${others === "told" ? tellOthers(host) : ""}`,
      driverVersion: snapshot.inventory.kernelModuleVersion?.value,
      async make(readers) {
        const made = makeSpec(snapshot, call)
        return made.ok ? await finishSpec(made.value, host, readers, call.request) : made
      },
      withdraw: (tell) => withdrawIfStale(call.output, tell),
    })
  },
})

function tellOthers(host: HostFiles): string {
  const [first, ...more] = vendorsOn(host)
  if (first === undefined) return ""
  return `; it has GPUs of ${[first, ...more].join(" and ")}: --vendor ${more.length === 0 ? first : "all"}`
}

export const watchVendor = (vendor: VendorName, flags: Flags, call: SpecCall): WatchedGpus => ({
  call,
  async look() {
    const looked = lookAtVendor(vendor, flags)
    if (!looked.ok) return looked
    const { host, observed, unready, whyNoGpu } = looked.value
    return ok({
      sight: looked.value,
      unready,
      whyAbsent: whyNoGpu,
      driverVersion: undefined,
      make: (readers) => makeVendorSpec(observed, host, readers, call),
      withdraw: (tell) => withdrawVendorSpec(vendor, host, call.output, tell),
    })
  },
})
