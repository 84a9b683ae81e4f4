/**
 * `gantry cdi verify --fix`: NVIDIA's specifications made anew in their own style, from the machine as it is. Each file is old or new at every
 * moment, and what it was stays beside it, under a name that engines do not read.
 */

import { copyFileSync } from "node:fs"
import { diffSpecs } from "../core/cdi/diff-specs.ts"
import type { LoadedSpec, Registry } from "../core/cdi/registry.ts"
import { formatOf } from "../core/cdi/render-spec.ts"
import type { CdiSpec } from "../core/cdi/spec.ts"
import type { CdiSubject } from "../core/diagnose/cdi-subject.ts"
import type { FixedFile } from "../core/explain/render-cdi-verification.ts"
import { type Fault, fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { lowestLimit, type Reading, type VersionLimit } from "../core/generate/engine-versions.ts"
import { fitVersion } from "../core/generate/fit-version.ts"
import { generateSpec } from "../core/generate/generate-spec.ts"
import { placeOnMachine, takeHome } from "../core/generate/place-on-machine.ts"
import { findOwnContent, isOfDriver, requestLike } from "../core/generate/request-like.ts"
import type { RootView } from "../core/host/root-view.ts"
import { hostPath } from "../core/text/brand.ts"
import { attempt } from "../host/file-system.ts"
import { ownHookProgram } from "./own-hook-program.ts"
import { writeSpecFile } from "./write-spec-file.ts"

export interface Fixing {
  readonly fixed: readonly FixedFile[]
  readonly faults: readonly Fault[]
}

/** Files that are right stay as they are. Order: as read. */
export function fixSpecs({ registry, ...subject }: CdiSubject): Fixing {
  const fixed: FixedFile[] = []
  const faults: Fault[] = []
  for (const file of ofDriver(registry)) {
    const done = fixSpec(file, subject)
    if (!done.ok) faults.push(done.fault)
    else if (done.value !== undefined) fixed.push(done.value)
  }
  return { fixed, faults }
}

const ofDriver = ({ specs }: Registry): readonly LoadedSpec[] => specs.filter(({ spec }) => isOfDriver(spec))

/** undefined: it is right. Faults: those of generateSpec and fitVersion, CdiFileNotRenewable, CdiFileUnwritable. */
function fixSpec(
  { path: file, spec }: LoadedSpec,
  { host, view, snapshot, engines, areNamed, placed }: Omit<CdiSubject, "registry">,
): Result<FixedFile | undefined> {
  const isPlaced = placed?.files.has(file) === true
  const request = requestLike(spec, ownHookProgram())
  const hookPath = findHookProgram(request.hooks.path, isPlaced ? placed.engineView : view)
  const made = generateSpec(snapshot, { ...request, hooks: { ...request.hooks, path: hookPath } })
  if (!made.ok) return made
  const directory = host.livePath(hostPath("/")) ?? "/"
  const written = isPlaced
    ? placeOnMachine(made.value.spec, (path) => host.livePath(hostPath(path)))
    : made.value.spec
  const fitted = fitVersion(written, limitOf(engines))
  if (!fitted.ok) return fitted
  const renewed = isPlaced ? takeHome(fitted.value.spec, directory) : fitted.value.spec
  const own = findOwnContent(spec, renewed)
  if (own !== undefined) return fail(fault("CdiFileNotRenewable", { file, own }))
  if (diffSpecs(spec, renewed).length === 0) return ok(undefined)
  const path = areNamed ? file : host.livePath(hostPath(file))
  if (path === undefined) return fail(fault("CdiFileUnwritable", { file }))
  const previous = `${path}.previous`
  const kept = attempt(previous, "copy", () => copyFileSync(path, previous))
  if (!kept.ok) return fail(fault("CdiFileUnwritable", { file: previous }, kept.fault))
  const done = writeSpecFile(fitted.value.spec, path, formatOf(path))
  const namesOf = ({ devices }: CdiSpec): readonly string[] => devices.map(({ name }) => name)
  return done.ok
    ? ok({
        ...{ file, previous: `${file}.previous` },
        added: namesOf(renewed).filter((name) => !namesOf(spec).includes(name)),
        removed: namesOf(spec).filter((name) => !namesOf(renewed).includes(name)),
      })
    : done
}

/** That of the file, unless only this executable is there to serve its hooks. */
function findHookProgram(path: string, view: RootView): string {
  const own = ownHookProgram()
  const isThere = (program: string): boolean => {
    const resolved = view.resolve(program)
    return resolved.ok && view.lstat(resolved.value).ok
  }
  return !isThere(path) && isThere(own) ? own : path
}

/** The newest version that every engine parses that parses any. */
const limitOf = (engines: CdiSubject["engines"]): VersionLimit | undefined =>
  lowestLimit(
    engines.flatMap(({ engine: name, version, highest }): readonly Reading[] =>
      highest === "none" || highest === "unknown" ? [] : [{ engine: { name, version }, version: highest }],
    ),
  )
