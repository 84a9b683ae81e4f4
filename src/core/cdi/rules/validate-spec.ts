/**
 * The rules without which no engine loads a specification. All that are broken are told, the one first that the reference's loader
 * would stop at. Source: the released Go package (facts §6.3).
 */

import { type Fault, fault } from "../../fault/fault.ts"
import { encodeUtf8 } from "../../text/utf8.ts"
import type { Locate } from "../read/spec-source.ts"
import {
  areEmptyEdits,
  type CdiDevice,
  type CdiSpec,
  type ContainerEdits,
  hookNames,
  type SpecPath,
} from "../spec.ts"
import { deviceNameProblem, kindProblem } from "./name-rules.ts"
import { enforcedVersion, isOlder, knownVersions, parseVersion } from "./version.ts"

/** Longer than any file's name. Units: bytes. */
const closIdLimitBytes = 4096

const quote = JSON.stringify

/**
 * Empty: it is valid. Faults: CdiVersionUnknown, CdiVersionTooLow, CdiKindInvalid, CdiDevicesMissing, CdiDeviceNameInvalid, CdiDeviceRepeated,
 * CdiDeviceEditsEmpty, CdiEnvironmentInvalid, CdiDeviceNodeInvalid, CdiHookInvalid, CdiMountInvalid, CdiIntelRdtInvalid, CdiNetDeviceInvalid.
 * Order: as the reference judges.
 */
export function validateSpec(spec: CdiSpec, locate: Locate): readonly Fault[] {
  const problem = kindProblem(spec.kind)
  const repeated = repeatedIndexes(spec.devices.map(({ name }) => name))
  return [
    ...versionFaults(spec, locate),
    ...(problem === undefined
      ? []
      : [fault("CdiKindInvalid", { place: locate(["kind"]), kind: spec.kind, problem })]),
    ...editsFaults(spec.containerEdits, ["containerEdits"], locate),
    ...spec.devices.flatMap((device, index) => [
      ...deviceFaults(device, index, locate),
      ...(repeated.has(index) ? [repeatedFault(device, index, locate)] : []),
    ]),
    ...(spec.devices.length === 0 ? [fault("CdiDevicesMissing", { place: locate(["devices"]) })] : []),
  ]
}

function versionFaults(spec: CdiSpec, locate: Locate): readonly Fault[] {
  const place = locate(["cdiVersion"])
  const version = parseVersion(spec.cdiVersion)
  if (version === undefined)
    return [fault("CdiVersionUnknown", { place, version: spec.cdiVersion, known: knownVersions })]
  const { version: minimum, because } = enforcedVersion(spec)
  if (!isOlder(version, minimum)) return []
  return [
    fault("CdiVersionTooLow", {
      place,
      version: spec.cdiVersion,
      minimum,
      because: because && { what: because.what, place: locate(because.path) },
    }),
  ]
}

/** Where a list says again what it said before: indexes of all but the first of each. */
function repeatedIndexes(items: readonly string[]): ReadonlySet<number> {
  const seen = new Set<string>()
  const repeated = new Set<number>()
  for (const [index, item] of items.entries()) {
    if (seen.has(item)) repeated.add(index)
    seen.add(item)
  }
  return repeated
}

const repeatedFault = ({ name }: CdiDevice, index: number, locate: Locate): Fault =>
  fault("CdiDeviceRepeated", { place: locate(["devices", index, "name"]), device: name })

function deviceFaults({ name, containerEdits }: CdiDevice, index: number, locate: Locate): readonly Fault[] {
  const path = ["devices", index]
  const problem = deviceNameProblem(name)
  return [
    ...(problem === undefined
      ? []
      : [fault("CdiDeviceNameInvalid", { place: locate([...path, "name"]), problem })]),
    ...(areEmptyEdits(containerEdits)
      ? [fault("CdiDeviceEditsEmpty", { place: locate(path), device: name })]
      : []),
    ...editsFaults(containerEdits, [...path, "containerEdits"], locate),
  ]
}

function editsFaults(edits: ContainerEdits, path: SpecPath, locate: Locate): readonly Fault[] {
  return [
    ...environmentFaults(edits.env, [...path, "env"], locate),
    ...edits.deviceNodes.flatMap((node, index) => {
      const problem = deviceNodeProblem(node)
      if (problem === undefined) return []
      return [fault("CdiDeviceNodeInvalid", { place: locate([...path, "deviceNodes", index]), problem })]
    }),
    ...edits.hooks.flatMap((hook, index) => {
      const own = [...path, "hooks", index]
      const problem = hookProblem(hook)
      return [
        ...(problem === undefined ? [] : [fault("CdiHookInvalid", { place: locate(own), problem })]),
        ...environmentFaults(hook.env, [...own, "env"], locate),
      ]
    }),
    ...edits.mounts.flatMap(({ hostPath, containerPath }, index) => {
      if (hostPath !== "" && containerPath !== "") return []
      const place = locate([...path, "mounts", index])
      return [
        ...(hostPath === "" ? [fault("CdiMountInvalid", { place, problem: "empty host path" })] : []),
        ...(containerPath === ""
          ? [fault("CdiMountInvalid", { place, problem: "empty container path" })]
          : []),
      ]
    }),
    ...(edits.intelRdt === undefined || isClosId(edits.intelRdt.closID)
      ? []
      : [fault("CdiIntelRdtInvalid", { place: locate([...path, "intelRdt", "closID"]) })]),
    ...netDeviceFaults(edits.netDevices, [...path, "netDevices"], locate),
  ]
}

const environmentFaults = (env: readonly string[], path: SpecPath, locate: Locate): readonly Fault[] =>
  env.flatMap((entry, index) =>
    entry.indexOf("=") > 0
      ? []
      : [fault("CdiEnvironmentInvalid", { place: locate([...path, index]), entry })],
  )

function deviceNodeProblem(node: ContainerEdits["deviceNodes"][number]): string | undefined {
  if (node.path === "") return "invalid (empty) device path"
  // To a cgroup a negative number is every number. The package refuses it since 1.1.2.
  if (node.major < 0 || node.minor < 0)
    return `device ${quote(node.path)}: invalid number ${node.major}:${node.minor}`
  if (!/^[bcup]?$/.test(node.type)) return `device ${quote(node.path)}: invalid type ${quote(node.type)}`
  return /^(?:[rwm]*|none)$/.test(node.permissions)
    ? undefined
    : `device ${quote(node.path)}: invalid permissions ${quote(node.permissions)}`
}

function hookProblem({ hookName, path }: ContainerEdits["hooks"][number]): string | undefined {
  if (!hookNames.some((name) => name === hookName)) return `invalid hook name ${quote(hookName)}`
  return path === "" ? `invalid hook ${quote(hookName)} with empty path` : undefined
}

/** The name of a directory, or exactly `/` for the root class. */
function isClosId(name: string): boolean {
  if (name === "/") return true
  const isShort = name.length < closIdLimitBytes && encodeUtf8(name).length < closIdLimitBytes
  return isShort && name !== "." && name !== ".." && !/[/\n]/.test(name)
}

function netDeviceFaults(
  devices: ContainerEdits["netDevices"],
  path: SpecPath,
  locate: Locate,
): readonly Fault[] {
  if (devices.length === 0) return []
  const sameHosts = repeatedIndexes(devices.map(({ hostInterfaceName }) => hostInterfaceName))
  const sameNames = repeatedIndexes(devices.map(({ name }) => name))
  return devices.flatMap(({ hostInterfaceName, name }, index) => {
    const problems = [
      ...(hostInterfaceName === "" ? ["empty HostInterfaceName"] : []),
      ...(name === "" ? ["empty Name"] : []),
      ...(sameHosts.has(index) ? [`duplicate HostInterfaceName ${quote(hostInterfaceName)}`] : []),
      ...(sameNames.has(index) ? [`duplicate Name ${quote(name)}`] : []),
    ]
    return problems.map((problem) =>
      fault("CdiNetDeviceInvalid", { place: locate([...path, index]), problem }),
    )
  })
}
