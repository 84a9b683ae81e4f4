/** One recorded run of `nvidia-ctk cdi generate`: machine, command line, what it printed; and what a specification gives each device. */

import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { parseSpec } from "../../src/core/cdi/read/parse-spec.ts"
import type { CdiSpec, ContainerEdits, Hook } from "../../src/core/cdi/spec.ts"
import type { Sourced } from "../../src/core/inventory/inventory.ts"
import type { HostSnapshot } from "../../src/core/plan/snapshot.ts"
import { encodeUtf8 } from "../../src/core/text/utf8.ts"
import { sortedSet } from "./runtime-edit.ts"

export interface CdiGenerateVector {
  readonly name: string
  /** A folder of hosts/; `NAME × 64`: with its GPU so many times. */
  readonly host: string
  /** `mock`: NVIDIA's, with names and an order of its own. `stand-in`: the simulated machine's. */
  readonly nvml: "mock" | "stand-in"
  /** Behind `nvidia-ctk cdi generate`. */
  readonly args: readonly string[]
  readonly exit: number
  /** The last error that was logged. */
  readonly stderr: string
  readonly stdout: string
}

/** What a container ends up with that asks for one device. Lists are sets: sorted, each once. */
export interface Given {
  readonly nodes: readonly string[]
  readonly mounts: readonly string[]
  readonly env: readonly string[]
  readonly groups: readonly string[]
  readonly links: readonly string[]
  readonly loaderFolders: readonly string[]
  /** Other hooks with their flags. */
  readonly hooks: readonly string[]
  /** Which programs serve hooks, when and how they are called. */
  readonly programs: readonly string[]
}

export interface Described {
  readonly version: string
  readonly kind: string
  readonly devices: Readonly<Record<string, Given>>
}

export function readCdiGenerate(): readonly CdiGenerateVector[] {
  const bytes = readFileSync(join(import.meta.dir, "cdi-generate.jsonl.gz"))
  return gunzipSync(bytes)
    .toString()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as CdiGenerateVector)
}

/** A text may hold several specifications. */
export const parseSpecs = (text: string): readonly CdiSpec[] =>
  text
    .split(/^---\n/m)
    .filter((part) => part.trim() !== "")
    .map((part) => {
      const parsed = parseSpec({ path: "recorded", bytes: encodeUtf8(part) })
      if (!parsed.ok) throw new Error(parsed.fault.map(({ tag }) => tag).join(", "))
      return parsed.value.spec
    })

export const describeSpec = (spec: CdiSpec): Described => ({
  version: spec.cdiVersion,
  kind: spec.kind,
  devices: Object.fromEntries(
    spec.devices.map(({ name, containerEdits }) => [name, readGiven([spec.containerEdits, containerEdits])]),
  ),
})

function readGiven(edits: readonly ContainerEdits[]): Given {
  const hooks = edits.flatMap((one) => one.hooks)
  // `nvidia-ctk hook …` and `nvidia-cdi-hook …`.
  const called = hooks.map(({ args }) => args.slice(args[1] === "hook" ? 2 : 1))
  const flagsOf = (name: string, flag: string): readonly string[] =>
    called.flatMap(([own, ...rest]) =>
      own === name ? rest.filter((_, index) => rest[index - 1] === flag) : [],
    )
  return {
    nodes: sortedSet(
      edits.flatMap((one) =>
        one.deviceNodes.map(
          ({ path, hostPath, major, minor, fileMode, permissions, uid, gid }) =>
            `${path} < ${hostPath || path} ${major}:${minor} ${fileMode?.toString(8)} ${permissions} ${uid}:${gid}`,
        ),
      ),
    ),
    mounts: sortedSet(
      edits.flatMap((one) =>
        one.mounts.map(
          ({ hostPath, containerPath, options }) =>
            `${hostPath} -> ${containerPath} (${sortedSet(options).join(",")})`,
        ),
      ),
    ),
    env: sortedSet(edits.flatMap((one) => one.env)),
    groups: sortedSet(edits.flatMap((one) => one.additionalGids.map(String))),
    links: sortedSet(
      flagsOf("create-symlinks", "--link").map((link) => {
        const [target = "", path = ""] = link.split("::")
        return `${path} -> ${target}`
      }),
    ),
    loaderFolders: sortedSet(flagsOf("update-ldcache", "--folder")),
    hooks: sortedSet(
      called.flatMap(([name = "", ...flags]) => {
        if (name === "create-symlinks") return []
        return [[name, ...(name === "update-ldcache" ? [] : flags)].join(" ")]
      }),
    ),
    programs: sortedSet(hooks.map(programOf)),
  }
}

const programOf = ({ hookName, path, args, env }: Hook): string =>
  `${hookName} ${path} ${args[0]} ${args[1] === "hook" ? "hook " : ""}${env.join(" ")}`

/** How the machine's NVML counted and named its GPUs when the reference asked it, by node; a listing does not say it. */
export interface ToldNames {
  readonly indexes: ReadonlyMap<string, number>
  readonly uuids: ReadonlyMap<string, string>
}

/** Out of specifications that have every device under two names. */
export function readToldNames(vectors: readonly CdiGenerateVector[], host: string): ToldNames {
  const indexes = new Map<string, number>()
  const uuids = new Map<string, string>()
  for (const { stdout } of vectors.filter(
    (one) => one.host === host && one.nvml === "mock" && one.exit === 0,
  ))
    for (const { devices } of stdout.startsWith("{") ? [] : parseSpecs(stdout))
      for (const { name, containerEdits } of devices) {
        const paths = containerEdits.deviceNodes.map(({ path }) => path)
        const nodes = paths
          .filter((path) => /\/nvidia(\d+|-cap\d+)$/.test(path))
          .toSorted()
          .join(" ")
        if (/^\d+$/.test(name)) indexes.set(nodes, Number(name))
        else if (/^(GPU|MIG)-/.test(name)) uuids.set(nodes, name)
      }
  return { indexes, uuids }
}

/** The same machine, counted and named so. */
export function relabelAsTold(snapshot: HostSnapshot, { indexes, uuids }: ToldNames): HostSnapshot {
  const uuidOf = (nodes: string): Sourced<string> | undefined => {
    const value = uuids.get(nodes)
    return value === undefined ? undefined : { value, source: "NVML" }
  }
  return {
    ...snapshot,
    inventory: {
      ...snapshot.inventory,
      gpus: snapshot.inventory.gpus.map((gpu) => ({
        ...gpu,
        index: indexes.get(gpu.node?.path ?? "") ?? gpu.index,
        uuid: uuidOf(gpu.node?.path ?? "") ?? gpu.uuid,
      })),
      migDevices: snapshot.inventory.migDevices.map((device) => {
        const gpu = snapshot.inventory.gpus.find(({ index }) => index === device.gpuIndex)
        const nodes = [gpu?.node, device.gpuInstanceNode, device.computeInstanceNode].map(
          (node) => node?.path,
        )
        return { ...device, uuid: uuidOf(nodes.toSorted().join(" ")) ?? device.uuid }
      }),
    },
  }
}
