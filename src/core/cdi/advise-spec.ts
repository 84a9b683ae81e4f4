/**
 * What the specification's text demands and the reference's loader does not check: a file that breaks it works with today's engines and
 * fails with a stricter one, or at the container's start. Source: CDI specification 1.1.0, "Kind", "CDI Devices", "OCI Edits"; annotation
 * keys as Kubernetes has them.
 */

import { type FaultOf, fault } from "../fault/fault.ts"
import type { Finding } from "../fault/finding.ts"
import { encodeUtf8 } from "../text/utf8.ts"
import { splitKind } from "./name-rules.ts"
import { type CdiSpec, type ContainerEdits, editsWithPaths, type SpecPath } from "./spec.ts"
import type { Locate } from "./spec-source.ts"
import { isOlder, minimumVersion, parseVersion } from "./version.ts"

/** A rule of the specification that is broken, and where. */
export interface Warning extends Finding {
  readonly fault: FaultOf<"CdiRuleBroken">
}

interface Advice {
  readonly path: SpecPath
  readonly problem: string
  readonly advice: string
  /** Runtimes refuse what follows from it: no container with the device starts. */
  readonly isFatal?: true
}

const dnsLabel = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/
const annotationName = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/

/** Units: bytes; of keys and values together. */
const annotationLimitBytes = 256 * 1024

const quote = JSON.stringify

/** To find the place of one costs time that grows with the file; more of them help nobody. */
const adviceLimit = 100

/** Empty: nothing is. Order: what concerns the whole, annotations, edits; each as the specification has them. */
export function adviseSpec(spec: CdiSpec, locate: Locate): readonly Warning[] {
  const advices = [
    ...envelopeAdvice(spec),
    ...versionAdvice(spec),
    ...annotationAdvice(spec.annotations, ["annotations"]),
    ...spec.devices.flatMap(({ annotations }, index) =>
      annotationAdvice(annotations, ["devices", index, "annotations"]),
    ),
    ...editsWithPaths(spec).flatMap(({ edits, path }) => editsAdvice(edits, path)),
  ]
  return advices.slice(0, adviceLimit).map(({ path, problem, advice, isFatal = false }) => ({
    severity: "warning",
    fault: fault("CdiRuleBroken", { place: locate(path), problem, advice, isFatal }),
    evidence: [],
  }))
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
  const isDns = vendor.length <= 253 && vendor.split(".").every((label) => dnsLabel.test(label))
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
    ...(isDns
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
      })),
    ...(className.length <= 63
      ? []
      : [{ path: ["kind"], problem: "the class is longer than 63 characters", advice: "shorten it" }]),
  ]
}

function annotationAdvice(annotations: ReadonlyMap<string, string>, path: SpecPath): readonly Advice[] {
  let sizeBytes = 0
  const advices: Advice[] = []
  for (const [key, value] of annotations) {
    sizeBytes += encodeUtf8(key).length + encodeUtf8(value).length
    const slash = key.indexOf("/")
    const prefix = slash === -1 ? "a" : key.slice(0, slash)
    const isQualified =
      annotationName.test(key.slice(slash + 1)) &&
      prefix.length <= 253 &&
      prefix.split(".").every((label) => dnsLabel.test(label))
    if (!isQualified)
      advices.push({
        path: [...path, key],
        problem: `the annotation ${quote(key)} is not a qualified name`,
        advice: "write name or domain/name, the name of 63 letters, digits, -, _ and . at most",
      })
  }
  if (sizeBytes > annotationLimitBytes)
    advices.push({
      path,
      problem: `annotations of more than ${annotationLimitBytes} bytes`,
      advice: "keep such data in a file of its own",
    })
  return advices
}

function editsAdvice(edits: ContainerEdits, path: SpecPath): readonly Advice[] {
  const relative = (what: string, written: string, at: SpecPath): readonly Advice[] =>
    written === "" || written.startsWith("/")
      ? []
      : [{ path: at, problem: `${what} ${quote(written)} is not absolute`, advice: "write it from / on" }]
  return [
    ...edits.deviceNodes.flatMap((node, index) => {
      const own = [...path, "deviceNodes", index]
      return [
        ...relative("the device path", node.path, [...own, "path"]),
        ...relative("the device hostPath", node.hostPath, [...own, "hostPath"]),
        ...(node.permissions === "none"
          ? [
              {
                path: [...own, "permissions"],
                problem: 'permissions "none" need a version above 1.1.0',
                advice:
                  "engines of today refuse the whole file for it; leave the node out of the cgroup otherwise",
              },
            ]
          : []),
      ]
    }),
    ...edits.hooks.flatMap((hook, index) => {
      const own = [...path, "hooks", index]
      return [
        ...relative("the hook path", hook.path, [...own, "path"]).map((one) => ({
          ...one,
          isFatal: true as const,
        })),
        ...(hook.timeout === undefined || hook.timeout > 0
          ? []
          : [
              {
                path: [...own, "timeout"],
                problem: `a hook's timeout must be greater than zero, and is ${hook.timeout}`,
                advice: "leave it out where there is no limit",
                isFatal: true as const,
              },
            ]),
        ...(hook.hookName === "prestart"
          ? [
              {
                path: [...own, "hookName"],
                problem:
                  "prestart is not a hook of the CDI specification, and is deprecated in that of runtimes",
                advice:
                  "use createRuntime, or createContainer for what is done in the container's namespaces",
              },
            ]
          : []),
      ]
    }),
    ...edits.mounts.flatMap((mount, index) => {
      const own = [...path, "mounts", index]
      return relative("the mount containerPath", mount.containerPath, [...own, "containerPath"])
    }),
  ]
}
