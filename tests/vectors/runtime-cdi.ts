/**
 * Recorded runs of the reference's runtime wrapper for devices of CDI specifications: made-up specifications, containers and ways to ask, on a
 * machine without a driver. What went in, and config.json afterwards, with the rules by which ours differs taken into account.
 */

import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { addCdiDevices } from "../../src/apply/add-cdi-devices.ts"
import { readSpecifications } from "../../src/commands/cdi/read-specifications.ts"
import { specificationDirectories } from "../../src/commands/start/specification-directories.ts"
import { fault } from "../../src/core/fault/fault.ts"
import { fail, ok, type Result } from "../../src/core/fault/result.ts"
import type { HostFiles } from "../../src/core/host/host.ts"
import { editSpec } from "../../src/core/oci/edit-spec.ts"
import { decide } from "../../src/core/plan/decide.ts"
import { divideEdits } from "../../src/core/plan/divide-edits.ts"
import { namesDecidedBy, planCdiDevices, planSpecifiedDevices } from "../../src/core/plan/plan-cdi-devices.ts"
import { askedDevices } from "../../src/core/request/asked-devices.ts"
import { parseConfig } from "../../src/core/request/parse-config.ts"
import { chooseRuntimeMode } from "../../src/core/request/runtime-mode.ts"
import { cleanPath } from "../../src/core/text/path.ts"
import { createMemoryHost, type MemoryTree } from "../../src/host/memory.ts"
import { specifiedMachine } from "../../src/host/specified-machine.ts"

export interface RuntimeCdiVector {
  readonly name: string
  readonly config_toml: string
  /** Files by name: of /etc/cdi, of /run/cdi. */
  readonly directories: readonly Readonly<Record<string, string>>[]
  /** Type, numbers and mode. */
  readonly nodes: Readonly<Record<string, readonly ["b" | "c", number, number, number]>>
  readonly input: Spec
  readonly exit: number
  readonly stderr: string
  readonly output: Spec | "unchanged"
}

interface Spec {
  readonly process: { readonly env: readonly string[] }
  readonly mounts?: readonly { readonly destination: string }[]
  readonly hooks?: Readonly<Record<string, readonly { readonly env?: readonly string[] }[]>>
  readonly linux: {
    readonly devices?: readonly { readonly path: string }[]
    readonly resources?: { readonly devices?: readonly object[] } | undefined
  }
}

export const readRuntimeCdi = (): readonly RuntimeCdiVector[] =>
  gunzipSync(readFileSync(join(import.meta.dir, "runtime-cdi.jsonl.gz")))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as RuntimeCdiVector)

/** The machine of a record. Its files lie where they say, as on a live one. */
function hostOf({ directories, nodes }: RuntimeCdiVector): HostFiles {
  const tree: Record<string, MemoryTree[string]> = {}
  for (const [index, files] of directories.entries())
    for (const [name, content] of Object.entries(files))
      tree[`${index === 0 ? "/etc/cdi" : "/run/cdi"}/${name}`] = { kind: "file", content }
  for (const [path, [type, major, minor, mode]] of Object.entries(nodes))
    tree[path] = { kind: type === "b" ? "block" : "character", major, minor, mode }
  return {
    ...createMemoryHost(tree),
    provenance: { kind: "live", name: "recorded" },
    livePath: (path) => path,
  }
}

/** What our wrapper makes of config.json. */
export function ownOutput(vector: RuntimeCdiVector): Result<Spec> {
  const parsed = parseConfig(vector.config_toml, undefined)
  if (!parsed.ok) return parsed
  const { config } = parsed.value
  const mode = chooseRuntimeMode("nvidia-container-runtime", config, () => false)
  if (!mode.ok) return mode
  const decision = decide({
    mode: mode.value,
    injector: undefined,
    readConfig: () => parseConfig(vector.config_toml, undefined),
    readState: () => ok('{"bundle": "/var/lib/bundle"}'),
    readSpec: () => ok(JSON.stringify(vector.input)),
    isTegra: () => false,
  })
  if (decision.kind === "refuse") return fail(decision.fault)
  if (decision.kind !== "gpu") return ok(vector.input)
  const host = hostOf(vector)
  const directories = specificationDirectories(config)
  if (!directories.ok) return directories
  const registry = readSpecifications(host, directories.value)
  const input = {
    asked: askedDevices(decision.request, mode.value, config),
    registry,
    ...specifiedMachine(host),
    isOwn: () => false,
  }
  const names = namesDecidedBy(registry, input.asked)
  const planned =
    names === undefined
      ? planCdiDevices(input, decision.log)
      : planSpecifiedDevices(names, input, decision.log)
  if (!planned.ok) return planned
  // What the machine would have to give it has not.
  if ("selectors" in planned.value && planned.value.selectors !== undefined)
    return fail(fault("DriverNotLoaded", { host: "recorded" }))
  const places = {
    machine: "recorded",
    sourceOf: (path: string) => path,
    hasUserNamespace: false,
    unknownGid: undefined,
    mountedOver: [],
  }
  const divided = divideEdits([], places)
  if (!divided.ok) return divided
  const edited = editSpec(decision.spec.document, { ...divided.value.spec, createContainerHooks: [] })
  const added = edited.ok ? addCdiDevices(edited.value, planned.value.edits, host) : edited
  return added.ok ? ok(JSON.parse(added.value) as Spec) : added
}

export interface RuntimeCdiRule {
  /** As in docs/differences.md. */
  readonly title: string
  adopt(reference: Spec, ours: Spec, vector: RuntimeCdiVector): Spec
}

export const runtimeCdiRules: readonly RuntimeCdiRule[] = [
  {
    title: "A variable that is there is changed where it stands",
    adopt: (spec) => ({ ...spec, process: { ...spec.process, env: lastOfEach(spec.process.env) } }),
  },
  {
    title: "A hook of a specification that has no variables gets a `PATH`",
    adopt: (spec) => ({
      ...spec,
      hooks: Object.fromEntries(
        Object.entries(spec.hooks ?? {}).map(([stage, hooks]) => [
          stage,
          hooks.map((hook) => (isOfEngine(hook) ? hook : { ...hook, env: hook.env ?? [hookPath] })),
        ]),
      ),
    }),
  },
  {
    title: "Places are compared as paths",
    adopt: (spec) => ({
      ...spec,
      mounts: lastAt(spec.mounts ?? [], ({ destination }) => destination),
      linux: { ...spec.linux, devices: lastAt(spec.linux.devices ?? [], ({ path }) => path) },
    }),
  },
  {
    title: "In a user namespace a node that lies elsewhere is mounted",
    adopt: withBoundNodes,
  },
]

/** Where the reference has a node that is not the machine's of that path, ours has a mount, and all others are the same. */
function withBoundNodes(reference: Spec, ours: Spec, { nodes }: RuntimeCdiVector): Spec {
  const given = new Set((ours.linux.devices ?? []).map(({ path }) => path))
  const devices = (reference.linux.devices ?? []).filter(({ path }) => path in nodes || given.has(path))
  const left = (reference.linux.devices ?? []).filter((one) => !devices.includes(one))
  const bound = new Set(left.map(({ path }) => cleanPath(path)))
  const mounts = ours.mounts ?? []
  const others = mounts.filter(({ destination }) => !bound.has(cleanPath(destination)))
  // A mount that is added puts all of them in the order of their depth.
  const areSame = (some: readonly object[] = [], more: readonly object[] = []): boolean =>
    Bun.deepEquals(asSet(some), asSet(more))
  const areAll =
    others.length + left.length === mounts.length &&
    areSame(others, reference.mounts) &&
    areSame(ours.linux.resources?.devices, reference.linux.resources?.devices)
  return left.length === 0 || !areAll
    ? reference
    : { ...reference, mounts, linux: { ...reference.linux, devices, resources: ours.linux.resources } }
}

const asSet = (items: readonly object[]): readonly string[] =>
  items.map((item) => JSON.stringify(withoutEmpty(item), Object.keys(item).sort())).sort()

const hookPath = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
/** The one that every record's config.json has beforehand. */
const isOfEngine = (hook: object): boolean => "path" in hook && hook.path === "/bin/own"

function lastOfEach(env: readonly string[]): readonly string[] {
  const entries = new Map(env.map((entry) => [entry.split("=", 1)[0] ?? "", entry]))
  return [...entries.values()]
}

/** Each place once, where it stands last. */
function lastAt<T>(items: readonly T[], placeOf: (item: T) => string): readonly T[] {
  const places = items.map((item) => cleanPath(placeOf(item)))
  return items.filter((_, index) => places.lastIndexOf(places[index] ?? "") === index)
}

/** Without what an encoder of Go leaves out: what is empty, and zero but for a node's owner and mode. */
export function withoutEmpty(value: unknown, name = ""): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => withoutEmpty(item))
  if (typeof value !== "object" || value === null) {
    const isKept = ["fileMode", "uid", "gid"].includes(name) ? value !== null : value !== 0
    return value === "" || value === false || value === null || !isKept ? undefined : value
  }
  const members = Object.entries(value)
    .map(([key, inner]) => [key, withoutEmpty(inner, key)] as const)
    .filter(([, inner]) => inner !== undefined)
  return members.length === 0 ? undefined : Object.fromEntries(members)
}
