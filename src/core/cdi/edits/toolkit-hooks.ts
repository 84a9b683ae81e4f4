/**
 * The command lines of the toolkit's hooks: which there are, their flags, how a link is written, and how a program is told that it is one.
 * Who writes specifications, reads, judges or serves them goes by these tables. Source: facts, toolkit §1.4 and §5.
 */

import { cleanPath } from "../../text/path.ts"

/** What the toolkit's program does in a container, by the words that it is told it with. */
export const toolkitHooks = [
  "create-symlinks",
  "chmod",
  "enable-cuda-compat",
  "update-ldcache",
  "disable-device-node-modification",
  "update-application-profile",
] as const
export type ToolkitHook = (typeof toolkitHooks)[number]

/** Beside those: the work of all in one call, which only Gantry serves, and nothing. */
export type HookCommand = ToolkitHook | "complete-container" | "noop"

interface HookFlags {
  /** With a value each; those of links, folders and paths may be repeated. */
  readonly valued: readonly string[]
  readonly switches: readonly string[]
}

const compatFlags = ["host-driver-version", "host-cuda-version", "cuda-compat-container-root"]
/** No ldconfig is run, neither the machine's nor the image's: its path is read and left alone. */
const cacheFlags = ["folder", "ldconfig-path"]

/** Order: as help shows them. */
export const hookFlags: Readonly<Record<HookCommand, HookFlags>> = {
  "create-symlinks": { valued: ["link"], switches: [] },
  "update-ldcache": { valued: cacheFlags, switches: [] },
  "enable-cuda-compat": { valued: compatFlags, switches: [] },
  "disable-device-node-modification": { valued: [], switches: [] },
  "update-application-profile": { valued: [], switches: [] },
  chmod: { valued: ["path", "mode"], switches: [] },
  "complete-container": {
    // Links behind node-link are made where the container has what they name.
    valued: ["link", "node-link", ...compatFlags, ...cacheFlags],
    switches: ["enable-cuda-compat", "disable-device-node-modification", "update-application-profile"],
  },
  noop: { valued: [], switches: [] },
}

/** A flag of every hook: a file with the container's state. */
export const stateFlag = "container-spec"

/** Programs that serve hooks, and the words behind their own name by which they are told that they are one. */
export const hookPrograms: Readonly<Record<string, readonly string[]>> = {
  "nvidia-cdi-hook": [],
  "nvidia-ctk": ["hook"],
  gantry: ["nvidia-cdi-hook"],
}

/** A link that a hook makes. */
export interface HookLink {
  /** Its text, untouched. */
  readonly target: string
  /** In the container. */
  readonly path: string
}

/** As `--link` and `--node-link` take it: `target::path`. */
export const renderLink = ({ target, path }: HookLink): string => `${target}::${path}`

/** undefined: it is none, and the hook refuses it. */
export function parseLink(text: string): HookLink | undefined {
  const [target = "", path = "", ...more] = text.split("::")
  return target === "" || more.length > 0 || cleanPath(path || "/") === "/" ? undefined : { target, path }
}
