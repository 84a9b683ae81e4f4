/**
 * The command line and environment by which nvidia-container-cli does the work: argument for argument what the reference of
 * the chosen profile passes. Order of options: global ones, `configure`, its own, the root file system last.
 */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import type { Config } from "../request/config.ts"
import type { Profile } from "../request/profile.ts"
import type { GpuRequest } from "../request/request.ts"
import { absolutePath, joinPath } from "../text/path.ts"
import type { DelegateEdit } from "./edit.ts"

/** What the command line depends on beyond the request. Asked for only when needed. */
export interface DelegateMachine {
  /** A regular file that may be executed; symlinks followed. */
  isExecutable(path: string): boolean
  /** Anything at all; symlinks followed. */
  exists(path: string): boolean
  /** SUSE gives its video group to the driver process by default. */
  isSuse(): boolean
}

export interface DelegateInput {
  readonly request: GpuRequest
  readonly config: Config
  readonly profile: Profile
  readonly isDebug: boolean
  readonly workingDirectory: string
  /** The hook's own environment, entry by entry. */
  readonly environment: readonly string[]
  readonly machine: DelegateMachine
}

const cliName = "nvidia-container-cli"
const standardDirectories = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

/** Faults: ContainerCliNotFound, NulInArgument. */
export function planDelegate(input: DelegateInput): Result<DelegateEdit> {
  const found = locateCli(input)
  if (!found.ok) return found
  const argv = [...globalOptions(input), "configure", ...configureOptions(input)]
  const env = [...found.value.environment, ...(input.config.value("nvidia-container-cli.environment") ?? [])]
  const nul = [found.value.path, ...argv, ...env].find((text) => text.includes("\0"))
  if (nul !== undefined) return fail(fault("NulInArgument", { text: nul }))
  return ok({ kind: "delegate", path: found.value.path, argv, env, reasons: ["injector.delegate"] })
}

function globalOptions({ config, profile, isDebug, machine }: DelegateInput): readonly string[] {
  const isGiven = (value: string | undefined): value is string =>
    value !== undefined && (value !== "" || profile.commandLine.emptyOptionIsFlag)
  const options: string[] = []
  const root = config.value("nvidia-container-cli.root")
  if (isGiven(root)) options.push(`--root=${root}`)
  if (config.value("nvidia-container-cli.load-kmods") !== false) options.push("--load-kmods")
  if (profile.hasImex && config.value("features.disable-imex-channel-creation") === true)
    options.push("--no-create-imex-channels")
  if (config.value("nvidia-container-cli.no-pivot") === true) options.push("--no-pivot")
  const debug = config.value("nvidia-container-cli.debug")
  if (isDebug) options.push("--debug=/dev/stderr")
  else if (isGiven(debug)) options.push(`--debug=${debug}`)
  const ldcache = config.value("nvidia-container-cli.ldcache")
  if (isGiven(ldcache)) options.push(`--ldcache=${ldcache}`)
  const user = config.value("nvidia-container-cli.user") ?? defaultUser(profile, machine)
  if (isGiven(user)) options.push(`--user=${user}`)
  return options
}

const defaultUser = (profile: Profile, machine: DelegateMachine): string | undefined =>
  profile.commandLine.knowsSuse && machine.isSuse() ? "root:video" : undefined

function configureOptions(input: DelegateInput): readonly string[] {
  const { request, config, profile, workingDirectory } = input
  const options: string[] = []
  const compat = cudaCompatMode(config, profile)
  if (compat !== undefined) options.push(`--cuda-compat-mode=${compat}`)
  const ldconfig = ldconfigOption(input)
  if (ldconfig !== undefined) options.push(`--ldconfig=${ldconfig}`)
  if (config.value("nvidia-container-cli.no-cgroups") === true) options.push("--no-cgroups")
  const devices = request.devices.join(",")
  if (devices !== "") options.push(`--device=${devices}`)
  if (request.migConfig !== "") options.push(`--mig-config=${request.migConfig}`)
  if (request.migMonitor !== "") options.push(`--mig-monitor=${request.migMonitor}`)
  const channels = request.imexChannels.join(",")
  if (channels !== "") options.push(`--imex-channel=${channels}`)
  for (const capability of request.capabilities) options.push(`--${capability}`)
  for (const requirement of request.requirements) options.push(`--require=${requirement}`)
  options.push(`--pid=${BigInt.asUintN(64, request.container.pid)}`)
  options.push(absolutePath(request.container.rawRootPath, workingDirectory))
  return options
}

function cudaCompatMode(config: Config, profile: Profile): string | undefined {
  if (!profile.commandLine.hasCudaCompatMode) return undefined
  const mode = config.value("nvidia-container-runtime.modes.legacy.cuda-compat-mode") ?? "ldconfig"
  if (mode === "ldconfig" || mode === "mount") return mode
  const isKnown = mode === "disabled" || mode === "hook"
  return !isKnown && config.value("features.allow-cuda-compat-libs-from-container") === true
    ? undefined
    : "disabled"
}

/** Debian and Ubuntu wrap ldconfig; the real one beside it is taken where it exists. */
function ldconfigOption({ config, profile, machine }: DelegateInput): string | undefined {
  const written = config.value("nvidia-container-cli.ldconfig")
  if (profile.commandLine.ldconfig === "asWritten") return written
  const ldconfig = written ?? "@/sbin/ldconfig"
  if (!ldconfig.startsWith("@")) return ldconfig === "" ? undefined : ldconfig
  const path = ldconfig.slice(1).replace(/\.real$/, "")
  return machine.exists(`${path}.real`) ? `@${path}.real` : `@${path}`
}

/** The program, and the hook's environment as the search for it leaves it. */
function locateCli(
  input: DelegateInput,
): Result<{ readonly path: string; readonly environment: readonly string[] }> {
  const { config, profile, machine } = input
  const environment = firstOfEachName(input.environment)
  const configured = config.value("nvidia-container-cli.path")
  if (configured !== undefined && (configured !== "" || profile.commandLine.emptyPath === "executed"))
    return ok({ path: configured, environment })

  const root = config.value("nvidia-container-cli.root") ?? ""
  const path = environment.find((entry) => entry.startsWith("PATH="))?.slice("PATH=".length) ?? ""
  const own = path === "" ? [] : path.split(":")
  let directories = [...own, ...standardDirectories.filter((directory) => !own.includes(directory))]
  if (root !== "" && root !== "/")
    directories = [...directories.map((directory) => joinPath(root, directory)), ...directories]
  const rewritten = directories.join(":")
  if (rewritten.includes("\0")) return fail(fault("NulInArgument", { text: rewritten }))
  for (const directory of rewritten.split(":")) {
    const candidate = joinPath(directory === "" ? "." : directory, cliName)
    if (!machine.isExecutable(candidate)) continue
    // A program of the working directory must not run as root because PATH has a dot in it.
    if (!candidate.startsWith("/"))
      return fail(fault("ContainerCliNotFound", { path: rewritten, relative: candidate }))
    return ok({ path: candidate, environment: withPath(environment, rewritten) })
  }
  return fail(fault("ContainerCliNotFound", { path: rewritten, relative: undefined }))
}

/** Of several entries with one name the first stays, as in the reference's runtime. */
function firstOfEachName(entries: readonly string[]): readonly string[] {
  const seen = new Set<string>()
  return entries.filter((entry) => {
    const equals = entry.indexOf("=")
    if (equals === -1) return entry !== ""
    const name = entry.slice(0, equals)
    if (seen.has(name)) return false
    seen.add(name)
    return true
  })
}

function withPath(environment: readonly string[], path: string): readonly string[] {
  const replaced = environment.map((entry) => (entry.startsWith("PATH=") ? `PATH=${path}` : entry))
  return environment.some((entry) => entry.startsWith("PATH=")) ? replaced : [...environment, `PATH=${path}`]
}
