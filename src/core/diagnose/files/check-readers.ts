/**
 * Whether the machine's engines read the specifications at all, by their own configuration: one that serves no CDI device, or looks elsewhere,
 * says "unresolvable CDI devices", and no file is wrong.
 */

import { followsDirectoryLinks } from "../../cdi/rules/engine-versions.ts"
import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import { type EngineSettings, observeEngineSettings } from "../../inventory/engine-settings.ts"
import { engineTitle, type ObservedEngine } from "../../inventory/observe-engines.ts"
import { baseName, cleanPath, joinPath, parentPath } from "../../text/path.ts"
import { type CdiSubject, found } from "../cdi-subject.ts"

/** Engines that somebody only named have no configuration here. Order: of engines, then of directories as read. */
export function checkReaders(subject: CdiSubject): readonly Finding[] {
  const { host, registry, engines, areNamed, user } = subject
  if (areNamed || registry.specs.length === 0) return []
  return engines.flatMap((engine): readonly Finding[] => {
    if (engine.program === undefined || engine.highest === "none") return []
    const settings = observeEngineSettings(host, engine, user.uid)
    if (settings === undefined) return []
    return settings.off !== undefined
      ? [found("warning", fault("CdiEngineOff", { engine: engineTitle(engine), ...settings.off }))]
      : unreadDirectories(subject, engine, settings)
  })
}

function unreadDirectories(
  { view, registry }: CdiSubject,
  engine: ObservedEngine,
  { directories, directoriesBy }: EngineSettings,
): readonly Finding[] {
  // Everywhere but on odd machines /var/run is /run.
  const placeOf = (directory: string): string => {
    const resolved = view.resolve(directory)
    return resolved.ok ? resolved.value : directory
  }
  // What lies in a directory's place and is a link is to most engines not there.
  const readPlaceOf = (directory: string): string =>
    followsDirectoryLinks(engine)
      ? placeOf(directory)
      : joinPath(placeOf(parentPath(directory)), baseName(directory))
  const read = new Set(directories.map(cleanPath).map(readPlaceOf))
  const unread = new Set(
    registry.specs.map(({ directory }) => directory).filter((one) => !read.has(placeOf(one))),
  )
  return [...unread].map((directory) =>
    found(
      "warning",
      fault("CdiDirectoryUnread", { engine: engineTitle(engine), directory, directories, by: directoriesBy }),
    ),
  )
}
