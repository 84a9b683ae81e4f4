/**
 * Faults of CDI specifications beside the machine that they are for (GAN41xx): what they name is not there, is another thing, or is
 * not as an engine needs it. Sentences begin with what engines and runtimes say where people search for it.
 */

import { hostPath } from "../text/brand.ts"
import { counted } from "../text/counted.ts"
import { quoteShort } from "../text/escape.ts"
import { listSome } from "../text/list-some.ts"
import { type AtPlace, at } from "./cdi-place.ts"
import type { Catalogue } from "./entry.ts"
import { errnoText } from "./errno.ts"
import { know, type Remedy } from "./remedy.ts"

export interface CdiMachineFaults {
  CdiPathMissing: AtPlace & { readonly path: string; readonly errno: string }
  /** A mount of a device node brings no right to open it. `has`: `character device 195:0`. */
  CdiMountOfNode: AtPlace & { readonly path: string; readonly has: string }
  /** `written` and `has`: `511:0`. */
  /** `has`: what it has, or would have where nobody has made it (`isThere`). */
  CdiNodeNumbersStale: AtPlace & {
    readonly path: string
    readonly written: string
    readonly has: string
    readonly isThere: boolean
  }
  /** A node of the driver's under a name that its libraries do not look for. `path`: the machine's, `given`: the container's. */
  CdiNodeMisnamed: AtPlace & { readonly path: string; readonly given: string; readonly wanted: string }
  CdiMountUnusable: AtPlace & { readonly containerPath: string; readonly problem: string }
  /** A bind with a word that is no option of binds. `meant`: what to write for it; empty: nobody knows. */
  CdiMountOptionUnknown: AtPlace & {
    readonly containerPath: string
    readonly option: string
    readonly meant: readonly string[]
  }
  /** A hook of the toolkit's that is called so that it fails, or does nothing. */
  CdiHookMiscalled: AtPlace & { readonly path: string; readonly problem: string }
  /** A hook of the toolkit's that is called as it must be, and does nothing, or one thing for nothing. `problem`: what it does. */
  CdiHookIdle: AtPlace & { readonly path: string; readonly problem: string }
  /** A number that a driver is given anew each time it is loaded. `name`: as /proc/devices has it. */
  CdiMajorDrifting: AtPlace & { readonly path: string; readonly major: number; readonly name: string }
  /** Files of another version than the loaded kernel module, and hooks that are told of another. */
  CdiDriverOther: AtPlace & {
    readonly written: string
    readonly kernel: string
    readonly files: number
    readonly missing: number
    readonly hooks: number
  }
  /** A library that needs one of the driver's that no mount brings. */
  CdiClosureIncomplete: AtPlace & { readonly path: string; readonly needs: string }
  /** A library that programs do not find by its name in the container. `others`: how many more of the same file. */
  CdiSonameUnreachable: AtPlace & {
    readonly path: string
    readonly soname: string
    /** Nothing has the name, or no loader looks where it is. */
    readonly sight: "unlinked" | "unsearched"
    readonly others: number
  }
  CdiLibraryUnusable: AtPlace & { readonly path: string; readonly problem: string }
  CdiHookMissing: AtPlace & { readonly path: string; readonly errno: string }
  CdiHookNotExecutable: AtPlace & { readonly path: string; readonly problem: NotExecutable }
  /** What runs a script, or loads an ELF file; empty: the script names none. */
  CdiHookInterpreterUnusable: AtPlace & {
    readonly path: string
    readonly interpreter: string
    readonly named: "by a first line" | "by an ELF header"
    readonly problem: NotExecutable | { readonly kind: "missing"; readonly errno: string }
  }
  CdiHookEnvironmentMissing: AtPlace & { readonly path: string; readonly hookName: string }
  /** Somebody else than root and the engine's user may change what runs. `writable`: the program or a directory above it. */
  CdiHookUntrusted: AtPlace & { readonly path: string; readonly writable: string; readonly by: string }
  /** `closed`: the file or a directory above it. */
  CdiFileForbidden: { readonly file: string; readonly user: string; readonly closed: string }
  /** In a directory of specifications, and not called as one; or in a directory below it. */
  CdiFileUnread: { readonly file: string; readonly isBelow: boolean }
  /** Given with fewer rights than programs need. */
  CdiNodeNarrow: AtPlace & { readonly path: string; readonly permissions: string; readonly needed: string }
  CdiFileUntrusted: { readonly file: string; readonly writable: string; readonly by: string }
  CdiPathForbidden: AtPlace & {
    readonly path: string
    readonly user: string
    readonly closed: string
    readonly access: string
  }
  /** `areSame`: whoever wins, containers get the same. */
  CdiDevicesHidden: {
    readonly file: string
    readonly by: string
    readonly devices: readonly string[]
    readonly areSame: boolean
    /** The file has no other device. */
    readonly isWhole: boolean
  }
  /** Kinds that are one but for the case of letters. */
  CdiKindsAlike: AtPlace & { readonly kind: string; readonly other: string; readonly otherFile: string }
  CdiVersionUnread: {
    readonly file: string
    readonly version: string
    readonly minimum: string
    readonly engine: string
    readonly highest: string
    /** An older version says the same. */
    readonly canBeLowered: boolean
  }
  CdiEngineWithout: { readonly engine: string }
  CdiEngineVersionUnknown: { readonly engine: string; readonly program: string }
  CdiEngineOff: { readonly engine: string; readonly file: string; readonly change: string }
  /** `by`: the file that names the directories; empty: nobody does, and they are the usual ones. */
  CdiDirectoryUnread: {
    readonly engine: string
    readonly directory: string
    readonly directories: readonly string[]
    readonly by: string
  }
  /** What a recording was not asked about when it was made. */
  CdiPlacesUnrecorded: { readonly host: string; readonly places: readonly string[] }
  /** `own`: what in it no generator wrote. `isNvidias`: only with files of their GPUs generating takes what somebody adds. */
  CdiFileNotRenewable: { readonly file: string; readonly own: string; readonly isNvidias: boolean }
  /** `lacks`: each as a sentence's object. */
  CdiDriverIncomplete: { readonly lacks: readonly string[] }
  /** `means`: what the name says and the machine has not. */
  CdiDeviceGone: AtPlace & { readonly device: string; readonly means: string }
  /** A GPU as a whole, on which MIG is enabled. `gpu`: as the name says it. */
  CdiDeviceCut: AtPlace & { readonly device: string; readonly gpu: string }
  /** `wanted`: the node of what the name says. */
  CdiDeviceOther: AtPlace & { readonly device: string; readonly means: string; readonly wanted: string }
  /** `nodes`: what the machine would give under the same names. */
  CdiNodesLacking: AtPlace & { readonly devices: readonly string[]; readonly nodes: readonly string[] }
  /** `nodes`: other devices' of the same machine. */
  CdiNodesBeyond: AtPlace & { readonly devices: readonly string[]; readonly nodes: readonly string[] }
  /** Names without a version: `libcuda.so`. */
  CdiLibrariesLacking: AtPlace & { readonly libraries: readonly string[] }
  CdiGpusUnlisted: { readonly gpus: readonly string[] }
  /** Qualified names. */
  CdiDevicesUnlisted: { readonly devices: readonly string[] }
  CdiMigDevicesUnlisted: { readonly devices: readonly string[] }
  /** `has`: what lies there in the image. */
  CdiImageShadowed: AtPlace & { readonly containerPath: string; readonly has: string }
  CdiImagePathClash: AtPlace & {
    readonly containerPath: string
    readonly has: string
    readonly gets: string
    readonly by: "mount" | "hook"
  }
}

/** Why a path that is there is no program. */
export type NotExecutable =
  | { readonly kind: "empty" }
  /** `has`: what lies there instead of a file. */
  | { readonly kind: "other"; readonly has: string }
  | { readonly kind: "mode"; readonly mode: number }
  /** Of the file system it lies on. `mount`: its place. */
  | { readonly kind: "noexec"; readonly mount: string }
  /** An ELF file that the kernel does not execute. */
  | { readonly kind: "broken"; readonly problem: string }

const programProblem = (problem: CdiMachineFaults["CdiHookInterpreterUnusable"]["problem"]): string => {
  switch (problem.kind) {
    case "missing":
      return errnoText(problem.errno)
    case "empty":
      return "it is empty"
    case "other":
      return `it is a ${problem.has}`
    case "mode":
      return `mode ${problem.mode.toString(8)} lets nobody execute it`
    case "noexec":
      return `${quoteShort(problem.mount)} is mounted noexec`
    case "broken":
      return `it is not a program: ${problem.problem}`
  }
}

const renew = know("the specification is older than the machine: generate it anew")

/** From whoever may write it. */
const takeBack = (d: { readonly writable: string; readonly by: string }): readonly Remedy[] => [
  {
    kind: "run",
    argv: d.by.startsWith("user ") ? ["chown", "-h", "root", d.writable] : ["chmod", "go-w", d.writable],
    asRoot: true,
    why: `so that ${d.by} may not write it any more`,
  },
]

export const cdiMachineCatalogue: Catalogue<CdiMachineFaults> = {
  CdiPathMissing: {
    code: "GAN4100",
    exit: 1,
    says: (d) => `${at(d.place)}cannot stat ${quoteShort(d.path)}: ${errnoText(d.errno)}`,
    remedies: () => renew,
  },
  CdiMountOfNode: {
    code: "GAN4101",
    exit: 1,
    says: (d) => `${at(d.place)}${quoteShort(d.path)} is a ${d.has}, and a mount gives no right to open it`,
    remedies: () => know("list it in deviceNodes"),
  },
  CdiNodeNumbersStale: {
    code: "GAN4102",
    exit: 1,
    says: (d) =>
      `${at(d.place)}the specification gives ${quoteShort(d.path)} as ${d.written}, and it is ${d.has}`,
    remedies: (d) =>
      know(
        `generate the specification anew, or ${d.isThere ? "leave out major and minor" : `write ${d.has}`}`,
      ),
  },
  CdiNodeMisnamed: {
    code: "GAN4108",
    exit: 1,
    says: (d) =>
      `${at(d.place)}${quoteShort(d.path)} is given as ${quoteShort(d.given)}, and programs look for it as ${quoteShort(d.wanted)}`,
    remedies: () => know("give it the machine's own name as path"),
  },
  CdiMountUnusable: {
    code: "GAN4109",
    exit: 1,
    says: (d) => `${at(d.place)}runtimes cannot mount ${quoteShort(d.containerPath)}: ${d.problem}`,
    remedies: (d) =>
      know(
        d.containerPath.startsWith("/proc/")
          ? "name another place, or have a hook put it there"
          : d.problem.endsWith("does not have")
            ? "add the option rbind, or install the file system's module"
            : d.problem.startsWith("it lies in")
              ? "make an empty file or directory there on the machine, or name another place"
              : "add the option rbind, and name a place below the root",
      ),
  },
  CdiMountOptionUnknown: {
    code: "GAN4144",
    exit: 1,
    says: (d) =>
      `${at(d.place)}bind mounts cannot have any filesystem-specific options applied: ${quoteShort(d.containerPath)} has ${quoteShort(d.option)}, with which runc refuses it from 1.2 on, and without which other runtimes mount it`,
    remedies: (d) =>
      know(
        d.meant.length === 0
          ? "leave it out"
          : `write ${d.meant.join(" and ")} for it${d.meant.length > 1 ? ", each a word of its own" : ""}`,
      ),
  },
  CdiHookMiscalled: {
    code: "GAN4114",
    exit: 1,
    says: (d) => `${at(d.place)}the hook ${quoteShort(d.path)} is called wrongly: ${d.problem}`,
    remedies: () => know("generate the specification anew, or write its args as the program's help has them"),
  },
  CdiHookIdle: {
    code: "GAN4116",
    exit: 1,
    says: (d) => `${at(d.place)}the hook ${quoteShort(d.path)} ${d.problem}`,
    remedies: () =>
      know("leave it out, if that is meant; else generate the specification anew, or write what it lacks"),
  },
  CdiMajorDrifting: {
    code: "GAN4103",
    exit: 1,
    says: (d) =>
      `${at(d.place)}the major ${d.major} of ${quoteShort(d.path)} is given to ${d.name} anew whenever its module is loaded`,
    remedies: () => know("leave out major and minor, and engines read them from the node"),
  },
  CdiDriverOther: {
    code: "GAN4104",
    exit: 1,
    says: (d) =>
      `${at(d.place)}the specification is for driver ${d.written}, and the kernel module is ${d.kernel}: ${[
        ...(d.files === 0 ? [] : [`${counted(d.files, "file")}, ${d.missing} of them not there`]),
        ...(d.hooks === 0 ? [] : [`${counted(d.hooks, "hook")} with that --host-driver-version`]),
      ].join(", and ")}`,
    remedies: (d) =>
      know(
        d.missing > 0 || d.files === 0
          ? "generate the specification anew"
          : "reboot or load the module anew, if the driver was upgraded; else generate the specification anew",
      ),
  },
  CdiClosureIncomplete: {
    code: "GAN4105",
    exit: 1,
    says: (d) => `${at(d.place)}${quoteShort(d.path)} needs ${quoteShort(d.needs)}, which no mount brings`,
    remedies: () => know("add a mount of it, or generate the specification anew"),
  },
  CdiSonameUnreachable: {
    code: "GAN4106",
    exit: 1,
    says: (d) =>
      d.sight === "unlinked"
        ? `${at(d.place)}programs look for ${quoteShort(d.path)} as ${quoteShort(d.soname)}, and nothing makes that link in the container${d.others === 0 ? "" : `, nor those of ${d.others} more`}`
        : `${at(d.place)}programs do not find ${quoteShort(d.path)}: nothing tells the container's loader of its directory${d.others === 0 ? "" : `, nor of those of ${d.others} more`}`,
    remedies: (d) =>
      know(
        d.sight === "unlinked"
          ? "add the link to a create-symlinks hook, or its directory to an update-ldcache hook"
          : "add its directory to an update-ldcache hook (--folder DIR)",
      ),
  },
  CdiLibraryUnusable: {
    code: "GAN4107",
    exit: 1,
    says: (d) => `${at(d.place)}${quoteShort(d.path)} is not a library: ${d.problem}`,
    remedies: () => know("install the driver anew"),
  },
  CdiHookMissing: {
    code: "GAN4110",
    exit: 1,
    says: (d) =>
      `${at(d.place)}error executing hook ${quoteShort(d.path)}: ${errnoText(d.errno)}: no container with it starts`,
    remedies: () =>
      know("install the program, or generate the specification anew with the hooks of this machine"),
  },
  CdiHookNotExecutable: {
    code: "GAN4111",
    exit: 1,
    says: (d) =>
      `${at(d.place)}error executing hook ${quoteShort(d.path)}: ${programProblem(d.problem)}: no container with it starts`,
    remedies: (d) =>
      d.problem.kind === "mode"
        ? [{ kind: "run", argv: ["chmod", "a+x", d.path], asRoot: true, why: "if it is a program" }]
        : know(
            d.problem.kind === "noexec"
              ? "put the program elsewhere, or mount the file system without noexec"
              : "install the program anew, or generate the specification anew with the hooks of this machine",
          ),
  },
  CdiHookInterpreterUnusable: {
    code: "GAN4115",
    exit: 1,
    says: (d) =>
      `${at(d.place)}error executing hook ${quoteShort(d.path)}: its interpreter ${quoteShort(d.interpreter)}: ${programProblem(d.problem)}: no container with it starts`,
    remedies: (d) =>
      know(
        d.interpreter === ""
          ? `name its interpreter in the first line of ${d.path}`
          : `install ${quoteShort(d.interpreter)} so that it may be executed, or ${d.named === "by a first line" ? `name another in the first line of ${d.path}` : `have ${d.path} as it is built for this machine`}`,
      ),
  },
  CdiHookEnvironmentMissing: {
    code: "GAN4112",
    exit: 1,
    says: (d) =>
      `${at(d.place)}the ${d.hookName} hook ${quoteShort(d.path)} has no env, so that it runs ${d.hookName === "createContainer" ? "as root with variables that an image chooses (CVE-2025-23266)" : "with those variables that whoever started the runtime happens to have"}`,
    remedies: () => know("give the hook an env, one variable at least: env: [PATH=/usr/bin:/bin]"),
  },
  CdiHookUntrusted: {
    code: "GAN4113",
    exit: 1,
    says: (d) =>
      `${at(d.place)}the hook ${quoteShort(d.path)} runs as the engine's user, and ${d.by} may write ${quoteShort(d.writable)}`,
    remedies: takeBack,
  },
  CdiNodeNarrow: {
    code: "GAN4139",
    exit: 1,
    says: (d) =>
      `${at(d.place)}${quoteShort(d.path)} is given with the permissions ${quoteShort(d.permissions)}, and programs open it for ${d.needed}`,
    remedies: () => know("leave out permissions, or set them to rw"),
  },
  CdiFileUnread: {
    code: "GAN4138",
    exit: 1,
    says: (d) =>
      `${d.file} is not a specification to engines: they ${d.isBelow ? "do not look into directories below their own" : "read names that end in .yaml or .json, in small letters"}`,
    remedies: (d) =>
      know(
        d.isBelow
          ? "move it one directory up, unless it was put away on purpose"
          : "let its name end in .yaml or .json, unless it was put away on purpose",
      ),
  },
  CdiFileForbidden: {
    code: "GAN4120",
    exit: 1,
    says: (d) =>
      `${d.file}: ${d.user} cannot read the specification: permission denied at ${quoteShort(d.closed)}`,
    remedies: (d) => [
      {
        kind: "run",
        argv: ["chmod", d.closed === d.file ? "a+r" : "a+rx", d.closed],
        asRoot: true,
        why: "engines without root read it too",
      },
    ],
  },
  CdiFileUntrusted: {
    code: "GAN4121",
    exit: 1,
    says: (d) =>
      `${d.file}: ${d.by} may write ${quoteShort(d.writable)}, and so decides what runs as the engine's user`,
    remedies: takeBack,
  },
  CdiPathForbidden: {
    code: "GAN4122",
    exit: 1,
    says: (d) =>
      `${at(d.place)}${d.user} cannot ${d.access} ${quoteShort(d.path)}: permission denied at ${quoteShort(d.closed)}`,
    remedies: () =>
      know("give the user a group that may, or change the mode; ACLs and labels are not looked at"),
  },
  CdiDevicesHidden: {
    code: "GAN4123",
    exit: 1,
    says: (d) =>
      `${d.file}: ${listSome(d.devices, 8)} of it ${d.devices.length === 1 ? "is" : "are"} never used: ${d.by} wins${d.areSame ? ", with the same edits" : ""}`,
    remedies: (d) =>
      know(
        d.isWhole
          ? `remove ${d.file}, or give its devices other names`
          : `give these devices of ${d.by} other names`,
      ),
  },
  CdiKindsAlike: {
    code: "GAN4154",
    exit: 1,
    says: (d) =>
      `${at(d.place)}the kind ${d.kind} is not ${d.other} of ${d.otherFile}: engines compare names letter by letter`,
    remedies: () =>
      know("write both alike if they are meant to be one, and ask for devices by the kind as it is written"),
  },
  CdiVersionUnread: {
    code: "GAN4124",
    exit: 1,
    says: (d) =>
      `${d.file}: ${d.engine} parses CDI versions up to ${d.highest}, not ${d.version}: to it none of the devices is there (unresolvable CDI devices)`,
    remedies: (d) =>
      know(
        d.canBeLowered
          ? `set cdiVersion to ${d.minimum}, which says the same`
          : `upgrade the engine, or leave out what needs ${d.minimum}`,
      ),
  },
  CdiEngineWithout: {
    code: "GAN4125",
    exit: 1,
    says: (d) => `${d.engine} does not know CDI: requests for its devices are ignored there`,
    remedies: () => know("upgrade the engine, or use the runtime wrapper or the hook there"),
  },
  CdiEngineVersionUnknown: {
    code: "GAN4126",
    exit: 1,
    says: (d) =>
      `${d.program}: nothing says which version of ${d.engine} it is, nor which CDI versions it parses`,
    remedies: (d) => know(`say it: --engine ${d.engine}@VERSION`),
  },
  CdiPlacesUnrecorded: {
    code: "GAN4127",
    exit: 1,
    says: (d) => `${d.host} was not asked about ${listSome(d.places, 8)}, so that nothing is known of them`,
    remedies: () => know("record the machine anew while it has the specification, or verify it there"),
  },
  CdiFileNotRenewable: {
    code: "GAN4128",
    exit: 1,
    says: (d) => `${d.file} is not made anew: ${d.own} in it is nobody's but its author's, and would be lost`,
    remedies: (d) =>
      know(
        d.isNvidias
          ? "keep what you add in a file of its own: gantry cdi generate --edits FILE --output …"
          : "put what you add into a file of a kind of your own, or correct by hand what is stale",
      ),
  },
  CdiEngineOff: {
    code: "GAN4129",
    exit: 1,
    says: (d) => `${d.engine} serves no CDI device: they are not switched on`,
    remedies: (d) => [
      { kind: "edit", file: hostPath(d.file), change: d.change, why: "so that it reads specifications" },
    ],
  },
  CdiDirectoryUnread: {
    code: "GAN4119",
    exit: 1,
    says: (d) =>
      `${d.engine} does not look into ${d.directory}: to it the devices of its files do not exist (unresolvable CDI devices)`,
    remedies: (d) =>
      know(
        `${d.by === "" ? "it looks" : `${d.by} has it look`} into ${d.directories.length === 0 ? "no directory" : listSome(d.directories, 8)}: put the files there, or name the directory too`,
      ),
  },
  CdiDriverIncomplete: {
    code: "GAN4143",
    exit: 1,
    says: (d) => `this machine lacks ${d.lacks.join(" and ")}: CUDA finds no GPU in any container`,
    remedies: () =>
      know(
        "load the module (modprobe nvidia-uvm, or nvidia-modprobe -u at boot); install the driver anew where a library is missing",
      ),
  },
  CdiDeviceGone: {
    code: "GAN4130",
    exit: 1,
    says: (d) => `${at(d.place)}${d.device}: this machine has no ${d.means}`,
    remedies: () => renew,
  },
  CdiDeviceCut: {
    code: "GAN4142",
    exit: 1,
    says: (d) =>
      `${at(d.place)}${d.device}: MIG is enabled on ${d.gpu}, and CUDA finds no device in a container that has it as a whole`,
    remedies: () =>
      know(
        "generate the specification anew, of its MIG devices or of all, and ask for these; make some first where it has none (nvidia-smi mig -cgi PROFILE -C), or switch MIG off (nvidia-smi -mig 0)",
      ),
  },
  CdiDeviceOther: {
    code: "GAN4131",
    exit: 1,
    says: (d) => `${at(d.place)}${d.device} does not give ${quoteShort(d.wanted)}, which is ${d.means} now`,
    remedies: () => renew,
  },
  CdiNodesLacking: {
    code: "GAN4134",
    exit: 1,
    says: (d) =>
      `${at(d.place)}${listSome(d.devices, 8)} ${d.devices.length === 1 ? "lacks" : "lack"} ${listSome(d.nodes, 8)}`,
    remedies: () =>
      know("if it was not left out on purpose, the specification is not whole: generate it anew"),
  },
  CdiNodesBeyond: {
    code: "GAN4135",
    exit: 1,
    says: (d) =>
      `${at(d.place)}${listSome(d.devices, 8)} ${d.devices.length === 1 ? "gives" : "give"} ${listSome(d.nodes, 8)} too, which another device is for`,
    remedies: () => know("containers with it reach more than they asked for: generate it anew"),
  },
  CdiLibrariesLacking: {
    code: "GAN4136",
    exit: 1,
    says: (d) => `${at(d.place)}nothing mounts ${listSome(d.libraries, 8)} of the driver`,
    remedies: () => know("if it was not left out on purpose, generate the specification anew"),
  },
  CdiGpusUnlisted: {
    code: "GAN4132",
    exit: 1,
    says: (d) => `no CDI device gives ${listSome(d.gpus, 8)}, which this machine has`,
    remedies: () =>
      know(
        "generate the specification anew, unless they are left out on purpose; of one that it is without again, gantry info says what is wrong",
      ),
  },
  CdiDevicesUnlisted: {
    code: "GAN4137",
    exit: 1,
    says: (d) => `this machine has ${listSome(d.devices, 8)} too, which the specification does not have`,
    remedies: () => know("generate the specification anew, if they were not left out on purpose"),
  },
  CdiMigDevicesUnlisted: {
    code: "GAN4133",
    exit: 1,
    says: (d) => `no CDI device gives ${listSome(d.devices, 8)}, which this machine has`,
    remedies: () => know("generate the specification anew, unless they are left out on purpose"),
  },
  CdiImageShadowed: {
    code: "GAN4140",
    exit: 1,
    says: (d) => `${at(d.place)}${quoteShort(d.containerPath)} hides ${d.has} of the image`,
    remedies: () => know("remove it from the image, if it is the driver's: it belongs to the machine"),
  },
  CdiImagePathClash: {
    code: "GAN4141",
    exit: 1,
    says: (d) =>
      `${at(d.place)}${quoteShort(d.containerPath)} is ${d.has} in the image, and ${d.by === "mount" ? `gets ${d.gets}: not a directory, or is a directory` : `a hook makes ${d.gets} there: it fails, and no container with it starts`}`,
    remedies: (d) => know(`remove it from the image${d.by === "mount" ? ", or mount elsewhere" : ""}`),
  },
}
