/**
 * Faults of what CDI specifications do to containers, though all that they name is there (GAN414x, GAN415x): given so that it is of no use, is not what
 * was meant, or opens the machine. The same for every machine, but for what its kernel has.
 */

import { counted } from "../text/counted.ts"
import { quoteShort } from "../text/escape.ts"
import { meantMode } from "../text/octal-mode.ts"
import { type AtPlace, at } from "./cdi-place.ts"
import type { Catalogue } from "./entry.ts"
import { know } from "./remedy.ts"

/** A hook's variable that says where programs or libraries lie. */
type HookVariable = AtPlace & {
  readonly path: string
  readonly hookName: string
  readonly variable: string
  readonly value: string
}

export interface CdiEditsFaults {
  /** A node whose mode keeps the container's user out. `mode`: as written (`isWritten`), or the machine's. */
  CdiNodeClosed: AtPlace & {
    readonly path: string
    readonly mode: number
    readonly isWritten: boolean
    readonly uid: number | undefined
    readonly needed: string
  }
  /** Programs and libraries of the machine that a specification mounts without `ro`. */
  CdiFilesWritable: AtPlace & { readonly files: readonly string[] }
  /** What it names others may choose: part of it is searched from where the hook starts, or they may write there. */
  CdiHookSearchOpen: HookVariable & {
    readonly to:
      | { readonly kind: "beside" }
      | { readonly kind: "writable"; readonly writable: string; readonly by: string }
  }
  /** Loaded into the hook's program beside its own. */
  CdiHookPreloads: HookVariable
  CdiInterfaceMissing: AtPlace & { readonly name: string }
  CdiCachesUncontrolled: AtPlace
  /** `passed`, `last`: where it comes from, or its value. */
  CdiGivenTwice: AtPlace & {
    readonly what: "node" | "mount" | "variable"
    readonly name: string
    readonly passed: string
    readonly last: string
  }
  /** `isLiteral`: somebody expected the image's own value to be put in. */
  CdiVariableReplaced: AtPlace & {
    readonly name: string
    readonly value: string
    readonly isLiteral: boolean
  }
  /** A directory of every image's system, whole. */
  CdiSystemCovered: AtPlace & { readonly containerPath: string; readonly hostPath: string }
}

const octal = (mode: number): string => mode.toString(8).padStart(3, "0")

const twiceVerb = { node: "given", mount: "mounted", variable: "set" } as const

export const cdiEditsCatalogue: Catalogue<CdiEditsFaults> = {
  CdiNodeClosed: {
    code: "GAN4145",
    exit: 1,
    says: (d) =>
      `${at(d.place)}${quoteShort(d.path)} is given with the mode ${octal(d.mode)}${d.uid === undefined ? "" : ` and the owner ${d.uid}`}, which ${
        d.needed === "anything"
          ? "lets nobody but root open it as was meant"
          : `keeps the container's user from opening it for ${d.needed}`
      }`,
    remedies: (d) =>
      know(
        d.isWritten && meantMode(d.mode) !== undefined
          ? `write 0${d.mode} in YAML, or ${meantMode(d.mode)} in JSON: ${d.mode} is a decimal number`
          : "leave out fileMode and uid, and the node gets the machine's mode and belongs to the container's user",
      ),
  },
  CdiFilesWritable: {
    code: "GAN4146",
    exit: 1,
    says: (d) =>
      `${at(d.place)}root in a container may write ${quoteShort(d.files[0] ?? "")}${d.files.length > 1 ? ` and ${counted(d.files.length - 1, "other file")}` : ""} of the machine: mounted without ro`,
    remedies: () => know("add the option ro: what a container writes there, root of the machine runs next"),
  },
  CdiHookSearchOpen: {
    code: "GAN4147",
    exit: 1,
    says: (d) =>
      `${at(d.place)}the ${d.hookName} hook ${quoteShort(d.path)} has ${d.variable} ${quoteShort(d.value)}, ${
        d.to.kind === "writable"
          ? `and ${d.to.by} may write ${quoteShort(d.to.writable)}: what lies there runs as the engine's user`
          : `part of which is looked for ${d.hookName === "createContainer" ? "in the container's root, so that an image chooses what runs as root" : "where the runtime happens to have been started"}`
      }`,
    remedies: (d) =>
      know(
        d.to.kind === "writable"
          ? "name a place that nobody but root may write"
          : `let every part of ${d.variable} begin with /, and none be empty`,
      ),
  },
  CdiHookPreloads: {
    code: "GAN4148",
    exit: 1,
    says: (d) =>
      `${at(d.place)}the ${d.hookName} hook ${quoteShort(d.path)} loads ${quoteShort(d.value)} by ${d.variable}, as the engine's user`,
    remedies: (d) => know(`leave out ${d.variable}, unless you know what put it there`),
  },
  CdiInterfaceMissing: {
    code: "GAN4149",
    exit: 1,
    says: (d) =>
      `${at(d.place)}link not found for interface ${quoteShort(d.name)}: this machine has none of that name now`,
    remedies: () =>
      know(
        "nothing, while a container has it: it comes back with its end; else name one that /sys/class/net has",
      ),
  },
  CdiCachesUncontrolled: {
    code: "GAN4150",
    exit: 1,
    says: (d) =>
      `${at(d.place)}intelRdt is specified in config, but Intel RDT is not enabled: no resctrl is mounted`,
    remedies: () => [
      {
        kind: "run",
        argv: ["mount", "-t", "resctrl", "resctrl", "/sys/fs/resctrl"],
        asRoot: true,
        why: "where the processor has it; else leave out intelRdt",
      },
    ],
  },
  CdiGivenTwice: {
    code: "GAN4151",
    exit: 1,
    says: (d) =>
      `${at(d.place)}${d.what === "variable" ? d.name : quoteShort(d.name)} is ${twiceVerb[d.what]} twice, ${d.what === "variable" ? "to" : "from"} ${quoteShort(d.passed)} and ${quoteShort(d.last)}: containers get the last`,
    remedies: () => know("leave out one of them, or give one another name"),
  },
  CdiVariableReplaced: {
    code: "GAN4152",
    exit: 1,
    says: (d) =>
      `${at(d.place)}${d.name} is set to ${quoteShort(d.value)}, ${d.isLiteral ? `and nobody puts a value in for $${d.name}` : "in place of what the image has"}`,
    remedies: (d) =>
      know(
        d.isLiteral
          ? `leave it out, or write the whole value: a specification cannot add to what the image has in ${d.name}`
          : "leave it out, if images may have one of their own: mount into places that are searched anyhow, or tell the loader by an update-ldcache hook",
      ),
  },
  CdiSystemCovered: {
    code: "GAN4153",
    exit: 1,
    says: (d) =>
      `${at(d.place)}${quoteShort(d.containerPath)} is mounted whole from ${quoteShort(d.hostPath)} of the machine: what an image has there itself is hidden from its own programs`,
    remedies: () => know("mount the files that are needed, or the directory at a place that no image has"),
  },
}
