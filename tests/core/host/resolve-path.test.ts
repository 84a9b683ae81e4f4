import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { resolvePath } from "../../../src/core/host/resolve-path.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"

const tree: MemoryTree = {
  "/usr/lib/libx.so.1": { kind: "file", content: "" },
  "/usr/lib/libx.so": { kind: "symlink", target: "libx.so.1" },
  "/lib": { kind: "symlink", target: "usr/lib" },
  "/up": { kind: "symlink", target: "../../../usr" },
  "/two": { kind: "symlink", target: "/up/lib" },
  "/a": { kind: "symlink", target: "b" },
  "/b": { kind: "symlink", target: "a" },
}
const host = createMemoryHost(tree)
/** The memory host's own answers, of paths without links. */
const reader = {
  lstat: (path: string) => host.lstat(hostPath(path)),
  readLink: (path: string) => host.readLink(hostPath(path)),
}

describe("following links within a machine", () => {
  test.each([
    ["/lib/libx.so", "all", "/usr/lib/libx.so.1"],
    ["/lib/libx.so", "parents", "/usr/lib/libx.so"],
    ["/two/libx.so", "all", "/usr/lib/libx.so.1"],
    ["/up/../usr/lib", "all", "/usr/lib"],
    ["/../../lib/.//libx.so.1", "all", "/usr/lib/libx.so.1"],
    ["/nowhere/at/all", "all", "/nowhere/at/all"],
    ["/", "all", "/"],
  ] as const)("%s (%s) is %s", (path, follow, resolved) => {
    expect(resolvePath(reader, path, follow)).toEqual({ ok: true, value: hostPath(resolved) })
  })

  test("a path that Linux would not take is not walked", () => {
    const long = "/a".repeat(2048)
    expect(resolvePath(reader, long, "all")).toMatchObject({ fault: { data: { errno: "ENAMETOOLONG" } } })
    expect(resolvePath(reader, long.slice(2), "all")).toMatchObject({ fault: { data: { errno: "ELOOP" } } })
  })

  test("a circle ends in ELOOP, a file on the way in ENOTDIR", () => {
    expect(resolvePath(reader, "/a/x", "all")).toMatchObject({ fault: { data: { errno: "ELOOP" } } })
    expect(resolvePath(reader, "/usr/lib/libx.so.1/x", "all")).toMatchObject({
      fault: { data: { errno: "ENOTDIR" } },
    })
  })

  test("whatever the links say, nothing resolves to a path with .. in it", () => {
    const target = fc
      .array(fc.constantFrom("..", ".", "x", "y", ""), { minLength: 1, maxLength: 5 })
      .map((parts) => parts.join("/") || "/")
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom("/x", "/y", "/x/y", "/y/x"), target),
        target,
        (links, path) => {
          const entries = Object.fromEntries(
            Object.entries(links).map(([at, to]) => [at, { kind: "symlink" as const, target: to }]),
          )
          const made = createMemoryHost(entries)
          const resolved = resolvePath(
            { lstat: (at) => made.lstat(hostPath(at)), readLink: (at) => made.readLink(hostPath(at)) },
            `/${path}`,
            "all",
          )
          if (resolved.ok) expect(resolved.value.split("/")).not.toContain("..")
        },
      ),
    )
  })
})
