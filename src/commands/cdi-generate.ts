/** `gantry cdi generate`: a CDI specification of this machine, for the engines that it has. It prints, or writes one file. */

import { writeSync } from "node:fs"
import { renderSpec } from "../core/cdi/render-spec.ts"
import type { Finding } from "../core/fault/finding.ts"
import { renderFaultLine } from "../core/fault/render.ts"
import { findingJson } from "../core/fault/render-json.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { renderEngine, versionReadBy } from "../core/generate/engine-versions.ts"
import { escapeControl } from "../core/text/escape.ts"
import { findMachine } from "./find-machine.ts"
import { type Flags, parseFlags, usageFault } from "./flags.ts"
import { machineFlags, machineUsage, saidPlaces } from "./machine-flags.ts"
import { type MadeSpec, makeSpec } from "./make-spec.ts"
import { print, report } from "./report.ts"
import { readSpecCall, specFlags, specUsage } from "./spec-call.ts"
import { findRivals, writeSpecFile } from "./write-spec-file.ts"

const shape = {
  program: "gantry cdi generate",
  usage: `gantry cdi generate [--output FILE] [--format yaml|json] ${specUsage} [--json] ${machineUsage}`,
  valued: [...specFlags.valued, ...machineFlags],
  switches: [...specFlags.switches, "json", "help", "h"],
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

/** Faults: UsageInvalid, CdiFileUnreadable, those of parseAdditions, findMachine, makeSpec and writing. */
async function generate(flags: Flags): Promise<Result<true>> {
  const call = readSpecCall(flags, shape)
  if (!call.ok) return call
  const { output, format } = call.value
  if (flags.on.has("json") && output === "")
    return fail(usageFault(shape, "--json tells of the file that --output names"))
  const places = saidPlaces(flags, shape)
  if (!places.ok) return places
  const found = await findMachine(flags.values.get("host"), places.value)
  if (!found.ok) return found
  const made = await makeSpec(found.value.host, found.value.snapshot, call.value)
  if (!made.ok) return made
  const { spec, findings } = made.value
  if (output === "") {
    tell(findings)
    print(renderSpec(spec, format))
    return ok(true)
  }
  const [rival] = findRivals(spec, output, format)
  if (rival !== undefined) return fail(rival)
  const written = writeSpecFile(spec, output, format)
  if (!written.ok) return written
  const told = { ...made.value, file: written.value }
  if (flags.on.has("json")) print(renderWrittenJson(told))
  else {
    tell(findings)
    print(renderWritten(told))
  }
  return ok(true)
}

function tell(findings: readonly Finding[]): void {
  for (const { severity, fault: one } of findings)
    if (severity !== "note") writeSync(2, `${severity}: ${renderFaultLine(one)}\n`)
}

interface Written extends MadeSpec {
  readonly file: string
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
