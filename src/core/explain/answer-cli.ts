/** What `nvidia-container-cli info` and `list` print of a machine, or how they fail; failures in the reference's order. */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { Host } from "../host/host.ts"
import { observeMigMinors } from "../inventory/observe-mig.ts"
import { observeSnapshot } from "../plan/snapshot.ts"
import { hostPath } from "../text/brand.ts"
import type { CliCommand } from "./cli-call.ts"
import { observeCliFiles } from "./cli-files.ts"
import { parseCliList, resolveCliList } from "./cli-list-request.ts"
import { checkCliDriver, checkCliLdcache, checkCliUser, parseCliRoot } from "./cli-start.ts"
import { renderCliInfo, renderCliInfoCsv } from "./render-cli-info.ts"
import { renderCliList } from "./render-cli-list.ts"

const defaultLdcache = "/etc/ld.so.cache"

/**
 * `mpsDirectory`: what the environment says, undefined: nothing.
 * Faults: CliUserInvalid, ImexChannelInvalid, DriverRootUnusable, DriverAbsent, DriverNotLoaded, DriverLibraryMissing,
 * DriverVersionMismatch, LdcacheUnusable, DeviceUnknown, DeviceAmbiguous, DeviceKindUnserved, MigRightInvalid.
 */
export function answerCli(
  host: Host,
  { command, global, given, wordCount }: CliCommand,
  mpsDirectory: string | undefined,
): Result<string> {
  for (const user of global.get("user") ?? []) {
    // Without a value: whoever calls.
    const checked = user === "" ? ok(undefined) : checkCliUser(host, user)
    if (!checked.ok) return checked
  }
  const asked = command === "list" ? parseCliList(given, wordCount) : undefined
  if (asked?.ok === false) return asked
  const last = (name: string): string | undefined => global.get(name)?.at(-1)
  const ldcache = last("ldcache")
  if (ldcache === "")
    return fail(fault("LdcacheUnusable", { path: hostPath(""), step: "open", errno: "EINVAL" }))
  const root = parseCliRoot(last("root") ?? "/")
  if (!root.ok) return root

  const options = { driverRoot: root.value, ldcache: ldcache ?? defaultLdcache }
  const { inventory, driver: observed } = observeSnapshot(host, options)
  const driver = checkCliDriver(host, observed, options)
  if (!driver.ok) return driver
  // Ours needs no cache; one that somebody named, and that is none, is a mistake all the same.
  const cache = ldcache === undefined ? ok(undefined) : checkCliLdcache(host, root.value, ldcache)
  if (!cache.ok) return cache

  if (asked === undefined)
    return ok(given.has("csv") ? renderCliInfoCsv(inventory) : renderCliInfo(inventory))
  const request = resolveCliList(asked.value, inventory)
  if (!request.ok) return request
  const files = observeCliFiles(host, { inventory, driver: driver.value, mpsDirectory })
  return ok(renderCliList(inventory, files, observeMigMinors(host), request.value))
}
