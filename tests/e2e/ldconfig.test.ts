/**
 * Caches beside those of the real ldconfig, byte for byte, and before real loaders. ldconfig is asked with -X: it makes no links, and
 * writes the cache it is told to.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { dirname, join } from "node:path"
import fc from "fast-check"
import { viewRoot } from "../../src/core/host/root-view.ts"
import { flagsOf, type LdcacheEntry } from "../../src/core/ldcache/ldcache.ts"
import { type LdconfigRules, observeLdconfigRules } from "../../src/core/ldcache/ldconfig-rules.ts"
import { mergeMuslPath, muslPathFile } from "../../src/core/ldcache/musl-path.ts"
import { type Cacheable, observeCacheable } from "../../src/core/ldcache/observe-cacheable.ts"
import { parseLdcache } from "../../src/core/ldcache/parse-ldcache.ts"
import { mergeLdcache, renderLdcache } from "../../src/core/ldcache/render-ldcache.ts"
import { hostPath } from "../../src/core/text/brand.ts"
import { createLiveHost } from "../../src/host/live.ts"
import { addLoaderProbe, hasProgram, makeDirectory, missing, mustRun, type Ran, run } from "./bundle.ts"
import { library, type Made, machine, makeTree, one, trees } from "./library-trees.ts"

const viewOf = (root: string) => viewRoot(createLiveHost(), hostPath(root))

/** What this machine's ldconfig does, whatever tree it is given. */
const rules: LdconfigRules = (() => {
  const version = / 2\.(\d+)/.exec(run("ldconfig", ["--version"]).stdout)?.[1] ?? "0"
  const own = observeLdconfigRules(viewOf("/"), machine)
  return { ...own, hasProcessorSubdirectories: own.hasProcessorSubdirectories && Number(version) < 37 }
})()

interface Compared {
  readonly observed: Cacheable
  readonly ours: Uint8Array
  readonly real: Uint8Array
}

/** Both caches of a tree. Ours names the maker of the other, which is all that it takes from it. */
function compare(root: string, work: string): Compared {
  const place = root === "/" ? join(work, "real.cache") : "/real.cache"
  const lies = root === "/" ? place : join(root, place)
  // Its complaints about broken files are no failure.
  run("ldconfig", ["-X", ...(root === "/" ? [] : ["-r", root]), "-C", place])
  const real = new Uint8Array(readFileSync(lies))
  rmSync(lies)
  const observed = observeCacheable(viewOf(root), rules)
  const parsed = parseLdcache(real)
  const extensions = parsed.ok ? parsed.value.extensions : []
  return { observed, ours: renderLdcache({ ...observed, extensions }, observed.idleHwcapNames), real }
}

function printed(bytes: Uint8Array, work: string): readonly string[] {
  const path = join(work, "printed.cache")
  writeFileSync(path, bytes)
  const lines = mustRun("ldconfig", ["-p", "-C", path]).split("\n")
  // The first line names the file.
  return [lines[0]?.replace(/`.*/, "") ?? "", ...lines.slice(1)]
}

const lacks = missing("ldconfig")
const suite = lacks === "" ? describe : describe.skip
suite(lacks === "" ? "ldconfig" : `ldconfig (missing: ${lacks})`, () => {
  const work = lacks === "" ? makeDirectory("ldconfig") : ""
  afterAll(() => rmSync(work, { recursive: true, force: true }))

  const expectSame = ({ ours, real }: Compared): void => {
    // Lines first: they say what differs.
    expect(printed(ours, work)).toEqual(printed(real, work))
    expect(ours).toEqual(real)
  }
  const makeRoot = (name: string, files: Readonly<Record<string, Made>>): string => {
    const root = join(work, name)
    makeTree(root, { "/etc/ld.so.conf": "/opt/one\n/opt/two\n", ...files })
    return root
  }

  test("this machine's own cache: every byte is ours", () => {
    const compared = compare("/", work)
    expect(compared.observed.entries.length).toBeGreaterThan(5)
    expectSame(compared)
  })

  test.each(trees.map(([name, files], index) => [name, files, index] as const))(
    "a tree %s: every byte is ours",
    (name, files, index) => {
      const compared = compare(makeRoot(`tree-${index}`, files), work)
      if (name !== "without anything") expect(compared.observed.entries.length).toBeGreaterThan(0)
      expectSame(compared)
    },
  )

  /** Names without leading zeros, and one kind of file a directory: elsewhere the order in which a directory is read decides. */
  const stem = fc.constantFrom("liba", "libab", "lib1", "lib-a", "ld-a", "libA", "x", "haswell")
  const soname = fc
    .tuple(stem, fc.constantFrom(".so", ".so.1", ".so.2", ".so.10", "-1.so", ".so.1.5"))
    .map((parts) => parts.join(""))
  const place = fc.constantFrom(
    "/opt/one",
    "/opt/two",
    "/usr/lib",
    "/opt/one/glibc-hwcaps/v3",
    "/opt/two/glibc-hwcaps/v2",
    "/opt/two/tls",
  )
  const file = fc.record({ place, name: soname, soname: fc.option(soname), linkTo: fc.option(soname) })
  test("any tree of libraries and links: every byte is ours", () => {
    let counter = 0
    fc.assert(
      fc.property(fc.array(file, { maxLength: 25 }), (files) => {
        const root = makeRoot(
          `any-${counter++}`,
          Object.fromEntries(
            files.map(({ place: directory, name, soname: inside, linkTo }): readonly [string, Made] => [
              `${directory}/${name}`,
              linkTo === null ? library(inside ?? name) : { link: linkTo },
            ]),
          ),
        )
        expectSame(compare(root, work))
        rmSync(root, { recursive: true })
      }),
      { numRuns: 60 },
    )
  })

  test("a library of 4 GiB, nearly all of it a hole, is read like any other", () => {
    const root = makeRoot("sparse", { [`${one}/liblarge.so.1`]: library("liblarge.so.1") })
    truncateSync(join(root, one, "liblarge.so.1"), 4 * 2 ** 30)
    const begun = process.memoryUsage().rss
    expectSame(compare(root, work))
    expect(process.memoryUsage().rss - begun).toBeLessThan(256 * 2 ** 20)
  })

  test.skipIf(!hasProgram("cc"))("a tree that a compiler made, with its notes: every byte is ours", () => {
    const root = makeRoot("compiled", { "/x.c": "int x(void) { return 3; }\nint main(void) { return 0; }\n" })
    const compile = (path: string, ...options: readonly string[]): void => {
      mkdirSync(join(root, dirname(path)), { recursive: true })
      mustRun("cc", ["-o", join(root, path), join(root, "x.c"), ...options])
    }
    const shared = ["-shared", "-fPIC", "-nostdlib"]
    compile(`${one}/libx.so.1.2`, ...shared, "-Wl,-soname,libx.so.1")
    compile(`${one}/libnamed.so.2`, ...shared)
    symlinkSync("libnamed.so.2", join(root, one, "libnamed.so"))
    compile(`${one}/libslash.so.1`, ...shared, "-Wl,-soname,a/libslash.so.1")
    compile(`${one}/libpie.so.1`, "-pie")
    compile(`${one}/libfixed.so.1`, "-no-pie")
    compile(`${one}/libobject.so.1`, "-c")
    compile(`${one}/libdebug.so.1`, ...shared, "-g")
    if (hasProgram("objcopy")) mustRun("objcopy", ["--only-keep-debug", join(root, one, "libdebug.so.1")])
    if (machine === "x86-64")
      for (const level of ["baseline", "v2", "v3", "v4"])
        for (const place of [one, `${one}/glibc-hwcaps/x86-64-v4`])
          compile(
            `${place}/libisa${level}.so.1`,
            ...shared,
            `-Wl,-soname,libisa${level}.so.1`,
            `-Wl,-z,x86-64-${level}`,
          )
    const compared = compare(root, work)
    expect(compared.observed.entries.length).toBeGreaterThan(4)
    expectSame(compared)
  })

  test("links that ldconfig would make are those that we tell", () => {
    const root = makeRoot("links", {
      [`${one}/liba.so.1.2`]: library("liba.so.1"),
      [`${one}/libb.so.1.2`]: library("libb.so.1"),
      [`${one}/libb.so.1`]: { link: "libb.so.1.0" },
      [`${one}/libc.so.1`]: library("libc.so.1"),
      [`${one}/libc.so.1.2`]: library("libc.so.1"),
    })
    const { links } = observeCacheable(viewOf(root), rules)
    const before = new Set(links.map(({ path }) => path))
    run("ldconfig", ["-r", root])
    for (const { path, target } of links) expect(mustRun("readlink", [join(root, path)]).trim()).toBe(target)
    const made = readdirSync(join(root, one), { withFileTypes: true }).filter((entry) =>
      entry.isSymbolicLink(),
    )
    expect(new Set(made.map(({ name }) => `${one}/${name}`))).toEqual(before)
    expect(observeCacheable(viewOf(root), rules).links).toEqual([])
  })

  test("a cache with the old format in front is merged into as if it had none", () => {
    const path = join(work, "compat.cache")
    const written = run("ldconfig", ["-X", "-c", "compat", "-C", path])
    expect(written.stderr).not.toContain("unknown cache format")
    const merged = mergeLdcache(new Uint8Array(readFileSync(path)), [])
    expect(printed(merged.ok ? merged.value : new Uint8Array(), work)).toEqual(
      printed(compare("/", work).real, work),
    )
  })

  test("a cache merged into by us is printed with all old lines and the new ones, in the loader's order", () => {
    const { real } = compare("/", work)
    const added = Array.from({ length: 70 }, (_, index) => entryAt(`libnvidia-made${index}.so.550.54`))
    const merged = mergeLdcache(real, added)
    const lines = printed(merged.ok ? merged.value : new Uint8Array(), work)
    const before = printed(real, work)
    const fresh = new Set(added.map(({ soname }) => soname))
    const isFresh = (line: string): boolean => fresh.has(line.trim().split(" ")[0] ?? "")
    expect(lines.slice(1).filter((line) => !isFresh(line))).toEqual(before.slice(1))
    expect(lines.filter(isFresh).length).toBe(70)
  })

  const directoryUnread = join(work, "closed")
  test("a directory that may not be read is a finding, and the others are read", () => {
    makeTree(directoryUnread, {
      "/etc/ld.so.conf": "/opt/one\n/opt/two\n",
      [`${one}/libx.so.1`]: library("libx.so.1"),
      "/opt/two/liby.so.1": library("liby.so.1"),
      "/opt/two/libz.so.1": library("libz.so.1"),
    })
    chmodSync(work, 0o755)
    chmodSync(join(directoryUnread, one), 0)
    chmodSync(join(directoryUnread, "opt/two/libz.so.1"), 0)
    process.seteuid?.(65_534)
    try {
      const { entries, findings } = observeCacheable(viewOf(directoryUnread), rules)
      expect(entries.map(({ soname }) => soname)).toEqual(["liby.so.1"])
      expect(
        findings.map(({ fault }) => (fault.tag === "HostReadFailed" ? fault.data.errno : fault.tag)),
      ).toEqual(["EACCES", "EACCES"])
    } finally {
      process.seteuid?.(0)
    }
  })

  const entryAt = (soname: string, path = `${one}/${soname}`): LdcacheEntry => ({
    soname,
    path,
    flags: flagsOf[machine],
    osVersion: 0,
    hwcap: 0n,
  })

  const lacksLoader = missing("cc", "ldd", "chroot")
  const loaderSuite = lacksLoader === "" ? describe : describe.skip
  loaderSuite(
    `before a real loader of glibc${lacksLoader === "" ? "" : ` (missing: ${lacksLoader})`}`,
    () => {
      const root = join(work, "glibc")
      const ask = (): string => run("chroot", [root, "/bin/loader-probe"]).stdout.trim()
      const writeCache = (bytes: Uint8Array): void => writeFileSync(join(root, "etc/ld.so.cache"), bytes)
      const realCache = (): Uint8Array => {
        rmSync(join(root, "etc/ld.so.cache"), { force: true })
        run("ldconfig", ["-X", "-r", root])
        return new Uint8Array(readFileSync(join(root, "etc/ld.so.cache")))
      }
      beforeAll(() => {
        for (const directory of ["bin", "etc"]) mkdirSync(join(root, directory), { recursive: true })
        addLoaderProbe(root, join(import.meta.dir, "loader-probe.c"))
        const needs = {
          needed: ["libc.so.6"],
          neededVersions: [{ file: "libc.so.6", versions: ["GLIBC_2.17"] }],
        }
        makeTree(root, {
          "/opt/one/libcuda.so.550": library("libcuda.so.1", { answer: 1000, ...needs }),
          "/opt/one/libcuda.so.1": { link: "libcuda.so.550" },
          "/opt/two/libcuda.so.550": library("libcuda.so.1", { answer: 2000 }),
          "/opt/two/libcuda.so.1": { link: "libcuda.so.550" },
          "/opt/three/libcuda.so.1": library("libcuda.so.1", {
            answer: 3000,
            needed: ["libc.so.6"],
            neededVersions: [{ file: "libc.so.6", versions: ["GLIBC_9.99"] }],
          }),
        })
      })

      test("a library that only the merged cache names is found; without it, it is not", () => {
        writeCache(realCache())
        expect(ask()).toContain("cannot open shared object file")
        const merged = mergeLdcache(realCache(), [entryAt("libcuda.so.1")])
        writeCache(merged.ok ? merged.value : new Uint8Array())
        expect(ask()).toBe("libcuda answers 1000")
      })

      test("the first of two directories of our own cache is taken", () => {
        writeFileSync(join(root, "etc/ld.so.conf"), "/opt/two\n/opt/one\n")
        const observed = observeCacheable(viewOf(root), rules)
        writeCache(renderLdcache({ ...observed, extensions: [] }))
        expect(ask()).toBe("libcuda answers 2000")
      })

      test("an entry merged in replaces the one of the same name", () => {
        const observed = observeCacheable(viewOf(root), rules)
        const merged = mergeLdcache(renderLdcache({ ...observed, extensions: [] }), [entryAt("libcuda.so.1")])
        writeCache(merged.ok ? merged.value : new Uint8Array())
        expect(ask()).toBe("libcuda answers 1000")
      })

      test("versions that a written library needs are demanded", () => {
        const merged = mergeLdcache(realCache(), [entryAt("libcuda.so.1", "/opt/three/libcuda.so.1")])
        writeCache(merged.ok ? merged.value : new Uint8Array())
        expect(ask()).toContain("version `GLIBC_9.99' not found")
      })

      const hasV2 = machine === "x86-64" && / ssse3 /.test(readFileSync("/proc/cpuinfo", "utf8"))
      test.skipIf(!hasV2)(
        "of a subdirectory for better processors the loader takes the library, by the number merging gave it",
        () => {
          makeTree(root, {
            "/opt/one/glibc-hwcaps/x86-64-v2/libcuda.so.1": library("libcuda.so.1", { answer: 4000 }),
          })
          writeFileSync(join(root, "etc/ld.so.conf"), "/opt/one\n")
          const observed = observeCacheable(viewOf(root), rules)
          const merged = mergeLdcache(renderLdcache({ ...observed, extensions: [] }), [
            entryAt("libmade.so.1"),
          ])
          writeCache(merged.ok ? merged.value : new Uint8Array())
          expect(ask()).toBe("libcuda answers 4000")
        },
      )
    },
  )
})

const muslLoader = machine === "x86-64" ? "/lib/ld-musl-x86_64.so.1" : "/lib/ld-musl-aarch64.so.1"
const lacksMusl = [missing("chroot"), existsSync(muslLoader) ? "" : "musl"]
  .filter((one) => one !== "")
  .join(", ")
const muslSuite = lacksMusl === "" ? describe : describe.skip
muslSuite(lacksMusl === "" ? "musl" : `musl (missing: ${lacksMusl})`, () => {
  const root = lacksMusl === "" ? makeDirectory("musl") : ""
  const pathFile = join(root, muslPathFile(machine))
  beforeAll(() => {
    makeTree(root, {
      "/opt/driver/libcuda.so.1": library("libcuda.so.1"),
      "/lib/libown.so": library("libown.so"),
      "/etc/x": "",
      "/program": library("program", { needed: ["libown.so", "libcuda.so.1"] }),
    })
    copyFileSync(muslLoader, join(root, muslLoader))
    chmodSync(join(root, muslLoader), 0o755)
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  const list = (): Ran => run("chroot", [root, muslLoader, "--list", "/program"])

  test.each([
    ["there is no file", undefined],
    ["there is one", "/lib:/usr/lib\n"],
  ])("a directory merged into its path file is searched when %s, and those before are still", (_, before) => {
    rmSync(pathFile, { force: true })
    if (before !== undefined) writeFileSync(pathFile, before)
    expect(list().stderr).toContain("libcuda.so.1: No such file")
    writeFileSync(pathFile, mergeMuslPath(before, ["/opt/driver"]) ?? "")
    const { stdout, status } = list()
    expect(stdout).toContain("libcuda.so.1 => /opt/driver/libcuda.so.1")
    expect(stdout).toContain("libown.so => /lib/libown.so")
    expect(status).toBe(0)
  })
})
