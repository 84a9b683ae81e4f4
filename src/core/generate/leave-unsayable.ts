/**
 * Leaves out what a specification, or the command line of a hook, cannot say: names that are no UTF-8, links without a target, and what
 * hooks read as something else (they split lists at commas and links at two colons). One such name would cost every device.
 */

import type { HookLink } from "../cdi/edits/toolkit-hooks.ts"
import { isLdSoConfLine } from "../ldcache/plan-loader-files.ts"
import type { Edit } from "../plan/edit.ts"
import type { HookCall, SpecPart } from "./part.ts"

/** `note` is told what is left out. */
export const leaveUnsayable = (part: SpecPart, note: (what: string) => void): SpecPart => {
  const leave = (what: string): false => {
    note(what)
    return false
  }
  return {
    edits: part.edits.filter((edit) => {
      const texts = textsOf(edit)
      return texts.every(isText) || leave(texts.join(" "))
    }),
    hooks: part.hooks.map((call): HookCall => {
      switch (call.name) {
        case "create-symlinks":
          return { ...call, links: call.links.filter((link) => isLink(link) || leave(link.path)) }
        case "update-ldcache":
          return { ...call, folders: call.folders.filter((folder) => isFolder(folder) || leave(folder)) }
        default:
          return call
      }
    }),
  }
}

function textsOf(edit: Edit): readonly string[] {
  switch (edit.kind) {
    case "mount":
      return [edit.hostPath, edit.containerPath]
    case "deviceNode":
      return [edit.path, edit.hostPath]
    case "env":
      return [edit.value]
    default:
      return []
  }
}

const isText = (text: string): boolean => text.isWellFormed()

const isLink = ({ path, target }: HookLink): boolean =>
  target !== "" && [path, target].every((text) => isText(text) && !/,|::/.test(text))

const isFolder = (folder: string): boolean =>
  isText(folder) && !folder.includes(",") && isLdSoConfLine(folder)
