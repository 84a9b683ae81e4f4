/** `gantry cdi generate`: a CDI specification of this machine, for the engines that it has. It prints, or writes one file. */

import { renderWritten, type WrittenFile } from "../../core/explain/render-written.ts"
import type { Finding } from "../../core/fault/finding.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import type { MadeSpec } from "../../core/generate/made-spec.ts"
import type { Readers } from "../../core/generate/version-limit.ts"
import type { HostFiles } from "../../core/host/host.ts"
import { joinPath } from "../../core/text/path.ts"
import type { VendorName } from "../../core/vendor/vendor-names.ts"
import { statIfThere } from "../../host/files/stat-if-there.ts"
import { stateDirectory } from "../../host/state/state-directory.ts"
import type { Flags } from "../flags.ts"
import { machineFlags, machineUsage, saidPlaces } from "../machine/machine-flags.ts"
import { openMachine } from "../machine/open-machine.ts"
import { print, report, writeText } from "../report.ts"
import { misused, runAction } from "./cdi-flags.ts"
import { type ChosenVendors, chooseVendors, type GpuVendor } from "./choose-vendors.ts"
import { findEnginesWithoutCdi, findReaders } from "./find-readers.ts"
import { makeNvidiaSpec } from "./make-nvidia-spec.ts"
import { findMissingHookPrograms } from "./missing-hook-programs.ts"
import { readSaidVendor } from "./said-vendor.ts"
import { outputSaid, readSpecCall, type SpecCall, specFlags, specUsage } from "./spec-call.ts"

const shape = {
  program: "gantry cdi generate",
  usage: `gantry cdi generate [--vendor nvidia|amd|intel|all] [--output FILE|DIR/] [--format yaml|json] [--withdraw-stale] ${specUsage} [--json] ${machineUsage}`,
  valued: ["vendor", ...specFlags.valued, ...machineFlags],
  switches: [...specFlags.switches, "withdraw-stale", "json", "help", "h"],
}

export const run = (args: readonly string[]): Promise<number> =>
  runAction(args, shape, async (flags) => {
    const generation = await readGeneration(flags)
    if (!generation.ok) return generation
    const { call, vendors } = generation.value
    // Printed they stand one after the other, and engines read the first document of a file.
    if (vendors.length > 1 && call.output === "")
      writeText(2, "note: each document is for a file of its own: --output DIR/ writes them\n")
    let exit = 0
    const files: WrittenFile[] = []
    // What is wrong with one vendor's GPUs does not keep another's from having a file.
    for (const vendor of vendors) {
      const done = await generate(flags, generation.value, vendor)
      if (!done.ok) {
        exit = await report(done.fault)
        if (flags.on.has("withdraw-stale")) await withdraw(vendor, generation.value)
      } else if (done.value !== undefined) files.push(done.value)
    }
    if (!flags.on.has("json")) return ok({ text: "", exit })
    const { renderWrittenJson } = await import("../../core/explain/render-written-json.ts")
    return ok({ text: renderWrittenJson(files), exit })
  })

/** The same for every vendor. */
interface Generation {
  readonly call: SpecCall
  readonly host: HostFiles
  readonly vendors: ChosenVendors
  readonly readers: Readers
}

/** Faults: UsageInvalid, CdiFileUnreadable, HostUnknown, RecordingInvalid, those of parseAdditions. */
async function readGeneration(flags: Flags): Promise<Result<Generation>> {
  const call = await readSpecCall(flags, shape)
  if (!call.ok) return call
  if (flags.on.has("json") && call.value.output === "")
    return misused(shape, "--json tells of the file that --output names")
  // In a directory a file has the name of its kind, which is not known where nothing could be made.
  if (flags.on.has("withdraw-stale") && (call.value.output === "" || isDirectory(call.value.output)))
    return misused(shape, "--withdraw-stale takes away the file that --output names, which is no directory")
  const host = await openMachine(flags.values.get("host"))
  if (!host.ok) return host
  const vendors = await readVendors(flags, host.value)
  if (!vendors.ok) return vendors
  const readers = await findReaders(call.value, host.value)
  return ok({ call: call.value, host: host.value, vendors: vendors.value, readers })
}

/** Faults: UsageInvalid. */
async function readVendors(flags: Flags, host: HostFiles): Promise<Result<ChosenVendors>> {
  const said = readSaidVendor(flags, shape)
  if (!said.ok) return said
  const chosen = await chooseVendors(host, said.value)
  const output = outputSaid(flags.values)
  if (isNoPlace(output))
    return misused(shape, `--output names a file or a directory, and ${JSON.stringify(output)} is neither`)
  return chosen.length > 1 && output !== "" && !isDirectory(output)
    ? misused(
        shape,
        `a file has one kind: let --output name a directory, or --vendor one of ${chosen.join(", ")}`,
      )
    : ok(chosen)
}

/** A device, a FIFO: nothing that a file could take the place of. */
function isNoPlace(path: string): boolean {
  const stat = statIfThere(path)
  return stat !== undefined && !stat.isFile() && !stat.isDirectory()
}

const isDirectory = (path: string): boolean => path.endsWith("/") || statIfThere(path)?.isDirectory() === true

/** Faults: those of saidPlaces, makeNvidiaSpec. */
async function generateOfNvidia(
  flags: Flags,
  { call, host, readers }: Generation,
): Promise<Result<MadeSpec>> {
  const places = saidPlaces(flags, shape)
  if (!places.ok) return places
  return makeNvidiaSpec(host, { call, readers, places: places.value }, stateDirectory())
}

/** Faults: VendorGpuAbsent, KfdNodeMissing, those of finishSpec. */
async function generateOfVendor(
  vendor: VendorName,
  { call, host, readers }: Generation,
): Promise<Result<MadeSpec>> {
  const [{ observeVendor }, { makeVendorSpec }, { renderMadeSpec }] = await Promise.all([
    import("../../core/vendor/generate-vendor-spec.ts"),
    import("./make-vendor-spec.ts"),
    import("../../core/generate/made-spec.ts"),
  ])
  const observed = observeVendor(vendor, host)
  const made = await makeVendorSpec(observed, host, readers, call)
  // Who has no usable GPU is told why, notes too: that a virtual machine has it is one.
  if (!made.ok && made.fault.tag === "VendorGpuAbsent") await tellEach(observed.findings)
  return made.ok ? ok(renderMadeSpec(made.value, call.format)) : made
}

/** Printed where faults are: standard output is for what was written. */
async function withdraw(vendor: GpuVendor, { call: { output, format }, host }: Generation): Promise<void> {
  const [{ withdrawIfStale, withdrawVendorSpec }, { specPath }] = await Promise.all([
    import("./withdraw-spec.ts"),
    import("./write-spec-file.ts"),
  ])
  const path = specPath(output, format)
  const tell = async (line: string): Promise<void> => writeText(2, `${line}\n`)
  await (vendor === "nvidia" ? withdrawIfStale(path, tell) : withdrawVendorSpec(vendor, host, path, tell))
}

/** undefined: it was printed. Faults: those of generating; CdiDeviceConflict, CdiFileUnwritable. */
async function generate(
  flags: Flags,
  generation: Generation,
  vendor: GpuVendor,
): Promise<Result<WrittenFile | undefined>> {
  const { call, host, readers } = generation
  const generated =
    vendor === "nvidia"
      ? await generateOfNvidia(flags, generation)
      : await generateOfVendor(vendor, generation)
  if (!generated.ok) return generated
  const spec: MadeSpec = {
    ...generated.value,
    findings: [
      ...call.warnings,
      ...generated.value.findings,
      ...findMissingHookPrograms(generated.value.hookPrograms, host),
      ...findEnginesWithoutCdi(readers, call),
    ],
  }
  const output = outputOf(call, spec)
  if (output === "") {
    await tell(spec.findings)
    await print(spec.text)
    return ok(undefined)
  }
  const file = await writeSpec(spec, output, generation)
  if (!file.ok || flags.on.has("json")) return file
  await tell(file.value.findings)
  await print(renderWritten(file.value))
  // Who said nobody is told whom else there is to say.
  if (vendor === "nvidia" && !flags.values.has("vendor")) await print(await renderOthers(host))
  return file
}

/** Faults: CdiDeviceConflict, CdiFileUnwritable. */
async function writeSpec(
  spec: MadeSpec,
  output: string,
  { call, readers }: Generation,
): Promise<Result<WrittenFile>> {
  const [{ writeWithoutConflict }, { findUnread }] = await Promise.all([
    import("./find-rivals.ts"),
    import("./find-unread.ts"),
  ])
  const written = await writeWithoutConflict(spec, output, call.format)
  if (!written.ok) return written
  const findings = [...spec.findings, ...(await findUnread(spec, written.value))]
  return ok({ ...spec, findings, file: written.value, ...readers })
}

/** In a directory a file has the name of its kind, so that no two vendors' meet. */
const outputOf = ({ output, format }: SpecCall, { kind }: MadeSpec): string =>
  output !== "" && isDirectory(output) ? joinPath(output, `${kind.replace("/", "-")}.${format}`) : output

async function renderOthers(host: HostFiles): Promise<string> {
  const { vendorsOn } = await import("../../core/vendor/generate-vendor-spec.ts")
  const others = vendorsOn(host)
  return others.length === 0
    ? ""
    : `this machine has GPUs of ${others.join(" and ")} too: --vendor ${others.length === 1 ? others[0] : "all"}\n`
}

const tell = (findings: readonly Finding[]): Promise<void> =>
  tellEach(findings.filter(({ severity }) => severity !== "note"))

async function tellEach(findings: readonly Finding[]): Promise<void> {
  if (findings.length === 0) return
  const { renderFaultLine } = await import("../../core/fault/render.ts")
  for (const { severity, fault: one } of findings) writeText(2, `${severity}: ${renderFaultLine(one)}\n`)
}
