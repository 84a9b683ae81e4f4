/**
 * Takes out of a recording what names a machine: host names, serial numbers, UUIDs, unique ids of AMD's GPUs. The same name gets the same mask everywhere,
 * so that the recording still fits together; different names get different ones.
 */

import { createHash, randomBytes } from "node:crypto"
import { observeSnapshot } from "../core/plan/snapshot.ts"
import { decodeLatin1, decodeUtf8, encodeUtf8 } from "../core/text/utf8.ts"
import { createMemoryHost } from "./memory.ts"
import { type Recording, recordHost } from "./recording.ts"

export interface Anonymization {
  /** Makes the masks of two recordings unlike each other, so that nothing can be looked up in a table of known names. */
  readonly salt?: string
  /** What the machine is called, beyond what the recording itself tells. */
  readonly hostNames?: readonly string[]
}

const uuid = /(?<![0-9a-f])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f])/gi
/** `Serial Number: …`, `Board Serial: …`, whatever the words before. */
const serial = /^[^:=\n]*\bserial\b[^:=\n]*[:=][^\S\n]*(\S.*?)\s*$/gim
/** A shorter one is masked where it is said to be one, and may be any number elsewhere. */
const serialLength = 6

export function anonymizeRecording(recording: Recording, options: Anonymization = {}): Recording {
  const { salt = randomBytes(16).toString("hex"), hostNames = [] } = options
  const masking: Masking = {
    masks: masksBy(salt),
    serials: wordsOf(serialsIn(recording)),
    names: wordsOf(telling([...hostNamesIn(recording), ...hostNames])),
  }
  const { kind, name } = recording.of
  const answers = Object.entries(recording.answers).map(([key, answer]): [string, unknown] => [
    maskText(masking, key),
    key.startsWith("readFile ") ? maskContent(masking, key, answer) : maskValue(masking, answer),
  ])
  return {
    ...recording,
    // A directory's or a file's name says who keeps it, and where.
    of: { ...recording.of, name: kind === "live" ? "live" : masking.masks.ofName(name) },
    answers: Object.fromEntries(answers.sort(([one], [other]) => (one < other ? -1 : 1))),
  } as Recording
}

/** What stands in the place of what names a machine. The same has the same mask, in either case. */
interface Masks {
  ofUuid(uuid: string): string
  ofName(name: string): string
  /** As long as the number. */
  ofSerial(serial: string): string
  /** The same number in hexadecimal and in decimal stays the same number. 0 stands for none. */
  ofId(id: bigint): bigint
}

function masksBy(salt: string): Masks {
  const digest = (text: string): string =>
    createHash("sha256").update(`${salt}:${text.toLowerCase()}`).digest("hex")
  return {
    ofUuid(uuid) {
      const hex = digest(uuid)
      return [
        hex.slice(0, 8),
        hex.slice(8, 12),
        hex.slice(12, 16),
        hex.slice(16, 20),
        hex.slice(20, 32),
      ].join("-")
    },
    ofName: (name) => `host-${digest(name).slice(0, 8)}`,
    ofSerial: (serial) => digest(serial).slice(0, serial.length),
    ofId: (id) => (id === 0n ? id : BigInt(`0x${digest(`id ${id}`).slice(0, 15)}`)),
  }
}

/** What is masked in one recording, and by what. */
interface Masking {
  readonly masks: Masks
  /** undefined: the machine tells none. */
  readonly serials: RegExp | undefined
  readonly names: RegExp | undefined
}

function maskText({ masks, serials, names }: Masking, text: string): string {
  const masked = text
    .replace(uuid, (one) => masks.ofUuid(one))
    .replace(serial, (line: string, number: string) => line.replace(number, masks.ofSerial(number)))
  return maskWords(maskWords(masked, serials, masks.ofSerial), names, masks.ofName)
}

/** What is no text keeps its length: offsets in it stay true. */
function maskBytes({ masks, serials, names }: Masking, text: string): string {
  const ofName = (name: string): string => masks.ofName(name).padEnd(name.length, "-").slice(0, name.length)
  const masked = text.replace(uuid, (one) => masks.ofUuid(one))
  return maskWords(maskWords(masked, serials, masks.ofSerial), names, ofName)
}

const maskWords = (text: string, words: RegExp | undefined, maskOf: (word: string) => string): string =>
  words === undefined ? text : text.replace(words, (word) => maskOf(word))

/** Every text in it, names of fields included. */
function maskValue(masking: Masking, value: unknown): unknown {
  if (typeof value === "string") return maskText(masking, value)
  if (Array.isArray(value)) return value.map((one) => maskValue(masking, one))
  if (typeof value !== "object" || value === null) return value
  const entries = Object.entries(value)
  return Object.fromEntries(entries.map(([key, one]) => [maskText(masking, key), maskValue(masking, one)]))
}

function maskContent(masking: Masking, key: string, answer: unknown): unknown {
  const { value } = answer as { readonly value?: unknown }
  if (typeof value !== "string") return maskValue(masking, answer)
  const bytes = new Uint8Array(Buffer.from(value, "base64"))
  const masked = bytes.includes(0)
    ? Buffer.from(maskBytes(masking, decodeLatin1(bytes)), "latin1")
    : Buffer.from(encodeUtf8(maskText(masking, maskIds(masking.masks, key, decodeUtf8(bytes)))))
  return { value: masked.toString("base64") }
}

/** Of AMD's GPUs: in hexadecimal in a file of its own, in either way among properties. */
function maskIds(masks: Masks, key: string, text: string): string {
  if (key.endsWith("/unique_id"))
    return text.replace(/^[0-9a-f]{1,16}/, (id) =>
      masks
        .ofId(BigInt(`0x${id}`))
        .toString(16)
        .padStart(16, "0"),
    )
  if (!key.endsWith("/properties")) return text
  return text.replaceAll(/^(unique_id )(0x[0-9a-f]{1,16}|\d{1,20})/gim, (_, name: string, id: string) => {
    const masked = masks.ofId(BigInt(id))
    return `${name}${id.startsWith("0x") ? `0x${masked.toString(16)}` : masked}`
  })
}

/** Names of the machine that its own files tell. */
export const hostNameFiles: readonly string[] = ["/etc/hostname", "/proc/sys/kernel/hostname"]

function hostNamesIn({ answers }: Recording): readonly string[] {
  return hostNameFiles.flatMap((path) => {
    const answer = answers[`readFile ${path}`]
    const value = answer !== undefined && "value" in answer ? answer.value : undefined
    return typeof value === "string" ? [Buffer.from(value, "base64").toString("utf8")] : []
  })
}

/** Numbers that some file says are serial numbers: they are masked wherever else they stand. */
function serialsIn({ answers }: Recording): readonly string[] {
  const texts = Object.entries(answers).flatMap(([key, answer]) =>
    key.startsWith("readFile ") && "value" in answer && typeof answer.value === "string"
      ? [Buffer.from(answer.value, "base64").toString("utf8")]
      : [],
  )
  return texts
    .flatMap((text) => [...text.matchAll(serial)].map(([, number = ""]) => number))
    .filter((number) => number.length >= serialLength)
}

/** Words of the formats themselves: a machine that is called so tells nothing by it. */
const formatWords =
  "localhost localdomain gpu mig uuid device minor model bus location excluded yes config monitor access kernel module version character block tesla"

/** Whole names and their first parts, but for words that every recording has. */
function telling(rawNames: readonly string[]): readonly string[] {
  if (rawNames.length === 0) return []
  const recorder = recordHost(createMemoryHost({}))
  observeSnapshot(recorder.host, { driverRoot: "/", ldcache: "/etc/ld.so.cache", fallbackVersion: "0.0" })
  const common = new Set(
    [formatWords, ...Object.keys(recorder.recording().answers)].flatMap((text) =>
      text.toLowerCase().split(/[^a-z0-9]+/),
    ),
  )
  const names = rawNames.flatMap((raw) => {
    const name = raw.trim()
    return [name, name.split(".")[0] ?? name]
  })
  return names.filter(
    (name) =>
      name.length > 2 &&
      !name
        .toLowerCase()
        .split(/[^a-z0-9]+/)
        .every((word) => common.has(word)),
  )
}

/** Each name as a word of its own. Longer ones first: a name may begin with another. undefined: there is none. */
function wordsOf(names: readonly string[]): RegExp | undefined {
  const escaped = [...new Set(names)]
    .sort((one, other) => other.length - one.length)
    .map((name) =>
      name.replaceAll(/[^A-Za-z0-9]/g, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`),
    )
  return escaped.length === 0
    ? undefined
    : new RegExp(`(?<![a-z0-9])(?:${escaped.join("|")})(?![a-z0-9])`, "giu")
}
