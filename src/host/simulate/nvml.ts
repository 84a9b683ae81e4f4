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
import type { DefectiveMachine } from "./defective-machine.ts"
import type { Made } from "./made.ts"
import type { SimulatedMigDevice } from "./mig-layout.ts"
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
  if (!elf.ok) return { made: machine.made, state: "left out, the library is no library" }
  if (elf.value.machine !== builtFor)
    return { made: machine.made, state: `skipped, a library for ${elf.value.machine} cannot be asked here` }
  const compiler = Bun.which("cc") ?? Bun.which("gcc")
  if (compiler === null) return { made: machine.made, state: "skipped, no C compiler" }
  const built = compile(compiler, description, machine.nvml)
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

function tables({ model, driverVersion, gpus, migDevices }: NvmlDescription): string {
  const [major = "0", minor = "0"] = model.computeCapability.split(".")
  const brand = model.product.includes("GeForce") ? 5 : model.product.startsWith("Tesla") ? 2 : 14
  const isMigCapable =
    Number(major) >= 8 && model.computeCapability !== "8.6" && model.computeCapability !== "8.9"
  const rows = gpus.map(({ index, minor: number, pciAddress, uuid }) => {
    const [domain, bus, device] = pciAddress.split(/[:.]/).map((part) => `0x${part}`)
    const mode = migDevices.some(({ gpu }) => gpu === index) ? 1 : isMigCapable ? 0 : 2
    return `{${domain}, ${bus}, ${device}, 0x${model.pciDevice}10de, ${number}, ${brand}, ${mode}, ${major}, ${minor}, ${40n << 30n}ull, ${quoted(uuid)}, ${quoted(model.product)}}`
  })
  const migRows = migDevices.map(({ gpu, gpuInstance, computeInstance, profile }) => {
    const [, compute, slices = "1", gib = "5"] = /^(?:(\d+)c\.)?(\d+)g\.(\d+)gb/.exec(profile) ?? []
    const uuid = `MIG-${uuidFor(`${model.name}-${gpu}-${gpuInstance}-${computeInstance}`)}`
    return `{${gpu}, ${gpuInstance}, ${computeInstance}, ${slices}, ${compute ?? slices}, ${Number(gib) * 1024 - 128}, ${quoted(uuid)}, ${quoted(`${model.product} MIG ${profile}`)}}`
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
function compile(
  compiler: string,
  description: NvmlDescription,
  behaviour: NvmlBehaviour,
): Uint8Array | string {
  const work = mkdtempSync(join(tmpdir(), "gantry-nvml-"))
  try {
    const file = join(work, "nvml.c")
    const script = join(work, "symbols")
    const output = join(work, "nvml.so")
    writeFileSync(file, `${tables(description)}${source}`)
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
