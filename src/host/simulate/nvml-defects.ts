/** What can be wrong with the management library, or be odd about it. They need the stand-in, and with it a C compiler. */

import { decodeUtf8 } from "../../core/text/utf8.ts"
import { type Change, type Defect, informationOf, isLibrary, plain, taking } from "./defective-machine.ts"
import type { NvmlBehaviour } from "./nvml-behaviour.ts"

/** undefined: the argument means nothing to it. */
const nvml =
  (change: (behaviour: NvmlBehaviour, argument: string) => NvmlBehaviour | undefined): Change =>
  (machine, argument) => {
    const hasLibrary = machine.made.some(isLibrary("libnvidia-ml"))
    const behaviour = hasLibrary ? change(machine.nvml, argument) : undefined
    return behaviour === undefined ? undefined : { ...machine, nvml: behaviour }
  }

const ofGpu =
  (change: (behaviour: NvmlBehaviour, index: number) => NvmlBehaviour): Change =>
  (machine, index) =>
    informationOf(machine, index) === undefined || Number(index) > 63
      ? undefined
      : nvml((behaviour) => change(behaviour, Number(index)))(machine, index)

/** Only a GPU that is cut has a mode that can end. */
const ofCutGpu =
  (change: (behaviour: NvmlBehaviour, index: number) => NvmlBehaviour): Change =>
  (machine, index) => {
    const path = informationOf(machine, index)
    const information = machine.made.find((one) => one.path === path)
    const text = information?.kind === "file" ? decodeUtf8(information.content) : ""
    const minor = /^Device Minor:\s*(\d+)/m.exec(text)?.[1]
    const isCut = machine.made.some((one) => one.path.startsWith(`${capabilities}/gpu${minor}/mig/gi`))
    return isCut ? ofGpu(change)(machine, index) : undefined
  }
const capabilities = "/proc/driver/nvidia/capabilities"

export const nvmlDefects: Readonly<Record<string, Defect>> = {
  "nvml-hangs": plain(nvml((behaviour) => ({ ...behaviour, hangs: true }))),
  "nvml-stuck": plain(nvml((behaviour) => ({ ...behaviour, isStuck: true }))),
  "nvml-crashes": plain(nvml((behaviour) => ({ ...behaviour, crashes: true }))),
  "nvml-prints": plain(nvml((behaviour) => ({ ...behaviour, prints: true }))),
  "nvml-missing-symbol": taking(
    "NAME of a function",
    nvml((behaviour, name) =>
      /^nvml\w{1,60}$/.test(name) ? { ...behaviour, missing: [...behaviour.missing, name] } : undefined,
    ),
  ),
  "nvml-error": taking(
    "NUMBER that every function returns",
    nvml((behaviour, number) =>
      /^[1-9]\d{0,2}$/.test(number) ? { ...behaviour, error: Number(number) } : undefined,
    ),
  ),
  "nvml-gpu-lost": taking(
    "INDEX",
    ofGpu((behaviour, index) => ({ ...behaviour, lost: [...behaviour.lost, index] })),
  ),
  "nvml-mig-gap": taking(
    "INDEX",
    ofGpu((behaviour, index) => ({ ...behaviour, gaps: [...behaviour.gaps, index] })),
  ),
  "nvml-mig-pending": taking(
    "INDEX",
    ofCutGpu((behaviour, index) => ({ ...behaviour, migEnding: [...behaviour.migEnding, index] })),
  ),
}
