/** `nvidia-container-cli configure`: from its options to a container with its GPUs, by the hook's own plan and applier. */

import { seenFromOutside } from "../../apply/applied-container.ts"
import { seenFromWithin } from "../../apply/seen-from-within.ts"
import { checkCliLdcache, checkCliRoot, checkCliUsers, parseCliPlaces } from "../../core/explain/cli-start.ts"
import { type Fault, fault } from "../../core/fault/fault.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import { withhold } from "../../core/plan/withhold.ts"
import type { CliConfigure, CliGiven } from "../../core/request/cli-call.ts"
import { type CliCircumstances, resolveCliRequest } from "../../core/request/cli-configure.ts"
import { cleanPath } from "../../core/text/path.ts"
import { openHost } from "../../host/open-host.ts"
import { canAdministrate } from "../../host/own-capabilities.ts"
import { injectInto } from "../start/inject.ts"

/** Faults: those of the request, CliPermissionDenied, of the start, of planning and applying; undefined: it is done. */
export async function configureContainer(
  call: CliConfigure,
  circumstances: CliCircumstances,
): Promise<Fault | undefined> {
  const asked = resolveCliRequest(call, circumstances)
  if (!asked.ok) return asked.fault
  const { supervision, request, withheld, config, profile, log } = asked.value
  if (!canAdministrate()) return fault("CliPermissionDenied", {})
  const start = checkStart(call.global, circumstances.host)
  if (!start.ok) return start.fault
  const { pid, rawRootPath } = request.container
  const rootPath = cleanPath(rawRootPath)
  const container =
    supervision === "supervised" ? ok(seenFromOutside(pid, rootPath)) : seenFromWithin(pid, rootPath)
  if (!container.ok) return container.fault
  // Directories are made with the permissions that they are given, whatever the caller has masked.
  process.umask(0o022)
  const decision = { kind: "gpu", log, config, profile, mode: "legacy", request } as const
  const target = { container: container.value, bundle: rootPath }
  return await injectInto(decision, target, (plan) => withhold(plan, withheld))
}

/** What was said of user, driver root and loader cache, where anything was. Faults: CliUserInvalid, LdcacheUnusable, DriverRootUnusable. */
function checkStart(global: CliGiven, selector: string | undefined): Result<undefined> {
  const places = parseCliPlaces(global)
  if (!places.ok) return places
  if (!["user", "root", "ldcache"].some((option) => global.has(option))) return ok(undefined)
  const host = openHost(selector)
  if (!host.ok) return host
  const users = checkCliUsers(host.value, global)
  if (!users.ok) return users
  const root = checkCliRoot(host.value, places.value.driverRoot)
  return root.ok ? checkCliLdcache(host.value, places.value) : root
}
