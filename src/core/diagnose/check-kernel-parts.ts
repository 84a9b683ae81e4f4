/**
 * What specifications want of the kernel beside devices and mounts: interfaces that are moved into a container, and Intel's control of caches. Runtimes
 * that know them fail where they are not, and older ones pass over them. Observed: runc 1.5.2 refuses both, runc 1.1.5 the second where
 * it has a schema, crun 1.8.1 neither.
 */

import type { ContainerEdits, NetDevice, SpecPath } from "../cdi/spec.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { hostPath } from "../text/brand.ts"
import { joinPath } from "../text/path.ts"
import {
  type CdiSubject,
  found,
  groupUses,
  isUnrecorded,
  mayBeThere,
  otherPlaces,
  placeOf,
  type Use,
} from "./cdi-subject.ts"

/** Order: interfaces as first used, then caches. */
export const checkKernelParts = (
  subject: CdiSubject,
  all: readonly Use<ContainerEdits>[],
): readonly Finding[] => [...checkInterfaces(subject, all), ...checkCaches(subject, all)]

const interfacesPath = "/sys/class/net"

/** A container that has it holds it: a warning. */
function checkInterfaces(subject: CdiSubject, all: readonly Use<ContainerEdits>[]): readonly Finding[] {
  const uses = all.flatMap((use) =>
    use.item.netDevices.map(
      (item, index): Use<NetDevice> => ({ ...use, item, path: [...use.path, "netDevices", index] }),
    ),
  )
  if (uses.length === 0 || !isTold(subject, interfacesPath)) return []
  return groupUses(uses, ({ hostInterfaceName }) => hostInterfaceName).flatMap(([name, ones]) =>
    mayLieAt(subject, joinPath(interfacesPath, name))
      ? []
      : [
          found(
            "warning",
            fault("CdiInterfaceMissing", { place: placeOf(ones[0], "hostInterfaceName"), name }),
            ...otherPlaces(ones, "hostInterfaceName"),
          ),
        ],
  )
}

const cachesPath = "/sys/fs/resctrl"

/** Where it is mounted there is a directory `info`, and an empty one where it only may be. Source: the kernel's documentation of resctrl. */
function checkCaches(subject: CdiSubject, all: readonly Use<ContainerEdits>[]): readonly Finding[] {
  const uses = all
    .filter(({ item }) => item.intelRdt !== undefined)
    .map(
      (use): Use<SpecPath> => ({ ...use, item: [...use.path, "intelRdt"], path: [...use.path, "intelRdt"] }),
    )
  const [first] = uses
  if (first === undefined || !isTold(subject, "/sys/fs") || mayLieAt(subject, joinPath(cachesPath, "info")))
    return []
  return [found("error", fault("CdiCachesUncontrolled", { place: placeOf(first) }), ...otherPlaces(uses))]
}

/** A machine without the directory above, as simulated ones are, says nothing. */
function isTold(subject: CdiSubject, directory: string): boolean {
  const stat = subject.view.lstat(directory)
  if (!stat.ok) isUnrecorded(subject, directory, stat.fault)
  return stat.ok
}

/** Not where it leads. */
const mayLieAt = (subject: CdiSubject, path: string): boolean =>
  mayBeThere(subject, path, subject.host.lstat(hostPath(path)))
