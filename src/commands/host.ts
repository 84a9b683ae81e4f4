/** `gantry host record`: a machine as a file. */

import { rootUser } from "../core/diagnose/access.ts"
import { verifyCdi } from "../core/diagnose/verify-cdi.ts"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import type { Host } from "../core/host/host.ts"
import { viewRoot } from "../core/host/root-view.ts"
import { observeEngines } from "../core/inventory/observe-engines.ts"
import { readText } from "../core/inventory/proc-text.ts"
import { observeSnapshot } from "../core/plan/snapshot.ts"
import { hostPath } from "../core/text/brand.ts"
import { observeAmd } from "../core/vendor/amd/observe-amd.ts"
import { observeIntel } from "../core/vendor/intel/observe-intel.ts"
import { anonymizeRecording, hostNameFiles } from "../host/anonymize.ts"
import { replaceFile } from "../host/files/replace-file.ts"
import { openHost } from "../host/open-host.ts"
import { recordHost, renderRecording } from "../host/recording.ts"
import { checkDirectories } from "./cdi/cdi-flags.ts"
import { readSpecifications } from "./cdi/read-specifications.ts"
import { type Flags, parseFlags, usageFault } from "./flags.ts"
import { isHelpAsked, tellHelp } from "./help/asked-help.ts"
import { machineFlags, machineUsage } from "./machine/machine-flags.ts"
import { machineOptions } from "./machine/observe-machine.ts"
import { print, report } from "./report.ts"
import { isStandardOutput } from "./standard-output.ts"

const shape = {
  program: "gantry host",
  usage: `gantry host record -o FILE [--name NAME] [--anonymize] [--spec-dir DIR]… ${machineUsage}`,
  valued: ["output", "name", "spec-dir", ...machineFlags],
  switches: ["anonymize", "help", "h"],
}

export async function run(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, shape)
  if (!flags.ok) return report(flags.fault)
  const { values, words } = flags.value
  if (isHelpAsked(flags.value)) return tellHelp(shape.usage)
  if (words[0] !== "record" || words.length !== 1) return report(usageFault(shape, "say record"))
  const output = values.get("output")
  if (output === undefined)
    return report(usageFault(shape, "say where to with -o FILE (- is standard output)"))
  const text = record(flags.value)
  if (!text.ok) return report(text.fault)
  if (isStandardOutput(output)) {
    await print(text.value)
    return 0
  }
  const written = replaceFile(output, text.value, 0o644)
  if (!written.ok) return report(fault("RecordingUnwritable", { path: output }, written.fault))
  return 0
}

/** Asks everything that any command asks, and keeps the answers. */
function record(flags: Flags): Result<string> {
  const opened = openHost(flags.values.get("host"))
  if (!opened.ok) return opened
  const recorder = recordHost(opened.value)
  const options = machineOptions(recorder.host, flags, shape)
  if (!options.ok) return fail(options.fault)
  const snapshot = observeSnapshot(recorder.host, options.value)
  const { driver } = snapshot
  // Asked although files may tell everything: what was not asked now cannot be answered later.
  if (driver !== undefined) {
    const { ldcache, searchPaths = [] } = options.value
    recorder.host.askNvml({ driverRoot: driver.driverRoot, ldcache, searchPaths })()
  }
  observeAmd(recorder.host)
  observeIntel(recorder.host)
  const directories = checkDirectories(flags, shape)
  if (!directories.ok) return directories
  verifyCdi({
    host: recorder.host,
    view: viewRoot(recorder.host, hostPath("/")),
    snapshot,
    registry: readSpecifications(recorder.host, directories.value),
    directories: directories.value,
    areNamed: false,
    placed: undefined,
    looker: undefined,
    unrecorded: new Set(),
    // Of the moment, and of everything that runs there: no recording is for it.
    mountinfo: undefined,
    engines: observeEngines(recorder.host),
    user: rootUser,
    image: undefined,
  })
  const recording = flags.on.has("anonymize")
    ? anonymizeRecording(recorder.recording(), { hostNames: hostNamesOf(opened.value) })
    : recorder.recording()
  const name = flags.values.get("name")
  return ok(renderRecording(name === undefined ? recording : { ...recording, of: { ...recording.of, name } }))
}

/** Asked beside the recording: what is only there to be masked need not be in it. */
const hostNamesOf = (host: Host): readonly string[] =>
  hostNameFiles.flatMap((path) => readText(host, path) ?? [])
