/**
 * Faults of CDI specifications (GAN4xxx): texts that are none, rules that they break, devices that cannot be had.
 * Sentences hold the words of the reference's loader after the place.
 */

import { escapeControl, quoteShort, shorten } from "../text/escape.ts"
import { listSome } from "../text/list-some.ts"
import { type AtPlace, at, type CdiPlace } from "./cdi-place.ts"
import type { Catalogue } from "./entry.ts"
import { know, obstacles, writeObstacles } from "./remedy.ts"

/** Releases of the Go package that engines have: from 1.1.1 on it reads YAML by another reader. */
export type ReaderEra = "before 1.1.1" | "from 1.1.1"

export interface CdiFaults {
  /** Not JSON or YAML that engines read. */
  CdiTextInvalid: AtPlace & { readonly format: "JSON" | "YAML" | "UTF-8"; readonly problem: string }
  CdiTextEmpty: { readonly file: string }
  /** Units: bytes. */
  CdiTextTooLarge: { readonly file: string; readonly limitBytes: number }
  CdiFieldUnknown: AtPlace & { readonly field: string; readonly meant: string | undefined }
  CdiFieldRepeated: AtPlace & { readonly field: string; readonly other: string }
  CdiTypeWrong: AtPlace & { readonly found: string; readonly expected: string }
  CdiVersionUnknown: AtPlace & { readonly version: string; readonly known: readonly string[] }
  /** `because`: what needs the newer version, and where it stands. */
  CdiVersionTooLow: AtPlace & {
    readonly version: string
    readonly minimum: string
    readonly because: (AtPlace & { readonly what: string }) | undefined
  }
  CdiKindInvalid: AtPlace & { readonly kind: string; readonly problem: string }
  CdiDeviceNameInvalid: AtPlace & { readonly problem: string }
  CdiDeviceRepeated: AtPlace & { readonly device: string }
  CdiDevicesMissing: AtPlace
  CdiDeviceEditsEmpty: AtPlace & { readonly device: string }
  CdiEnvironmentInvalid: AtPlace & { readonly entry: string }
  CdiDeviceNodeInvalid: AtPlace & { readonly problem: string }
  CdiHookInvalid: AtPlace & { readonly problem: string }
  CdiMountInvalid: AtPlace & { readonly problem: string }
  CdiIntelRdtInvalid: AtPlace
  CdiNetDeviceInvalid: AtPlace & { readonly problem: string }
  /**
   * A rule of the specification that the reference's loader does not enforce. `isFatal`: runtimes refuse what follows from it, or engines
   * crash. `refusedBy`: releases of the Go package that refuse the file for it.
   */
  CdiRuleBroken: AtPlace & {
    readonly problem: string
    readonly advice: string
    readonly isFatal: boolean
    readonly refusedBy: ReaderEra | undefined
  }
  CdiDirectoryUnreadable: { readonly directory: string; readonly unread: readonly string[] }
  CdiDirectoryUnused: { readonly directory: string; readonly why: string }
  /** `errno`: the kernel's word; empty: none of its. */
  CdiFileUnreadable: { readonly file: string; readonly errno: string }
  CdiDeviceConflict: { readonly device: string; readonly files: readonly string[] }
  CdiDeviceUnresolvable: {
    readonly devices: readonly string[]
    readonly why: string
    readonly meant: string | undefined
  }
  CdiNameInvalid: { readonly problem: string }
  CdiAnnotationInvalid: { readonly key: string; readonly device: string }
  CdiAnnotationUnusable: { readonly problem: string }
  CdiSpecsUnmergeable: { readonly problem: string }
  /** A device that a specification has, and that the machine cannot give. */
  CdiDeviceUnusable: { readonly device: string; readonly file: string }
  /** The machine's node of a device that a specification names. `place`: where; undefined: several may name it. */
  CdiHostNodeMissing: { readonly path: string; readonly place: CdiPlace | undefined }
  CdiHostNodeOther: {
    readonly place: CdiPlace | undefined
    readonly path: string
    readonly hostPath: string
    readonly expected: string
    readonly found: string
  }
  /** `lacking`: a place, or a device in words. */
  CdiNothingToGenerate: { readonly mode: string; readonly lacking: string }
  /** No device has a name by these strategies. */
  CdiDevicesNameless: { readonly strategies: readonly string[] }
  /** `refused`: by the machine, and the cause says how. `changed`: somebody wrote it while it was looked at. */
  CdiFileUnwritable: {
    readonly file: string
    readonly reason: keyof typeof unwritable
    /** Of a refusal; empty: the kernel was not asked. */
    readonly errno: string
  }
  CdiContentLeftOut: { readonly what: string; readonly why: string; readonly consequence: string }
  CdiVersionUnreachable: {
    readonly limit: string
    readonly engines: readonly string[]
    readonly needed: string
    readonly what: string
  }
  CdiHookProgramAbsent: { readonly path: string }
  /** `lacks`: each as a sentence's object. */
  CdiMachineUnready: { readonly lacks: readonly string[] }
}

/** What to do where a specification cannot be read. */
const fileObstacles: Readonly<Record<string, string>> = {
  ...obstacles,
  ENOENT: "name a file that is there; remove a link that leads nowhere",
  ENOTDIR: "name a file that is there: a part of its path is a file",
  EACCES: "run as root; and let everybody read it (chmod a+r), since engines without root must too",
  EILSEQ: "give it a name in UTF-8: engines read it by the name that it has, and this program cannot",
}

/** Why a file is not written; of a refusal the kernel's word is told. */
const unwritable = {
  refused: "",
  changed: ": it changed while it was looked at",
  replaced: ": it is no longer a regular file",
} as const

const atAny = (place: CdiPlace | undefined): string => (place === undefined ? "" : at(place))

const inside = (path: string): string => (path === "" ? "" : ` in ${path}`)

const nameRule =
  "begin with a letter, end with a letter or digit, and have only letters, digits, _, - and . between them"

export const cdiCatalogue: Catalogue<CdiFaults> = {
  CdiTextInvalid: {
    code: "GAN4001",
    exit: 1,
    says: (d) => `${at(d.place)}failed to unmarshal CDI Spec: not ${d.format}: ${d.problem}`,
    remedies: (d) =>
      know(
        `correct the text there; ${d.format === "UTF-8" ? "engines read UTF-8" : "gantry cdi validate FILE checks it"}`,
      ),
  },
  CdiTextEmpty: {
    code: "GAN4002",
    exit: 1,
    says: (d) => `${d.file}: failed to parse CDI Spec, no Spec data`,
    remedies: () => know("write the specification anew, or remove the empty file"),
  },
  CdiTextTooLarge: {
    code: "GAN4003",
    exit: 1,
    says: (d) => `${d.file}: larger than ${d.limitBytes} bytes, which no CDI specification is`,
    remedies: () =>
      know("remove the file from the directory; specifications of 64 GPUs are a twentieth of that"),
  },
  CdiFieldUnknown: {
    code: "GAN4004",
    exit: 1,
    says: (d) => `${at(d.place)}unknown field ${quoteShort(d.field)}${inside(d.place.path)}`,
    remedies: (d) =>
      know(
        d.meant === undefined
          ? "remove the field: engines refuse the whole file for it"
          : `did you mean ${d.meant}? engines refuse the whole file for an unknown field`,
      ),
  },
  CdiFieldRepeated: {
    code: "GAN4005",
    exit: 1,
    says: (d) =>
      `${at(d.place)}key ${quoteShort(d.field)} already set${d.other === d.field ? "" : ` as ${quoteShort(d.other)}`}${inside(d.place.path)}`,
    remedies: () => know("keep one of the two"),
  },
  CdiTypeWrong: {
    code: "GAN4006",
    exit: 1,
    says: (d) =>
      `${at(d.place)}cannot unmarshal ${d.found} into ${d.place.path || "the specification"}, which is ${d.expected}`,
    remedies: (d) => know(`write ${d.expected} there`),
  },
  CdiVersionUnknown: {
    code: "GAN4010",
    exit: 1,
    says: (d) => `${at(d.place)}invalid version ${quoteShort(d.version)}`,
    remedies: (d) => know(`cdiVersion is one of ${d.known.join(", ")}`),
  },
  CdiVersionTooLow: {
    code: "GAN4011",
    exit: 1,
    says: (d) =>
      `${at(d.place)}the spec version must be at least v${d.minimum}, and is ${quoteShort(d.version)}${
        d.because === undefined
          ? ""
          : `: ${d.because.what}${d.because.place.line > 0 ? ` on line ${d.because.place.line}` : inside(d.because.place.path)}`
      }`,
    remedies: (d) => know(`set cdiVersion to ${d.minimum}, or leave out what needs it`),
  },
  CdiKindInvalid: {
    code: "GAN4012",
    exit: 1,
    says: (d) => `${at(d.place)}invalid kind ${quoteShort(d.kind)}: ${d.problem}`,
    remedies: () => know(`kind is vendor/class, as nvidia.com/gpu; both ${nameRule}`),
  },
  CdiDeviceNameInvalid: {
    code: "GAN4013",
    exit: 1,
    says: (d) => `${at(d.place)}${d.problem}`,
    remedies: () =>
      know(
        "a device's name begins and ends with a letter or digit and has only letters, digits, _, -, . and : between them",
      ),
  },
  CdiDeviceRepeated: {
    code: "GAN4014",
    exit: 1,
    says: (d) => `${at(d.place)}invalid spec, multiple device ${quoteShort(d.device)}`,
    remedies: () => know("give each device of a specification a name of its own"),
  },
  CdiDevicesMissing: {
    code: "GAN4015",
    exit: 1,
    says: (d) => `${at(d.place)}invalid spec, no devices`,
    remedies: () => know("a specification has one device at least"),
  },
  CdiDeviceEditsEmpty: {
    code: "GAN4016",
    exit: 1,
    says: (d) => `${at(d.place)}invalid device, empty device edits: ${quoteShort(d.device)}`,
    remedies: () =>
      know("give the device containerEdits that do something, an environment variable at least"),
  },
  CdiEnvironmentInvalid: {
    code: "GAN4020",
    exit: 1,
    says: (d) => `${at(d.place)}invalid environment variable ${quoteShort(d.entry)}`,
    remedies: () => know("write NAME=VALUE"),
  },
  CdiDeviceNodeInvalid: {
    code: "GAN4021",
    exit: 1,
    says: (d) => `${at(d.place)}${d.problem}`,
    remedies: () =>
      know(
        "a device node has a path, a type of b, c, u or p where it has one, numbers from 0 on, and permissions of r, w and m",
      ),
  },
  CdiHookInvalid: {
    code: "GAN4022",
    exit: 1,
    says: (d) => `${at(d.place)}${d.problem}`,
    remedies: () =>
      know(
        "a hook has a path and is one of prestart, createRuntime, createContainer, startContainer, poststart, poststop",
      ),
  },
  CdiMountInvalid: {
    code: "GAN4023",
    exit: 1,
    says: (d) => `${at(d.place)}invalid mount, ${d.problem}`,
    remedies: () => know("a mount has a hostPath and a containerPath"),
  },
  CdiIntelRdtInvalid: {
    code: "GAN4024",
    exit: 1,
    says: (d) => `${at(d.place)}invalid ClosID`,
    remedies: () => know("closID is the name of one directory in resctrl, or / for the root class"),
  },
  CdiNetDeviceInvalid: {
    code: "GAN4025",
    exit: 1,
    says: (d) => `${at(d.place)}invalid linux net device, ${d.problem}`,
    remedies: () => know("each interface has a name on the host and one in the container, both used once"),
  },
  CdiRuleBroken: {
    code: "GAN4030",
    exit: 1,
    says: (d) => `${at(d.place)}${d.problem}`,
    remedies: (d) => know(d.advice),
  },
  CdiDirectoryUnreadable: {
    code: "GAN4040",
    exit: 1,
    says: (d) =>
      `${d.directory}: the directory of CDI specifications cannot be read${
        d.unread.length === 0 ? "" : `, and engines then do not look into ${d.unread.join(", ")}`
      }`,
    remedies: () => know("make it a directory that the engine may read, or remove it"),
  },
  CdiDirectoryUnused: {
    code: "GAN4049",
    exit: 1,
    says: (d) => `${d.directory}: engines find no CDI specifications there: it ${d.why}`,
    remedies: () =>
      know(
        "put a directory there that the engine may read, or have the engine look where the specifications are",
      ),
  },
  CdiFileUnreadable: {
    code: "GAN4041",
    exit: 1,
    says: (d) => `${d.file}: failed to read CDI Spec`,
    remedies: (d) => know(fileObstacles[d.errno] ?? "let it be a file, or a link to one, that may be read"),
  },
  CdiDeviceConflict: {
    code: "GAN4042",
    exit: 1,
    says: (d) =>
      `conflicting device ${quoteShort(d.device)} (specs ${d.files.map((file) => JSON.stringify(file)).join(", ")})`,
    remedies: (d) =>
      know(
        `no engine injects it until one of them is left in each directory: remove ${d.files.length === 2 ? (d.files.at(-1) ?? "one") : "the others"}`,
      ),
  },
  CdiDeviceUnresolvable: {
    code: "GAN4043",
    exit: 1,
    says: (d) =>
      `unresolvable CDI devices ${d.devices.map((name) => escapeControl(shorten(name, 100))).join(", ")}: ${d.why}`,
    remedies: (d) =>
      know(
        d.meant === undefined
          ? "gantry cdi list shows every device and the file that it comes from"
          : `did you mean ${d.meant}? gantry cdi list shows every device`,
      ),
  },
  CdiNameInvalid: {
    code: "GAN4044",
    exit: 1,
    says: (d) => d.problem,
    remedies: () => know("a qualified name is vendor/class=device, as nvidia.com/gpu=0"),
  },
  CdiAnnotationInvalid: {
    code: "GAN4045",
    exit: 1,
    says: (d) =>
      `invalid CDI device name ${quoteShort(d.device)} in annotation ${quoteShort(d.key)}: not a qualified name`,
    remedies: () => know("the annotation holds qualified names with commas between them and no blanks"),
  },
  CdiAnnotationUnusable: {
    code: "GAN4046",
    exit: 1,
    says: (d) => `CDI annotation failed: ${d.problem}`,
    remedies: () => know("give the plugin and the allocation other names, of 63 characters together at most"),
  },
  CdiSpecsUnmergeable: {
    code: "GAN4047",
    exit: 1,
    says: (d) => `the specifications cannot be made one: ${d.problem}`,
    remedies: () => know("only specifications of one kind, whose devices have different names, become one"),
  },
  CdiDeviceUnusable: {
    code: "GAN4048",
    exit: 1,
    says: (d) => `failed to inject CDI devices: ${d.device} of ${d.file}`,
    remedies: (d) =>
      know(`${d.file} does not fit this machine, or its driver is not loaded: have it generated anew`),
  },
  CdiHostNodeMissing: {
    code: "GAN4050",
    exit: 1,
    says: (d) => `${atAny(d.place)}failed to stat CDI host device ${quoteShort(d.path)}`,
    remedies: () =>
      know(
        "the specification is older than the machine's devices, or its driver is not loaded: generate it anew",
      ),
  },
  CdiHostNodeOther: {
    code: "GAN4051",
    exit: 1,
    says: (d) =>
      `${atAny(d.place)}CDI device (${quoteShort(d.path)}, ${quoteShort(d.hostPath)}), host type mismatch (${d.expected}, ${d.found})`,
    remedies: () => know("leave out type in the specification, or name the node that has it"),
  },
  CdiNothingToGenerate: {
    code: "GAN4060",
    exit: 1,
    says: (d) =>
      `failed to generate CDI spec: this machine has nothing for mode ${quoteShort(d.mode)}: ${d.lacking} is absent`,
    remedies: () =>
      know(
        "gantry info shows what the machine has; load the module that makes the device, or ask for another mode",
      ),
  },
  CdiDevicesNameless: {
    code: "GAN4065",
    exit: 1,
    says: (d) => `failed to generate CDI spec: no device has a name by ${d.strategies.join(" or ")}`,
    remedies: () =>
      know(
        "have devices named by index too, which all have: --name index, or --device-name-strategy index of nvidia-ctk",
      ),
  },
  CdiFileUnwritable: {
    code: "GAN4061",
    exit: 1,
    says: (d) => `${d.file}: failed to write CDI spec${unwritable[d.reason]}`,
    remedies: (d) =>
      know(
        d.reason === "refused"
          ? (writeObstacles[d.errno] ??
              "write it as a user who may, usually root; where root may not, into another directory: /etc/cdi, or /var/run/cdi until the next boot")
          : "look at who writes it, and run the command again",
      ),
  },
  CdiContentLeftOut: {
    code: "GAN4062",
    exit: 1,
    says: (d) => `the CDI specification is without ${d.what}: ${d.why}`,
    remedies: (d) => know(d.consequence),
  },
  CdiHookProgramAbsent: {
    code: "GAN4064",
    exit: 1,
    says: (d) => `the hooks of the CDI specification call ${quoteShort(d.path)}, which is not there`,
    remedies: (d) =>
      know(
        /\/(?:nvidia-c(?:tk|di-hook)|gantry[^/]*)$/.test(d.path)
          ? "no container with it starts: gantry install --prefix DIR --with nvidia-cdi-hook puts one there, --hook-path or --nvidia-cdi-hook-path names another"
          : "no container with it starts: put the program there, or name another in what --hook-path, --nvidia-cdi-hook-path or the file of --edits says",
      ),
  },
  CdiMachineUnready: {
    code: "GAN4070",
    exit: 1,
    says: (d) => `no CDI specification is made, since this machine lacks ${listSome(d.lacks, 3)}`,
    remedies: () =>
      know(
        "load the driver, have its nodes made (NVIDIA's: run nvidia-smi once), or install what is missing; gantry info tells more; a specification that is there already stays as long as what it names is there",
      ),
  },
  CdiVersionUnreachable: {
    code: "GAN4063",
    exit: 1,
    says: (d) =>
      `no CDI specification that ${d.engines.join(" and ")} can read (${d.limit}) says what this machine needs: ${d.what} needs ${d.needed}`,
    remedies: () =>
      know("upgrade the engine, or name with --for-engine only those that are to read the file"),
  },
}
