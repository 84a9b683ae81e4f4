/**
 * The files by which a container's loaders learn of directories, after folders were added to it. Source: recorded effects of the
 * reference's hook, and facts, toolkit §1.4:
 *   ld.so.conf, which includes ld.so.conf.d, where there is none
 *   00-nvcr-*.conf: the folders that no file names yet and no loader searches anyway; zz-nvcr-*.conf: the directories that the
 *     image's distribution searches, because its loader's own list is not written in any file
 *   on Alpine musl's path file, with those directories too; elsewhere, where musl is there, with the folders alone
 * Names of our own that stay: a container that starts again has one file of each, and a second call adds to the first one's.
 */

import { mergeMuslPath, muslPathFile } from "./musl-path.ts"
import { parseLdSoConf } from "./parse-ld-so-conf.ts"

export const ldSoConfPath = "/etc/ld.so.conf"
const dropIns = `${ldSoConfPath}.d`
export const foldersPath: string = `${dropIns}/00-nvcr-gantry.conf`
const systemPath = `${dropIns}/zz-nvcr-gantry.conf`
/** Sorts before the folders: the loader searches it first. */
export const compatPath: string = `${dropIns}/00-compat-gantry.conf`

/** What makes a container's loader read the files beside it. */
export const ldSoConfText: string = `include ${dropIns}/*.conf\n`

export interface LoaderConfiguration {
  readonly machine: "x86-64" | "aarch64"
  readonly isDebian: boolean
  readonly isAlpine: boolean
  /** Musl's loader is there. */
  readonly hasMusl: boolean
  /** Directories that the container's configuration names. */
  readonly configured: readonly string[]
  /** Content of `foldersPath`; undefined: there is none. */
  readonly foldersText: string | undefined
  /** Content of musl's path file; undefined: there is none. */
  readonly muslText: string | undefined
}

export interface LoaderFile {
  readonly path: string
  readonly text: string
}

/** Files that must have this content. Order: of writing. */
export function planLoaderFiles(
  container: LoaderConfiguration,
  folders: readonly string[],
): readonly LoaderFile[] {
  const system = systemDirectories(container)
  // Another hook may have written since the configuration was read: its file is asked too.
  const written = (container.foldersText ?? "").split("\n")
  const known = new Set([...container.configured, ...written, ...system])
  const missing = [...new Set(folders)].filter((folder) => !known.has(folder))
  const files: LoaderFile[] = []
  if (missing.length > 0)
    files.push({ path: foldersPath, text: `${container.foldersText ?? ""}${linesOf(missing)}` })
  files.push({ path: systemPath, text: linesOf(system) })
  const asked = folders.filter((folder) => !system.includes(folder))
  const searched = container.isAlpine ? [...asked, ...system] : container.hasMusl ? folders : []
  const musl = mergeMuslPath(container.muslText, searched)
  if (musl !== undefined) files.push({ path: muslPathFile(container.machine), text: musl })
  return files
}

const linesOf = (directories: readonly string[]): string =>
  directories.map((directory) => `${directory}\n`).join("")

/** Order: of search. */
function systemDirectories({ machine, isDebian }: LoaderConfiguration): readonly string[] {
  if (isDebian) {
    const multiarch = machine === "x86-64" ? "x86_64-linux-gnu" : "aarch64-linux-gnu"
    return [`/lib/${multiarch}`, `/usr/lib/${multiarch}`, "/lib", "/usr/lib"]
  }
  const narrow = machine === "x86-64" ? "libx32" : "libilp32"
  return ["/lib", "/usr/lib", "/lib64", "/usr/lib64", `/${narrow}`, `/usr/${narrow}`]
}

/** False: the loader would read something else on that line, or more than one. */
export function isLdSoConfLine(directory: string): boolean {
  const [line, ...others] = parseLdSoConf(`${directory}\n`)
  return line?.kind === "directory" && line.path === directory && others.length === 0
}
