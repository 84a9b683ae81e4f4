/**
 * `nvidia-container-runtime` (`.cdi`, `.legacy`): a low-level runtime that gives containers their GPUs and then becomes the real one. Wiring
 * only: command line and config.json to a decision, the decision to an edited bundle. Whatever asks for no GPU is passed on as it is.
 */

import { closeSync, constants, fstatSync, openSync, realpathSync, statSync } from "node:fs"
import { type Fault, fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { readRuntimeCall } from "../../core/oci/runtime-call.ts"
import { decide } from "../../core/plan/decide.ts"
import type { ParsedConfig } from "../../core/request/create-config.ts"
import { chooseRuntimeMode } from "../../core/request/runtime-mode.ts"
import { mayAskForGpu } from "../../core/request/trigger-words.ts"
import { decodeUtf8, encodeUtf8 } from "../../core/text/utf8.ts"
import { readUpTo } from "../../host/files/read-up-to.ts"
import { findRuntime, isWrapperName } from "../../host/find-runtime.ts"
import { readConfig } from "../../host/hook-sources.ts"
import { isTegraHost } from "../../host/is-tegra-host.ts"
import { parseConfigText } from "../../host/parse-config-text.ts"
import { keepLauncherSettings, stampConfig } from "../../host/state/launcher-settings.ts"
import { stateDirectory } from "../../host/state/state-directory.ts"
import { type Caller, ownCaller, variableOf } from "../caller.ts"

const defaultRuntimes = ["runc", "crun"]
const defaultConfigPath = "/etc/nvidia-container-runtime/config.toml"

export async function run(
  args: readonly string[],
  programName: string,
  caller: Caller = ownCaller(args),
): Promise<number> {
  const variable = (name: string): string | undefined => variableOf(caller, name)
  const stamp = stampConfig(defaultConfigPath)
  const read = readConfig({ configPath: undefined, profile: undefined, variable })
  const parsed = await parseConfigText(read.text, undefined)
  const config = parsed.ok ? parsed.value.config : undefined
  const candidates = config?.value("nvidia-container-runtime.runtimes") ?? defaultRuntimes
  const runtime = findRuntime(candidates, variable("PATH") ?? "")
  if (runtime === undefined) return await report(fault("RuntimeNotFound", { candidates }), args)
  const passOn = async (to = runtime): Promise<number> => {
    const became = await caller.passOn(to)
    return typeof became === "number" ? became : await report(became, args)
  }
  const isDefault =
    (variable("NVIDIA_CTK_CONFIG_FILE_PATH") ?? "") === "" && (variable("XDG_CONFIG_HOME") ?? "") === ""
  const state = stateDirectory()
  // The launcher does not tell itself from another wrapper.
  if (config !== undefined && isDefault && state !== undefined && !candidates.some(isWrapperName))
    keepLauncherSettings(state, { config, runtimes: candidates }, stamp)

  const call = readRuntimeCall(args)
  if (call.subcommand === "other" || config?.gantry.mode === "off") return await passOn()
  // As the kernel goes there: behind a link `..` leads elsewhere than it seems.
  const place = call.bundle === undefined || call.bundle === "" ? "." : call.bundle
  const spec = readSpec(`${place}/config.json`)
  // What is wrong with it the runtime says best.
  if (spec === undefined || !mayAskForGpu(spec, config)) return await passOn()
  if (!parsed.ok) return await report(parsed.fault, args)
  const found = findBundle(place, spec)
  if (!found.ok) return await report(found.fault, args)
  const served = await serve({ parsed: parsed.value, programName, bundle: found.value, spec })
  if (!served.ok) return await report(served.fault, args)
  if (config?.gantry.mode !== "shadow") return await passOn()
  // The old tool acts, and ours has only looked on.
  const other = findRuntime([shadowed], variable("PATH") ?? "")
  return other === undefined
    ? await report(fault("RuntimeNotFound", { candidates: [shadowed] }), args)
    : await passOn(other)
}

const shadowed = "nvidia-container-runtime"

interface Start {
  readonly parsed: ParsedConfig
  readonly programName: string
  readonly bundle: string
  readonly spec: string
}

async function serve({ parsed, programName, bundle, spec }: Start): Promise<Result<true>> {
  const { config } = parsed
  const mode = chooseRuntimeMode(programName, config, () => isTegraHost(config.gantry.host))
  if (!mode.ok) return mode
  const decision = decide({
    injector: undefined,
    mode: mode.value,
    readConfig: () => ok(parsed),
    readState: () => ok(JSON.stringify({ bundle })),
    readSpec: () => ok(spec),
    isTegra: () => false,
  })
  if (decision.kind === "refuse") return fail(decision.fault)
  if (decision.kind !== "gpu") return ok(true)
  const { editBundle } = await import("./edit-bundle.ts")
  return await editBundle(decision, bundle)
}

/** Units: bytes. As much as the hook reads. */
const specLimit = 8 * 1024 * 1024
/** Up to here words are looked for, so that only a container that asks for a GPU is refused for its size. Units: bytes. */
const searchLimit = 8 * specLimit

/** Where the bundle lies, if a container in it can be given anything. Faults: InputUnreadable. */
function findBundle(place: string, spec: string): Result<string> {
  const refuse = (errno: string, problem: string): Result<never> =>
    fail(
      fault("InputUnreadable", {
        what: "OCI spec",
        path: `${place}/config.json`,
        syscall: "read",
        errno,
        problem,
      }),
    )
  if (spec.length > specLimit) return refuse("EFBIG", `is larger than ${specLimit} bytes`)
  try {
    // Not the other realpathSync, which takes `..` away before it looks.
    const bundle = place.isWellFormed() ? realpathSync.native(place) : "\ufffd"
    if (bundle.includes("\ufffd")) return refuse("EILSEQ", "lies in a directory whose name is no UTF-8")
    // Of a working directory that is mounted over the name leads elsewhere.
    const [meant, named] = [statSync(place), statSync(bundle)]
    if (meant.ino === named.ino && meant.dev === named.dev) return ok(bundle)
  } catch {
    // It is gone.
  }
  return refuse("ENOENT", "cannot be found again")
}

/** undefined: there is none that could be read. */
function readSpec(path: string): string | undefined {
  try {
    const bytes = Buffer.from(encodeUtf8(path))
    // Looked at before it is opened: a FIFO would wait, and lose what its writer has to say.
    if (!statSync(bytes).isFile()) return undefined
    const descriptor = openSync(bytes, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    try {
      const stat = fstatSync(descriptor)
      if (!stat.isFile() || stat.size > searchLimit) return undefined
      return decodeUtf8(readUpTo(descriptor, stat.size, stat.size))
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return undefined
  }
}

/** What faults say, and where runtimes say it, is loaded only when one is told. */
async function report(told: Fault, args: readonly string[]): Promise<number> {
  return (await import("./report-runtime.ts")).reportRuntime(told, args)
}
