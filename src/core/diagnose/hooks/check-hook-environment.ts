/**
 * What hooks are told by their own variables about where programs and libraries lie. A createContainer hook starts in the container's root, and
 * what is looked for beside it the image brings, whoever wrote the variables: as CVE-2025-23266, by another way. Source: ld.so(8);
 * observed: runc 1.1.5 and 1.5.2 start these hooks in the container's root, before it is theirs, and a library beside it runs as the machine's root.
 */

import type { Hook } from "../../cdi/spec.ts"
import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import { openToStrangers, type Writable, writableOn } from "../access.ts"
import { type CdiSubject, found, groupUses, otherPlaces, placeOf, type Use } from "../cdi-subject.ts"

interface Told {
  readonly variable: string
  readonly value: string
  /** What the value names. */
  readonly elements: readonly string[]
  readonly names: "files" | "directories"
}

/** Order: of hooks as first used, of each as its variables stand. */
export function checkHookEnvironment(subject: CdiSubject, hooks: readonly Use<Hook>[]): readonly Finding[] {
  const told = hooks
    .filter(({ item }) => item.hookName !== "startContainer")
    .flatMap((use) =>
      use.item.env.flatMap((entry) =>
        tellOf(entry).map((one) => ({ ...use, item: { ...one, hook: use.item } })),
      ),
    )
  return groupUses(told, ({ hook, variable, value }) =>
    [hook.hookName, hook.path, variable, value].join("\n"),
  ).flatMap(([, uses]): readonly Finding[] => {
    const { hook, variable, value, elements, names } = uses[0].item
    const place = placeOf(uses[0], "env")
    const others = otherPlaces(uses, "env")
    const said = { place, path: hook.path, hookName: hook.hookName, variable, value }
    if (elements.some((element) => isBeside(variable, element))) {
      // The others start where the runtime does, which is nobody's to choose but the engine's.
      const severity = hook.hookName === "createContainer" ? "error" : "warning"
      return [found(severity, fault("CdiHookSearchOpen", { ...said, to: { kind: "beside" } }), ...others)]
    }
    const untrusted = untrustedOf(subject, elements, names)
    if (untrusted !== undefined) {
      const { writable, by, isGroup } = untrusted
      const to = { kind: "writable", writable, by } as const
      return [found(isGroup ? "warning" : "error", fault("CdiHookSearchOpen", { ...said, to }), ...others)]
    }
    return names === "files" ? [found("note", fault("CdiHookPreloads", said), ...others)] : []
  })
}

/** An empty value is none, to loaders and to shells. */
function tellOf(entry: string): readonly Told[] {
  const at = entry.indexOf("=")
  const variable = entry.slice(0, at)
  const value = entry.slice(at + 1)
  if (at < 1 || value === "") return []
  switch (variable) {
    case "LD_PRELOAD":
      // A bare name is looked for as any library.
      return [
        { variable, value, elements: value.split(/[ :]/).filter((one) => one.includes("/")), names: "files" },
      ]
    case "LD_AUDIT":
      return [
        { variable, value, elements: value.split(":").filter((one) => one.includes("/")), names: "files" },
      ]
    case "LD_LIBRARY_PATH":
      return [{ variable, value, elements: value.split(/[:;]/), names: "directories" }]
    case "PATH":
      return [{ variable, value, elements: value.split(":"), names: "directories" }]
    default:
      return []
  }
}

/**
 * Looked for from where the hook starts; an empty element says the same. Of the loader's own words one is a place, and nobody puts a value in for
 * another's: `$PATH` and `$LIB` are names of directories there.
 */
const isBeside = (variable: string, element: string): boolean =>
  !element.startsWith("/") && (variable === "PATH" || !/^\$(?:ORIGIN|\{ORIGIN\})/.test(element))

function untrustedOf(
  { view, user }: CdiSubject,
  elements: readonly string[],
  names: Told["names"],
): Writable | undefined {
  for (const path of elements) {
    if (!path.startsWith("/")) continue
    const resolved = view.resolve(path)
    if (!resolved.ok || !view.lstat(resolved.value).ok) continue
    const by = names === "files" ? writableOn(view, path, user) : openToStrangers(view, resolved.value, user)
    // A group of administrators has directories in every PATH, as Debian's `staff` has /usr/local/bin.
    if (by !== undefined && (names === "files" || !by.isGroup)) return by
  }
  return undefined
}
