/**
 * What others may import as `gantry/cdi`: the CDI rules of every command, pure, for Bun, Node and browsers. docs/library.md shows it at work.
 * A name that stands here is promised; everything else in core may change.
 */

export { diffSpecs, type SpecChange } from "../cdi/diff-specs.ts"
export { type ApplyOptions, applyEdits } from "../cdi/edits/apply-edits.ts"
export { collectEdits, type ResolvedDevices } from "../cdi/edits/collect-edits.ts"
export type { CompleteNode, FindHostNode, HostNode } from "../cdi/edits/complete-node.ts"
export { mergeEdits } from "../cdi/edits/merge-edits.ts"
export { mergeSpecs } from "../cdi/merge-specs.ts"
export { type ParsedSpec, parseSpec, type SpecFile } from "../cdi/read/parse-spec.ts"
export { type Locate, locateNowhere } from "../cdi/read/spec-source.ts"
export type { Warning } from "../cdi/read/spec-warning.ts"
export {
  type AnnotatedDevices,
  annotateDevices,
  parseDeviceAnnotations,
  renderAnnotationKey,
} from "../cdi/registry/device-annotations.ts"
export {
  buildRegistry,
  type DeviceConflict,
  type LoadedSpec,
  type RegisteredDevice,
  type Registry,
  type RejectedFile,
  type SpecDirectory,
  type SpecFileRead,
} from "../cdi/registry/registry.ts"
export { resolveDevices } from "../cdi/registry/resolve-devices.ts"
export { defaultDirectories, isSpecFileName } from "../cdi/registry/spec-directories.ts"
export { renderSpec, type SpecFormat } from "../cdi/render-spec.ts"
export { adviseSpec } from "../cdi/rules/advise-spec.ts"
export {
  type EngineName,
  type EngineRelease,
  engineNames,
  highestCommonVersion,
  highestVersionOf,
  parseEngineRelease,
} from "../cdi/rules/engine-versions.ts"
export { parseQualifiedName, type QualifiedName, renderQualifiedName } from "../cdi/rules/qualified-name.ts"
export { validateSpec } from "../cdi/rules/validate-spec.ts"
export {
  type CdiVersion,
  knownVersions,
  type MinimumVersion,
  minimumVersion,
  parseVersion,
  type UnversionedSpec,
} from "../cdi/rules/version.ts"
export {
  areEmptyEdits,
  type CdiDevice,
  type CdiSpec,
  type ContainerEdits,
  type DeviceNode,
  type Hook,
  type IntelRdt,
  type Mount,
  type NetDevice,
  noEdits,
  type SpecPath,
} from "../cdi/spec.ts"
export { type RootChange, transformRoot } from "../cdi/transform-root.ts"
export type { CdiPlace } from "../fault/cdi-place.ts"
export type { Fault, FaultTag } from "../fault/fault.ts"
export type { Finding } from "../fault/finding.ts"
export { placeOf } from "../fault/place-of.ts"
export { faultCode, renderFaultLine } from "../fault/render.ts"
export type { Result } from "../fault/result.ts"
export { readFault } from "../host/resolve-path.ts"
