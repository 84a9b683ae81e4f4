/**
 * Options of bind mounts, as runtimes know them. To runc any other word is one of a file system's own, and from 1.2 on it refuses a bind with
 * such; older ones and crun mount without a word and without what was meant. Source: runc 1.5.2, parseMountOptions and checkBindOptions;
 * crun's own words from its manual. `defaults` is none: runc knows it and has no flag for it.
 */

/** Each can be undone, and said of all mounts below. */
const flags = "atime dev diratime exec relatime strictatime suid symfollow"
  .split(" ")
  .flatMap((flag) => [flag, `no${flag}`])

const known: ReadonlySet<string> = new Set([
  "",
  "bind",
  "rbind",
  ...["ro", "rw", ...flags].flatMap((flag) => [flag, `r${flag}`]),
  ..."async dirsync iversion noiversion lazytime nolazytime loud silent mand nomand remount sync".split(" "),
  ..."private rprivate shared rshared slave rslave unbindable runbindable".split(" "),
  ..."idmap ridmap tmpcopyup copy-symlink src-nofollow dest-nofollow".split(" "),
])

/** crun's mappings have values. */
export const isBindOption = (option: string): boolean => known.has(option) || /^r?idmap=/.test(option)

const meanings: Readonly<Record<string, string>> = {
  readonly: "ro",
  "read-only": "ro",
  read_only: "ro",
  readwrite: "rw",
  "read-write": "rw",
}

/** What somebody may have meant by a word that is none; undefined: nobody knows. */
export function meantOption(option: string): readonly string[] | undefined {
  const words = option
    .toLowerCase()
    .split(",")
    .map((word) => word.trim())
    .map((word) => (Object.hasOwn(meanings, word) ? (meanings[word] ?? word) : word))
  return words.every((word) => word !== "" && isBindOption(word)) ? words : undefined
}

/** The last word counts. */
export const isReadOnly = (options: readonly string[]): boolean =>
  /^r?ro$/.test(options.findLast((option) => /^r?r[ow]$/.test(option)) ?? "")
