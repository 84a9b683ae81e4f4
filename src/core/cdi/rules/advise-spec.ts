/**
 * What the specification's text demands and the reference's loader does not check: a file that breaks it works with today's engines and
 * fails with a stricter one, or at the container's start. Source: CDI specification 1.1.0, "Kind", "CDI Devices", "OCI Edits"; annotation
 * keys as Kubernetes has them.
 */

import { encodeUtf8 } from "../../text/utf8.ts"
import type { Locate } from "../read/spec-source.ts"
import { type BrokenRule, type Warning, warnOf } from "../read/spec-warning.ts"
import {
  type CdiSpec,
  type ContainerEdits,
  type DeviceNode,
  editsWithPaths,
  type Hook,
  isBindMount,
  type SpecPath,
} from "../spec.ts"
import { splitKind } from "./name-rules.ts"
import { isOlder, minimumVersion, parseVersion } from "./version.ts"

/** As a BrokenRule; `path`: of what is not as it should be. */
interface Advice extends Omit<BrokenRule, "place"> {
  readonly path: SpecPath
}

const dnsLabel = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/
const annotationName = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/

const isDnsSubdomain = (name: string): boolean =>
  name.length <= 253 && name.split(".").every((label) => dnsLabel.test(label))

/** `name` or `domain/name`. */
function isAnnotationKey(key: string): boolean {
  const slash = key.indexOf("/")
  return annotationName.test(key.slice(slash + 1)) && (slash === -1 || isDnsSubdomain(key.slice(0, slash)))
}

/** Units: bytes; of keys and values together. */
const annotationLimitBytes = 256 * 1024

const quote = JSON.stringify

/** To find the place of one costs time that grows with the file; more of them help nobody. */
const adviceLimit = 100

/** What breaks the specification's text and is refused by no loader of today. Empty: nothing does. Order: what concerns the whole, annotations, edits; each as the specification has them. */
export function adviseSpec(spec: CdiSpec, locate: Locate): readonly Warning[] {
  const broken = [
    ...envelopeAdvice(spec),
    ...versionAdvice(spec),
    ...annotationAdvice(spec.annotations, ["annotations"]),
    ...spec.devices.flatMap(({ annotations }, index) =>
      annotationAdvice(annotations, ["devices", index, "annotations"]),
    ),
    ...editsWithPaths(spec).flatMap(({ edits, path }) => editsAdvice(edits, path)),
  ]
  return broken.slice(0, adviceLimit).map(({ path, ...rule }) => warnOf({ ...rule, place: locate(path) }))
}

/** What engines overlook; see enforcedVersion. */
function versionAdvice(spec: CdiSpec): readonly Advice[] {
  const version = parseVersion(spec.cdiVersion)
  const { version: minimum, because } = minimumVersion(spec)
  return version === undefined || because === undefined || !isOlder(version, minimum)
    ? []
    : [
        {
          path: because.path,
          problem: `cdiVersion ${quote(spec.cdiVersion)} has no ${because.what}, which engines overlook in all devices but the last`,
          advice: `set cdiVersion to ${minimum}, which they know`,
        },
      ]
}

function envelopeAdvice({ cdiVersion, kind }: CdiSpec): readonly Advice[] {
  const { vendor, class: className } = splitKind(kind)
  return [
    ...(cdiVersion.startsWith("v")
      ? [
          {
            path: ["cdiVersion"],
            problem: `cdiVersion ${quote(cdiVersion)} is not a semantic version`,
            advice: `write ${cdiVersion.slice(1)}`,
          },
        ]
      : []),
    ...(isDnsSubdomain(vendor)
      ? []
      : [
          {
            path: ["kind"],
            problem: `the vendor ${quote(vendor)} is not a DNS subdomain`,
            advice:
              "name a domain of yours: letters, digits and -, parts of 63 characters at most, 253 together",
          },
        ]),
    ...[vendor, className]
      .filter((name) => name.length === 1)
      .map((name) => ({
        path: ["kind"],
        problem: `the name ${quote(name)} has one letter`,
        advice: "engines with CDI 1.1.0 and older crash on it: give it a second",
        isFatal: true,
      })),
    ...(className.length <= 63
      ? []
      : [{ path: ["kind"], problem: "the class is longer than 63 characters", advice: "shorten it" }]),
  ]
}

function annotationAdvice(annotations: ReadonlyMap<string, string>, path: SpecPath): readonly Advice[] {
  let sizeBytes = 0
  const broken: Advice[] = []
  for (const [key, value] of annotations) {
    sizeBytes += encodeUtf8(key).length + encodeUtf8(value).length
    if (!isAnnotationKey(key))
      broken.push({
        path: [...path, key],
        problem: `the annotation ${quote(key)} is not a qualified name`,
        advice: "write name or domain/name, the name of 63 letters, digits, -, _ and . at most",
      })
  }
  if (sizeBytes > annotationLimitBytes)
    broken.push({
      path,
      problem: `annotations of more than ${annotationLimitBytes} bytes`,
      advice: "keep such data in a file of its own",
    })
  return broken
}

const editsAdvice = (edits: ContainerEdits, path: SpecPath): readonly Advice[] => [
  ...edits.deviceNodes.flatMap((node, index) => nodeAdvice(node, [...path, "deviceNodes", index])),
  ...edits.hooks.flatMap((hook, index) => hookAdvice(hook, [...path, "hooks", index])),
  ...edits.mounts.flatMap((mount, index) => [
    ...relativeAdvice("the mount containerPath", mount.containerPath, [
      ...path,
      "mounts",
      index,
      "containerPath",
    ]),
    // runc looks for it in the container's bundle, crun in its own working directory: there it is not.
    ...(isBindMount(mount)
      ? relativeAdvice("the mount hostPath", mount.hostPath, [...path, "mounts", index, "hostPath"]).map(
          (one) => ({ ...one, isFatal: true }),
        )
      : []),
  ]),
]

/** An empty path is a rule's affair, or means another. */
const relativeAdvice = (what: string, written: string, path: SpecPath): readonly Advice[] =>
  written === "" || written.startsWith("/")
    ? []
    : [{ path, problem: `${what} ${quote(written)} is not absolute`, advice: "write it from / on" }]

const nodeAdvice = (node: DeviceNode, path: SpecPath): readonly Advice[] => [
  ...relativeAdvice("the device path", node.path, [...path, "path"]),
  ...relativeAdvice("the device hostPath", node.hostPath, [...path, "hostPath"]),
  ...(node.permissions === "none"
    ? [
        {
          path: [...path, "permissions"],
          problem: 'permissions "none" need a version above 1.1.0',
          // Later ones give it a device rule without access, of which runc 1.5.2 says "device access … cannot be empty".
          advice:
            "engines refuse the whole file for it, or runc the container; leave the node out of the cgroup otherwise",
          isFatal: true,
          refusedBy: "before 1.1.1" as const,
        },
      ]
    : []),
]

const hookAdvice = (hook: Hook, path: SpecPath): readonly Advice[] => [
  ...relativeAdvice("the hook path", hook.path, [...path, "path"]).map((one) => ({ ...one, isFatal: true })),
  ...(hook.timeout === undefined || hook.timeout > 0
    ? []
    : [
        {
          path: [...path, "timeout"],
          problem: `a hook's timeout must be greater than zero, and is ${hook.timeout}`,
          advice: "leave it out where there is no limit",
          isFatal: true,
        },
      ]),
  ...(hook.hookName === "prestart"
    ? [
        {
          path: [...path, "hookName"],
          problem: "prestart is not a hook of the CDI specification, and is deprecated in that of runtimes",
          advice: "use createRuntime, or createContainer for what is done in the container's namespaces",
        },
      ]
    : []),
]
