/** What to do about a fault. Commands are argument vectors: shown, never run for the user. */

export type Remedy =
  | {
      readonly kind: "run"
      readonly argv: readonly [string, ...string[]]
      readonly asRoot: boolean
      readonly why: string
    }
  | { readonly kind: "edit"; readonly file: string; readonly change: string; readonly why: string }
  | { readonly kind: "know"; readonly text: string }

/** More of a remedy than this is not shown in a line. Units: characters. */
export const adviceLimit = 400

/** Only what to know. */
export const know = (text: string): readonly Remedy[] => [{ kind: "know", text }]

/** What to do about what stands in the way, by the kernel's name of it. */
export const obstacles: Readonly<Record<string, string>> = {
  EDQUOT: "make room: the user's quota is used up",
  E2BIG: "make it smaller: no real machine or image has so many files",
  EFBIG: "name a smaller file: no real one is as large",
  EINVAL: "name a regular file: this is a device, a FIFO or a socket",
  EISDIR: "name a file: this is a directory",
  EIO: "look for what the kernel says of the disk (dmesg): it cannot be read, or not written",
  ELOOP: "break the circle of links that it stands in",
  EMFILE: "raise the limit of open files (ulimit -n)",
  ENFILE: "close programs, or raise fs.file-max: no more files can be open on this machine",
  ENAMETOOLONG: "give it a shorter name: one has 255 bytes at most, and a path 4095",
  ENOMEM: "make room in memory, or raise the limit of it",
  ENOSPC: "make room: the file system is full, of content or of files (df, df -i)",
  EROFS: "name another place: the file system is mounted read-only",
}

/** The same where something is to be written. What keeps root from it too is not told to be done as root. Source: open(2), mkdir(2), rename(2). */
export const writeObstacles: Readonly<Record<string, string>> = {
  ...obstacles,
  EBUSY: "unmount what is mounted on it (findmnt shows that), or name another place",
  EEXIST: "name another place: where its directory should be lies a file, or a link that leads nowhere",
  // A limit of its size, since none of ours is too large for a file system.
  EFBIG: "raise the limit of files' sizes (ulimit -f)",
  EINVAL: "give it another name: its file system takes none like this",
  ENOENT: "name another place: its directory is not there, or takes no new files",
  ENOTDIR: "name another place: where a directory of its path should be lies a file",
  EPERM:
    "look whether it or its directory is immutable (lsattr; chattr -i ends that) or another user's with the sticky bit, or name another place",
}
