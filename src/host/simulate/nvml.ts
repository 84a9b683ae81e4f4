/**
 * Builds the stand-in for NVML of a simulated machine with the host's C compiler and puts it in the library's place, so that code
 * that asks NVML runs for real. Without a compiler the library stays a stub that answers nothing, and the command says so.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseElf } from "../../core/elf/parse-elf.ts"
import { cudaVersionOf } from "../../core/inventory/driver-branch.ts"
import { baseName } from "../../core/text/path.ts"
import { decodeUtf8 } from "../../core/text/utf8.ts"
import type { DefectiveMachine } from "./defective-machine.ts"
import type { Made } from "./made.ts"
import type { SimulatedMigDevice } from "./mig-layout.ts"
import { migProfileOf } from "./mig-profile.ts"
import type { GpuModel } from "./models.ts"
import { macrosOf, type NvmlBehaviour } from "./nvml-behaviour.ts"
import source from "./nvml-stand-in.c" with { type: "text" }
import type { ProcGpu } from "./proc-texts.ts"
import { uuidFor } from "./write-machine.ts"

export interface NvmlDescription {
  readonly model: GpuModel
  readonly driverVersion: string
  readonly gpus: readonly ProcGpu[]
  readonly migDevices: readonly SimulatedMigDevice[]
}

/** `state`: `built`, or why the library is only a stub. */
export function standInForNvml(
  machine: DefectiveMachine,
  description: NvmlDescription,
): { readonly made: readonly Made[]; readonly state: string } {
  const stub = machine.made.find(
    (one) =>
      one.kind === "file" && /^libnvidia-ml\.so\.\d+\.[\d.]+$/.test(baseName(one.path)) && !is32Bit(one.path),
  )
  if (stub?.kind !== "file") return { made: machine.made, state: "this machine has no libnvidia-ml" }
  const elf = parseElf(stub.content)
  if (!elf.ok) return { made: machine.made, state: "left out, it is not a library" }
  if (elf.value.machine !== builtFor)
    return { made: machine.made, state: `skipped, a library for ${elf.value.machine} cannot be asked here` }
  const compiler = Bun.which("cc") ?? Bun.which("gcc")
  if (compiler === null) return { made: machine.made, state: "skipped, no C compiler" }
  const built = compile(compiler, tables(description, machine), machine.nvml)
  if (typeof built === "string") return { made: machine.made, state: `skipped, ${built}` }
  if (stub.sizeBytes !== undefined && built.length > stub.sizeBytes)
    return { made: machine.made, state: "skipped, it is larger than the listed library" }
  return {
    made: machine.made.map((one) => (one === stub ? { ...stub, content: built } : one)),
    state: "built",
  }
}

const is32Bit = (path: string): boolean => /\/i[36]86-linux-gnu\/|\/lib32\//.test(path)
const builtFor = process.arch === "arm64" ? "aarch64" : "x86-64"

const quoted = (text: string): string => `"${text.replaceAll(/[^\x20-\x7e]|[\\"]/g, "_")}"`

/** NVML's numbers. */
const brandNumbers: Readonly<Record<GpuModel["brand"], number>> = { Tesla: 2, GeForce: 5, NVIDIA: 14 }
/** NVML's numbers, by compute capability: the last that is not above. Volta to Blackwell. */
const architectureNumbers = [
  [7.0, 5],
  [7.5, 6],
  [8.0, 7],
  [8.9, 8],
  [9.0, 9],
  [10.0, 10],
] as const

/**
 * Those that the driver drives: NVML numbers them, and passes over those that are excluded or cannot be read, as their files say.
 * Order: by PCI address.
 */
function drivenGpus(made: readonly Made[], gpus: readonly ProcGpu[]): readonly ProcGpu[] {
  const texts = new Map(
    made.flatMap((one) => (one.kind === "file" ? [[one.path, () => decodeUtf8(one.content)] as const] : [])),
  )
  return gpus.filter(({ pciAddress }) => {
    const text = texts.get(`/proc/driver/nvidia/gpus/${pciAddress}/information`)?.() ?? ""
    return /^Device Minor:\s*\d/m.test(text) && !/^GPU Excluded:\s*Yes/m.test(text)
  })
}

function tables(
  { model, driverVersion, gpus, migDevices }: NvmlDescription,
  { made, nvml }: DefectiveMachine,
): string {
  const [major = "0", minor = "0"] = model.computeCapability.split(".")
  const architecture = architectureNumbers.findLast(([from]) => from <= Number(model.computeCapability))?.[1]
  const driven = drivenGpus(made, gpus)
  const rows = driven.map(({ index, minor: number, pciAddress, uuid }) => {
    const [domain, bus, device] = pciAddress.split(/[:.]/).map((part) => `0x${part}`)
    const cut = migDevices.filter(({ gpu }) => gpu === index).length
    const mode = cut > 0 ? 1 : model.migSlices > 0 ? 0 : 2
    // What was ordered is there, whether the model can be cut so or not.
    const slots = Math.max(model.migSlices, cut === 0 ? 0 : cut + 1)
    const fields = [
      ...[domain, bus, device, `0x${model.pciDevice}10de`, number, brandNumbers[model.brand], architecture],
      ...[Number(model.isCoherent), Number(nvml.lost.includes(index))],
      ...[mode, nvml.migEnding.includes(index) ? 0 : mode, slots, major, minor],
      ...[`${model.memoryMib}ull << 20`, quoted(uuid), quoted(model.product)],
    ]
    return `{${fields.join(", ")}}`
  })
  const migRows = driven.flatMap(({ index }, row) => {
    const own = migDevices.filter(({ gpu }) => gpu === index)
    return own.map(({ gpu, gpuInstance, computeInstance, profile }, place) => {
      const { number, computeSlices, memoryMib } = migProfileOf(profile, model)
      const uuid = `MIG-${uuidFor(`${model.name}-${gpu}-${gpuInstance}-${computeInstance}`)}`
      // With a gap the second slot is empty.
      const slot = place + (nvml.gaps.includes(index) && place > 0 ? 1 : 0)
      const fields = [row, slot, gpuInstance, computeInstance, number, computeSlices, `${memoryMib}ull`]
      return `{${[...fields, quoted(uuid), quoted(`${model.product} MIG ${profile}`)].join(", ")}}`
    })
  })
  const [cudaMajor = "0", cudaMinor = "0"] = (cudaVersionOf(driverVersion) ?? "0.0").split(".")
  return [
    // An array may not be empty in C.
    `#define GANTRY_GPUS ${rows.length === 0 ? "{0}" : rows.join(", ")}`,
    `#define GANTRY_MIGS ${migRows.length === 0 ? "{0}" : migRows.join(", ")}`,
    `#define GANTRY_GPU_COUNT ${rows.length}u`,
    `#define GANTRY_MIG_COUNT ${migRows.length}u`,
    `#define GANTRY_DRIVER ${quoted(driverVersion)}`,
    `#define GANTRY_CUDA ${Number(cudaMajor) * 1000 + Number(cudaMinor) * 10}`,
    "",
  ].join("\n")
}

/** The shared object, or why there is none. */
function compile(compiler: string, facts: string, behaviour: NvmlBehaviour): Uint8Array | string {
  const work = mkdtempSync(join(tmpdir(), "gantry-nvml-"))
  try {
    const file = join(work, "nvml.c")
    const script = join(work, "symbols")
    const output = join(work, "nvml.so")
    writeFileSync(file, `${facts}${source}`)
    writeFileSync(
      script,
      `{ global: nvml*; local: ${[...behaviour.missing, "*"].map((name) => `${name};`).join(" ")} };\n`,
    )
    const flags = ["-shared", "-fPIC", "-Os", "-fno-stack-protector", "-fno-builtin", "-nostdlib", "-s"]
    const link = [
      "-Wl,-soname,libnvidia-ml.so.1",
      "-Wl,--build-id=none",
      "-Wl,-z,noseparate-code",
      `-Wl,--version-script=${script}`,
    ]
    const ran = Bun.spawnSync([compiler, ...flags, ...macrosOf(behaviour), ...link, "-o", output, file], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
      timeout: 60_000,
    })
    if (ran.exitCode !== 0)
      return `the C compiler says: ${new TextDecoder().decode(ran.stderr).split("\n")[0] ?? ""}`
    return new Uint8Array(readFileSync(output))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
