import { expect, test } from "bun:test"
import fc from "fast-check"
import { resolvePath } from "../../../src/core/host/resolve-path.ts"
import { viewRoot } from "../../../src/core/host/root-view.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"
import { propertyRuns } from "../../property-runs.ts"

const part = fc.constantFrom("x", "y", "z", "..", ".", "")
const somePath = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => `/${parts.join("/")}`)
const place = fc
  .array(fc.constantFrom("x", "y", "z"), { minLength: 1, maxLength: 3 })
  .map((parts) => `/${parts.join("/")}`)
const entry: fc.Arbitrary<MemoryTree[string]> = fc.oneof(
  fc.constant({ kind: "file", content: "" } as const),
  fc.constant({ kind: "directory" } as const),
  somePath.map((target) => ({ kind: "symlink", target }) as const),
  somePath.map((target) => ({ kind: "symlink", target: target.slice(1) || "." }) as const),
)

test("a view resolves as resolvePath does, in whatever order it is asked", () => {
  fc.assert(
    fc.property(
      fc.dictionary(place, entry, { maxKeys: 6 }),
      fc.array(somePath, { maxLength: 8 }),
      (tree, paths) => {
        const host = createMemoryHost(tree)
        const reader = {
          lstat: (path: string) => host.lstat(hostPath(path)),
          readLink: (path: string) => host.readLink(hostPath(path)),
        }
        const view = viewRoot(host, hostPath("/"))
        for (const path of paths) expect(view.resolve(path)).toEqual(resolvePath(reader, path, "all"))
      },
    ),
    { numRuns: propertyRuns(2000) },
  )
})
