/**
 * `gantry cdi list|inspect|resolve|validate|diff`: what the CDI specifications of a machine give containers. It reads and prints.
 * `generate` is cdi-generate.ts, `watch` cdi-watch.ts.
 */

import { diffSpecs } from "../core/cdi/diff-specs.ts"
import { parseSpec } from "../core/cdi/parse-spec.ts"
import { buildRegistry, defaultDirectories, type Registry } from "../core/cdi/registry.ts"
import { resolveDevices } from "../core/cdi/resolve-devices.ts"
import type { CdiSpec } from "../core/cdi/spec.ts"
import {
  renderCdiDevices,
  renderCdiDevicesJson,
  renderResolved,
  renderResolvedJson,
} from "../core/explain/render-cdi-devices.ts"
import { renderCdiList, renderCdiListJson } from "../core/explain/render-cdi-list.ts"
import {
  isFaultless,
  renderValidation,
  renderValidationJson,
  type Validation,
} from "../core/explain/render-cdi-validation.ts"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { escapeControl } from "../core/text/escape.ts"
import { createLiveFiles } from "../host/live-files.ts"
import { openHost } from "../host/open-host.ts"
import { readCdiDirectories, readCdiFile } from "../host/read-cdi-directories.ts"
import { type Flags, parseFlags, usageFault } from "./flags.ts"
import { print, report } from "./report.ts"

const shape = {
  program: "gantry cdi",
  usage:
    "gantry cdi list|inspect NAME…|resolve NAME…|validate [--spec-dir DIR]… [--host live|DIR|FILE] [--json] | gantry cdi validate FILE… [--json] | gantry cdi diff FILE FILE [--json] | gantry cdi generate … | gantry cdi watch …",
  valued: ["spec-dir", "host"],
  switches: ["json", "help", "h"],
}

/** What is printed, and how the command ends. */
interface Answer {
  readonly text: string
  readonly exit: 0 | 1
}

export async function run(args: readonly string[]): Promise<number> {
  if (args[0] === "generate") return await (await import("./cdi-generate.ts")).run(args.slice(1))
  if (args[0] === "watch") return await (await import("./cdi-watch.ts")).run(args.slice(1))
  const flags = parseFlags(args, shape)
  if (!flags.ok) return report(flags.fault)
  if (flags.value.on.has("help") || flags.value.on.has("h")) {
    print(`usage: ${shape.usage}\n`)
    return 0
  }
  const answered = answer(flags.value)
  if (!answered.ok) return report(answered.fault)
  print(answered.value.text)
  return answered.value.exit
}

/** Faults: UsageInvalid, HostUnknown, RecordingInvalid, CdiDeviceUnresolvable, CdiFileUnreadable, and those of parseSpec. */
function answer(flags: Flags): Result<Answer> {
  const [action, ...words] = flags.words
  switch (action) {
    case "list":
      return words.length === 0 ? list(flags) : unexpected(words[0])
    case "inspect":
    case "resolve":
      return words.length > 0 ? showDevices(flags, words, action) : misused(`${action} which device?`)
    case "validate":
      return words.length > 0 ? ok(judge(flags, validateFiles(words))) : validateDirectories(flags)
    case "diff":
      return words.length === 2 ? diff(flags, words as [string, string]) : misused("diff takes two files")
    default:
      return misused("say list, inspect, resolve, validate, diff, generate or watch")
  }
}

const misused = (problem: string): Result<never> => fail(usageFault(shape, problem))
const unexpected = (word: string | undefined): Result<never> => misused(`unexpected ${JSON.stringify(word)}`)

const directoriesOf = ({ lists }: Flags): readonly string[] => lists.get("spec-dir") ?? defaultDirectories

function readRegistry(flags: Flags): Result<Registry> {
  const relative = directoriesOf(flags).find((directory) => !directory.startsWith("/"))
  if (relative !== undefined) return misused(`${JSON.stringify(relative)} is not an absolute path`)
  const host = openHost(flags.values.get("host"))
  return host.ok ? ok(buildRegistry(readCdiDirectories(host.value, directoriesOf(flags)))) : host
}

function list(flags: Flags): Result<Answer> {
  const registry = readRegistry(flags)
  if (!registry.ok) return registry
  const text = flags.on.has("json")
    ? renderCdiListJson(registry.value, directoriesOf(flags))
    : renderCdiList(registry.value)
  return ok({ text, exit: 0 })
}

function showDevices(flags: Flags, names: readonly string[], action: "inspect" | "resolve"): Result<Answer> {
  const registry = readRegistry(flags)
  if (!registry.ok) return registry
  const resolved = resolveDevices(registry.value, names)
  if (!resolved.ok) return resolved
  const isJson = flags.on.has("json")
  const text =
    action === "inspect"
      ? (isJson ? renderCdiDevicesJson : renderCdiDevices)(resolved.value.devices)
      : (isJson ? renderResolvedJson : renderResolved)(resolved.value)
  return ok({ text, exit: 0 })
}

const judge = ({ on }: Flags, validation: Validation): Answer => ({
  text: (on.has("json") ? renderValidationJson : renderValidation)(validation),
  exit: isFaultless(validation) ? 0 : 1,
})

function validateDirectories(flags: Flags): Result<Answer> {
  const registry = readRegistry(flags)
  return registry.ok ? ok(judge(flags, { valid: registry.value.specs, ...registry.value })) : registry
}

/** Files are those of this machine, each by itself. */
function validateFiles(paths: readonly string[]): Validation {
  const judged = paths.map((path) => ({ path, parsed: readSpec(path) }))
  return {
    valid: judged.flatMap(({ path, parsed }) => (parsed.ok ? [{ path, ...parsed.value }] : [])),
    rejected: judged.flatMap(({ path, parsed }) => (parsed.ok ? [] : [{ path, faults: parsed.fault }])),
    findings: [],
  }
}

function readSpec(path: string): ReturnType<typeof parseSpec> {
  const bytes = readCdiFile(createLiveFiles(), path)
  return bytes.ok
    ? parseSpec({ path, bytes: bytes.value })
    : fail([fault("CdiFileUnreadable", { file: path }, bytes.fault)])
}

function diff(flags: Flags, [one, other]: readonly [string, string]): Result<Answer> {
  const specs: CdiSpec[] = []
  for (const path of [one, other]) {
    const parsed = readSpec(path)
    if (!parsed.ok) return fail(parsed.fault[0] ?? fault("CdiTextEmpty", { file: path }))
    specs.push(parsed.value.spec)
  }
  const changes = diffSpecs(...(specs as [CdiSpec, CdiSpec]))
  const lines = changes.map(({ where, field, change, what }) =>
    escapeControl(
      `${change === "added" ? "+" : "-"} ${[where, field, what].filter((word) => word !== "").join(" ")}`,
    ),
  )
  const text = flags.on.has("json")
    ? `${JSON.stringify({ version: 1, changes }, null, 2)}\n`
    : lines.length === 0
      ? "no difference for containers\n"
      : `${lines.join("\n")}\n`
  return ok({ text, exit: 0 })
}
