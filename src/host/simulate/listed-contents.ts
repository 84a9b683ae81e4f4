/**
 * What stands in the files of a listed machine. A listing tells sizes, not contents: these are made from what the rest of it shows
 * (links, numbers, names), and fit the size exactly.
 */

import { renderElf } from "../../core/elf/render-elf.ts"
import { flagsOf, type LdcacheEntry } from "../../core/ldcache/ldcache.ts"
import { renderLdcache } from "../../core/ldcache/render-ldcache.ts"
import { baseName, parentPath } from "../../core/text/path.ts"
import { encodeUtf8 } from "../../core/text/utf8.ts"
import { simulatedLibraries } from "./libraries.ts"
import type { ListedEntry } from "./listing.ts"
import { capabilityText, migMinorsText, type SimulatedMigDevice } from "./mig-layout.ts"
import type { GpuModel } from "./models.ts"
import { nvidiaSmi } from "./nvidia-smi.ts"
import { devicesText, informationLines, type ProcGpu, paramsText, versionText } from "./proc-texts.ts"
import { tegraText } from "./tegra-texts.ts"

export interface ListedMachine {
  readonly entries: readonly ListedEntry[]
  readonly model: GpuModel
  readonly driverVersion: string
  /** Order: by PCI address. */
  readonly gpus: readonly ProcGpu[]
  readonly migDevices: readonly SimulatedMigDevice[]
}

type ListedFile = Extract<ListedEntry, { readonly kind: "file" }>

/** Never longer than the size; what it is shorter by is filled by `fill`. */
export function contentOf(file: ListedFile, machine: ListedMachine): Uint8Array {
  const { path, sizeBytes } = file
  if (isLibrary(path)) {
    const elf = libraryOf(path, machine)
    return elf.length <= sizeBytes ? elf : encodeUtf8("")
  }
  if (path === "/etc/ld.so.cache") return cacheOf(machine, sizeBytes)
  const text = textOf(path, machine, sizeBytes)
  const bytes = encodeUtf8(text)
  return bytes.length <= sizeBytes ? bytes : bytes.subarray(0, sizeBytes)
}

/** Text is filled with line breaks, so that it stays text; what is large or no text ends in a hole. */
export function fill(path: string, content: Uint8Array, sizeBytes: number): Uint8Array {
  if (content.length >= sizeBytes || sizeBytes > 64 * 1024 || isLibrary(path) || isBinary(path))
    return content
  const filled = new Uint8Array(sizeBytes).fill(10)
  filled.set(content)
  return filled
}

const isLibrary = (path: string): boolean => /\.so(\.[\d.]+)?$/.test(path) && !path.startsWith("/etc/")
const isBinary = (path: string): boolean => /\.(bin|fw)$|\/config$|ld\.so\.cache$/.test(path)

function libraryOf(path: string, { entries, driverVersion }: ListedMachine): Uint8Array {
  const name = baseName(path)
  const stem = name.replace(/\.so.*$/, "")
  const soname = sonameOf(path, entries)
  const there = new Set(entries.map((entry) => baseName(entry.path)))
  const known = simulatedLibraries.findIndex((one) => one.stem === stem)
  const needed = (simulatedLibraries[known]?.needed ?? [])
    .map((one) => `${one}.so.${driverVersion}`)
    .filter((one) => name.endsWith(driverVersion) && there.has(one))
  return renderElf({
    machine: path.includes("aarch64") ? "aarch64" : "x86-64",
    soname,
    needed,
    symbol: `gantry_${stem.replaceAll(/[^A-Za-z0-9_]/g, "_")}`,
    answer: 1000 + Math.max(known, 0),
  })
}

/** The link beside it that ends in one number is what programs ask for. */
function sonameOf(path: string, entries: readonly ListedEntry[]): string {
  const beside = entries.filter(
    (entry) =>
      entry.kind === "link" && entry.target === baseName(path) && parentPath(entry.path) === parentPath(path),
  )
  return beside.map((entry) => baseName(entry.path)).find((name) => /\.so\.\d+$/.test(name)) ?? baseName(path)
}

/** The directories of the listing that have libraries, in the order of the loader's configuration as far as the size allows. */
function cacheOf({ entries }: ListedMachine, sizeBytes: number): Uint8Array {
  const cached: LdcacheEntry[] = entries.flatMap((entry): readonly LdcacheEntry[] => {
    const isCached =
      (entry.kind === "file" || entry.kind === "link") &&
      /^\/usr\/lib(64)?(\/[^/]*linux-gnu)?(\/nvidia\/current)?\/lib[^/]*\.so(\.[\d.]+)?$/.test(entry.path) &&
      (entry.kind === "link" || sonameOf(entry.path, entries) === baseName(entry.path))
    const machine = entry.path.includes("aarch64") ? "aarch64" : "x86-64"
    return isCached
      ? [{ soname: baseName(entry.path), path: entry.path, flags: flagsOf[machine], osVersion: 0, hwcap: 0n }]
      : []
  })
  for (;;) {
    const bytes = renderLdcache({ entries: cached, hwcapNames: [], extensions: [] })
    if (bytes.length <= sizeBytes || cached.length === 0)
      return bytes.length <= sizeBytes ? bytes : encodeUtf8("")
    cached.pop()
  }
}

/** Lines as long as there is room; a line is whole or not there. */
function linesThatFit(lines: readonly string[], sizeBytes: number): string {
  let text = ""
  for (const line of lines) if (text.length + line.length + 1 <= sizeBytes) text += `${line}\n`
  return text
}

function textOf(path: string, machine: ListedMachine, sizeBytes: number): string {
  const { entries, driverVersion, gpus, model, migDevices } = machine
  const nodes = entries.filter((entry) => entry.kind === "char")
  const gpu = gpus.find(({ pciAddress }) => path.includes(`/${pciAddress}/`))
  const library = (name: string): string =>
    JSON.stringify({ file_format_version: "1.0.0", ICD: { library_path: name } })
  const fixed: Readonly<Record<string, () => string>> = {
    "/proc/driver/nvidia/version": () => versionText(driverVersion),
    "/proc/driver/nvidia/params": () => paramsText,
    "/proc/driver/nvidia/registry": () => 'Binary: ""\n',
    "/proc/driver/nvidia-caps/mig-minors": () => migMinorsText(migDevices),
    "/proc/driver/nvidia/capabilities/mig/config": () => capabilityText({ minor: 1, mode: 0o400 }),
    "/proc/driver/nvidia/capabilities/mig/monitor": () => capabilityText({ minor: 2, mode: 0o444 }),
    "/proc/devices": () => devicesText(nodes),
    "/sys/module/nvidia/version": () => `${driverVersion}\n`,
    "/sys/module/firmware_class/parameters/path": () => "",
    "/etc/ld.so.conf": () => "include /etc/ld.so.conf.d/*.conf\n",
    "/etc/ld.so.conf.d/x86_64-linux-gnu.conf": () => "/usr/lib/x86_64-linux-gnu\n",
    "/etc/ld.so.conf.d/nvidia.conf": () => `${driverDirectory(entries)}\n`,
    "/etc/OpenCL/vendors/nvidia.icd": () => "libnvidia-opencl.so.1\n",
    "/etc/cufile.json": () => "{}\n",
    "/usr/bin/nvidia-smi": () => `${nvidiaSmi({ product: model.product, driverVersion, gpus })}exit 0\n`,
    "/usr/share/glvnd/egl_vendor.d/10_nvidia.json": () =>
      sizeBytes < 40 ? "{}\n" : library("libEGL_nvidia.so.0"),
    "/usr/share/egl/egl_external_platform.d/10_nvidia_wayland.json": () =>
      library("libnvidia-egl-wayland.so.1"),
    "/usr/share/egl/egl_external_platform.d/15_nvidia_gbm.json": () => library("libnvidia-egl-gbm.so.1"),
    "/usr/share/vulkan/icd.d/nvidia_icd.json": () => library("libGLX_nvidia.so.0"),
    "/usr/share/vulkan/implicit_layer.d/nvidia_layers.json": () =>
      JSON.stringify({
        file_format_version: "1.0.0",
        layer: { name: "VK_LAYER_NV_optimus", type: "INSTANCE" },
      }),
  }
  const found = Object.hasOwn(fixed, path) ? fixed[path] : undefined
  if (found !== undefined) return found()
  const tegra = tegraText(path, entries, sizeBytes)
  if (tegra !== undefined) return tegra
  if (path.endsWith("/information") && gpu !== undefined)
    return linesThatFit(informationLines(gpu), sizeBytes)
  if (path.startsWith("/sys/devices/pci")) return sysText(baseName(path), model)
  if (path.startsWith("/usr/bin/") || path.startsWith("/usr/sbin/"))
    return sizeBytes < 80
      ? "#!/bin/sh\n"
      : `#!/bin/sh\necho "${baseName(path)}: simulated driver ${driverVersion}"\nexit 0\n`
  return sizeBytes < 4 ? "{}\n" : "simulated\n"
}

function sysText(name: string, model: GpuModel): string {
  const texts: Readonly<Record<string, string>> = {
    vendor: "0x10de\n",
    device: `0x${model.pciDevice}\n`,
    class: "0x030200\n",
    subsystem_vendor: "0x10de",
    subsystem_device: "0x1463",
    numa_node: "0\n",
    enable: "1\n",
    resource: "0x0000000000000000 0x0000000000000000 0x0000000000000000\n".repeat(13),
  }
  return texts[name] ?? ""
}

const driverDirectory = (entries: readonly ListedEntry[]): string =>
  parentPath(
    entries.find(({ path }) => /\/libcuda\.so\.1$/.test(path))?.path ?? "/usr/lib/x86_64-linux-gnu/x",
  )
