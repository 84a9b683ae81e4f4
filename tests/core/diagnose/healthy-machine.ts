/** A simulated machine with a CDI specification that fits it, and what is seen of both when something is changed. */

import { buildRegistry } from "../../../src/core/cdi/registry/registry.ts"
import { defaultDirectories } from "../../../src/core/cdi/registry/spec-directories.ts"
import { renderSpec } from "../../../src/core/cdi/render-spec.ts"
import { type CdiSpec, type ContainerEdits, noEdits } from "../../../src/core/cdi/spec.ts"
import { type EngineUser, rootUser } from "../../../src/core/diagnose/access.ts"
import type { CdiSubject } from "../../../src/core/diagnose/cdi-subject.ts"
import { verifyCdi } from "../../../src/core/diagnose/verify-cdi.ts"
import type { Host } from "../../../src/core/host/host.ts"
import { viewRoot } from "../../../src/core/host/root-view.ts"
import type { NvmlReport } from "../../../src/core/inventory/nvml-report.ts"
import { observeEngines } from "../../../src/core/inventory/observe-engines.ts"
import { type HostSnapshot, observeSnapshot } from "../../../src/core/plan/snapshot.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { readCdiDirectories } from "../../../src/host/cdi/read-cdi-directories.ts"
import type { MemoryTree } from "../../../src/host/memory.ts"
import { createMemoryHost } from "../../../src/host/memory.ts"
import { createRecordingHost, recordHost } from "../../../src/host/recording.ts"
import type { SimulatedMigDevice } from "../../../src/host/simulate/mig-layout.ts"
import { memoryMachine } from "../../machine.ts"
import { bareNode } from "../cdi/read/bare-parts.ts"

export const specPath = "/etc/cdi/nvidia.yaml"
export const hookPath = "/usr/bin/nvidia-cdi-hook"

export interface MachineChange {
  /** What lies there instead; null: nothing. */
  readonly machine?: Readonly<Record<string, MemoryTree[string] | null>>
  /** Texts of the specification and what stands in their place; each must be there. */
  readonly spec?: readonly (readonly [from: string, to: string])[]
  readonly mig?: readonly SimulatedMigDevice[]
  readonly user?: EngineUser
  /** UID of who looks: root where it is not said. */
  readonly looker?: number
  readonly engines?: CdiSubject["engines"]
  readonly image?: MemoryTree
  /** As /proc/self/mountinfo has it. */
  readonly mountinfo?: string
  /** What NVML tells; without it there is none. */
  readonly nvml?: NvmlReport
  /** The machine is only a recording, made before anything was changed, and the file is named. */
  readonly isRecorded?: boolean
}

export const observe = (host: Host): HostSnapshot =>
  observeSnapshot(host, { driverRoot: "/", ldcache: "/etc/ld.so.cache" })

const edits = (some: Partial<ContainerEdits>): ContainerEdits => ({ ...noEdits, ...some })

/** As a generator of today would write it, without numbers. */
export function specFor({ inventory, driver }: HostSnapshot): CdiSpec {
  const device = (name: string, paths: readonly string[]): CdiSpec["devices"][number] => ({
    name,
    annotations: new Map(),
    containerEdits: edits({ deviceNodes: paths.map(bareNode) }),
  })
  const whole = inventory.gpus.filter(({ isMigEnabled }) => isMigEnabled?.value !== true)
  const libraries = driver?.libraries ?? []
  const mount = (path: string): ContainerEdits["mounts"][number] => ({
    hostPath: path,
    containerPath: path,
    type: "",
    options: ["ro", "nosuid", "nodev", "rbind", "rprivate"],
  })
  const hook = (...args: readonly string[]): ContainerEdits["hooks"][number] => ({
    hookName: "createContainer",
    path: hookPath,
    args: ["nvidia-cdi-hook", ...args],
    env: ["NVIDIA_CTK_DEBUG=false"],
    timeout: undefined,
  })
  return {
    cdiVersion: "0.5.0",
    kind: "nvidia.com/gpu",
    annotations: new Map(),
    devices: [
      ...whole.flatMap(({ index, node: own, uuid }) =>
        own === undefined ? [] : [device(String(index), [own.path]), device(uuid?.value ?? "", [own.path])],
      ),
      ...inventory.migDevices.map((one) =>
        device(`${one.gpuIndex}:${one.index}`, [
          inventory.gpus.find(({ index }) => index === one.gpuIndex)?.node?.path ?? "",
          one.gpuInstanceNode?.path ?? "",
          one.computeInstanceNode?.path ?? "",
        ]),
      ),
    ],
    containerEdits: edits({
      env: ["NVIDIA_VISIBLE_DEVICES=void"],
      deviceNodes: inventory.nodes.control.map(({ path }) => bareNode(path)),
      mounts: [...libraries.map(({ path }) => path), "/usr/bin/nvidia-smi"].map(mount),
      hooks: [
        hook("create-symlinks", "--link", "libcuda.so.1::/usr/lib/x86_64-linux-gnu/libcuda.so"),
        hook(
          "update-ldcache",
          "--folder",
          "/usr/lib/x86_64-linux-gnu",
          "--folder=/usr/lib/x86_64-linux-gnu/vdpau",
        ),
      ],
    }),
  }
}

interface Healthy {
  readonly tree: MemoryTree
  readonly text: string
}

const made = new Map<string, Healthy>()

function makeHealthy(mig: readonly SimulatedMigDevice[]): Healthy {
  let tree: MemoryTree = {}
  const host = memoryMachine({
    gpus: 2,
    shape: { migDevices: mig },
    change: (entries) => {
      entries[hookPath] = { kind: "file", content: "#!/bin/sh\n", mode: 0o755 }
      entries["/bin/sh"] = { kind: "file", content: "a program", mode: 0o755 }
      tree = entries
    },
  })
  return { tree, text: renderSpec(specFor(observe(host)), "yaml") }
}

/** By what a machine is: looking at it takes as long as verifying, and many rows change only the specification or who asks. */
const observed = new Map<string, HostSnapshot>()

function observeOnce(host: Host, { machine, mig, nvml }: MachineChange): HostSnapshot {
  const key = JSON.stringify([machine, mig, nvml])
  const snapshot = observed.get(key) ?? observe(host)
  observed.set(key, snapshot)
  return snapshot
}

const fileOf = (content: string): MemoryTree[string] => ({ kind: "file", content, mode: 0o644 })

/** The specification is of the machine before the change. */
export function subjectOf(change: MachineChange): CdiSubject {
  const { mig = [] } = change
  const key = JSON.stringify(mig)
  const healthy = made.get(key) ?? makeHealthy(mig)
  made.set(key, healthy)
  const tree = { ...healthy.tree }
  let { text } = healthy
  for (const [from, to] of change.spec ?? []) {
    if (!text.includes(from)) throw new Error(`the specification has no ${JSON.stringify(from)}:\n${text}`)
    text = text.replaceAll(from, to)
  }
  tree[specPath] = fileOf(text)
  for (const [path, entry] of Object.entries(change.machine ?? {})) {
    if (entry !== null) tree[path] = entry
    else {
      if (tree[path] === undefined) throw new Error(`the machine has no ${path}`)
      delete tree[path]
    }
  }
  const host = createMemoryHost(tree, "test machine", change.nvml)
  if (change.isRecorded !== true) return subjectOn(host, change, observeOnce(host, change))
  const recorder = recordHost(createMemoryHost({ ...healthy.tree, [specPath]: fileOf(healthy.text) }))
  verifyCdi(subjectOn(recorder.host))
  const recorded = subjectOn(createRecordingHost(recorder.recording(), "recorded machine"), change)
  return { ...recorded, registry: subjectOn(host).registry, areNamed: true }
}

export const subjectOn = (
  host: Host,
  { engines, user, looker = 0, image, mountinfo }: MachineChange = {},
  snapshot = observe(host),
): CdiSubject => ({
  host,
  view: viewRoot(host, hostPath("/")),
  snapshot,
  registry: buildRegistry(readCdiDirectories(host, defaultDirectories)),
  directories: defaultDirectories,
  areNamed: false,
  placed: undefined,
  looker,
  unrecorded: new Set(),
  mountinfo,
  engines: engines ?? observeEngines(host),
  user: user ?? rootUser,
  image: image && viewRoot(createMemoryHost(image, "image"), hostPath("/")),
})
