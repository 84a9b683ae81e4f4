/**
 * The files of specifications themselves: readable for the engine's user, nobody else's to change, called as engines look for them, which of them
 * win, and which engines parse them. Source: facts, nvidia-container-cli §6.4; src/core/cdi/engine-versions.ts.
 */

import { shareResults } from "../cdi/map-edits.ts"
import { outlineEdits } from "../cdi/outline-spec.ts"
import type { LoadedSpec, RegisteredDevice } from "../cdi/registry.ts"
import { renderJson } from "../cdi/render-outline.ts"
import type { ContainerEdits } from "../cdi/spec.ts"
import { isOlder, minimumVersion, parseVersion } from "../cdi/version.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { RootView } from "../host/root-view.ts"
import { engineTitle } from "../inventory/observe-engines.ts"
import { joinPath } from "../text/path.ts"
import { closedAt, type EngineUser, isOpenToAll, userTitle, type Writable, writableOn } from "./access.ts"
import { type CdiSubject, found } from "./cdi-subject.ts"

/** Order: as read; of one file access first. */
export function checkFiles({ view, user, registry, directories, areNamed }: CdiSubject): readonly Finding[] {
  if (areNamed) return []
  const files = [...registry.specs, ...registry.rejected].map(({ path }) => path)
  const ofFiles = files.flatMap((file): readonly Finding[] => {
    const resolved = view.resolve(file)
    const stat = resolved.ok ? view.lstat(resolved.value) : resolved
    // What is no file is refused, whoever may write it.
    if (!resolved.ok || !stat.ok || stat.value.kind !== "file") return []
    const path = resolved.value
    const closed = closedAt(view, path, user, ["read"])
    const closedToOthers = closedAt(view, path, nobody, ["read"])
    const untrusted = writableOn(view, file, user)
    const forbidden = (severity: Finding["severity"], who: string, place: string): Finding =>
      found(severity, fault("CdiFileForbidden", { file, user: who, closed: place }))
    return [
      ...(closed !== undefined
        ? [forbidden("error", userTitle(user), closed)]
        : closedToOthers !== undefined && user.uid === 0
          ? [forbidden("note", "an engine of another user than root", closedToOthers)]
          : []),
      ...(untrusted === undefined ? [] : [strangersFile(file, untrusted)]),
    ]
  })
  const told = new Set(
    ofFiles.flatMap(({ fault: { tag, data } }) => (tag === "CdiFileUntrusted" ? [data.writable] : [])),
  )
  const ofDirectories = directories.flatMap((directory) => {
    const untrusted = openDirectory(view, directory, user)
    return untrusted === undefined || told.has(untrusted.writable)
      ? []
      : [strangersFile(directory, untrusted)]
  })
  return [...ofFiles, ...ofDirectories]
}

/** Where somebody may put a specification, also where nobody may take another's away. */
function openDirectory(view: RootView, directory: string, user: EngineUser): Writable | undefined {
  const stat = view.lstat(directory)
  if (!stat.ok || stat.value.kind !== "directory") return undefined
  if (!isOpenToAll(stat.value)) return writableOn(view, directory, user)
  const resolved = view.resolve(directory)
  return { writable: resolved.ok ? resolved.value : directory, by: "everybody", isGroup: false }
}

/** A name that YAML's own users write as often as the other, and that no engine reads. Order: as directories are read, by name. */
export function checkUnread({ view, directories, areNamed }: CdiSubject): readonly Finding[] {
  if (areNamed) return []
  const places = directories.filter((directory) => view.lstat(directory).ok)
  return places.flatMap((directory) => {
    const names = view.readDir(directory)
    return (names.ok ? names.value : [])
      .filter((name) => name.endsWith(".yml"))
      .map((name) => found("warning", fault("CdiFileUnread", { file: joinPath(directory, name) })))
  })
}

const strangersFile = (file: string, { writable, by, isGroup }: Writable): Finding =>
  found(isGroup ? "warning" : "error", fault("CdiFileUntrusted", { file, writable, by }))

/** Somebody who owns nothing. */
const nobody = { uid: 65534, gids: [] }

/** Devices that a later directory takes from an earlier one, by pair of files. Order: by winner, as named. */
export function checkPrecedence({ registry }: CdiSubject): readonly Finding[] {
  const hidden = [...registry.devices.values()].flatMap((winner) =>
    winner.hidden.map((loser) => ({ winner, loser })),
  )
  const byPair = Map.groupBy(hidden, ({ winner, loser }) => `${loser.path}\n${winner.source.path}`)
  return [...byPair.values()].map((pairs) => {
    const [{ winner, loser }] = pairs as [(typeof pairs)[number]]
    const areSame = giveSame(pairs, loser)
    return found(
      areSame ? "note" : "warning",
      fault("CdiDevicesHidden", {
        file: loser.path,
        by: winner.source.path,
        devices: pairs.map((pair) => pair.winner.name),
        areSame,
        isWhole: loser.spec.devices.length === pairs.length,
      }),
    )
  })
}

/** `pairs`: of one winning file. What every container of a file gets is written out once: a file has thousands of devices. */
function giveSame(pairs: readonly { readonly winner: RegisteredDevice }[], loser: LoadedSpec): boolean {
  const text = shareResults((edits: ContainerEdits) => renderJson(outlineEdits(edits)))
  const twins = new Map(loser.spec.devices.map((device) => [device.name, device]))
  return pairs.every(({ winner: { device, source } }) => {
    const twin = twins.get(device.name)
    return (
      twin !== undefined &&
      text(device.containerEdits) === text(twin.containerEdits) &&
      text(source.spec.containerEdits) === text(loser.spec.containerEdits)
    )
  })
}

/** Order: by file, then engines; then what is wrong with engines themselves. */
export function checkEngines({ registry, engines }: CdiSubject): readonly Finding[] {
  if (registry.specs.length === 0) return []
  const unread = registry.specs.flatMap(({ path, spec }) => {
    const version = parseVersion(spec.cdiVersion)
    if (version === undefined) return []
    const minimum = minimumVersion(spec).version
    return engines.flatMap((engine): readonly Finding[] => {
      const { highest } = engine
      if (highest === "none" || highest === "unknown") return []
      // The first that reads versions as numbers is 0.6.0; those before it have a list of texts.
      const isUnlisted = spec.cdiVersion.startsWith("v") && isOlder(highest, "0.6.0")
      if (!isOlder(highest, version) && !isUnlisted) return []
      return [
        found(
          "error",
          fault("CdiVersionUnread", {
            ...{ file: path, version: spec.cdiVersion, minimum, engine: engineTitle(engine), highest },
            canBeLowered: !isOlder(highest, minimum),
          }),
          ...(engine.program === undefined ? [] : [`${engine.program}: ${engineTitle(engine)}`]),
        ),
      ]
    })
  })
  return [
    ...unread,
    ...engines.flatMap((engine): readonly Finding[] => {
      if (engine.highest === "none")
        return [found("note", fault("CdiEngineWithout", { engine: engineTitle(engine) }))]
      return engine.highest === "unknown"
        ? [
            found(
              "note",
              fault("CdiEngineVersionUnknown", { engine: engine.engine, program: engine.program ?? "" }),
            ),
          ]
        : []
    }),
  ]
}
