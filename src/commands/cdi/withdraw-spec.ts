/**
 * Takes a specification from engines that read it. Of two who look after one file, the other may have made it anew since this one looked: why it
 * is withdrawn is asked again while nobody else writes there.
 */

import { renderFaultLine } from "../../core/fault/render.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import { findVendorUnread } from "../../core/generate/find-vendor-unready.ts"
import type { HostFiles } from "../../core/host/host.ts"
import { parentPath } from "../../core/text/path.ts"
import { observeVendor } from "../../core/vendor/generate-vendor-spec.ts"
import { type VendorName, vendorOfKind } from "../../core/vendor/vendor-names.ts"
import { isSpecStale, kindIn, withdrawSpec } from "../../host/cdi/published-spec.ts"
import { holdDirectory } from "../../host/files/hold-directory.ts"
import type { Tell } from "./watch-teller.ts"

export interface Ground {
  /** As the end of a sentence. */
  readonly why: string
  /** Is it still so, now? */
  readonly isSo: () => boolean
}

/** `needless`: it was not so any more. Faults: CdiFileUnwritable, which is told. */
export async function withdrawWhile(
  output: string,
  { why, isSo }: Ground,
  tell: Tell,
): Promise<Result<"done" | "needless">> {
  const kept = await holdDirectory(parentPath(output), async () =>
    isSo() ? withdrawSpec(output) : "needless",
  )
  if (kept === "needless") return ok(kept)
  if (!kept.ok)
    await tell(`${output} stays, and engines read it, though ${why}: ${renderFaultLine(kept.fault)}`)
  else if (kept.value !== undefined)
    await tell(`${output} is withdrawn, since ${why}; it lies in ${kept.value}`, "done")
  else await tell(`${output} is not written, since ${why}`)
  return kept.ok ? ok("done") : kept
}

/** With what is there it was good, and another cannot be made. Faults: CdiFileUnwritable, which is told. */
export async function withdrawIfStale(output: string, tell: Tell): Promise<Result<"done" | "needless">> {
  const ground = groundOfStale(output)
  return ground.isSo() ? await withdrawWhile(output, ground, tell) : ok("needless")
}

/** As withdrawIfStale; also where the nodes that it names are there, and may be another vendor's, since none of its own GPUs can be used. */
export async function withdrawVendorSpec(
  vendor: VendorName,
  host: HostFiles,
  output: string,
  tell: Tell,
): Promise<Result<"done" | "needless">> {
  const unusable: Ground = {
    why: "none of its vendor's GPUs can be used",
    isSo: () => vendorOfKind(kindIn(output) ?? "") === vendor && lacksGpus(vendor, host),
  }
  // Whoever cannot take it away is told so once.
  const ground = [groundOfStale(output), unusable].find(({ isSo }) => isSo())
  return ground === undefined ? ok("needless") : await withdrawWhile(output, ground, tell)
}

const groundOfStale = (output: string): Ground => ({
  why: "what it names is not there any more",
  isSo: () => isSpecStale(output),
})

/** What cannot be read may be there. */
function lacksGpus(vendor: VendorName, host: HostFiles): boolean {
  const observed = observeVendor(vendor, host)
  return !observed.generate({ hasGroups: false }).ok && findVendorUnread(observed).length === 0
}
