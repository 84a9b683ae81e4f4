/**
 * Where our CDI hooks leave a container's root otherwise than the reference's, as rules on recorded outcomes. Each stands in
 * docs/differences.md under its title; one that changes nothing is stale, and the test says so.
 */

import type { HookEffectVector, HookOutcome } from "./hook-effect.ts"

export interface HookEffectRule {
  readonly title: string
  /** The reference's outcome with the difference taken away. */
  readonly adopt: (outcome: HookOutcome, vector: HookEffectVector, ours: HookOutcome) => HookOutcome
}

type Entry = readonly [path: string, text: string]

/** Both lists of entries, each entry replaced by others. */
const mapEntries = (outcome: HookOutcome, change: (entry: Entry) => readonly Entry[]): HookOutcome => ({
  ...outcome,
  added: Object.fromEntries(Object.entries(outcome.added).flatMap(change)),
  changed: Object.fromEntries(Object.entries(outcome.changed).flatMap(change)),
})

/** Of glibc 2.36 on Debian: the directory of one extension and the sentence in it. Units: bytes. */
const makerBytes = 24 + 67
const cachePath = "/etc/ld.so.cache"
const sizeOf = (text: string | undefined): number => Number(text?.split(" ").at(-1))

/** A configuration made in an empty root that is not Debian's, with a folder in it. */
const freshConfiguration = {
  "/etc": "dir 755",
  "/etc/ld.so.conf": "file 644 33",
  "/etc/ld.so.conf.d": "dir 755",
  "/etc/ld.so.conf.d/00-nvcr-N.conf": "file 644 /usr/lib/x86_64-linux-gnu\n",
  "/etc/ld.so.conf.d/zz-nvcr-N.conf": "file 644 /lib\n/usr/lib\n/lib64\n/usr/lib64\n/libx32\n/usr/libx32\n",
}

export const hookEffectRules: readonly HookEffectRule[] = [
  {
    title: "A hook leaves nothing behind but what it was asked for",
    adopt: (outcome) =>
      mapEntries(outcome, (entry) => (/^\/(proc|run)(\/nvidia-ctk-hook|$)/.test(entry[0]) ? [] : [entry])),
  },
  {
    title: "No ldconfig is run",
    adopt: (outcome, { stderr }) =>
      stderr.includes("error reading host ldconfig")
        ? {
            ...outcome,
            exit: 0,
            added: { ...freshConfiguration, [cachePath]: `file 644 ${48 + makerBytes}` },
          }
        : outcome,
  },
  {
    title: "An image without /etc gets one",
    adopt: (outcome, { stderr }) =>
      stderr.includes("open /etc/ld.so.conf: no such file")
        ? {
            ...outcome,
            exit: 0,
            added: {
              ...freshConfiguration,
              "/usr/lib/x86_64-linux-gnu/libcuda.so.1": "link libcuda.so.550.1",
              [cachePath]: `file 644 ${112 + makerBytes}`,
            },
          }
        : outcome,
  },
  {
    title: "Files of the loader's configuration have one name each",
    adopt: (outcome) =>
      mapEntries(outcome, ([path, text]) => [
        [
          path.replace(/^(\/etc\/ld\.so\.conf\.d\/(?:00|zz)-(?:nvcr|compat))-[NU]\.conf$/, "$1-gantry.conf"),
          text,
        ],
      ]),
  },
  {
    title: "A cache that we write names no maker",
    adopt: (outcome, _, ours) => {
      const size = sizeOf(outcome.added[cachePath])
      const own = sizeOf(ours.added[cachePath])
      return Math.ceil(own / 4) * 4 + makerBytes === size
        ? { ...outcome, added: { ...outcome.added, [cachePath]: `file 644 ${own}` } }
        : outcome
    },
  },
  {
    title: "Musl's own directories stay searched, and none is named twice",
    adopt: (outcome) =>
      mapEntries(outcome, ([path, text]) => [
        [
          path,
          path === "/etc/ld-musl-x86_64.path"
            ? text
                .replace(/^file 644 \/lib\n\/usr\/lib\n/, "file 644 /lib\n/usr/local/lib\n/usr/lib\n")
                .replace("/lib:/usr/local/lib\n/lib\n", "/lib:/usr/local/lib\n")
            : text,
        ],
      ]),
  },
  {
    title: "Directories are made with mode 0755",
    adopt: (outcome) =>
      mapEntries(outcome, ([path, text]) => [[path, text === "dir 555" ? "dir 755" : text]]),
  },
]
