/** One look of a watch at AMD's or Intel's GPUs; as look-for-watch.ts has it of NVIDIA's. Nothing is made on the machine: the kernel makes these nodes. */

import { ok, type Result } from "../../core/fault/result.ts"
import { driverOfModules, driverPlaces } from "../../core/generate/driver-to-come.ts"
import type { Unready } from "../../core/generate/find-unready.ts"
import { findVendorUnready, whyNoVendorGpu } from "../../core/generate/find-vendor-unready.ts"
import { type ObservedVendor, observeVendor } from "../../core/vendor/generate-vendor-spec.ts"
import { type VendorName, vendorModules } from "../../core/vendor/vendor-names.ts"
import { standingPlaces, vendorPlaces } from "../../core/vendor/vendor-places.ts"
import { openHost } from "../../host/open-host.ts"
import { beginWitness, stampPlaces } from "../../host/state/make-proof.ts"
import type { Flags } from "../flags.ts"
import { placesOfEngines, type Sight } from "./look-for-watch.ts"

export interface VendorLook extends Sight {
  readonly observed: ObservedVendor
  readonly unready: readonly Unready[]
  /** Why there is no GPU to wait for, as the end of a sentence. undefined: one is there, or expected. */
  readonly whyNoGpu: string | undefined
}

/** Faults: HostUnknown, RecordingInvalid. */
export function lookAtVendor(vendor: VendorName, flags: Flags): Result<VendorLook> {
  const opened = openHost(flags.values.get("host"))
  if (!opened.ok) return opened
  const host = opened.value
  const driver = driverOfModules(vendorModules[vendor])
  const places = [...placesOfEngines(host, flags), ...driverPlaces(host, driver)]
  const besides = stampPlaces(host, places)
  const witness = beginWitness(host, standingPlaces(vendor))
  const observed = observeVendor(vendor, host)
  const seen = vendorPlaces(vendor, host, observed)
  return ok({
    host,
    observed,
    unready: findVendorUnready(vendor, host, observed),
    whyNoGpu: whyNoVendorGpu(vendor, host, observed),
    witnesses: [...seen, ...places],
    besides,
    proof: witness.prove(seen),
  })
}
