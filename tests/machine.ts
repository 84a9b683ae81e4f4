/** Simulated machines in memory, and the judgement of a container on them: what goldens and plans are tested with. */

import { ok } from "../src/core/fault/result.ts"
import type { Host } from "../src/core/host/host.ts"
import type { NvmlGpu, NvmlReport } from "../src/core/inventory/nvml-report.ts"
import { type ContainerLayout, unseenLayout } from "../src/core/plan/container-layout.ts"
import { type Decision, decide } from "../src/core/plan/decide.ts"
import type { Plan } from "../src/core/plan/plan.ts"
import { planContainer } from "../src/core/plan/plan-container.ts"
import { planDelegate } from "../src/core/plan/plan-delegate.ts"
import { plannerOf } from "../src/core/plan/planner-of.ts"
import { type HostSnapshot, observeSnapshot } from "../src/core/plan/snapshot.ts"
import type { InjectionMode } from "../src/core/request/injection-mode.ts"
import { parseConfig } from "../src/core/request/parse-config.ts"
import { createMemoryHost, type MemoryTree } from "../src/host/memory.ts"
import { describeMachine, type MachineShape } from "../src/host/simulate/machine.ts"
import { findModel } from "../src/host/simulate/models.ts"
import { uuidFor } from "../src/host/simulate/write-machine.ts"

export interface MachineOptions {
  readonly gpus: number
  readonly model?: string
  readonly driverVersion?: string
  /** What else is simulated: MIG devices, IMEX channels, 32-bit libraries. */
  readonly shape?: Partial<MachineShape>
  /** Paths to leave out or to put in place of the simulated ones. */
  readonly change?: (tree: Record<string, MemoryTree[string]>) => void
  /** What NVML tells; without it there is none. */
  readonly nvml?: NvmlReport
}

export function memoryMachine({
  gpus,
  model = "a100",
  driverVersion = "550.163.01",
  shape,
  change,
  nvml,
}: MachineOptions): Host {
  const found = findModel(model)
  if (found === undefined) throw new Error(model)
  const tree: Record<string, MemoryTree[string]> = {}
  for (const made of describeMachine({ model: found, gpus, driverVersion, uuidFor, ...shape })) {
    if (made.kind === "file") tree[made.path] = { kind: "file", content: made.content, mode: made.mode }
    else if (made.kind === "symlink") tree[made.path] = { kind: "symlink", target: made.target }
    else if (made.kind === "node") tree[made.path] = { ...made, kind: "character" }
    else tree[made.path] = { kind: made.kind, mode: made.mode }
  }
  change?.(tree)
  return createMemoryHost(tree, "test machine", nvml)
}

/** Of GPUs by their order; what is not named is not told. */
export const nvmlReport = (gpus: readonly Partial<NvmlGpu>[], cudaVersion = "12.6"): NvmlReport => ({
  version: 1,
  library: "/usr/lib/libnvidia-ml.so.1",
  driverVersion: "540.4.0",
  cudaVersion,
  missingSymbols: [],
  gpus: gpus.map((gpu, index) => ({
    index,
    name: undefined,
    pciAddress: undefined,
    minor: undefined,
    uuid: undefined,
    brand: undefined,
    computeCapability: undefined,
    isMigEnabled: undefined,
    migDevices: [],
    problem: undefined,
    ...gpu,
  })),
})

export const orin = { name: "Orin (nvgpu)", uuid: "ddc0e9b2-5b1c-5a1c-8b1e-0123456789ab" }

/** The first GPU becomes a board's own, of which no file tells, as an Orin's. */
export function makeFirstUnlisted(tree: Record<string, MemoryTree[string]>): void {
  const address = Object.keys(tree)
    .flatMap((path) => /^\/proc\/driver\/nvidia\/gpus\/([^/]+)\//.exec(path)?.[1] ?? [])
    .sort()[0]
  for (const path of Object.keys(tree)) if (path.includes(`/${address}`)) delete tree[path]
}

/** The first GPU becomes a board's own, as the driver shows a Thor's. */
export function makeFirstIntegrated(tree: Record<string, MemoryTree[string]>): void {
  const places = Object.keys(tree).filter((path) =>
    /^\/proc\/driver\/nvidia\/gpus\/.*\/information$/.test(path),
  )
  const place = places.sort()[0] ?? ""
  const known = tree[place]
  if (known?.kind !== "file") throw new Error("no GPU")
  const text = typeof known.content === "string" ? known.content : new TextDecoder().decode(known.content)
  tree[place] = { kind: "file", content: text.replace(/^Model:.*$/m, "Model: \t\t NVIDIA Thor") }
}

export interface ContainerOptions {
  readonly env: readonly string[]
  readonly config?: string
  readonly mounts?: readonly object[]
  readonly isPrivileged?: boolean
  readonly layout?: Partial<ContainerLayout>
  readonly mode?: InjectionMode
  readonly driverRoot?: string
}

export function judge({
  env,
  config = "",
  mounts = [],
  isPrivileged = false,
  mode = "legacy",
}: ContainerOptions): Decision {
  const bounding = isPrivileged ? ["CAP_SYS_ADMIN"] : ["CAP_CHOWN"]
  return decide({
    mode,
    readConfig: () => parseConfig(config, undefined),
    readState: () => ok('{"pid": 42, "bundle": "/bundle"}'),
    readSpec: () =>
      ok(
        JSON.stringify({
          ociVersion: "1.0.2",
          process: { env, capabilities: { bounding } },
          root: { path: "rootfs" },
          mounts,
        }),
      ),
    injector: undefined,
    isTegra: () => false,
  })
}

export const planFor = (host: Host, options: ContainerOptions, injector?: "native" | "delegate"): Plan =>
  planOn(
    () => observeSnapshot(host, { driverRoot: options.driverRoot ?? "/", ldcache: "/etc/ld.so.cache" }),
    options,
    injector,
  )

export function planOn(
  observe: () => HostSnapshot,
  options: ContainerOptions,
  injector?: "native" | "delegate",
): Plan {
  return planContainer(judge(options), {
    injector,
    planMachine: plannerOf(options.mode ?? "legacy"),
    planDelegate: (gpu) =>
      planDelegate({
        ...gpu,
        isDebug: false,
        workingDirectory: "/bundle",
        environment: ["PATH=/usr/bin"],
        machine: {
          isExecutable: (path) => path === "/usr/bin/nvidia-container-cli",
          exists: () => false,
          isSuse: () => false,
        },
      }),
    observe: () => ok(observe()),
    observeLayout: () => ({ ...unseenLayout, isDebian: true, ...options.layout }),
  })
}
