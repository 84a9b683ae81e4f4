/**
 * Is the container privileged? Only CAP_SYS_ADMIN in the bounding set counts, so that a privileged container of an
 * unprivileged user counts too. Before OCI 1.0.0-rc5 the capabilities were one flat list. The reference's hook goes by the version, and
 * refuses the other form; natively a list is one, whatever the version says: what is not in order the runtime says best.
 */

import { ok, type Result } from "../fault/result.ts"
import type { ContainerSpec } from "../oci/container-spec.ts"
import { decodeFields, stringListField } from "../oci/decode.ts"
import { comparePreRelease, parseCoercedVersion, parseStrictVersion } from "../text/version.ts"
import type { Injector } from "./injection-mode.ts"
import type { Profile } from "./profile.ts"

/** Faults: JsonTypeWrong, when the capabilities do not have the form that the version asks for. */
export function checkPrivilege(spec: ContainerSpec, profile: Profile, injector: Injector): Result<boolean> {
  if (spec.rawCapabilities === undefined) return ok(false)
  const isFlat =
    injector === "native"
      ? spec.rawCapabilities.kind === "array"
      : hasFlatCapabilities(spec.ociVersion ?? "", profile)
  let bounding: readonly string[] = []
  const unread = stringListField(() => undefined)
  const into = (names: readonly string[]): void => {
    bounding = names
  }
  const decoded = isFlat
    ? stringListField(into)(spec.rawCapabilities, "process.capabilities")
    : decodeFields(spec.rawCapabilities, "process.capabilities", {
        bounding: stringListField(into),
        effective: unread,
        inheritable: unread,
        permitted: unread,
        ambient: unread,
      })
  return decoded.ok ? ok(bounding.includes("CAP_SYS_ADMIN")) : decoded
}

/** 1.0.0-rc1 <= version < 1.0.0-rc5; what cannot be read as a version is not between. */
function hasFlatCapabilities(ociVersion: string, profile: Profile): boolean {
  const version =
    profile.ociVersion === "strict" ? parseStrictVersion(ociVersion) : parseCoercedVersion(ociVersion)
  return (
    version?.major === 1n &&
    version.minor === 0n &&
    version.patch === 0n &&
    version.preRelease !== "" &&
    comparePreRelease(version.preRelease, "rc1") >= 0 &&
    comparePreRelease(version.preRelease, "rc5") < 0
  )
}
