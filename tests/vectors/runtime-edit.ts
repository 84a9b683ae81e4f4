/** One recorded run of the reference's runtime wrapper on a bundle: what went in, and what the container ends up with, as facts. */

import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { ok } from "../../src/core/fault/result.ts"
import type { Sourced } from "../../src/core/inventory/inventory.ts"
import { editSpec } from "../../src/core/oci/edit-spec.ts"
import { unseenLayout } from "../../src/core/plan/container-layout.ts"
import { decide } from "../../src/core/plan/decide.ts"
import { divideEdits } from "../../src/core/plan/divide-edits.ts"
import type { Edit } from "../../src/core/plan/edit.ts"
import { planContainer } from "../../src/core/plan/plan-container.ts"
import { planNative } from "../../src/core/plan/plan-native.ts"
import type { HostSnapshot } from "../../src/core/plan/snapshot.ts"
import { parseConfig } from "../../src/core/request/parse-config.ts"
import { chooseRuntimeMode } from "../../src/core/request/runtime-mode.ts"
import { mayAskForGpu } from "../../src/core/request/trigger-words.ts"
import { cleanPath, parentPath } from "../../src/core/text/path.ts"

export interface RuntimeEditVector {
  readonly name: string
  readonly mode: string
  readonly config_toml: string
  /** config.json before. */
  readonly input: Spec
  readonly exit: number
  readonly stderr: string
  /** config.json after. */
  readonly output: Spec | "unchanged"
}

interface Spec {
  readonly annotations?: Readonly<Record<string, string>>
  readonly process: {
    readonly env: readonly string[]
    readonly user: { readonly uid: number; readonly gid: number; readonly additionalGids?: readonly number[] }
  }
  readonly mounts: readonly {
    readonly source: string
    readonly destination: string
    readonly options?: readonly string[]
  }[]
  readonly hooks?: Readonly<Record<string, readonly { readonly path: string; readonly args?: string[] }[]>>
  readonly linux: {
    readonly devices?: readonly Node[]
    readonly resources: { readonly devices: readonly Rule[] }
  }
}

interface Node {
  readonly path: string
  readonly major: number
  readonly minor: number
  readonly fileMode?: number
  readonly uid?: number
  readonly gid?: number
}

interface Rule {
  readonly allow: boolean
  readonly type?: string
  readonly major?: number
  readonly minor?: number
  readonly access: string
}

/** What a container ends up with. Lists are sets: sorted, each once. */
export type Ending = Refused | Served

export interface Refused {
  readonly kind: "refused"
  /** Ours: the fault's tag. The reference's: its message. */
  readonly why: string
}

export interface Served {
  readonly kind: "served"
  /** `path major:minor mode uid:gid` */
  readonly nodes: readonly string[]
  /** `allow type major:minor access` */
  readonly rules: readonly string[]
  /** `source -> destination (options)` */
  readonly mounts: readonly string[]
  /** By name: what the last entry of that name says. */
  readonly env: Readonly<Record<string, string>>
  readonly groups: readonly number[]
  /** `path -> target` */
  readonly links: readonly string[]
  /** Directories in which the loader finds the driver. */
  readonly loaderFolders: readonly string[]
  /** The driver's parameters are covered, so that it makes no nodes. */
  readonly hasParams: boolean
  /** The application profile says which GPUs are the container's. */
  readonly hasProfile: boolean
  /** `stage path`: hooks that are nobody's injector. */
  readonly hooks: readonly string[]
  /** The reference's hook will run nvidia-container-cli: what that gives is not in config.json. */
  readonly hasInjectorToCome: boolean
}

export const readRuntimeEdits = (): readonly RuntimeEditVector[] =>
  gunzipSync(readFileSync(join(import.meta.dir, "runtime-edits.jsonl.gz")))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as RuntimeEditVector)

export const sortedSet = <T extends string | number>(list: readonly T[]): readonly T[] =>
  [...new Set(list)].sort((one, other) => (one < other ? -1 : 1))

export const referenceEnding = ({ exit, stderr, input, output }: RuntimeEditVector): Ending =>
  exit === 0
    ? readEnding(output === "unchanged" ? input : output, [])
    : { kind: "refused", why: stderr.trim() }

/**
 * The recorded machine under the UUIDs that its NVML had when the records were made: a GPU's ends in its index, a MIG device's
 * in GPU, GPU instance and compute instance.
 */
export function relabel(snapshot: HostSnapshot): HostSnapshot {
  const { inventory } = snapshot
  const digits = (value: number): string => value.toString(16).padStart(4, "0")
  const uuidOf = (kind: string, ...numbers: readonly number[]): Sourced<string> => ({
    value: `${kind}-00000000-0000-4000-8000-${numbers.map(digits).join("").padStart(12, "0")}`,
    source: "NVML",
  })
  return {
    ...snapshot,
    inventory: {
      ...inventory,
      gpus: inventory.gpus.map((gpu) => ({ ...gpu, uuid: uuidOf("GPU", gpu.index ?? 0) })),
      migDevices: inventory.migDevices.map((device) => ({
        ...device,
        uuid: uuidOf("MIG", device.gpuIndex, device.gpuInstance, device.computeInstance),
      })),
    },
  }
}

/** What our wrapper does with the same bundle on the recorded machine, without any file written. */
export function ownEnding(vector: RuntimeEditVector, snapshot: HostSnapshot): Ending {
  const spec = JSON.stringify(vector.input)
  const parsed = parseConfig(vector.config_toml, undefined)
  if (!parsed.ok) return refused(parsed.fault.tag)
  if (!mayAskForGpu(spec, parsed.value.config)) return readEnding(vector.input, [])
  const mode = chooseRuntimeMode("nvidia-container-runtime", parsed.value.config, () => false)
  if (!mode.ok) return refused(mode.fault.tag)
  const decision = decide({
    mode: mode.value,
    readConfig: () => parseConfig(vector.config_toml, undefined),
    readState: () => ok('{"bundle": "/var/lib/bundle"}'),
    readSpec: () => ok(spec),
    injector: undefined,
    isTegra: () => false,
  })
  const plan = planContainer(decision, {
    injector: "native",
    planMachine: planNative,
    observe: () => ok(snapshot),
    observeLayout: () => ({ ...unseenLayout, isDebian: true }),
  })
  if (plan.refusal !== undefined) return refused(plan.refusal.tag)
  if (decision.kind !== "gpu") return readEnding(vector.input, [])
  const divided = divideEdits(plan.edits, {
    machine: "recorded",
    sourceOf: (path) => path,
    hasUserNamespace: false,
    unknownGid: undefined,
    mountedOver: vector.input.mounts.map(({ destination }) => cleanPath(destination)),
  })
  if (!divided.ok) return refused(divided.fault.tag)
  const paramsHook = {
    path: "/gantry-launcher",
    args: ["gantry-launcher", "bind-params"],
    env: ["PATH=/usr/bin"] as const,
  }
  const edited = editSpec(decision.spec.document, {
    ...divided.value.spec,
    createContainerHooks: divided.value.needsParamsHook ? [paramsHook] : [],
  })
  if (!edited.ok) return refused(edited.fault.tag)
  const inLinkDirectories = divided.value.linkDirectories.flatMap(({ links }) => links)
  return readEnding(JSON.parse(edited.value) as Spec, [...divided.value.inRoot, ...inLinkDirectories])
}

const refused = (why: string): Refused => ({ kind: "refused", why })

/** `inRoot`: what is done beside config.json. */
function readEnding(spec: Spec, inRoot: readonly Edit[]): Served {
  const hooks = Object.entries(spec.hooks ?? {}).flatMap(([stage, all]) =>
    all.map(({ path, args = [] }) => ({ stage, path, args: args.filter((one) => one !== "hook") })),
  )
  const of = (name: string): readonly (readonly string[])[] =>
    hooks.flatMap(({ args }) => (args[1] === name ? [args.slice(2)] : []))
  const valuesOf = (name: string, flag: string): readonly string[] =>
    of(name).flatMap((args) => args.filter((_, index) => args[index - 1] === flag))
  const isInjector = (path: string): boolean => path.endsWith("/nvidia-container-runtime-hook")
  const isInjectorTool = (path: string): boolean =>
    isInjector(path) || /\/(nvidia-ctk|nvidia-cdi-hook|gantry-launcher)$/.test(path)
  return {
    kind: "served",
    nodes: sortedSet(
      (spec.linux.devices ?? []).map(
        ({ path, major, minor, fileMode = 0, uid = 0, gid = 0 }) =>
          `${path} ${major}:${minor} ${fileMode.toString(8)} ${uid}:${gid}`,
      ),
    ),
    rules: sortedSet(
      spec.linux.resources.devices.map(
        ({ allow, type = "a", major, minor, access }) =>
          `${allow ? "allow" : "deny"} ${type} ${major ?? "*"}:${minor ?? "*"} ${access}`,
      ),
    ),
    mounts: sortedSet(
      spec.mounts.map(
        ({ source, destination, options = [] }) =>
          `${source} -> ${destination} (${sortedSet(options).join(",")})`,
      ),
    ),
    env: Object.fromEntries(
      spec.process.env.map((entry) => [entry.split("=", 1)[0] ?? "", entry.slice(entry.indexOf("=") + 1)]),
    ),
    groups: sortedSet(spec.process.user.additionalGids ?? []),
    links: sortedSet([
      ...valuesOf("create-symlinks", "--link").map((link) => {
        const [target = "", path = ""] = link.split("::")
        return `${path} -> ${target}`
      }),
      ...inRoot.flatMap((edit) => (edit.kind === "symlink" ? [`${edit.path} -> ${edit.target}`] : [])),
    ]),
    loaderFolders: sortedSet([
      ...valuesOf("update-ldcache", "--folder"),
      ...inRoot.flatMap((edit) =>
        edit.kind === "ldcache" ? edit.entries.map(({ path }) => parentPath(path)) : [],
      ),
    ]),
    hasParams: of("disable-device-node-modification").length + of("bind-params").length > 0,
    // The reference's hook writes it when it finds a GPU's node (hook-effects.jsonl.gz, "profile: no devices").
    hasProfile:
      (of("update-application-profile").length > 0 &&
        (spec.linux.devices ?? []).some(({ path }) => /^\/dev\/nvidia\d+$/.test(path))) ||
      inRoot.some((edit) => edit.kind === "file" && edit.path.includes("nvidia-application-profiles")),
    hooks: sortedSet(hooks.flatMap(({ stage, path }) => (isInjectorTool(path) ? [] : [`${stage} ${path}`]))),
    hasInjectorToCome: hooks.some(({ path }) => isInjector(path)),
  }
}
