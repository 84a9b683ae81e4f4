/**
 * Variables that the wrapper's modes set: no other tool shall serve the container again, and programs learn where libcuda is. A hook
 * comes too late for any. Source: facts, toolkit §5.3.
 */

import type { DriverLibrary } from "../driver/catalogue.ts"
import { parentPath } from "../text/path.ts"
import type { PlanContext, PlanPart } from "./plan-part.ts"

export function planEnvironment(
  { mode, because, driver }: PlanContext,
  libraries: readonly DriverLibrary[],
): PlanPart {
  if (mode === "legacy") return { edits: [] }
  const reasons = because.devices
  const holding = new Set(
    libraries.filter(({ bits }) => bits === 64).map(({ rootPath }) => parentPath(rootPath)),
  )
  // The order of search, without directories below another that hold but a few.
  const directories = driver.directories.filter((directory) => holding.has(directory))
  return {
    edits: [
      ...(directories.length === 0
        ? []
        : [{ kind: "env", name: "NVIDIA_CTK_LIBCUDA_DIR", value: directories.join(":"), reasons } as const]),
      { kind: "env", name: "NVIDIA_VISIBLE_DEVICES", value: "void", reasons },
    ],
  }
}
