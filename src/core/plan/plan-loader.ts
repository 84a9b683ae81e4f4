/**
 * How the container's loader finds the libraries: entries for glibc's cache, directories for musl's list, and which libcuda comes first
 * when the image brings a newer one.
 */

import { decideCompat } from "../compat/decide-compat.ts"
import type { DriverLibrary } from "../driver/catalogue.ts"
import type { Finding } from "../fault/finding.ts"
import { isOrin } from "../inventory/is-tegra.ts"
import { muslPathFile } from "../ldcache/musl-path.ts"
import { containerPath } from "../text/brand.ts"
import type { CompatOffer } from "./compat-offer.ts"
import type { Edit, LdcacheEdit } from "./edit.ts"
import { disabledHooks, isHookDisabled } from "./leave-hooks-out.ts"
import type { Omission } from "./plan.ts"
import { libraryDirectory } from "./plan-files.ts"
import type { DriverlessContext, PlanPart } from "./plan-part.ts"

type Entry = LdcacheEdit["entries"][number]

/** `hostDriverVersion`: undefined where the driver is none of a kernel module's version. */
export function planLoader(
  context: DriverlessContext,
  libraries: readonly DriverLibrary[],
  hostDriverVersion: string | undefined,
): PlanPart {
  const { because, layout } = context
  if (libraries.length === 0) return { edits: [] }
  const omissions: Omission[] = []
  const findings: Finding[] = []
  const compat = chooseCompat(context, hostDriverVersion, omissions, findings)
  const reasons = [...because.capabilities, ...compat.reasons]
  const entries = new Map<string, Entry>()
  // What is said first counts: the image's newer libraries stand before the driver's.
  for (const { soname, path, bits, machine } of compat.libraries)
    entries.set(`${machine} ${soname}`, { soname, path, bits, machine })
  for (const library of libraries) {
    const { soname, bits, machine } = library
    const key = `${machine} ${soname}`
    const path = containerPath(`${libraryDirectory(context, library)}/${soname}`)
    if (!entries.has(key)) entries.set(key, { soname, path, bits, machine })
  }
  const cache: Edit = {
    kind: "ldcache",
    path: containerPath("/etc/ld.so.cache"),
    entries: [...entries.values()],
    reasons,
  }
  const musl = layout.muslMachines.flatMap((machine): readonly Edit[] => {
    const fitting = libraries.filter((library) => library.machine === machine)
    const directories = [
      ...new Set(fitting.map((library) => containerPath(libraryDirectory(context, library)))),
    ]
    if (directories.length === 0) return []
    return [
      {
        kind: "muslPath",
        path: containerPath(muslPathFile(machine)),
        directories,
        reasons: because.capabilities,
      },
    ]
  })
  return { edits: [cache, ...musl], omissions, findings }
}

/** The driver does not let a GPU for games run a newer CUDA than its own; programs would fail that run without. */
const brandsForGames = ["GeForce", "GeForceRTX", "TITAN", "TitanRTX"]

/** The reference's three ways to the same end; any other word means that there is none. */
const compatModes = ["ldconfig", "mount", "hook"]

interface ChosenCompat {
  readonly libraries: CompatOffer["libraries"]
  readonly reasons: readonly string[]
}

function chooseCompat(
  { layout, config, mode, granted, devices, inventory, log }: DriverlessContext,
  hostDriverVersion: string | undefined,
  omissions: Omission[],
  findings: Finding[],
): ChosenCompat {
  const none: ChosenCompat = { libraries: [], reasons: [] }
  const offer = isOrin(inventory) ? layout.boardCompat : layout.compat
  if (offer === undefined || !granted.implied.has("compute")) return none
  const key = "nvidia-container-runtime.modes.legacy.cuda-compat-mode"
  const evidence = {
    from: "machine",
    path: offer.directory,
    value: offer.libraries.map(({ path }) => path).join(", "),
  } as const
  const leave = (because: string, ...more: Parameters<typeof log.add>[1]): ChosenCompat => {
    const why = log.add(
      "compat.unused",
      [...more, evidence],
      `the image's newer CUDA is not used: ${because}`,
    )
    omissions.push({ what: `${offer.directory} before the driver's libraries`, reasons: [why] })
    return none
  }
  if (mode === "legacy" && !compatModes.includes(config.value(key) ?? "ldconfig"))
    return leave("the configuration says so", config.evidence(key, "ldconfig"))
  const feature = "features.disable-cuda-compat-lib-hook"
  if (mode === "legacy" && config.value(key) === "hook" && config.value(feature) === true)
    return leave("the configuration says so", config.evidence(feature, "false"))
  if (isHookDisabled("enable-cuda-compat", mode, config))
    return leave("the configuration says so", disabledHooks(config))
  const forGames = devices.find(({ gpu }) => brandsForGames.includes(gpu.brand?.value ?? ""))?.gpu
  if (forGames?.brand !== undefined)
    return leave(`the driver refuses it on a GPU of brand ${forGames.brand.value}`, {
      from: "machine",
      path: forGames.brand.source,
      value: forGames.brand.value,
    })
  const verdict = decideCompat({
    directory: offer.directory,
    libraries: offer.candidates,
    hostDriverVersion,
    // A table's version would do for a requirement, not for another libcuda.
    hostCudaVersion:
      mode !== "csv" || inventory.cudaVersion?.source === "NVML" ? inventory.cudaVersion?.value : undefined,
  })
  findings.push(...verdict.findings)
  if (verdict.directory === undefined) return leave(verdict.reason)
  const why = log.add("compat.used", [evidence], `the image's newer CUDA comes first: ${verdict.reason}`)
  return { libraries: offer.libraries, reasons: [why] }
}
