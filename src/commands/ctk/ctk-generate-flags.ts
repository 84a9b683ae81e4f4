/** The command line of `nvidia-ctk cdi generate`, and what it asks for. Source: facts, toolkit §1.3. */

import type { SpecFormat } from "../../core/cdi/render-spec.ts"
import { crashProblem, vendorOrClassProblem } from "../../core/cdi/rules/name-rules.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import { noAdditions } from "../../core/generate/add-edits.ts"
import type { NameStrategy } from "../../core/generate/machine-names.ts"
import { hookChoice, type SpecMode, type SpecRequest, specModes } from "../../core/generate/spec-request.ts"
import { joinPath } from "../../core/text/path.ts"
import { type CtkFlags, type CtkShape, ctkHelp, ctkUsageFault, parseCtkFlags } from "./ctk-flags.ts"

const text = (variable: string, ...aliases: readonly string[]) =>
  ({ takes: "text", variable: `NVIDIA_CTK_${variable}`, aliases }) as const
const list = (variable: string, ...aliases: readonly string[]) =>
  ({ takes: "list", variable: `NVIDIA_CTK_CDI_GENERATE_${variable}`, aliases }) as const

const shape: CtkShape = {
  program: "nvidia-ctk cdi generate",
  flags: {
    "config-search-path": list("CONFIG_SEARCH_PATHS"),
    output: text("CDI_OUTPUT_FILE_PATH"),
    format: text("CDI_GENERATE_OUTPUT_FORMAT"),
    mode: text("CDI_GENERATE_MODE", "discovery-mode"),
    "dev-root": text("DEV_ROOT"),
    "device-name-strategy": list("DEVICE_NAME_STRATEGIES"),
    "driver-root": text("DRIVER_ROOT"),
    "library-search-path": list("LIBRARY_SEARCH_PATHS"),
    "nvidia-cdi-hook-path": text("CDI_HOOK_PATH", "nvidia-ctk-path"),
    "ldconfig-path": text("CDI_GENERATE_LDCONFIG_PATH"),
    vendor: text("CDI_GENERATE_VENDOR", "cdi-vendor"),
    class: text("CDI_GENERATE_CLASS", "cdi-class"),
    "csv.file": list("CSV_FILES"),
    "csv.ignore-pattern": list("CSV_IGNORE_PATTERNS"),
    "csv.compat-container-root": text("CDI_GENERATE_CSV_CONTAINER_COMPAT_ROOT"),
    "disable-hook": list("DISABLED_HOOKS", "disable-hooks"),
    "enable-hook": list("ENABLED_HOOKS", "enable-hooks"),
    "feature-flag": list("FEATURE_FLAGS", "feature-flags"),
    "no-all-device": {
      takes: "switch",
      variable: "NVIDIA_CTK_CDI_GENERATE_NO_ALL_DEVICE",
    },
    "device-id": list("DEVICE_IDS", "device-ids", "device", "devices"),
  },
}

export interface CtkGenerateCall {
  readonly request: SpecRequest
  /** undefined: the configuration's, else `/`. */
  readonly driverRoot: string | undefined
  /** undefined: the driver root. */
  readonly devRoot: string | undefined
  /** In the place of all others; undefined: the usual ones. */
  readonly librarySearchPaths: readonly string[] | undefined
  readonly configSearchPaths: readonly string[] | undefined
  /** Lists of a Tegra board, in the place of its own; undefined: those. */
  readonly csvFiles: readonly string[] | undefined
  readonly csvIgnorePatterns: readonly string[]
  /** Empty: standard output. */
  readonly output: string
  readonly format: SpecFormat
  /** One was named that is not the output's ending. */
  readonly isFormatIgnored: boolean
  readonly features: ReadonlySet<string>
  readonly isQuiet: boolean
  /** The toolkit's config.toml; undefined: the usual one. */
  readonly configPath: string | undefined
}

/** `findHook`: where the named program lies; empty: the usual one. Faults: UsageInvalid. */
export function parseCtkGenerate(
  args: readonly string[],
  variable: (name: string) => string | undefined,
  findHook: (named: string) => string,
): Result<CtkGenerateCall | "help"> {
  const flags = parseCtkFlags(args, shape, variable)
  if (!flags.ok) return flags
  if (flags.value.isHelpAsked) return ok("help")
  const call = readCall(flags.value, findHook)
  return typeof call === "string" ? fail(ctkUsageFault(shape, call)) : ok(call)
}

export const generateHelp: string = ctkHelp(shape)

/** What lies below such a root no engine finds: each looks from a directory of its own. Empty: the machine's root. */
const isRelative = (root: string | undefined): root is string =>
  root !== undefined && root !== "" && !root.startsWith("/")

/** Of the driver root that config.toml names. Faults: UsageInvalid. */
export const checkConfiguredRoot = (root: string | undefined): Result<true> =>
  isRelative(root)
    ? fail(ctkUsageFault(shape, `the driver root of config.toml is not absolute: ${root}`))
    : ok(true)

const strategies: readonly NameStrategy[] = ["index", "type-index", "uuid"]

/** The others have one device, whatever is asked for. */
const modesOfDevices: readonly SpecMode[] = ["auto", "nvml", "csv", "imex"]

/** The call, or what is wrong with it. */
function readCall(flags: CtkFlags, findHook: (named: string) => string): CtkGenerateCall | string {
  const output = flags.text("output") ?? ""
  const implied = formatByEnding(output)
  const format = flags.text("format")
  const known = (["yaml", "json"] as const).find((one) => one === (format ?? "yaml").toLowerCase())
  if (known === undefined) return `invalid output format: ${format}`
  const mode = (flags.text("mode") ?? "auto").toLowerCase()
  const isMode = (name: string): name is SpecMode => specModes.some((one) => one === name)
  if (!isMode(mode)) return `invalid discovery mode: ${mode}`
  const names = flags.list("device-name-strategy") ?? ["index", "uuid"]
  const wrong = names.find((name) => !strategies.some((one) => one === name))
  if (wrong !== undefined) return `invalid device name strategy: ${wrong}`
  const vendor = flags.text("vendor") ?? "nvidia.com"
  const deviceClass = flags.text("class") ?? "gpu"
  for (const [part, name] of [
    ["vendor", vendor],
    ["class", deviceClass],
  ] as const) {
    const problem = vendorOrClassProblem(part, name) ?? crashProblem(part, name)
    if (problem !== undefined) return `invalid CDI ${part} name: ${problem}`
  }
  const enabled = flags.list("enable-hook") ?? []
  if (enabled.includes("all")) return "enabling all hooks is not supported"
  const devices = flags.list("device-id") ?? ["all"]
  if (modesOfDevices.includes(mode) && devices.every((one) => one.trim() === ""))
    return 'identifier is not a valid UUID or index: ""'
  const driverRoot = flags.text("driver-root")
  const devRoot = flags.text("dev-root")
  if (isRelative(driverRoot)) return `the driver root is not absolute: ${driverRoot}`
  if (isRelative(devRoot)) return `the dev root is not absolute: ${devRoot}`
  // As the reference has it: only a channel's node is left to the engine.
  const numbers = mode === "imex" ? "left" : "written"
  const features = new Set(flags.list("feature-flag") ?? [])
  return {
    request: {
      mode,
      vendor,
      class: deviceClass,
      devices,
      names: strategies.filter((one) => names.includes(one)),
      hasAllDevice: !flags.isOn("no-all-device") && !devices.includes("none"),
      hooks: {
        path: findHook(flags.text("nvidia-cdi-hook-path") ?? ""),
        shape: "separate",
        isEnabled: hookChoice(mode, flags.list("disable-hook") ?? [], enabled),
        ldconfigPath: flags.text("ldconfig-path") ?? "",
      },
      orinCompatDirectory: flags.text("csv.compat-container-root") ?? "",
      nodes: { numbers, rights: numbers, owners: "container" },
      hasGroups: !features.has("no-additional-gids-for-device-nodes"),
      has32Bit: false,
      hasSockets: !features.has("disable-ipc-discoverer"),
      machineFaults: "reported",
      additions: noAdditions,
    },
    driverRoot,
    devRoot,
    librarySearchPaths: namedPaths(flags.list("library-search-path")),
    configSearchPaths: dataDirectories(flags.list("config-search-path")),
    csvFiles: flags.list("csv.file"),
    csvIgnorePatterns: flags.list("csv.ignore-pattern") ?? [],
    output,
    // Whoever reads the file goes by its ending. In another case it is none to them, and one is added.
    format: /\.(?:json|yaml)$/.test(output) || format === undefined ? (implied ?? known) : known,
    isFormatIgnored: format !== undefined && implied !== undefined && implied !== known,
    features,
    isQuiet: flags.isOn("quiet"),
    configPath: flags.text("config"),
  }
}

/** An empty name names nothing; each may be several with colons. */
function namedPaths(values: readonly string[] | undefined): readonly string[] | undefined {
  const paths = (values ?? []).flatMap((value) => value.split(":")).filter((path) => path !== "")
  return paths.length === 0 ? undefined : paths.map((path) => joinPath("/", path))
}

/** As the reference has it, an empty name is the machine's root: no configuration file lies there. */
const dataDirectories = (values: readonly string[] | undefined): readonly string[] | undefined =>
  values === undefined ? undefined : (namedPaths(values) ?? [""])

/** undefined: the ending says nothing. */
function formatByEnding(path: string): SpecFormat | undefined {
  const ending = /\.(json|yaml)$/.exec(path.toLowerCase())?.[1]
  return ending === "json" || ending === "yaml" ? ending : undefined
}
