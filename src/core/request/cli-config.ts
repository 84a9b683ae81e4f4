/**
 * The options of `nvidia-container-cli configure` that have a key in config.toml, as if they stood there. The file itself is not read: the
 * reference does not read it either.
 */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { type CliGiven, evidenceOf } from "./cli-call.ts"
import type { Config } from "./config.ts"
import type { ConfigKey, ConfigValue } from "./config-keys.ts"
import type { Evidence } from "./reason.ts"

/** `host`: as in `gantry.host`. Faults: CliConfigureInvalid. */
export function configOfCli(global: CliGiven, given: CliGiven, host: string | undefined): Result<Config> {
  const compatMode = chooseCompatMode(given)
  if (!compatMode.ok) return compatMode
  const values = new Map<ConfigKey, string | boolean>()
  const options = new Map<ConfigKey, readonly Evidence[]>()
  const set = (key: ConfigKey, value: string | boolean | undefined, evidence: readonly Evidence[]): void => {
    if (value === undefined) return
    values.set(key, value)
    options.set(key, evidence)
  }
  for (const name of ["root", "ldcache"] as const)
    set(`nvidia-container-cli.${name}`, global.get(name)?.at(-1), evidenceOf(global, [name]))
  if (given.has("no-cgroups")) set("nvidia-container-cli.no-cgroups", true, evidenceOf(given, ["no-cgroups"]))
  set("nvidia-container-cli.load-kmods", global.has("load-kmods"), evidenceOf(global, ["load-kmods"]))
  set(
    "nvidia-container-runtime.modes.legacy.cuda-compat-mode",
    compatMode.value,
    evidenceOf(given, ["cuda-compat-mode", "no-cntlibs"]),
  )
  return ok({
    gantry: { mode: "active", profile: undefined, injector: "native", enforce: false, host },
    value: <K extends ConfigKey>(key: K) => values.get(key) as ConfigValue<K> | undefined,
    // What stands for the file, for who keeps a plan with what it was made from.
    text: JSON.stringify([...values, ...options]),
    evidence: (key, byDefault) =>
      options.get(key)?.[0] ?? { from: "config", key, value: byDefault, line: undefined },
  })
}

type CompatMode = "mount" | "ldconfig" | "disabled"

const compatModes: readonly CompatMode[] = ["mount", "ldconfig", "disabled"]

/** `disabled` wins over the others, which exclude each other. undefined: not said. Faults: CliConfigureInvalid. */
function chooseCompatMode(given: CliGiven): Result<CompatMode | undefined> {
  const asked = new Set(given.has("no-cntlibs") ? ["disabled"] : [])
  for (const value of given.get("cuda-compat-mode") ?? []) {
    if (!compatModes.some((mode) => mode === value))
      return fail(fault("CliConfigureInvalid", { problem: "compatMode", value }))
    asked.add(value)
  }
  if (asked.has("disabled")) return ok("disabled")
  if (asked.size > 1)
    return fail(fault("CliConfigureInvalid", { problem: "compatModes", value: [...asked].join(", ") }))
  return ok(compatModes.find((mode) => asked.has(mode)))
}
