/**
 * The CDI specifications of a machine beside the machine as it is now: everything that would make a container fail, get something else
 * than its device's name says, or run what a stranger wrote. It reads and judges; what is wrong in a file's text by itself is
 * validate-spec.ts's and advise-spec.ts's affair, and told here too.
 */

import { hostPathOf } from "../cdi/spec.ts"
import type { ReaderEra } from "../fault/cdi.ts"
import { fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import type { ObservedEngine } from "../inventory/observe-engines.ts"
import { type CdiSubject, found, listUses } from "./cdi-subject.ts"
import { checkKernelParts } from "./check-kernel-parts.ts"
import { checkTwice } from "./check-twice.ts"
import { checkUnreadMachine } from "./check-unread-machine.ts"
import { checkContent } from "./devices/check-content.ts"
import { checkGpus } from "./devices/check-gpus.ts"
import { checkVendorGpus } from "./devices/check-vendor-gpus.ts"
import { checkEngines } from "./files/check-engines.ts"
import { checkFiles, checkUnread } from "./files/check-files.ts"
import { checkKindsAlike, checkPrecedence } from "./files/check-precedence.ts"
import { checkReaders } from "./files/check-readers.ts"
import { checkHooks } from "./hooks/check-hooks.ts"
import { checkDriverVersions } from "./libraries/check-driver-versions.ts"
import { checkLibraries } from "./libraries/check-libraries.ts"
import { checkCoveredSystem } from "./mounts/check-covered-system.ts"
import { checkImage } from "./mounts/check-image.ts"
import { checkMountForms } from "./mounts/check-mount-forms.ts"
import { checkMountPoints } from "./mounts/check-mount-points.ts"
import { checkMounts, observeMountSources } from "./mounts/check-mounts.ts"
import { checkWritableMounts } from "./mounts/check-writable-mounts.ts"
import { checkDriverNodes } from "./nodes/check-driver-nodes.ts"
import { checkNodes } from "./nodes/check-nodes.ts"

/** Order: files and who wins, engines and what they read, GPUs, what they are given, nodes, mounts, the driver's version, libraries, hooks, the kernel's parts, what is given twice, the image, what of the machine could not be read. */
export function verifyCdi(subject: CdiSubject): readonly Finding[] {
  const { registry, image, snapshot } = subject
  const uses = listUses(subject)
  const sources = observeMountSources(subject, uses.mounts)
  const versions = checkDriverVersions(subject, sources, uses.hooks)
  const named = new Set(uses.nodes.map(({ item }) => hostPathOf(item)))
  const gpus = checkGpus(subject)
  const eras = new Set(subject.engines.flatMap(eraOf))
  const findings = [
    ...registry.rejected.flatMap(({ faults }) => faults.map((problem): Finding => found("error", problem))),
    ...registry.findings,
    ...registry.specs.flatMap(({ warnings }) => warnings.map((one) => weigh(one, eras))),
    ...checkFiles(subject),
    ...checkUnread(subject),
    ...checkPrecedence(subject),
    ...checkKindsAlike(subject),
    ...checkEngines(subject),
    ...checkReaders(subject),
    ...gpus,
    ...checkVendorGpus(subject),
    ...checkContent(subject, new Set(gpus.flatMap(deviceOf))),
    ...checkDriverNodes(subject),
    ...snapshot.inventory.findings.filter((finding) => concerns(finding, named)),
    ...checkNodes(subject, uses.nodes),
    ...checkMountForms(subject, uses.mounts),
    ...checkMounts(subject, sources, versions.explained),
    ...checkMountPoints(subject, uses, sources),
    ...checkWritableMounts(subject, sources),
    ...checkCoveredSystem(image, sources),
    ...versions.findings,
    ...checkLibraries(subject, sources, uses.hooks),
    ...checkHooks(subject, uses.hooks),
    ...checkKernelParts(subject, uses.edits),
    ...checkTwice(uses.edits),
    ...(image === undefined ? [] : checkImage(image, uses, sources)),
  ]
  const unread = checkUnreadMachine(subject, uses, findings)
  const places = [...subject.unrecorded].sort()
  return places.length === 0
    ? [...findings, ...unread]
    : [...findings, ...unread, found("note", fault("CdiPlacesUnrecorded", { host: snapshot.name, places }))]
}

/** What loaders overlook and runtimes refuse keeps containers from starting, and what an engine refuses that is here takes the file's devices from it. */
function weigh(warning: Finding, eras: ReadonlySet<ReaderEra>): Finding {
  const { tag, data } = warning.fault
  if (tag !== "CdiRuleBroken") return warning
  const isRefused = data.refusedBy !== undefined && eras.has(data.refusedBy)
  return data.isFatal || isRefused ? { ...warning, severity: "error" } : warning
}

/** Of an engine of which nothing is known, or that knows no CDI, none. */
const eraOf = ({ highest, era }: ObservedEngine): readonly ReaderEra[] =>
  highest === "none" || highest === "unknown" ? [] : [era]

/** The device that is another than its name says, or of no use. */
const deviceOf = ({ fault: { tag, data } }: Finding): readonly string[] =>
  tag === "CdiDeviceOther" || tag === "CdiDeviceGone" || tag === "CdiDeviceCut" ? [data.device] : []

/** What is wrong with a node of the machine that a specification names. That it is missing is told with its place. */
const concerns = ({ fault: { tag, data } }: Finding, named: ReadonlySet<string>): boolean =>
  (tag === "DeviceMajorStale" || tag === "DeviceNodeWrong") && named.has(data.path)
