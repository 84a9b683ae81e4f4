/**
 * Takes out of a recording what names a machine: host names, serial numbers, UUIDs. The same name gets the same mask everywhere,
 * so that the recording still fits together; different names get different ones.
 */

import { createHash, randomBytes } from "node:crypto"
import { decodeUtf8, encodeUtf8 } from "../core/text/utf8.ts"
import type { Recording } from "./recording.ts"

const uuid = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi
const serial = /^((?:Serial Number|Board Serial|Serial)[^:\n]*:\s*)(\S.*)$/gim

/** `salt` makes the masks of two recordings unlike each other, so that nothing can be looked up in a table of known names. */
export function anonymizeRecording(
  recording: Recording,
  salt: string = randomBytes(16).toString("hex"),
): Recording {
  const digest = (text: string): string =>
    createHash("sha256").update(`${salt}:${text.toLowerCase()}`).digest("hex")
  const maskUuid = (text: string): string => {
    const hex = digest(text)
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
      "-",
    )
  }
  const names = hostNamesIn(recording)
  const maskText = (text: string): string => {
    const masked = text
      .replace(uuid, maskUuid)
      .replace(
        serial,
        (_, key: string, value: string) => `${key}${digest(value).slice(0, value.trim().length)}`,
      )
    return names.reduce((result, name) => result.replaceAll(name, `host-${digest(name).slice(0, 8)}`), masked)
  }
  const mask = (value: unknown): unknown => {
    if (typeof value === "string") return maskText(value)
    if (Array.isArray(value)) return value.map(mask)
    if (typeof value !== "object" || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mask(one)]))
  }
  const answers = Object.entries(recording.answers).map(([key, answer]) => [
    maskText(key),
    key.startsWith("readFile ") ? maskContent(answer, maskText) : mask(answer),
  ])
  return {
    ...recording,
    of: { ...recording.of, name: maskText(recording.of.name) },
    answers: Object.fromEntries(answers),
  } as Recording
}

/** Contents are in base64. Text is masked; what is no text (ELF headers) is left as it is. */
function maskContent(answer: unknown, maskText: (text: string) => string): unknown {
  const { value } = answer as { readonly value?: unknown }
  if (typeof value !== "string") return answer
  const bytes = new Uint8Array(Buffer.from(value, "base64"))
  if (bytes.includes(0)) return answer
  return { value: Buffer.from(encodeUtf8(maskText(decodeUtf8(bytes)))).toString("base64") }
}

/** Names of the machine that its own files tell. Longer ones first: a name may begin with another. */
function hostNamesIn({ answers }: Recording): readonly string[] {
  const names = new Set<string>()
  for (const path of ["/etc/hostname", "/proc/sys/kernel/hostname"]) {
    const answer = answers[`readFile ${path}`]
    const value = answer !== undefined && "value" in answer ? answer.value : undefined
    const name = typeof value === "string" ? Buffer.from(value, "base64").toString("utf8").trim() : ""
    if (name.length > 2 && name !== "localhost") {
      names.add(name)
      names.add(name.split(".")[0] ?? name)
    }
  }
  return [...names].filter((name) => name.length > 2).sort((one, other) => other.length - one.length)
}
