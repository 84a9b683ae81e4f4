/**
 * What a forward compatibility library says about itself: the CUDA version that it brings, and the driver branches that it runs on. It
 * stands as JSON in a note. Source: facts, toolkit §1.4 (section `.note.cuda.fwd_compatibility`, owner `NVIDIA Corporation`).
 */

import { type ElfLayout, viewOf } from "../elf/elf-layout.ts"
import { findSection } from "../elf/find-section.ts"
import { type JsonObject, type JsonValue, parseJson } from "../oci/json.ts"
import { decodeUtf8 } from "../text/utf8.ts"

export type CompatNote =
  | { readonly kind: "none" }
  /** There is one, and it cannot be read: nobody knows on what the library runs. */
  | { readonly kind: "malformed" }
  | { readonly kind: "note"; readonly cudaVersion: string; readonly driverBranches: readonly number[] }

const sectionName = ".note.cuda.fwd_compatibility"
const ownerName = "NVIDIA Corporation"
/** Ten times what a real one has. Units: bytes. */
const sizeLimit = 64 * 1024

export function readCompatNote(layout: Pick<ElfLayout, "bits" | "read">): CompatNote {
  const section = findSection(layout, sectionName, sizeLimit)
  if (section === undefined) return { kind: "none" }
  const content = findNote(section)
  const text = content === undefined ? "" : decodeUtf8(content)
  const json = parseJson(text)
  if (!json.ok || json.value.kind !== "object" || !/^[\s\0]*$/.test(text.slice(json.value.end)))
    return { kind: "malformed" }
  const cudaVersion = memberOf(json.value, "CUDA Version")
  const branches = memberOf(json.value, "Driver")
  if (cudaVersion?.kind !== "string" || branches?.kind !== "array") return { kind: "malformed" }
  const driverBranches = branches.items.flatMap((item): readonly number[] => {
    const text = item.kind === "number" ? item.text : item.kind === "string" ? item.value : ""
    return /^[0-9]{1,9}$/.test(text) ? [Number(text)] : []
  })
  return { kind: "note", cudaVersion: cudaVersion.value, driverBranches }
}

const memberOf = ({ members }: JsonObject, key: string): JsonValue | undefined =>
  members.findLast((member) => member.key === key)?.value

/** Name and content are padded to 4 bytes. */
function findNote(bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes)
  for (let at = 0; at + 12 <= bytes.length; ) {
    const nameSize = view.getUint32(at, true)
    const size = view.getUint32(at + 4, true)
    const content = at + 12 + Math.ceil(nameSize / 4) * 4
    if (content + size > bytes.length) return undefined
    const owner = decodeUtf8(bytes.subarray(at + 12, at + 12 + nameSize)).replace(/\0.*$/s, "")
    if (owner === ownerName) return bytes.subarray(content, content + size)
    at = content + Math.ceil(size / 4) * 4
  }
  return undefined
}
