/** A plan in few lines, one thing a line, for goldens that people read. */

import { renderFaultLine } from "../../src/core/fault/render.ts"
import type { Edit } from "../../src/core/plan/edit.ts"
import type { Plan } from "../../src/core/plan/plan.ts"
import { baseName, parentPath } from "../../src/core/text/path.ts"

export interface DescribedPart {
  /** Also what only capabilities decide: the driver's files and their links. */
  readonly hasFiles: boolean
}

export function describePlan(plan: Plan, { hasFiles }: DescribedPart): string {
  if (plan.refusal !== undefined) return `refused: ${renderFaultLine(plan.refusal)}\n`
  const edits = hasFiles ? plan.edits : plan.edits.filter((edit) => !isFile(edit))
  const lines = [
    ...group(edits.flatMap(describeEdit)),
    ...plan.omissions.map(({ what }) => `not: ${what}`),
    ...plan.findings.map(({ severity, fault }) => `${severity}: ${renderFaultLine(fault)}`),
  ]
  return `${lines.join("\n")}\n`
}

const isFile = (edit: Edit): boolean =>
  (edit.kind === "mount" && !/^\/(proc|dev)\//.test(edit.containerPath)) ||
  (edit.kind === "symlink" && !edit.path.startsWith("/dev/")) ||
  edit.kind === "ldcache"

type Described = readonly [head: string, item: string]

function describeEdit(edit: Edit): readonly Described[] {
  switch (edit.kind) {
    case "deviceNode":
      return [["node", `${edit.path} ${edit.major}:${edit.minor}`]]
    case "cgroupRule":
      return [[`rule ${edit.access} ${edit.major}`, String(edit.minor)]]
    case "mount": {
      const source = parentPath(edit.hostPath)
      const target = parentPath(edit.containerPath)
      const from = source === target ? "" : ` from ${source}`
      const options = `${edit.options.join(",")}${edit.isOptional ? ", optional" : ""}`
      return [[`mount ${target}${from} (${options})`, baseName(edit.containerPath)]]
    }
    case "symlink":
      return [[`link ${parentPath(edit.path)}`, `${baseName(edit.path)} -> ${edit.target}`]]
    case "file":
      return [["file", edit.path]]
    case "cover":
      return [["cover", edit.path]]
    case "ldcache":
      return [[edit.path, `${edit.entries.length} entries`]]
    case "muslPath":
      return [[edit.path, edit.directories.join(" ")]]
    case "env":
      return [["env", `${edit.name}=${edit.value}`]]
    case "gid":
      return [["groups", String(edit.gid)]]
    case "cdiDevice":
      return [[`of ${edit.file}`, edit.name]]
    case "delegate":
      return [["run", edit.argv.join(" ")]]
  }
}

function group(described: readonly Described[]): readonly string[] {
  const heads = new Map<string, string[]>()
  for (const [head, item] of described) heads.set(head, [...(heads.get(head) ?? []), item])
  return [...heads].map(([head, items]) => `${head}: ${items.join(", ")}`)
}
