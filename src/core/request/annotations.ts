/**
 * Devices asked for by annotations, which Kubernetes writes (`cdi.k8s.io/…`): of every key with a configured prefix, in order of keys, the
 * value's names. As in the reference, mode `cdi` looks at them, `auto` when every name is a CDI name, and the others never do; privilege is
 * not asked, because an image cannot write annotations. Names of other vendors' kinds are the engine's to serve: it put them there, and a
 * runtime that refused them would keep a container with a network card from starting. Source: facts, toolkit §4.1.
 */

import { isOfOwnKind, qualify } from "../cdi/rules/qualify.ts"
import { splitList } from "../text/space.ts"
import type { Config } from "./config.ts"
import type { InjectionMode } from "./injection-mode.ts"
import type { Evidence, ReasonLog } from "./reason.ts"

export const defaultAnnotationPrefixes: readonly string[] = ["cdi.k8s.io/"]

export interface AnnotationInput {
  readonly config: Config
  readonly mode: InjectionMode
  readonly annotations: ReadonlyMap<string, string>
}

/** undefined: they ask for nothing, and mounts and variables decide. */
export function devicesFromAnnotations(
  { config, mode, annotations }: AnnotationInput,
  log: ReasonLog,
): readonly string[] | undefined {
  if (annotations.size === 0) return undefined
  const prefixes =
    config.value("nvidia-container-runtime.modes.cdi.annotation-prefixes") ?? defaultAnnotationPrefixes
  const keys = [...annotations.keys()].filter((key) => prefixes.some((prefix) => key.startsWith(prefix)))
  const asked = keys.sort().map((key) => ({ key, value: annotations.get(key) ?? "" }))
  const devices = asked.flatMap(({ value }) => splitList(value))
  if (devices.length === 0) return undefined
  const evidence: readonly Evidence[] = asked.map((one) => ({ from: "annotation", ...one }))
  const ignored = whyIgnored(devices, mode, config)
  if (ignored === undefined) {
    const own = devices.filter((device) => qualify(device) === "unqualified" || isOfOwnKind(device))
    const outcome = own.length > 0 ? `ask for ${own.join(", ")}` : "name devices of other kinds only"
    log.add("devices.annotation", evidence, `annotations ${outcome}`)
    return own.length > 0 ? own : undefined
  }
  const because = [...evidence, config.evidence("nvidia-container-runtime.mode", "auto")]
  log.add("devices.annotation.ignored", because, `annotations are not looked at: ${ignored}`)
  return undefined
}

function whyIgnored(devices: readonly string[], mode: InjectionMode, config: Config): string | undefined {
  if (mode === "cdi") return undefined
  const configured = config.value("nvidia-container-runtime.mode") ?? "auto"
  if (mode === "legacy" || configured !== "auto") return `mode ${mode} has none`
  const other = devices.find((device) => qualify(device) === "unqualified")
  return other === undefined ? undefined : `${other} is no CDI name`
}
