/**
 * The driver's files on a machine, by what they are: from the kernel module's version to every file that belongs to it, each with
 * its reason. What is missing is a finding that says what will not work.
 */

import { type Fault, fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { isUnread } from "../fault/may-pass.ts"
import type { Host, HostFiles } from "../host/host.ts"
import { noteUnreadable } from "../host/note-unreadable.ts"
import { type RootView, viewRoot } from "../host/root-view.ts"
import { type HostPath, hostPath } from "../text/brand.ts"
import { baseName, parentPath } from "../text/path.ts"
import { tableStem } from "./assign-capabilities.ts"
import type { DriverBinary, DriverCatalogue, DriverLibrary } from "./catalogue.ts"
import { consequencesOf, missedBinaries } from "./files.ts"
import { findLibraryPlaces, findUserSpaceVersion, type LibraryPlaces } from "./find-directories.ts"
import { binaryDirectories, observeBinaries } from "./observe-binaries.ts"
import {
  configurationDirectories,
  observeConfigurations,
  dataDirectories as usualDataDirectories,
} from "./observe-configurations.ts"
import { firmwareDirectories, observeFirmware } from "./observe-firmware.ts"
import { gbmDirectory, observeGbmLinks } from "./observe-gbm-links.ts"
import { observeLibraries, subdirectories } from "./observe-libraries.ts"
import { observePlatformFiles } from "./observe-platform-files.ts"
import { observeXModules, xModuleDirectories } from "./observe-x-modules.ts"
import { inUsualOrder } from "./usual-directories.ts"

export interface DriverPlace {
  /** Where the driver's tree lies on the machine: `/`, `/run/nvidia/driver`. */
  readonly driverRoot: HostPath
  /** Of the loaded kernel module; the files must match it. */
  readonly version: string
  /** The loader cache inside the driver root. */
  readonly ldcache: string
  /** Directories inside the driver root that are searched before all others; may be patterns. */
  readonly searchPaths?: readonly string[]
  /** Nothing else is searched. */
  readonly areExclusive?: boolean
  /** A board's or a virtual machine's, whose lists name the driver's files. Others may have left lists behind. */
  readonly isListed?: boolean
  /** Below which configuration files are looked for, on the machine; absent: where drivers put them in the driver root. */
  readonly dataDirectories?: readonly string[]
}

/** Order: as in DriverCatalogue; findings of the libraries that are lacking first, then as met. */
export function observeDriver(host: Host, place: DriverPlace): DriverCatalogue {
  const { version, ldcache, searchPaths = [], areExclusive = false } = place
  const { dataDirectories = usualDataDirectories } = place
  const findings: Finding[] = []
  const noting = noteUnreadable(host, findings)
  const view = viewRoot(noting, place.driverRoot)
  const dataView = place.dataDirectories === undefined ? view : viewRoot(noting, hostPath("/"))
  const places = findLibraryPlaces(view, { version, ldcache, searchPaths, areExclusive })
  findings.push(
    ...places.findings.filter(({ fault: one }) => !findings.some((other) => isSame(one, other.fault))),
  )
  const libraries = observeLibraries(view, places, version, findings)
  const platform = observePlatformFiles(host, view)
  findings.push(...platform.findings)
  // A platform lists its driver's files. What an installer left beside them is for who asks for it, and nothing is wrong where it lacks.
  const isListed = place.isListed === true && platform.files.length > 0
  const packageFindings: Finding[] = []
  const ofPackage = isListed ? packageFindings : findings
  checkLibraries(view, libraries, places, version, ofPackage)
  const configurations = observeConfigurations({ view, dataView, dataDirectories }, libraries, ofPackage)
  const firmwarePlaces = firmwareDirectories(host, version)
  const firmware = observeFirmware(view, firmwarePlaces, findings)
  if (libraries.length > 0 && firmware.length === 0 && needsFirmware(version))
    findings.push(firmwareMissing(view, firmwarePlaces, version))
  const binaries = observeBinaries(view)
  const modules = observeXModules(view, places.directories, version)
  if (libraries.length > 0) checkBinaries(view, binaries, ofPackage)
  const searched = [
    ...view.followed,
    ...places.searched,
    ...[
      ...new Set([...places.directories, ...libraries.map(({ rootPath }) => parentPath(rootPath))]),
    ].flatMap((directory) => [...subdirectories, gbmDirectory].map((name) => `${directory}${name}`)),
    ...binaryDirectories,
    ...xModuleDirectories(places.directories),
  ]
  const configurationPlaces = configurationDirectories({ view, dataView, dataDirectories })
  return {
    version,
    driverRoot: place.driverRoot,
    libraries,
    binaries,
    configurations,
    modules,
    links: observeGbmLinks(view, places.directories, libraries),
    firmware,
    // Who names directories names them in their order.
    directories: searchPaths.length > 0 ? places.directories : inUsualOrder(places.directories),
    otherVersions: places.otherVersions,
    platformFiles: platform.files,
    platformLinks: platform.links,
    searched: [
      ...new Set([
        ...[...searched, ...firmwarePlaces].map((path) => view.outside(path)),
        ...configurationPlaces,
        ...platform.searched,
        ...(dataView === view ? [] : dataView.followed),
      ]),
    ],
    findings,
    packageFindings,
  }
}

/** Since 510 drivers start some GPUs by it. */
const needsFirmware = (version: string): boolean => Number.parseInt(version, 10) >= 510

const firmwareMissing = (view: RootView, places: readonly string[], version: string): Finding => ({
  severity: "note",
  fault: fault("DriverFileMissing", {
    name: `nvidia/${version}/gsp*.bin`,
    consequence: "GPUs that need GSP firmware will not start",
    capability: "utility",
  }),
  evidence: places.map((path) => `${view.outside(path)}: absent`),
})

function checkBinaries(view: RootView, binaries: readonly DriverBinary[], findings: Finding[]): void {
  for (const [name, consequence, capability] of missedBinaries)
    if (!binaries.some(({ rootPath }) => baseName(rootPath) === name))
      findings.push({
        severity: "note",
        fault: fault("DriverFileMissing", { name, consequence, capability }),
        evidence: binaryDirectories.map((directory) => `${view.outside(directory)}: no ${name}`),
      })
}

/** The version that the files have, for a machine whose kernel module is not loaded. */
export const observeUserSpaceVersion = (
  host: HostFiles,
  driverRoot: string,
  ldcache: string,
): string | undefined => findUserSpaceVersion(viewRoot(host, hostPath(driverRoot)), ldcache)

/** The loader's configuration was read through the same eyes, and its failures are known already. */
const isSame = (one: Fault, other: Fault): boolean =>
  one.tag === "HostReadFailed" && other.tag === "HostReadFailed" && one.data.path === other.data.path

/** What cannot be read is not known to be missing: a file of that name, or where one would lie. */
const findUnreadFile = (
  findings: readonly Finding[],
  directories: readonly string[],
  name: string,
): Fault | undefined =>
  findings.find(
    ({ fault: one }) =>
      isUnread(one) &&
      directories.some(
        (path) => one.data.path === `${path}/${name}` || `${path}/`.startsWith(`${one.data.path}/`),
      ),
  )?.fault

/** Which of the driver's libraries are lacking, or are another's. The gravest finding goes in front of all others. */
function checkLibraries(
  view: RootView,
  libraries: readonly DriverLibrary[],
  places: LibraryPlaces,
  version: string,
  findings: Finding[],
): void {
  const stems = new Set(libraries.flatMap((one) => (one.bits === 64 ? [tableStem(one)] : [])))
  const looked = places.directories.length === 0 ? places.searched : places.directories
  const absent = (name: string): readonly string[] =>
    looked.map((directory) => `${view.outside(directory)}: no ${name}`)
  const unreadOf = (name: string): Fault | undefined =>
    findUnreadFile(
      findings,
      looked.map((directory) => view.outside(directory)),
      name,
    )
  const isMismatched = places.otherVersions.length > 0
  if (!stems.has("libnvidia-ml")) {
    const name = `libnvidia-ml.so.${version}`
    const isOther = libraries.length === 0 && isMismatched
    findings.unshift({
      severity: "error",
      fault: isOther
        ? mismatchOf(view, places, version)
        : fault("DriverLibraryMissing", { name, driverRoot: view.root }, unreadOf(name)),
      evidence: absent(name),
    })
  } else if (isMismatched)
    // Containers get the libraries of the kernel module; it is the host's own programs that fail.
    findings.unshift({
      severity: "warning",
      fault: mismatchOf(view, places, version),
      evidence: places.directories.map(
        (directory) => `${view.outside(directory)}: links lead to another version`,
      ),
    })
  if (libraries.length === 0) return
  for (const [stem, consequence, capability] of consequencesOf)
    if (!stems.has(stem)) {
      const name = `${stem}.so.${version}`
      const unread = unreadOf(name)
      findings.push({
        severity: stem === "libcuda" || unread !== undefined ? "warning" : "note",
        fault: fault("DriverFileMissing", { name, consequence, capability }, unread),
        evidence: absent(name),
      })
    }
}

const mismatchOf = (view: RootView, { otherVersions }: LibraryPlaces, version: string): Fault =>
  fault("DriverVersionMismatch", { kernel: version, userSpace: otherVersions, driverRoot: view.root })
