import { describe, expect, test } from "bun:test"
import { renderElf, type SharedObject } from "../../../src/core/elf/render-elf.ts"
import { readFault } from "../../../src/core/host/resolve-path.ts"
import { type RootView, viewRoot } from "../../../src/core/host/root-view.ts"
import { flagsOf, type Ldcache } from "../../../src/core/ldcache/ldcache.ts"
import { type LdconfigRules, observeLdconfigRules } from "../../../src/core/ldcache/ldconfig-rules.ts"
import { observeCacheable } from "../../../src/core/ldcache/observe-cacheable.ts"
import { createWalkBudget } from "../../../src/core/ldcache/walk-budget.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { createMemoryHost, type MemoryEntry, type MemoryTree } from "../../../src/host/memory.ts"

const rules: LdconfigRules = {
  machine: "x86-64",
  trustedDirectories: ["/usr/lib"],
  hasProcessorSubdirectories: true,
}

const library = (soname: string, more: Partial<SharedObject> = {}): MemoryEntry => ({
  kind: "file",
  content: renderElf({ machine: "x86-64", soname, needed: [], symbol: "x", answer: 1, ...more }),
})
const link = (target: string): MemoryEntry => ({ kind: "symlink", target })
const text = (content: string): MemoryEntry => ({ kind: "file", content })
const view = (tree: MemoryTree): RootView => viewRoot(createMemoryHost(tree), hostPath("/"))
const observe = (tree: MemoryTree, given: Partial<LdconfigRules> = {}) =>
  observeCacheable(view(tree), { ...rules, ...given })
const lines = ({ entries }: Pick<Ldcache, "entries">): readonly string[] =>
  entries.map(({ soname, path }) => `${soname} => ${path}`).sort()

describe("what ldconfig would put into a tree's cache", () => {
  // Source: each row as ldconfig of glibc 2.36 does it; tests/e2e/ldconfig.test.ts asks it again.
  test.each<readonly [string, MemoryTree, readonly string[]]>([
    [
      "a library under its soname",
      { "/usr/lib/libx.so.1.2": library("libx.so.1") },
      ["libx.so.1 => /usr/lib/libx.so.1"],
    ],
    [
      "the greatest of several versions, once",
      { "/usr/lib/libx.so.1.9": library("libx.so.1"), "/usr/lib/libx.so.1.10": library("libx.so.1") },
      ["libx.so.1 => /usr/lib/libx.so.1"],
    ],
    [
      "a development link under its own name too",
      { "/usr/lib/libx.so.1.2": library("libx.so.1"), "/usr/lib/libx.so": link("libx.so.1.2") },
      ["libx.so => /usr/lib/libx.so", "libx.so.1 => /usr/lib/libx.so.1"],
    ],
    [
      "a link of another name not at all",
      { "/usr/lib/libx.so.1.2": library("libx.so.1"), "/usr/lib/liby.so.7": link("libx.so.1.2") },
      ["libx.so.1 => /usr/lib/libx.so.1"],
    ],
    [
      "a file of another name under its soname",
      { "/usr/lib/libx-2.3.so": library("libx.so.2") },
      ["libx.so.2 => /usr/lib/libx.so.2"],
    ],
    [
      "a file that is no link, though it is named like one",
      { "/usr/lib/libx.so": library("libx.so.1") },
      ["libx.so.1 => /usr/lib/libx.so.1"],
    ],
    ["ld-*.so* as well", { "/usr/lib/ld-x.so.1": library("ld-x.so.1") }, ["ld-x.so.1 => /usr/lib/ld-x.so.1"]],
    [
      "no other names",
      {
        "/usr/lib/x.so.1": library("x.so.1"),
        "/usr/lib/libx.1": library("libx.1"),
        "/usr/lib/.libx.so.1": library("libx.so.1"),
        "/usr/lib/libx.so.1.#prelink#.abcdef": library("libx.so.1"),
        "/usr/lib/libx.so.1.#prelink#": library("libx.so.1"),
      },
      [],
    ],
    [
      "no file that is no library",
      {
        "/usr/lib/libscript.so": text("INPUT(libx.so.1)\n"),
        "/usr/lib/libempty.so": text(""),
        "/usr/lib/libdir.so/x": text(""),
        "/usr/lib/libfifo.so": { kind: "fifo" },
        "/usr/lib/libdangling.so": link("nowhere"),
        "/usr/lib/libone.so": link("libother.so"),
        "/usr/lib/libother.so": link("libone.so"),
      },
      [],
    ],
    [
      "one name in two directories twice",
      {
        "/etc/ld.so.conf": text("/opt/a\n"),
        "/opt/a/libx.so.1": library("libx.so.1"),
        "/usr/lib/libx.so.1": library("libx.so.1"),
      },
      ["libx.so.1 => /opt/a/libx.so.1", "libx.so.1 => /usr/lib/libx.so.1"],
    ],
    [
      "a relative directory of the configuration as it stands there",
      { "/etc/ld.so.conf": text("opt/a\n"), "/opt/a/libx.so.1": library("libx.so.1") },
      ["libx.so.1 => opt/a/libx.so.1"],
    ],
  ])("%s", (_, tree, expected) => {
    expect(lines(observe(tree))).toEqual([...expected])
  })

  test("links that are missing are told, those that are right or no links are not", () => {
    const { links } = observe({
      "/usr/lib/liba.so.1.2": library("liba.so.1"),
      "/usr/lib/libb.so.1.2": library("libb.so.1"),
      "/usr/lib/libb.so.1": link("libb.so.1.2"),
      "/usr/lib/libc.so.1.2": library("libc.so.1"),
      "/usr/lib/libc.so.1.3": library("libc.so.1"),
      "/usr/lib/libc.so.1": link("libc.so.1.2"),
    })
    expect(links).toEqual([
      { path: "/usr/lib/liba.so.1", target: "liba.so.1.2" },
      { path: "/usr/lib/libc.so.1", target: "libc.so.1.3" },
    ])
  })

  test("32 bits are libc6 when they need it, else only ELF", () => {
    const { entries } = observe({
      "/usr/lib/liba.so.1": library("liba.so.1", { machine: "i386", needed: ["libc.so.6"] }),
      "/usr/lib/libb.so.1": library("libb.so.1", { machine: "i386", needed: ["libm.so.6"] }),
      "/usr/lib/libc.so.1": library("libc.so.1", { machine: "i386", needed: ["libdl.so.2"] }),
      "/usr/lib/libd.so.1": library("libd.so.1"),
    })
    expect(entries.map(({ flags }) => flags)).toEqual([3, 3, 1, 0x303])
  })

  test("each machine takes its own libraries", () => {
    const tree = {
      "/usr/lib/liba.so.1": library("liba.so.1", { machine: "aarch64" }),
      "/usr/lib/libb.so.1": library("libb.so.1"),
    }
    expect(lines(observe(tree))).toEqual(["libb.so.1 => /usr/lib/libb.so.1"])
    const arm = observe(tree, { machine: "aarch64", hasProcessorSubdirectories: false })
    expect(arm.entries).toEqual([
      { soname: "liba.so.1", path: "/usr/lib/liba.so.1", flags: flagsOf.aarch64, osVersion: 0, hwcap: 0n },
    ])
    expect(arm.findings).toMatchObject([{ severity: "note", evidence: ["/usr/lib/libb.so.1"] }])
  })

  test("subdirectories of glibc-hwcaps are numbered by name; empty ones have a name and no number", () => {
    const { entries, hwcapNames, idleHwcapNames } = observe({
      "/usr/lib/glibc-hwcaps/x86-64-v3/libx.so.1": library("libx.so.1"),
      "/usr/lib/glibc-hwcaps/x86-64-v2/libx.so.1": library("libx.so.1"),
      "/usr/lib/glibc-hwcaps/a-second": link("x86-64-v3"),
      "/usr/lib/glibc-hwcaps/empty": { kind: "directory" },
      "/usr/lib/glibc-hwcaps/.hidden/libx.so.1": library("libx.so.1"),
      "/usr/lib/glibc-hwcaps/file": text(""),
      "/usr/lib/libx.so.1": library("libx.so.1"),
    })
    expect(hwcapNames).toEqual(["x86-64-v2", "x86-64-v3"])
    expect([...idleHwcapNames].sort()).toEqual(["a-second", "empty"])
    expect(
      entries.map(({ path, hwcap }) => [path.replace(/^\/usr\/lib\/|\/?libx.so.1$/g, ""), hwcap]),
    ).toEqual([
      ["", 0n],
      ["glibc-hwcaps/x86-64-v2", 1n << 62n],
      ["glibc-hwcaps/x86-64-v3", (1n << 62n) | 1n],
    ])
  })

  test("behind a configuration that includes itself they are there too: ldconfig has no descriptor left for them", () => {
    const { entries } = observe({
      "/etc/ld.so.conf": text("include /etc/ld.so.conf\n/opt/l\n"),
      "/opt/l/glibc-hwcaps/x86-64-v2/libx.so.1": library("libx.so.1"),
      "/opt/l/libx.so.1": library("libx.so.1"),
    })
    expect(entries.map(({ path }) => path).sort()).toEqual([
      "/opt/l/glibc-hwcaps/x86-64-v2/libx.so.1",
      "/opt/l/libx.so.1",
    ])
  })

  test("subdirectories named after processors count up to glibc 2.36, nested ones add up", () => {
    const tree = {
      "/usr/lib/haswell/tls/libx.so.1": library("libx.so.1"),
      "/usr/lib/tls/libx.so.1": library("libx.so.1"),
      "/usr/lib/other/libx.so.1": library("libx.so.1"),
    }
    expect(observe(tree).entries.map(({ hwcap }) => hwcap)).toEqual([1n << 63n, (1n << 63n) | (1n << 50n)])
    expect(observe(tree, { hasProcessorSubdirectories: false }).entries).toEqual([])
  })

  test("what may not be read, or is no ELF file though it is named like one, is a finding", () => {
    const tree = view({
      "/etc/ld.so.conf": text("/closed\n"),
      "/closed/libx.so.1": library("libx.so.1"),
      "/usr/lib/libcut.so.1": {
        kind: "file",
        content: renderElf({ machine: "x86-64", soname: "a", needed: [], symbol: "x", answer: 1 }).subarray(
          0,
          300,
        ),
      },
      "/usr/lib/libloop.so": link("libloop.so"),
      "/usr/lib/libgood.so.1": library("libgood.so.1"),
    })
    const closed: RootView = {
      ...tree,
      readDir: (path) =>
        path === "/closed" ? { ok: false, fault: readFault(path, "readdir", "EACCES") } : tree.readDir(path),
    }
    const { entries, findings } = observeCacheable(closed, rules)
    expect(lines({ entries })).toEqual(["libgood.so.1 => /usr/lib/libgood.so.1"])
    expect(findings.map(({ severity, evidence }) => [severity, ...evidence])).toEqual([
      ["warning", "/closed"],
      ["note", "/usr/lib/libcut.so.1"],
      ["note", "/usr/lib/libloop.so"],
    ])
  })
})

describe("a tree that has no end", () => {
  const tree = {
    "/etc/ld.so.conf": text("/first\n/second\n/third\n"),
    "/first/libx.so.1": library("libx.so.1"),
    "/second/liby.so.1": library("liby.so.1"),
    "/second/libz.so.1.2": library("libz.so.1"),
    "/third/libt.so.1": library("libt.so.1"),
  }
  const whole = observe(tree)

  test("is told of, and a directory is in the cache whole or not at all", () => {
    const outcomes = new Set<string>()
    for (let steps = 0; steps < 2000; steps++) {
      const { entries, links, findings } = observeCacheable(view(tree), rules, createWalkBudget(steps))
      const found = lines({ entries })
      outcomes.add(found.join())
      // "libx.so.1 => /first/libx.so.1" and so on: no directory lacks one of its own.
      expect(found.filter((line) => line.includes("/second/")).length % 2).toBe(0)
      expect(links.length).toBe(found.some((line) => line.includes("libz")) ? whole.links.length : 0)
      const isWhole = found.length === whole.entries.length
      expect(findings.length).toBe(isWhole ? 0 : 1)
      if (!isWhole)
        expect(findings).toMatchObject([{ severity: "warning", fault: { data: { errno: "E2BIG" } } }])
    }
    expect(outcomes.size).toBe(4)
  })

  test("has each glibc-hwcaps read once, whatever leads to it", () => {
    const count = 50
    const many: Record<string, MemoryEntry> = {
      "/etc/ld.so.conf": text(Array.from({ length: count }, (_, index) => `/d${index}\n`).join("")),
      "/hw/x86-64-v3/libx.so.1": library("libx.so.1"),
      "/hw/other/x": text(""),
    }
    for (let index = 0; index < count; index++) many[`/d${index}/glibc-hwcaps`] = link("/hw")
    let asked = 0
    const counting: RootView = {
      ...view(many),
      readDir: (path) => {
        if (path === "/hw" || path.endsWith("glibc-hwcaps")) asked++
        return view(many).readDir(path)
      },
    }
    const { entries, hwcapNames, idleHwcapNames, findings } = observeCacheable(counting, rules)
    expect(lines({ entries })).toEqual(["libx.so.1 => /d0/glibc-hwcaps/x86-64-v3/libx.so.1"])
    expect([hwcapNames, idleHwcapNames, findings]).toEqual([["x86-64-v3"], ["other"], []])
    expect(asked).toBe(1)
  })
})

describe("where a tree's ldconfig looks without being told", () => {
  test.each<readonly [string, MemoryTree, LdconfigRules["machine"], readonly string[]]>([
    [
      "Debian and its kin, by their file",
      { "/etc/debian_version": text("12") },
      "x86-64",
      ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib", "/usr/lib"],
    ],
    [
      "Debian and its kin, by their directories",
      { "/usr/lib/aarch64-linux-gnu": { kind: "directory" }, "/lib": link("usr/lib") },
      "aarch64",
      ["/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/lib", "/usr/lib"],
    ],
    [
      "distributions with lib64",
      { "/usr/lib64/x": text("") },
      "x86-64",
      ["/lib", "/lib64", "/libx32", "/usr/lib", "/usr/lib64", "/usr/libx32"],
    ],
    [
      "distributions with one directory for all",
      { "/usr/lib64": link("lib"), "/usr/lib/x": text("") },
      "x86-64",
      ["/usr/lib", "/usr/lib64", "/usr/libx32"],
    ],
  ])("%s", (_, tree, machine, directories) => {
    expect(observeLdconfigRules(view(tree), machine).trustedDirectories).toEqual([...directories])
  })
})
