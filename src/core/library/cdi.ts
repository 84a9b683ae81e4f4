/**
 * What others may import as `gantry/cdi`: the CDI rules of every command, pure, for Bun, Node and browsers. docs/library.md shows it at work.
 * A name that stands here is promised; everything else in core may change.
 */

export { adviseSpec } from "../cdi/advise-spec.ts"
export { type ApplyOptions, applyEdits } from "../cdi/apply-edits.ts"
export { collectEdits, type ResolvedDevices } from "../cdi/collect-edits.ts"
export type { CompleteNode, FindHostNode, HostNode } from "../cdi/complete-node.ts"
export {
  type AnnotatedDevices,
  annotateDevices,
  parseDeviceAnnotations,
  renderAnnotationKey,
} from "../cdi/device-annotations.ts"
export { diffSpecs, type SpecChange } from "../cdi/diff-specs.ts"
export {
  type EngineName,
  type EngineRelease,
  engineNames,
  highestCommonVersion,
  highestVersionOf,
  parseEngineRelease,
} from "../cdi/engine-versions.ts"
export { mergeEdits } from "../cdi/merge-edits.ts"
export { mergeSpecs } from "../cdi/merge-specs.ts"
export { type ParsedSpec, parseSpec, type SpecFile } from "../cdi/parse-spec.ts"
export { parseQualifiedName, type QualifiedName, renderQualifiedName } from "../cdi/qualified-name.ts"
export {
  buildRegistry,
  type DeviceConflict,
  type LoadedSpec,
  type RegisteredDevice,
  type Registry,
  type RejectedFile,
  type SpecDirectory,
  type SpecFileRead,
} from "../cdi/registry.ts"
export { renderSpec, type SpecFormat } from "../cdi/render-spec.ts"
export { resolveDevices } from "../cdi/resolve-devices.ts"
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
export { defaultDirectories, isSpecFileName } from "../cdi/spec-directories.ts"
export { type Locate, locateNowhere } from "../cdi/spec-source.ts"
export type { Warning } from "../cdi/spec-warning.ts"
export { type RootChange, transformRoot } from "../cdi/transform-root.ts"
export { validateSpec } from "../cdi/validate-spec.ts"
export {
  type CdiVersion,
  knownVersions,
  type MinimumVersion,
  minimumVersion,
  parseVersion,
  type UnversionedSpec,
} from "../cdi/version.ts"
export type { CdiPlace } from "../fault/cdi-place.ts"
export type { Fault, FaultTag } from "../fault/fault.ts"
export type { Finding } from "../fault/finding.ts"
export { placeOf } from "../fault/place-of.ts"
export { faultCode, renderFaultLine } from "../fault/render.ts"
export type { Result } from "../fault/result.ts"
export { readFault } from "../host/resolve-path.ts"
