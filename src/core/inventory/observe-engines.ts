/**
 * Which container engines a machine has, and which CDI versions each parses, found without running anything: Go programs say in their
 * own file which release of the CDI library is in them; those that a distribution built without modules do not, and there the package
 * database says which release of the engine it is. Source: Go's debug/buildinfo; deb-version(7).
 */

import {
  type EngineName,
  type EngineRelease,
  engineNames,
  highestVersionOf,
  highestVersionOfLibrary,
  packagesOf,
  readerEraOf,
  readerEraOfLibrary,
} from "../cdi/rules/engine-versions.ts"
import type { CdiVersion } from "../cdi/rules/version.ts"
import { parseElfLayout } from "../elf/elf-layout.ts"
import { findSection } from "../elf/find-section.ts"
import { bytesOrNone } from "../elf/read-parts.ts"
import type { ReaderEra } from "../fault/cdi.ts"
import type { HostFiles } from "../host/host.ts"
import { hostPath } from "../text/brand.ts"
import { decodeLatin1 } from "../text/utf8.ts"
import { readText } from "./proc-text.ts"

export interface ObservedEngine {
  readonly engine: EngineName
  /** Where its program lies; undefined: somebody said that there is one. */
  readonly program: string | undefined
  /** undefined: nothing says. */
  readonly version: string | undefined
  /** `unknown`: nothing says; `none`: it does not know CDI. */
  readonly highest: CdiVersion | "none" | "unknown"
  /** By which of the library's readers it reads; of one that reads none, or of which nothing is known, what its release says. */
  readonly era: ReaderEra
}

/** As people call it: `podman 4.3.1`. */
export const engineTitle = ({ engine, version }: Pick<ObservedEngine, "engine" | "version">): string =>
  version === undefined ? engine : `${engine} ${version}`

/** The program that reads specifications: of Docker it is the daemon. */
export const enginePrograms: { readonly [E in EngineName]: string } = {
  docker: "dockerd",
  containerd: "containerd",
  podman: "podman",
  crio: "crio",
}

const directories = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"]

/** Units: bytes. The largest of today's engines has 40,000. */
const buildInfoLimit = 256 * 1024

export const packageDatabase = hostPath("/var/lib/dpkg/status")

/**
 * Those that the machine has, and those that somebody says that there are: of the latter no more is looked for than where they lie. Order: as
 * engineNames, as said.
 */
export function observeEngines(
  host: HostFiles,
  said: readonly EngineRelease[] = [],
): readonly ObservedEngine[] {
  let database: string | undefined
  const readDatabase = (): string => {
    database ??= readText(host, packageDatabase) ?? ""
    return database
  }
  return engineNames.flatMap((engine): readonly ObservedEngine[] => {
    const place = directories
      .map((directory) => `${directory}/${enginePrograms[engine]}`)
      .find((path) => isFile(host, path))
    const releases = said.filter((release) => release.engine === engine)
    if (releases.length > 0)
      return releases.map((release) => ({
        ...release,
        program: place,
        highest: highestVersionOf(release) ?? "none",
        era: readerEraOf(release),
      }))
    if (place === undefined) return []
    const built = readBuildInfo(host, place)
    const version = built.version ?? packageVersion(readDatabase(), packagesOf[engine])
    const { highest, era } = readingOf(engine, version, built.library)
    return [{ engine, program: place, version, highest, era }]
  })
}

/** What an engine reads: by the release of the CDI library that is in its program, else by its own release. */
function readingOf(
  engine: EngineName,
  version: string | undefined,
  library: string | undefined,
): Pick<ObservedEngine, "highest" | "era"> {
  if (library !== undefined)
    return { highest: highestVersionOfLibrary(library), era: readerEraOfLibrary(library) }
  if (version === undefined) return { highest: "unknown", era: readerEraOf({ engine, version: "" }) }
  const release = { engine, version }
  return { highest: highestVersionOf(release) ?? "none", era: readerEraOf(release) }
}

const isFile = (host: HostFiles, path: string): boolean => {
  const stat = host.lstat(hostPath(path))
  return (
    stat.ok && (stat.value.kind === "file" || stat.value.kind === "symlink") && host.exists(hostPath(path))
  )
}

interface BuildInfo {
  readonly version: string | undefined
  readonly library: string | undefined
}

const magic = "\u00ff Go buildinf:"
const libraryLine =
  /\ndep\t(?:tags\.cncf\.io|github\.com\/container-orchestrated-devices)\/container-device-interface\tv([0-9]+(?:\.[0-9]+)*)[\s+-]/
/**
 * Docker's module counts for itself (29.7 is of v2.0.0-beta.21), and what is built outside its releases is only called after its day
 * (v2.0.0-20260805182427-6a43e3d5af1b).
 */
const moduleLine =
  /\nmod\tgithub\.com\/(?!moby\/moby\/v2\t)[^\t\n]{1,100}\tv(?![0-9]+\.0\.0-[0-9]{14}-)([0-9]+(?:\.[0-9]+)*)[\s+-]/
/**
 * As their own makers set it when they link, which Go keeps where paths are not trimmed. A build between releases counts from nothing
 * (0.0.0-20250801010039-1a2b3c4), and says no more than the module's day does.
 */
const linkedLine =
  /\nbuild\t-ldflags=[^\n]*[/"' ](?:dockerversion|containerd(?:\/v[0-9]+)?\/version)\.Version=v?(?!0\.0\.0-)([0-9]+(?:\.[0-9]+)*)/

function readBuildInfo(host: HostFiles, program: string): BuildInfo {
  const section = host.readParts(hostPath(program), (read) => {
    const layout = parseElfLayout(bytesOrNone(read))
    return layout.ok ? findSection(layout.value, ".go.buildinfo", buildInfoLimit) : undefined
  })
  const text = section === undefined ? "" : decodeLatin1(section)
  if (!text.startsWith(magic)) return { version: undefined, library: undefined }
  const version = linkedLine.exec(text)?.[1] ?? moduleLine.exec(text)?.[1]
  return { version, library: libraryLine.exec(text)?.[1] }
}

/** Of a package that is there, not of one whose configuration alone was left. */
function packageVersion(database: string, packages: readonly string[]): string | undefined {
  for (const name of packages) {
    const stanza = packageStanza(database, name)
    if (stanza === undefined || !/^Status: .* installed$/m.test(stanza)) continue
    // Packages of builds between releases have as much of a version as these.
    const version = /^Version: (?!(?:\d+:)?0\.0\.0[-~]\d{8})(?:\d+:)?(\d+(?:\.\d+)*)/m.exec(stanza)?.[1]
    if (version !== undefined) return version
  }
  return undefined
}

/** What the database says of one package. */
export function packageStanza(database: string, name: string): string | undefined {
  const start = `\n${database}`.indexOf(`\nPackage: ${name}\n`)
  if (start === -1) return undefined
  const end = database.indexOf("\n\n", start)
  return database.slice(start, end === -1 ? undefined : end)
}

/** Packages that are asked for. */
export const enginePackages: readonly string[] = Object.values(packagesOf).flat()
