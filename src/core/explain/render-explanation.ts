/**
 * A plan for people: what was asked, what was decided and by which rule, what will be done, what will not and why.
 * Width at most 100 columns; text from outside is escaped. Pure.
 */

import { listEdits } from "../cdi/render-outline.ts"
import { faultCode, faultSentence, remediesOf, renderRemedy } from "../fault/render.ts"
import type { Edit } from "../plan/edit.ts"
import type { Plan } from "../plan/plan.ts"
import type { Evidence, Reason } from "../request/reason.ts"
import { counted } from "../text/counted.ts"
import { escapeControl, shorten } from "../text/escape.ts"
import { baseName, parentPath } from "../text/path.ts"
import { wrapText } from "../text/wrap.ts"

export interface ExplanationOptions {
  /** Every file and rule, not only counts. */
  readonly isVerbose: boolean
}

export function renderExplanation(plan: Plan, options: ExplanationOptions): string {
  const sections = [
    headline(plan),
    section("Decided, in this order", plan.reasons.flatMap(describeReason)),
    plan.outcome === "nothing" ? section("To get a GPU", advice) : [],
    section("Will be done", describeEdits(plan, options)),
    section("Will not be done", describeOmissions(plan)),
    section(
      "Noticed",
      plan.findings.flatMap(({ severity, fault }) =>
        wrapText(`${severity}: ${faultSentence(fault)} [${faultCode(fault)}]`, "  "),
      ),
    ),
    plan.refusal === undefined
      ? []
      : section(
          "To mend it",
          remediesOf(plan.refusal).flatMap((remedy) => wrapText(renderRemedy(remedy), "  ")),
        ),
    [
      `profile ${plan.profile}, injector ${plan.injector}; --verbose lists every file, --json gives it to machines`,
    ],
  ]
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => escapeControl(line)).join("\n"))
    .join("\n\n")}\n`
}

const advice = [
  "  set NVIDIA_VISIBLE_DEVICES in the container's environment (all, or indices, or UUIDs),",
  "  with docker: docker run --gpus all",
]

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`${title}:`, ...lines]

function headline(plan: Plan): readonly string[] {
  if (plan.refusal !== undefined)
    return wrapText(`REFUSED [${faultCode(plan.refusal)}]: ${faultSentence(plan.refusal)}`, "")
  if (plan.outcome === "nothing") return ["This container asks for no GPU. It is left as it is."]
  if (plan.outcome === "delegate") return ["This container is handed to nvidia-container-cli."]
  const cut = plan.reasons.filter(({ rule }) => rule === "select.mig").length
  const gpus = gpuNodes(plan).map(({ path }) => path)
  if (plan.reasons.some(({ rule }) => rule === "select.board")) return boardHeadline(plan)
  const devices = plan.edits.flatMap((edit) => (edit.kind === "cdiDevice" ? [edit.name] : []))
  const ofDevices = devices.length === 0 ? "" : `what CDI specifications say of ${devices.join(", ")}`
  if (gpus.length === 0 && !plan.edits.some(({ kind }) => kind === "mount" || kind === "deviceNode"))
    return wrapText(
      ofDevices === "" ? "This container gets nothing." : `This container gets ${ofDevices}.`,
      "",
    )
  const beside = ofDevices === "" ? "" : `, and ${ofDevices}`
  if (gpus.length === 0) return wrapText(`This container gets the driver, but no GPU${beside}.`, "")
  // A MIG device is used through the node of its GPU, which alone would be the whole GPU.
  const isWhole = plan.reasons.some(({ rule }) => rule === "select.gpu")
  const what = [
    ...(isWhole || cut === 0 ? [counted(gpus.length, "GPU")] : []),
    ...(cut === 0 ? [] : [counted(cut, "MIG device")]),
  ]
  return wrapText(`This container gets ${what.join(" and ")}: ${gpus.join(", ")}${beside}`, "")
}

/** A board's own GPU is served by many nodes, none of which is it. */
function boardHeadline(plan: Plan): readonly string[] {
  const count = plan.edits.filter(({ kind }) => kind === "deviceNode").length
  const isAlone = !plan.reasons.some(({ rule }) => rule === "select.gpu")
  const what = isAlone ? "the board's own GPU" : "the board's own GPU and what is beside it"
  return wrapText(`This container gets ${what}, by ${count} device nodes.`, "")
}

const gpuNodes = (plan: Plan): readonly Extract<Edit, { readonly kind: "deviceNode" }>[] =>
  plan.edits
    .filter((edit) => edit.kind === "deviceNode")
    .filter(({ path }) => /^\/dev\/nvidia\d+$/.test(path))

function describeReason({ rule, evidence, outcome }: Reason): readonly string[] {
  const lines = wrapText(`${outcome} (${rule})`, "  ", "    ")
  return [...lines, ...evidence.flatMap((one) => wrapText(`because ${describeEvidence(one)}`, "      "))]
}

function describeEvidence(evidence: Evidence): string {
  const shown = (value: string): string => JSON.stringify(shorten(value, 120))
  switch (evidence.from) {
    case "environment":
      return evidence.value === null
        ? `${evidence.name} is not set`
        : `${evidence.name}=${shown(evidence.value)}`
    case "annotation":
      return `annotation ${shown(evidence.key)} is ${shown(evidence.value)}`
    case "mount":
      return `a mount of ${shown(evidence.source)} at ${shown(evidence.destination)}`
    case "config": {
      const place = evidence.line === undefined ? "the default" : `config.toml line ${evidence.line}`
      return `${evidence.key} = ${shown(evidence.value)} (${place})`
    }
    case "spec":
      return `${evidence.field} is ${shown(evidence.value)} in config.json`
    case "profile":
      return `profile ${evidence.profile}: ${evidence.trait}`
    case "machine":
      return `${evidence.path}: ${evidence.value}`
    case "commandLine":
      return `the command line says ${evidence.argument}`
  }
}

function describeEdits(plan: Plan, { isVerbose }: ExplanationOptions): readonly string[] {
  const of = <K extends Edit["kind"]>(kind: K): readonly Extract<Edit, { readonly kind: K }>[] =>
    plan.edits.filter((edit): edit is Extract<Edit, { readonly kind: K }> => edit.kind === kind)
  const lines: string[] = []
  const nodes = of("deviceNode")
  if (nodes.length > 0) {
    lines.push(...wrapText(`device nodes: ${nodes.map(({ path }) => path).join(", ")}`, "  ", "    "))
    const rules = of("cgroupRule")
    const shown = rules.map(({ major, minor }) => `${major}:${minor}`).join(", ")
    if (rules.length > 0) lines.push(...wrapText(`permission to read and write them: ${shown}`, "  ", "    "))
  }
  const mounts = of("mount")
  const byDirectory = new Map<string, string[]>()
  for (const { containerPath, options } of mounts) {
    const directory = `${parentPath(containerPath)}: ${options.includes("ro") ? "read-only" : "to be written to"}`
    byDirectory.set(directory, [...(byDirectory.get(directory) ?? []), baseName(containerPath)])
  }
  for (const [directory, names] of byDirectory) {
    const count = names.length === 1 ? "1 file or directory" : `${names.length} files`
    lines.push(...wrapText(`${directory}, ${count}${isVerbose ? `: ${names.join(", ")}` : ""}`, "  ", "    "))
  }
  const files = of("file")
  for (const { path } of of("cover")) lines.push(`  ${path}: what was there is covered`)
  if (files.length > 0)
    lines.push(...wrapText(`made for it: ${files.map(({ path }) => path).join(", ")}`, "  ", "    "))
  const links = of("symlink")
  if (links.length > 0) {
    const shown = isVerbose ? `: ${links.map(({ path, target }) => `${path} -> ${target}`).join(", ")}` : ""
    lines.push(
      ...wrapText(`${links.length} links, by which programs find libraries and nodes${shown}`, "  ", "    "),
    )
  }
  for (const { path, entries } of of("ldcache"))
    lines.push(`  ${path}: ${entries.length} libraries added for the loader`)
  for (const { path, directories } of of("muslPath"))
    lines.push(...wrapText(`${path}: searches ${directories.join(", ")} too`, "  ", "    "))
  const variables = of("env").map(({ name, value }) => `${name}=${value}`)
  if (variables.length > 0) lines.push(...wrapText(`variables: ${variables.join(", ")}`, "  ", "    "))
  const groups = of("gid").map(({ gid }) => gid)
  if (groups.length > 0)
    lines.push(...wrapText(`groups that may open nodes: ${groups.join(", ")}`, "  ", "    "))
  for (const { name, file, containerEdits } of of("cdiDevice")) {
    const all = [...listEdits(containerEdits)]
    const counts = all.map(([field, items]) => `${items.length} ${field}`).join(", ")
    lines.push(...wrapText(`${name}, as ${file} says: ${counts}`, "  ", "    "))
    if (isVerbose)
      for (const [field, items] of all)
        for (const item of items) lines.push(...wrapText(`${field} ${item}`, "    ", "      "))
  }
  for (const { path, argv } of of("delegate"))
    lines.push(...wrapText(`run ${path} ${argv.join(" ")}`, "  ", "    "))
  return lines
}

function describeOmissions(plan: Plan): readonly string[] {
  const byReason = new Map<string, string[]>()
  for (const { what, reasons } of plan.omissions) {
    const key = reasons.join(", ")
    byReason.set(key, [...(byReason.get(key) ?? []), what])
  }
  return [...byReason].flatMap(([reasons, whats]) => {
    const outcome = plan.reasons.find(({ id }) => id === reasons)?.outcome
    return wrapText(`${whats.join(", ")}${outcome === undefined ? "" : `: ${outcome}`}`, "  ", "    ")
  })
}
