/** Mounts of specifications that runtimes refuse by their form, whatever lies on the machine but its kernel. Source: mount(2); runc. */

import { isBindOption, meantOption } from "../../cdi/rules/mount-options.ts"
import type { Mount } from "../../cdi/spec.ts"
import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import { hostPath } from "../../text/brand.ts"
import { cleanPath } from "../../text/path.ts"
import { decodeUtf8 } from "../../text/utf8.ts"
import {
  type CdiSubject,
  found,
  groupUses,
  isUnrecorded,
  otherPlaces,
  placeOf,
  type Use,
} from "../cdi-subject.ts"

/** What a runtime cannot mount, whatever lies there. Source: mount(2); runc takes a mount for a bind by its options alone. */
export function checkMountForms(subject: CdiSubject, mounts: readonly Use<Mount>[]): readonly Finding[] {
  return [
    ...tellProblems("warning", mounts, ({ containerPath }) =>
      isRefusedByRunc(containerPath)
        ? { what: cleanPath(containerPath), problem: "runc mounts nothing inside /proc" }
        : undefined,
    ),
    ...tellProblems("error", mounts, formProblem),
    ...checkOptions(mounts),
    ...checkTypes(subject, mounts),
  ]
}

interface Problem {
  /** Of one only one is told. */
  readonly what: string
  readonly problem: string
}

const tellProblems = (
  severity: Finding["severity"],
  mounts: readonly Use<Mount>[],
  problemOf: (mount: Mount) => Problem | undefined,
): readonly Finding[] =>
  groupUses(mounts, (mount) => problemOf(mount)?.what ?? "").flatMap(([, uses]) => {
    const { item } = uses[0]
    const problem = problemOf(item)?.problem
    return problem === undefined
      ? []
      : [
          found(
            severity,
            fault("CdiMountUnusable", {
              place: placeOf(uses[0]),
              containerPath: item.containerPath,
              problem,
            }),
            ...otherPlaces(uses),
          ),
        ]
  })

const isBound = ({ options }: Mount): boolean => options.some((option) => /^r?bind$/.test(option))

function formProblem(mount: Mount): Problem | undefined {
  const { containerPath, type } = mount
  const told = (problem: string): Problem => ({ what: problem, problem })
  if (cleanPath(containerPath) === "/") return told("it would lie over the container's root")
  if (isBound(mount)) return undefined
  if (type === "") return told("it has neither a type nor the option bind or rbind")
  return isNoFileSystem(type)
    ? told(`its type is ${type}, and none of its options is bind or rbind, by which runtimes go`)
    : undefined
}

/** Words by which people mean a bind. */
const isNoFileSystem = (type: string): boolean => /^(?:none|r?bind)$/.test(type)

function checkOptions(mounts: readonly Use<Mount>[]): readonly Finding[] {
  const odd = mounts
    .filter(({ item }) => isBound(item))
    .flatMap((use) => {
      const option = use.item.options.find((one) => !isBindOption(one))
      return option === undefined ? [] : [{ ...use, item: { ...use.item, option } }]
    })
  return groupUses(odd, ({ option }) => option).map(([option, uses]) =>
    found(
      "error",
      fault("CdiMountOptionUnknown", {
        place: placeOf(uses[0], "options"),
        containerPath: uses[0].item.containerPath,
        option,
        meant: meantOption(option) ?? [],
      }),
      ...otherPlaces(uses, "options"),
    ),
  )
}

/** The kernel may have yet to load what has the type: a warning. */
function checkTypes(subject: CdiSubject, mounts: readonly Use<Mount>[]): readonly Finding[] {
  const typed = mounts.filter(({ item }) => !isBound(item) && item.type !== "" && !isNoFileSystem(item.type))
  const unsure = typed.filter(({ item }) => !comesAsModule.test(item.type) && item.type !== "tmpfs")
  if (unsure.length === 0) return []
  const known = fileSystems(subject)
  return known === undefined
    ? []
    : tellProblems("warning", unsure, ({ type }) =>
        known.has(baseType(type))
          ? undefined
          : { what: type, problem: `its type is ${type}, which this kernel does not have` },
      )
}

/** As `fuse.sshfs` is one of fuse. */
const baseType = (type: string): string => type.replace(/\..*$/, "")

/** File systems of the kernel's own that it loads when somebody mounts one. */
const comesAsModule =
  /^(?:9p|autofs|bcachefs|btrfs|ceph|cifs|smb3|erofs|exfat|ext[234]|f2fs|fuse(?:blk|ctl)?|iso9660|msdos|nfs[4d]?|ntfs3?|overlay|squashfs|udf|vfat|virtiofs|xfs)(?:\.|$)/

const fileSystemsPath = hostPath("/proc/filesystems")

/** undefined: the machine does not say. */
function fileSystems(subject: CdiSubject): ReadonlySet<string> | undefined {
  const content = subject.host.readFile(fileSystemsPath)
  if (!content.ok) {
    isUnrecorded(subject, fileSystemsPath, content.fault)
    return undefined
  }
  return new Set(
    decodeUtf8(content.value)
      .split("\n")
      .map((line) => line.slice(line.indexOf("\t") + 1)),
  )
}

/** What lies over these is the kernel's business alone; a few files are let through. Source: runc's checkProcMount. */
const procPlaces =
  /^\/proc\/(?:cpuinfo|diskstats|loadavg|meminfo|slabinfo|stat|swaps|uptime|sys\/kernel\/ns_last_pid|sys\/crypto\/fips_enabled)$/

function isRefusedByRunc(containerPath: string): boolean {
  const path = cleanPath(containerPath)
  return path.startsWith("/proc/") && !procPlaces.test(path)
}
