/**
 * Whether specifications are of the driver that is loaded: the version that their mounted files carry, and the one that they tell hooks, beside
 * that of the kernel module. With libraries of another version CUDA and NVML refuse to start.
 */

import { flagValues } from "../../cdi/edits/hook-arguments.ts"
import type { Hook } from "../../cdi/spec.ts"
import type { CdiPlace } from "../../fault/cdi-place.ts"
import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import type { Sourced } from "../../inventory/inventory.ts"
import { type CdiSubject, found, placeOf, renderPlace, type Use } from "../cdi-subject.ts"
import type { MountSource } from "../mounts/check-mounts.ts"

export interface DriverVersionJudgement {
  readonly findings: readonly Finding[]
  /** Paths that are absent because another driver is installed, which one finding tells. */
  readonly explained: ReadonlySet<string>
}

/** What says a version that is not the loaded driver's. */
type Mention =
  | {
      readonly by: "file"
      readonly version: string
      readonly use: Use<unknown>
      readonly source: MountSource
    }
  | { readonly by: "hook"; readonly version: string; readonly use: Use<unknown> }

/** One finding a specification and version, however many files and hooks. Order: files as first mounted, then hooks. */
export function checkDriverVersions(
  { snapshot }: CdiSubject,
  sources: readonly MountSource[],
  hooks: readonly Use<Hook>[],
): DriverVersionJudgement {
  const kernel = snapshot.inventory.kernelModuleVersion
  if (kernel === undefined) return { findings: [], explained: new Set() }
  const others = [...mentionsInFiles(sources), ...mentionsInHooks(hooks)].filter(
    ({ version }) => version !== kernel.value,
  )
  const byVersion = Map.groupBy(others, ({ use, version }) => `${use.source.path} ${version}`)
  return {
    findings: [...byVersion.values()].map((all) => tellOf(all as [Mention, ...Mention[]], kernel)),
    explained: new Set(
      filesOf(others)
        .filter(isAbsent)
        .map(({ path }) => path),
    ),
  }
}

const mentionsInFiles = (sources: readonly MountSource[]): readonly Mention[] =>
  sources.flatMap((source): readonly Mention[] => {
    const { path, at, uses } = source
    const version = versionIn(path) ?? (at.kind === "there" ? versionIn(at.resolved) : undefined)
    return version === undefined ? [] : [{ by: "file", version, use: uses[0], source }]
  })

/** The version that a file of the driver carries in its name or its directory's. */
function versionIn(path: string): string | undefined {
  const version =
    /\/lib\/firmware\/nvidia\/(\d{3,4}\.\d+(?:\.\d+)?)\//.exec(path)?.[1] ??
    /\.so\.(\d{3,4}\.\d+(?:\.\d+)?)$/.exec(path)?.[1]
  return version !== undefined && /nvidia|cuda|libnv/.test(path) ? version : undefined
}

/** By this flag enable-cuda-compat decides whether the image's own libraries serve the driver better. */
const mentionsInHooks = (hooks: readonly Use<Hook>[]): readonly Mention[] =>
  hooks.flatMap((use) =>
    flagValues(use.item.args, "host-driver-version").flatMap((version = ""): readonly Mention[] =>
      /^\d/.test(version) ? [{ by: "hook", version, use }] : [],
    ),
  )

const filesOf = (mentions: readonly Mention[]): readonly MountSource[] =>
  mentions.flatMap((one) => (one.by === "file" ? [one.source] : []))

const isAbsent = ({ at }: MountSource): boolean => at.kind === "absent"

/** More files, or hooks, as evidence help nobody. */
const evidenceLimit = 3

/** `mentions`: of one version in one specification. */
function tellOf(mentions: readonly [Mention, ...Mention[]], kernel: Sourced<string>): Finding {
  const [first] = mentions
  const files = filesOf(mentions)
  const hooks = mentions.filter(({ by }) => by === "hook")
  return found(
    "error",
    fault("CdiDriverOther", {
      place: placeIn(first),
      written: first.version,
      kernel: kernel.value,
      files: files.length,
      missing: files.filter(isAbsent).length,
      hooks: hooks.length,
    }),
    `${kernel.source}: ${kernel.value}`,
    ...files.slice(0, evidenceLimit).map(({ path, at }) => `${path}: ${at.kind}`),
    ...hooks.slice(0, evidenceLimit).map((one) => renderPlace(placeIn(one))),
  )
}

const placeIn = ({ use, by }: Mention): CdiPlace => placeOf(use, by === "file" ? "hostPath" : "args")
