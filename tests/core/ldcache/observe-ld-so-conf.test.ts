import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { readFault } from "../../../src/core/host/resolve-path.ts"
import { type RootView, viewRoot } from "../../../src/core/host/root-view.ts"
import { observeLdSoConf } from "../../../src/core/ldcache/observe-ld-so-conf.ts"
import { parseLdSoConf } from "../../../src/core/ldcache/parse-ld-so-conf.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"

const directory = (path: string) => ({ kind: "directory", path }) as const

describe("lines of the loader's configuration", () => {
  test.each([
    ["/opt/a", [directory("/opt/a")]],
    ["  \t/opt/a  \r", [directory("/opt/a")]],
    ["/opt/a # why", [directory("/opt/a")]],
    ["# /opt/a", []],
    ["", []],
    ["/opt/a//", [directory("/opt/a")]],
    ["/", [directory("/")]],
    ["/opt/sp ace", [directory("/opt/sp ace")]],
    ["/opt/b=libc6", [directory("/opt/b")]],
    ["/opt/c/ = libc6", [directory("/opt/c")]],
    ["=libc6", []],
    ["opt/rel", [directory("opt/rel")]],
    ["hwcap 0 nosegneg", []],
    ["include a.conf /b/*.conf", [{ kind: "include", patterns: ["a.conf", "/b/*.conf"] }]],
    ["include\t a", [{ kind: "include", patterns: ["a"] }]],
    ["includes", [directory("includes")]],
    ["include", [directory("include")]],
  ] as const)("%j", (line, lines) => {
    expect(parseLdSoConf(line)).toEqual([...lines])
  })

  test("any text gives lines, never a throw", () => {
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(parseLdSoConf(text))))
  })

  test("a megabyte of blanks is no work", () => {
    expect(parseLdSoConf(`${" ".repeat(1_000_000)}x${" ".repeat(1_000_000)}y`)).toHaveLength(1)
  })
})

const text = (content: string) => ({ kind: "file", content }) as const
const view = (tree: MemoryTree): RootView => viewRoot(createMemoryHost(tree), hostPath("/"))

describe("the loader's configuration of a tree", () => {
  test("what is included stands where its line stood; relative patterns mean the including file's directory", () => {
    const { directories, files, findings } = observeLdSoConf(
      view({
        "/etc/ld.so.conf": text("/first\ninclude ld.so.conf.d/*.conf\n/last\n"),
        "/etc/ld.so.conf.d/b.conf": text("/b\n"),
        "/etc/ld.so.conf.d/a.conf": text("/a\ninclude deeper/x\n/a2\n"),
        "/etc/ld.so.conf.d/deeper/x": text("/x\n"),
        "/etc/ld.so.conf.d/.hidden.conf": text("/hidden\n"),
        "/etc/ld.so.conf.d/c.cnf": text("/c\n"),
      }),
      "/etc/ld.so.conf",
    )
    expect(directories).toEqual(["/first", "/a", "/x", "/a2", "/b", "/last"])
    expect(files).toEqual([
      "/etc/ld.so.conf",
      "/etc/ld.so.conf.d/a.conf",
      "/etc/ld.so.conf.d/deeper/x",
      "/etc/ld.so.conf.d/b.conf",
    ])
    expect(findings).toEqual([])
  })

  test("one directory under two names counts under the first", () => {
    const tree = view({
      "/etc/ld.so.conf": text("/lib/x\n/usr/lib/x\n/usr/lib/../lib/x\n/absent\n"),
      "/lib": { kind: "symlink", target: "usr/lib" },
      "/usr/lib/x": { kind: "directory" },
    })
    expect(observeLdSoConf(tree, "/etc/ld.so.conf").directories).toEqual(["/lib/x", "/absent"])
  })

  test.each([
    ["itself", "include ld.so.conf\n/a\n", ""],
    ["itself by another name", "include ../etc/ld.so.conf /etc/l*\n/a\n", ""],
    ["each other", "include b\n/a\n", "include ld.so.conf\n/a\n"],
  ])("files that include %s come to an end", (_, first, second) => {
    const tree = view({ "/etc/ld.so.conf": text(first), "/etc/b": text(second) })
    expect(observeLdSoConf(tree, "/etc/ld.so.conf").directories).toEqual(["/a"])
  })

  test("no configuration is none, and the file is still among those that prove it", () => {
    expect(observeLdSoConf(view({}), "/etc/ld.so.conf")).toEqual({
      directories: [],
      files: ["/etc/ld.so.conf"],
      patternDirectories: [],
      findings: [],
    })
  })

  test("a file that may not be read is a finding, and the others are read", () => {
    const tree = view({
      "/etc/ld.so.conf": text("include a b\n"),
      "/etc/a": text("/a"),
      "/etc/b": text("/b"),
    })
    const closed: RootView = {
      ...tree,
      readFile: (path, range) =>
        path === "/etc/a"
          ? { ok: false, fault: readFault(path, "open", "EACCES") }
          : tree.readFile(path, range),
    }
    const { directories, findings } = observeLdSoConf(closed, "/etc/ld.so.conf")
    expect(directories).toEqual(["/b"])
    expect(findings).toMatchObject([
      { severity: "warning", fault: { data: { errno: "EACCES" } }, evidence: ["/etc/a"] },
    ])
  })
})
