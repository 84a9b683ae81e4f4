/** Whether engines parse the version that specifications say: one refuses a whole file above its own. Source: src/core/cdi/rules/engine-versions.ts. */

import { isOlder, minimumVersion, parseVersion } from "../../cdi/rules/version.ts"
import { fault } from "../../fault/fault.ts"
import type { Finding } from "../../fault/finding.ts"
import { engineTitle } from "../../inventory/observe-engines.ts"
import { type CdiSubject, found } from "../cdi-subject.ts"

/** Order: by file, then engines; then what is wrong with engines themselves. */
export function checkEngines({ registry, engines }: CdiSubject): readonly Finding[] {
  if (registry.specs.length === 0) return []
  const unread = registry.specs.flatMap(({ path, spec }) => {
    const version = parseVersion(spec.cdiVersion)
    if (version === undefined) return []
    const minimum = minimumVersion(spec).version
    return engines.flatMap((engine): readonly Finding[] => {
      const { highest } = engine
      if (highest === "none" || highest === "unknown") return []
      // The first that reads versions as numbers is 0.6.0; those before it have a list of texts.
      const isUnlisted = spec.cdiVersion.startsWith("v") && isOlder(highest, "0.6.0")
      if (!isOlder(highest, version) && !isUnlisted) return []
      return [
        found(
          "error",
          fault("CdiVersionUnread", {
            file: path,
            version: spec.cdiVersion,
            minimum,
            engine: engineTitle(engine),
            highest,
            canBeLowered: !isOlder(highest, minimum),
          }),
          ...(engine.program === undefined ? [] : [`${engine.program}: ${engineTitle(engine)}`]),
        ),
      ]
    })
  })
  return [
    ...unread,
    ...engines.flatMap((engine): readonly Finding[] => {
      if (engine.highest === "none")
        return [found("note", fault("CdiEngineWithout", { engine: engineTitle(engine) }))]
      return engine.highest === "unknown"
        ? [
            found(
              "note",
              fault("CdiEngineVersionUnknown", { engine: engine.engine, program: engine.program ?? "" }),
            ),
          ]
        : []
    }),
  ]
}
