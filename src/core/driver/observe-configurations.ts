/** The driver's configuration files: for EGL, Vulkan, OpenCL, OptiX and the X server. Source: facts, toolkit §5.5. */

import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { isFile } from "../host/file-at.ts"
import type { RootView } from "../host/root-view.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { baseName, parentPath } from "../text/path.ts"
import { tableStem } from "./assign-capabilities.ts"
import type { DriverConfiguration, DriverLibrary } from "./catalogue.ts"
import { configurationsOf } from "./files.ts"

/** Below which configuration files are looked for. Order: of search. */
export const dataDirectories: readonly string[] = [
  "/etc",
  "/usr/local/share",
  "/usr/share",
  "/run/opengl-driver/share",
]

export interface ConfigurationPlaces {
  /** The driver root. */
  readonly view: RootView
  /** The root that the directories lie in. */
  readonly dataView: RootView
  readonly dataDirectories: readonly string[]
}

interface Place {
  readonly view: RootView
  readonly path: string
}

/** Vulkan's files lie in the driver root itself where that holds the driver and nothing else. */
const placesOf = (
  name: string,
  { view, dataView, dataDirectories: directories }: ConfigurationPlaces,
): readonly Place[] => [
  ...directories.map((directory) => ({ view: dataView, path: `${directory}/${name}` })),
  ...(name.startsWith("vulkan/") ? [{ view, path: `/${name}` }] : []),
]

/** On the machine. */
export const configurationDirectories = (places: ConfigurationPlaces): readonly HostPath[] => [
  ...new Set(
    configurationsOf.flatMap(({ name }) =>
      placesOf(name, places).map(({ view, path }) => view.outside(parentPath(path))),
    ),
  ),
]

/** Order: as in the table. */
export function observeConfigurations(
  places: ConfigurationPlaces,
  libraries: readonly DriverLibrary[],
  findings: Finding[],
): readonly DriverConfiguration[] {
  const { dataView, dataDirectories } = places
  const stems = new Set(libraries.map(tableStem))
  return configurationsOf.flatMap(({ name, into, capability, missed }): readonly DriverConfiguration[] => {
    if (isOfOtherMachine(name, libraries)) return []
    const found = placesOf(name, places).find(({ view, path }) => isFile(view, path))
    if (found === undefined) {
      const isElsewhere = name.endsWith("nvidia_icd.json") && hasMachineIcd(dataView, dataDirectories)
      if (missed !== undefined && stems.has(missed.library) && !isElsewhere)
        findings.push({
          severity: "warning",
          fault: fault("DriverFileMissing", {
            name: baseName(name),
            consequence: missed.consequence,
            capability,
          }),
          evidence: dataDirectories.map((directory) => `${dataView.outside(`${directory}/${name}`)}: absent`),
        })
      return []
    }
    return [
      {
        path: found.view.place(found.path),
        rootPath: hostPath(found.path),
        containerPath: hostPath(`${into}/${name}`),
        capabilities: [capability],
        reasons: [{ kind: "beyond", capability }],
      },
    ]
  })
}

/** A file whose name says for which machine it is, beside libraries for another. */
const isOfOtherMachine = (name: string, libraries: readonly DriverLibrary[]): boolean => {
  const machine = /\.(x86_64|aarch64)\.json$/.exec(name)?.[1]?.replace("_", "-")
  const others = libraries.filter(({ bits }) => bits === 64)
  return machine !== undefined && others.length > 0 && !others.some((one) => one.machine === machine)
}

/** Some distributions install the Vulkan file under a name with the machine in it. */
const hasMachineIcd = (view: RootView, directories: readonly string[]): boolean =>
  ["x86_64", "aarch64"].some((machine) =>
    directories.some((directory) => isFile(view, `${directory}/vulkan/icd.d/nvidia_icd.${machine}.json`)),
  )
