/**
 * Directories of the machine that take the whole place of one in which every image has its system: programs, libraries, settings. The container has
 * the machine's then, which are built for another system, with another C library. No generator does so: those mount files, or directories of
 * the driver's own.
 */

import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import type { RootView } from "../../host/root-view.ts"
import { cleanPath } from "../../text/path.ts"
import { found, groupUses, otherPlaces, placeOf } from "../cdi-subject.ts"
import type { MountSource } from "./check-mounts.ts"

/** `image`: undefined: of any. Order: as first mounted. */
export function checkCoveredSystem(
  image: RootView | undefined,
  sources: readonly MountSource[],
): readonly Finding[] {
  const directories = sources.flatMap(({ uses, at }) =>
    at.kind === "there" && at.stat.kind === "directory" ? uses : [],
  )
  const covering = directories.filter(({ item }) => {
    const place = cleanPath(item.containerPath)
    return isSystemDirectory(place) && (image === undefined || hasEntries(image, place))
  })
  return groupUses(covering, ({ containerPath }) => cleanPath(containerPath)).map(([containerPath, uses]) =>
    found(
      "warning",
      fault("CdiSystemCovered", {
        place: placeOf(uses[0], "containerPath"),
        containerPath,
        hostPath: uses[0].item.hostPath,
      }),
      ...otherPlaces(uses, "containerPath"),
    ),
  )
}

/** `/usr/lib`, `/lib64`, `/usr/lib/x86_64-linux-gnu`: of the Filesystem Hierarchy, what no program runs without. */
export const isSystemDirectory = (path: string): boolean =>
  /^(?:\/etc|\/usr|(?:\/usr)?\/(?:s?bin|lib(?:x?32|64)?|lib\/\w+-linux-(?:gnu|musl)\w*))$/.test(path)

function hasEntries(image: RootView, path: string): boolean {
  const resolved = image.resolve(path)
  const names = resolved.ok ? image.readDir(resolved.value) : resolved
  return names.ok && names.value.length > 0
}
