/**
 * Where the root of a hook's container lies: as the state says, else as the bundle's config.json does. Both are the engine's. Nothing in
 * it is taken relative to the working directory, which may be anybody's.
 */

import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { parseHookState, parseRootPath } from "../core/oci/hook-state.ts"
import { absolutePath, cleanPath, joinPath } from "../core/text/path.ts"
import { readText } from "./files/read-text.ts"

/** Absolute. Faults: JsonInvalid, JsonTypeWrong, InputUnreadable, ContainerRootInvalid. */
export function readContainerRoot(state: string): Result<string> {
  const parsed = parseHookState(state)
  if (!parsed.ok) return parsed
  const { bundle, root } = parsed.value
  if (root !== "") return checkRoot(root)
  if (!bundle.startsWith("/"))
    return fail(
      fault("ContainerRootInvalid", { path: bundle, problem: "is not the absolute path of a bundle" }),
    )
  const text = readText("OCI spec", joinPath(bundle, "config.json"))
  if (!text.ok) return text
  const path = parseRootPath(text.value)
  if (!path.ok) return path
  return checkRoot(path.value === "" ? "" : absolutePath(path.value, bundle))
}

/** A root that is the machine's own would have the machine changed. */
function checkRoot(path: string): Result<string> {
  const problem =
    path === ""
      ? "is empty"
      : !path.startsWith("/")
        ? "is not absolute"
        : cleanPath(path) === "/"
          ? "is the machine's own root"
          : undefined
  return problem === undefined ? ok(path) : fail(fault("ContainerRootInvalid", { path, problem }))
}
