/**
 * Annotations that ask for CDI devices: `cdi.k8s.io/PLUGIN_ID` with qualified names, commas between them. Source: the released Go package
 * (facts §6.6); which of them a container start obeys is core/request's affair.
 */

import { fault } from "../../fault/fault.ts"
import { fail, ok, type Result } from "../../fault/result.ts"
import { parseQualifiedName } from "../rules/qualified-name.ts"

const prefix = "cdi.k8s.io/"

/** As in the names of Kubernetes. Units: characters. */
const nameLimit = 63

export interface AnnotatedDevices {
  /** Order: by name. */
  readonly keys: readonly string[]
  /** Order: of the keys, in each as written. */
  readonly devices: readonly string[]
}

/** What `cdi.k8s.io/…` annotations ask for; one name that is none spoils all. Order: by key, then as written. Faults: CdiAnnotationInvalid. */
export function parseDeviceAnnotations(annotations: ReadonlyMap<string, string>): Result<AnnotatedDevices> {
  const keys = [...annotations.keys()].filter((key) => key.startsWith(prefix)).sort()
  const devices: string[] = []
  for (const key of keys)
    for (const device of (annotations.get(key) ?? "").split(",")) {
      const parsed = parseQualifiedName(device)
      if (!parsed.ok) return fail(fault("CdiAnnotationInvalid", { key, device }, parsed.fault))
      devices.push(device)
    }
  return ok({ keys, devices })
}

/** The key for one allocation of a plugin, as `vendor.class` and an id. Faults: CdiAnnotationUnusable. */
export function renderAnnotationKey(plugin: string, id: string): Result<string> {
  const unusable = (problem: string): Result<never> => fail(fault("CdiAnnotationUnusable", { problem }))
  if (plugin === "") return unusable("invalid plugin name, empty")
  if (id === "") return unusable("invalid deviceID, empty")
  const name = `${plugin}_${id.replaceAll("/", "_")}`
  const quoted = JSON.stringify(name)
  if (name.length > nameLimit) return unusable(`invalid plugin+deviceID ${quoted}, too long`)
  if (!/^[A-Za-z0-9]/.test(name)) return unusable(`invalid name ${quoted}, the first should be alphanumeric`)
  if (!/[A-Za-z0-9]$/.test(name)) return unusable(`invalid name ${quoted}, the last should be alphanumeric`)
  const strange = /[^A-Za-z0-9_.-]/u.exec(name)
  return strange === null
    ? ok(`${prefix}${name}`)
    : unusable(`invalid name ${quoted}, invalid character '${strange[0]}'`)
}

/** The annotations with one more request; those that are there stay. Faults: CdiAnnotationUnusable, CdiNameInvalid. */
export function annotateDevices(
  annotations: ReadonlyMap<string, string>,
  request: { readonly plugin: string; readonly id: string; readonly devices: readonly string[] },
): Result<ReadonlyMap<string, string>> {
  const key = renderAnnotationKey(request.plugin, request.id)
  if (!key.ok) return key
  if (annotations.has(key.value))
    return fail(fault("CdiAnnotationUnusable", { problem: `key ${JSON.stringify(key.value)} used` }))
  for (const device of request.devices) {
    const parsed = parseQualifiedName(device)
    if (!parsed.ok) return parsed
  }
  return ok(new Map([...annotations, [key.value, request.devices.join(",")]]))
}
