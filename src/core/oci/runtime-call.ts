/**
 * The command line of a low-level runtime, as far as a wrapper must understand it: which subcommand, which bundle. The launcher reads it
 * the same way (src/launcher/scan.c; tests/launcher/scan.test.ts holds the two against each other).
 * Source: the manual pages of runc and crun.
 */

export interface RuntimeCall {
  readonly subcommand: "create" | "run" | "other"
  /** As written; undefined: the working directory is the bundle. */
  readonly bundle: string | undefined
}

/** Another word in a subcommand's place belongs to an option that is not known here. */
const subcommands: ReadonlySet<string> = new Set(
  "checkpoint create delete events exec features help init kill list mounts pause ps restore resume run spec start state update version".split(
    " ",
  ),
)
/** Options that take the next argument when no `=` follows. */
const valuedBefore: ReadonlySet<string> = new Set(
  "root log log-format criu rootless log-level cgroup-manager".split(" "),
)
const valuedAfter: ReadonlySet<string> = new Set(
  "bundle b console-socket pid-file preserve-fds pidfd-socket config f".split(" "),
)

const nameOf = (option: string): string => option.replace(/^--?/, "")

/** `args`: without the program's name. */
export function readRuntimeCall(args: readonly string[]): RuntimeCall {
  let at = 0
  for (; at < args.length && !subcommands.has(args[at] ?? ""); at++)
    if (args[at]?.startsWith("-") === true && valuedBefore.has(nameOf(args[at] ?? ""))) at++
  const word = args[at]
  if (word !== "create" && word !== "run") return { subcommand: "other", bundle: undefined }
  let bundle: string | undefined
  // Options may stand behind the container's name too. The last bundle counts.
  for (at++; at < args.length; at++) {
    const arg = args[at] ?? ""
    if (arg === "--") break
    if (!arg.startsWith("-")) continue
    const given = /^--?(?:bundle|b)=(.*)$/s.exec(arg)?.[1]
    if (given !== undefined) bundle = given
    else if (valuedAfter.has(nameOf(arg)) && at + 1 < args.length) {
      at++
      if (nameOf(arg).startsWith("b")) bundle = args[at]
    }
  }
  return { subcommand: word, bundle }
}
