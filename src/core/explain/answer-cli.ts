/** What `nvidia-container-cli info` and `list` print of a machine, or how they fail; failures in the reference's order. */

import { ok, type Result } from "../fault/result.ts"
import type { Host } from "../host/host.ts"
import { observeMigMinors } from "../inventory/observe-mig.ts"
import { observeSnapshot } from "../plan/snapshot.ts"
import type { CliQuestion } from "../request/cli-call.ts"
import { observeCliFiles } from "./cli-files.ts"
import { parseCliList, resolveCliList } from "./cli-list-request.ts"
import { checkCliDriver, checkCliLdcache, checkCliUsers, parseCliPlaces } from "./cli-start.ts"
import { renderCliInfo, renderCliInfoCsv } from "./render-cli-info.ts"
import { renderCliList } from "./render-cli-list.ts"

/**
 * `mpsDirectory`: what the environment says, undefined: nothing.
 * Faults: CliUserInvalid, ImexChannelInvalid, DriverRootUnusable, DriverAbsent, DriverNotLoaded, DriverLibraryMissing,
 * DriverVersionMismatch, LdcacheUnusable, DeviceUnknown, DeviceAmbiguous, DeviceKindUnserved, MigRightInvalid.
 */
export function answerCli(
  host: Host,
  { command, global, given, wordCount }: CliQuestion,
  mpsDirectory: string | undefined,
): Result<string> {
  const users = checkCliUsers(host, global)
  if (!users.ok) return users
  const asked = command === "list" ? parseCliList(given, wordCount) : undefined
  if (asked?.ok === false) return asked
  const places = parseCliPlaces(global)
  if (!places.ok) return places

  const { inventory, driver: observed } = observeSnapshot(host, places.value)
  const driver = checkCliDriver(host, observed, places.value)
  if (!driver.ok) return driver
  const cache = checkCliLdcache(host, places.value)
  if (!cache.ok) return cache

  if (asked === undefined)
    return ok(given.has("csv") ? renderCliInfoCsv(inventory) : renderCliInfo(inventory))
  const request = resolveCliList(asked.value, inventory)
  if (!request.ok) return request
  const files = observeCliFiles(host, { inventory, driver: driver.value, mpsDirectory })
  return ok(renderCliList(inventory, files, observeMigMinors(host), request.value))
}
