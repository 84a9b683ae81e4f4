/** `gantry cdi generate`: a CDI specification of this machine, for the engines that it has. It prints, or writes one file. */

import { writeSync } from "node:fs"
import { kindProblem, splitKind } from "../core/cdi/name-rules.ts"
import { parseAdditions } from "../core/cdi/parse-spec.ts"
import { renderSpec, type SpecFormat } from "../core/cdi/render-spec.ts"
import { fault } from "../core/fault/fault.ts"
import type { Finding } from "../core/fault/finding.ts"
import { renderFaultLine } from "../core/fault/render.ts"
import { findingJson } from "../core/fault/render-json.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { type Additions, noAdditions } from "../core/generate/add-edits.ts"
import {
  type Engine,
  findVersionLimit,
  parseEngine,
  renderEngine,
  type VersionLimit,
  versionReadBy,
} from "../core/generate/engine-versions.ts"
import { type FittedSpec, fitVersion } from "../core/generate/fit-version.ts"
import { generateSpec } from "../core/generate/generate-spec.ts"
import { placeOnMachine } from "../core/generate/place-on-machine.ts"
import {
  hookChoice,
  hookNames,
  nameStrategies,
  resolveMode,
  type SpecMode,
  type SpecRequest,
  specModes,
} from "../core/generate/spec-request.ts"
import { hostPath } from "../core/text/brand.ts"
import { escapeControl } from "../core/text/escape.ts"
import { detectEngines } from "../host/detect-engines.ts"
import { createLiveFiles } from "../host/live-files.ts"
import { readCdiFile } from "../host/read-cdi-directories.ts"
import { stateDirectory } from "../host/state-directory.ts"
import { findMachine } from "./find-machine.ts"
import { type Flags, parseFlags, usageFault } from "./flags.ts"
import { machineFlags, machineUsage, saidPlaces } from "./machine-flags.ts"
import { ownHookProgram } from "./own-hook-program.ts"
import { print, report } from "./report.ts"
import { findRivals, writeSpecFile } from "./write-spec-file.ts"

const shape = {
  program: "gantry cdi generate",
  usage: `gantry cdi generate [--output FILE] [--format yaml|json] [--for-engine docker|containerd|podman|crio[@VERSION]]… [--mode MODE] [--kind VENDOR/CLASS] [--device SELECTOR,…] [--name index,uuid,type-index,pci] [--without-all] [--hooks one|separate] [--hook-path FILE] [--disable-hook NAME,…] [--numbers] [--compat32] [--edits FILE] [--json] ${machineUsage}`,
  valued: [
    ...["output", "format", "for-engine", "mode", "kind", "device", "name", "hooks", "hook-path"],
    ...["disable-hook", "edits", ...machineFlags],
  ],
  switches: ["without-all", "numbers", "compat32", "json", "help", "h"],
}

export async function run(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, shape)
  if (!flags.ok) return report(flags.fault)
  if (flags.value.on.has("help") || flags.value.on.has("h")) {
    print(`usage: ${shape.usage}\n`)
    return 0
  }
  const done = await generate(flags.value)
  return done.ok ? 0 : report(done.fault)
}

const misused = (problem: string): Result<never> => fail(usageFault(shape, problem))

interface Call {
  readonly request: Omit<SpecRequest, "mode" | "vendor" | "class">
  readonly mode: SpecMode
  /** undefined: as the mode has it. */
  readonly kind: string | undefined
  /** undefined: those that this machine has. */
  readonly engines: readonly Engine[] | undefined
  /** Empty: standard output. */
  readonly output: string
  readonly format: SpecFormat
}

/** Faults: UsageInvalid, CdiFileUnreadable, those of parseAdditions, observeMachine, generateSpec, fitVersion and writing. */
async function generate(flags: Flags): Promise<Result<true>> {
  const call = readCall(flags)
  if (!call.ok) return call
  const places = saidPlaces(flags, shape)
  if (!places.ok) return places
  const found = await findMachine(flags.values.get("host"), places.value)
  if (!found.ok) return found
  const { host, snapshot } = found.value
  const { mode, output, format } = call.value
  const kind = splitKind(call.value.kind ?? kindOf(resolveMode(mode, snapshot.inventory)))
  const generated = generateSpec(snapshot, { ...call.value.request, mode, ...kind })
  if (!generated.ok) return generated
  const isElsewhere = host.provenance.kind === "simulated"
  const placed = isElsewhere
    ? placeOnMachine(generated.value.spec, (path) => host.livePath(hostPath(path)))
    : generated.value.spec
  const engines =
    call.value.engines ??
    (host.provenance.kind === "live" ? await detectEngines(process.env["PATH"] ?? "", stateDirectory()) : [])
  const limit = findVersionLimit(engines)
  const fitted = fitVersion(placed, limit)
  if (!fitted.ok) return fitted
  const findings = [...generated.value.findings, ...fitted.value.findings]
  if (output === "") {
    tell(findings)
    print(renderSpec(fitted.value.spec, format))
    return ok(true)
  }
  const [rival] = findRivals(fitted.value.spec, output, format)
  if (rival !== undefined) return fail(rival)
  const written = writeSpecFile(fitted.value.spec, output, format)
  if (!written.ok) return written
  const told = { ...fitted.value, findings, file: written.value, limit, engines }
  if (flags.on.has("json")) print(renderWrittenJson(told))
  else {
    tell(findings)
    print(renderWritten(told))
  }
  return ok(true)
}

/** The reference's names of what its modes are for, so that two specifications of one machine never share a device. */
const kindOf = (mode: Exclude<SpecMode, "auto">): string => {
  if (mode === "management") return "management.nvidia.com/gpu"
  if (mode === "imex") return "nvidia.com/imex-channel"
  return ["nvml", "csv", "wsl"].includes(mode) ? "nvidia.com/gpu" : `nvidia.com/${mode}`
}

function tell(findings: readonly Finding[]): void {
  for (const { severity, fault: one } of findings)
    if (severity !== "note") writeSync(2, `${severity}: ${renderFaultLine(one)}\n`)
}

interface Written extends FittedSpec {
  readonly file: string
  readonly engines: readonly Engine[]
  readonly limit: VersionLimit | undefined
}

function renderWritten({ spec, file, limit }: Written): string {
  const count = spec.devices.length
  const because = limit === undefined ? "" : `, for ${limit.because.map(renderEngine).join(" and ")}`
  return `${escapeControl(file)}: ${count} ${count === 1 ? "device" : "devices"} of ${spec.kind}, cdiVersion ${spec.cdiVersion}${because}\n`
}

const renderWrittenJson = ({ spec, file, limit, engines, findings }: Written): string =>
  `${JSON.stringify(
    {
      version: 1,
      file,
      kind: spec.kind,
      cdiVersion: spec.cdiVersion,
      devices: spec.devices.map(({ name }) => name),
      engines: engines.map((engine) => ({
        name: engine.name,
        version: engine.version ?? null,
        reads: versionReadBy(engine) ?? null,
      })),
      versionLimit: limit?.version ?? null,
      findings: findings.map(findingJson),
    },
    null,
    2,
  )}\n`

const listOf = (flags: Flags, name: string): readonly string[] | undefined =>
  flags.lists
    .get(name)
    ?.flatMap((value) => value.split(","))
    .filter((word) => word !== "")

/** Faults: UsageInvalid, CdiFileUnreadable, those of parseAdditions. */
function readCall(flags: Flags): Result<Call> {
  const { values, on, words } = flags
  if (words.length > 0) return misused(`unexpected ${JSON.stringify(words[0])}`)
  const output = values.get("output") ?? ""
  const format = values.get("format") ?? (output.endsWith(".json") ? "json" : "yaml")
  if (format !== "yaml" && format !== "json") return misused(`unknown format ${JSON.stringify(format)}`)
  if (on.has("json") && output === "") return misused("--json tells of the file that --output names")
  const mode = values.get("mode") ?? "auto"
  if (!isOneOf(specModes, mode)) return misused(`unknown mode ${JSON.stringify(mode)}`)
  const kind = values.get("kind")
  const problem = kind === undefined ? undefined : kindProblem(kind)
  if (problem !== undefined) return misused(problem)
  const names = listOf(flags, "name") ?? nameStrategies
  const strange = names.find((name) => !isOneOf(nameStrategies, name))
  if (strange !== undefined) return misused(`unknown way of naming ${JSON.stringify(strange)}`)
  const hooks = values.get("hooks") ?? "one"
  if (hooks !== "one" && hooks !== "separate")
    return misused(`unknown shape of hooks ${JSON.stringify(hooks)}`)
  const disabled = listOf(flags, "disable-hook") ?? []
  const unknown = disabled.find((name) => name !== "all" && !isOneOf(hookNames, name))
  if (unknown !== undefined) return misused(`unknown hook ${JSON.stringify(unknown)}`)
  const engines = listOf(flags, "for-engine")
  const parsed = engines?.map(parseEngine)
  const odd = engines?.find((_, index) => parsed?.[index] === undefined)
  if (odd !== undefined) return misused(`unknown engine ${JSON.stringify(odd)}`)
  const additions = readAdditions(values.get("edits"))
  if (!additions.ok) return additions
  const devices = listOf(flags, "device") ?? ["all"]
  return ok({
    request: {
      devices,
      names: nameStrategies.filter((one) => names.includes(one)),
      hasAllDevice: !on.has("without-all") && !devices.includes("none"),
      hooks: {
        path: values.get("hook-path") ?? ownHookProgram(),
        shape: hooks,
        isEnabled: hookChoice(disabled, []),
        ldconfigPath: "",
      },
      orinCompatDirectory: "",
      nodes: { numbers: on.has("numbers") ? "written" : "left", rights: "written", owners: "machine" },
      hasGroups: true,
      has32Bit: on.has("compat32"),
      hasSockets: true,
      trouble: "refused",
      additions: additions.value,
    },
    mode,
    kind,
    engines: parsed?.filter((one) => one !== undefined),
    output,
    format,
  })
}

const isOneOf = <T extends string>(known: readonly T[], word: string): word is T =>
  known.some((one) => one === word)

function readAdditions(file: string | undefined): Result<Additions> {
  if (file === undefined) return ok(noAdditions)
  const bytes = readCdiFile(createLiveFiles(), file)
  if (!bytes.ok) return fail(fault("CdiFileUnreadable", { file }, bytes.fault))
  const parsed = parseAdditions({ path: file, bytes: bytes.value })
  if (parsed.ok) return ok(parsed.value.spec)
  const [first] = parsed.fault
  return fail(first ?? fault("CdiTextEmpty", { file }))
}
