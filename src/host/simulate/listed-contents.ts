/**
 * What stands in the files of a listed machine. A listing tells sizes, not contents: these are made from what the rest of it shows
 * (links, numbers, names), and fit the size exactly.
 */

import { baseName, parentPath } from "../../core/text/path.ts"
import { encodeUtf8 } from "../../core/text/utf8.ts"
import { indexListing, type ListedIndex, type ListedMachine } from "./listed-index.ts"
import { cacheOf, libraryOf } from "./listed-libraries.ts"
import type { ListedEntry } from "./listing.ts"
import type { Made } from "./made.ts"
import { capabilityFile, capabilityText, migMinorsText } from "./mig-layout.ts"
import type { GpuModel } from "./models.ts"
import { nvidiaSmi } from "./nvidia-smi.ts"
import { devicesText, informationLines, paramsText, versionText } from "./proc-texts.ts"
import { tegraText } from "./tegra-texts.ts"

type ListedFile = Extract<ListedEntry, { readonly kind: "file" }>
type Content = Pick<Extract<Made, { readonly kind: "file" }>, "content" | "isPadded">

/** Larger text is no text of a driver's. Units: bytes. */
const paddingLimit = 64 * 1024

/** Never longer than the size. Text is padded with line breaks, so that it stays text; what is large or no text ends in a hole. */
export function listedContents(machine: ListedMachine): (file: ListedFile) => Content {
  const index = indexListing(machine)
  return (file) => {
    const { path, sizeBytes } = file
    const content = contentOf(file, machine, index)
    const isPadded =
      content.length < sizeBytes && sizeBytes <= paddingLimit && !isLibrary(path) && !isBinary(path)
    return isPadded ? { content, isPadded } : { content }
  }
}

function contentOf({ path, sizeBytes }: ListedFile, machine: ListedMachine, index: ListedIndex): Uint8Array {
  if (isLibrary(path)) {
    const elf = libraryOf(path, machine, index)
    return elf.length <= sizeBytes ? elf : encodeUtf8("")
  }
  const cachedRoot = /^(.*)\/etc\/ld\.so\.cache$/.exec(path)?.[1]
  if (cachedRoot !== undefined) return cacheOf(machine, index, { root: cachedRoot, sizeBytes })
  const bytes = encodeUtf8(textOf(path, machine, index, sizeBytes))
  return bytes.length <= sizeBytes ? bytes : bytes.subarray(0, sizeBytes)
}

const isLibrary = (path: string): boolean => /\.so(\.[\d.]+)?$/.test(path) && !path.startsWith("/etc/")
const isBinary = (path: string): boolean => /\.(bin|fw)$|^\/sys\/.*\/config$|ld\.so\.cache$/.test(path)

const capabilityDirectory = "/proc/driver/nvidia/capabilities/"

/** Lines as long as there is room; a line is whole or not there. */
function linesThatFit(lines: readonly string[], sizeBytes: number): string {
  let text = ""
  for (const line of lines.at(-1) === "" ? lines.slice(0, -1) : lines)
    if (text.length + line.length + 1 <= sizeBytes) text += `${line}\n`
  return text
}

function textOf(path: string, machine: ListedMachine, index: ListedIndex, sizeBytes: number): string {
  const { entries, driverVersion, gpus, model } = machine
  const gpu = index.gpusByAddress.get(baseName(parentPath(path)))
  const library = (name: string): string =>
    JSON.stringify({ file_format_version: "1.0.0", ICD: { library_path: name } })
  const fixed: Readonly<Record<string, () => string>> = {
    "/proc/driver/nvidia/version": () => versionText(driverVersion),
    "/proc/driver/nvidia/params": () => paramsText,
    "/proc/driver/nvidia/registry": () => 'Binary: ""\n',
    "/proc/driver/nvidia-caps/mig-minors": () =>
      linesThatFit(migMinorsText(index.capabilities).split("\n"), sizeBytes),
    "/proc/devices": () => linesThatFit(devicesText(index.nodes).split("\n"), sizeBytes),
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
  const capability = path.startsWith(capabilityDirectory)
    ? index.capabilities.find((one) => capabilityFile(one) === path.slice(capabilityDirectory.length))
    : undefined
  if (capability !== undefined) return capabilityText(capability)
  const tegra = tegraText(path, entries, sizeBytes)
  if (tegra !== undefined) return tegra
  if (path.endsWith("/information") && gpu !== undefined)
    return linesThatFit(informationLines(gpu), sizeBytes)
  if (path.startsWith("/sys/devices/pci"))
    return gpu !== undefined || gpus.length === 0
      ? sysText(baseName(path), model)
      : bridgeText(baseName(path))
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
    class: `0x${model.isDisplay ? "030000" : "030200"}\n`,
    subsystem_vendor: "0x10de",
    subsystem_device: "0x1463",
    numa_node: "0\n",
    enable: "1\n",
    resource: "0x0000000000000000 0x0000000000000000 0x0000000000000000\n".repeat(13),
  }
  return Object.hasOwn(texts, name) ? (texts[name] ?? "") : ""
}

/** A device that the listed driver does not have is none of its GPUs. */
const bridgeText = (name: string): string =>
  name === "vendor" ? "0x8086\n" : name === "device" ? "0x352a\n" : name === "class" ? "0x060400\n" : ""

const driverDirectory = (entries: readonly ListedEntry[]): string =>
  parentPath(
    entries.find(({ path }) => /\/libcuda\.so\.1$/.test(path))?.path ?? "/usr/lib/x86_64-linux-gnu/x",
  )
