import { beforeAll, describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { closeSync, mkdirSync, openSync, renameSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import type { Finding } from "../../src/core/fault/finding.ts"
import type { Result } from "../../src/core/fault/result.ts"
import { viewRoot } from "../../src/core/host/root-view.ts"
import { observeCacheable } from "../../src/core/ldcache/observe-cacheable.ts"
import { createWalkBudget } from "../../src/core/ldcache/walk-budget.ts"
import { hostPath } from "../../src/core/text/brand.ts"
import { baseName, parentPath } from "../../src/core/text/path.ts"
import { viewContainer } from "../../src/host/container-tree.ts"
import { createLiveHost } from "../../src/host/live.ts"
import { errnoOf as systemErrnoOf } from "../../src/linux/checked.ts"
import {
  ensureDirectory,
  linkAt,
  openFileInRoot,
  openRoot,
  type Root,
  readInRoot,
} from "../../src/linux/in-root.ts"
import { makeCharacterNode } from "../../src/linux/nodes.ts"
import { library } from "../apply/cdi-hook/hook-root.ts"
import { temporaryDirectory } from "../temporary-directory.ts"

const work = temporaryDirectory("container-tree")

const open = (path: string): Root => {
  const opened = openRoot(path, { uid: 0, gid: 0 })
  if (!opened.ok) throw new Error(JSON.stringify(opened.fault))
  return opened.value
}
const errnoOfFinding = ({ fault }: Finding): string | undefined => errnoOf({ ok: false, fault })
const errnoOf = (result: Result<unknown>): string | undefined =>
  !result.ok && result.fault.tag === "HostReadFailed" ? result.fault.data.errno : undefined

describe("a container's root as a tree", () => {
  const path = join(work, "root")
  let tree: ReturnType<typeof viewContainer>
  beforeAll(() => {
    mkdirSync(join(path, "usr/lib"), { recursive: true })
    writeFileSync(join(path, "usr/lib/libx.so.1"), "0123456789")
    symlinkSync("usr/lib", join(path, "lib"))
    symlinkSync("/usr/lib/libx.so.1", join(path, "absolute"))
    symlinkSync("../../../../../usr/lib/libx.so.1", join(path, "climbing"))
    symlinkSync("loop", join(path, "loop"))
    symlinkSync("nowhere", join(path, "dangling"))
    spawnSync("mkfifo", [join(path, "pipe")])
    tree = viewContainer(open(path))
  })

  test.each([
    "/usr/lib/libx.so.1",
    "/lib/libx.so.1",
    "/absolute",
    "/climbing",
    "/../../lib/libx.so.1",
    "/lib/../lib/libx.so.1",
  ])("%s is read, and lies in the root", (at) => {
    expect(tree.resolve(at)).toEqual({ ok: true, value: hostPath("/usr/lib/libx.so.1") })
    expect(tree.readFile(at, { offsetBytes: 2, lengthBytes: 3 })).toEqual({
      ok: true,
      value: new TextEncoder().encode("234"),
    })
  })

  test("an entry is what it is itself, and a path may be absent", () => {
    expect(tree.lstat("/absolute")).toMatchObject({ ok: true, value: { kind: "symlink" } })
    expect(tree.lstat("/pipe")).toMatchObject({ ok: true, value: { kind: "fifo" } })
    expect(tree.lstat("/usr/lib/libx.so.1")).toMatchObject({
      ok: true,
      value: { kind: "file", sizeBytes: 10 },
    })
    expect(tree.lstat("/x")).toMatchObject({
      ok: false,
      fault: { tag: "HostReadFailed", data: { reason: "absent" } },
    })
    expect(tree.resolve("/x/y/../z")).toEqual({ ok: true, value: hostPath("/x/z") })
  })

  test.each([
    ["/loop", "ELOOP"],
    ["/pipe", "EINVAL"],
    ["/usr", "EINVAL"],
    ["/dangling", "ENOENT"],
  ])("%s cannot be read as a file: %s", (at, errno) => {
    expect(errnoOf(tree.readFile(at))).toBe(errno)
  })

  test("a directory's names come whole and in order, however many", () => {
    const many = join(path, "many")
    mkdirSync(many)
    const names = Array.from({ length: 1000 }, (_, index) => `${"n".repeat(index % 200)}é${index}`)
    for (const name of names) writeFileSync(join(many, name), "")
    expect(tree.readDir("/many")).toEqual({ ok: true, value: names.sort() })
    expect(errnoOf(tree.readDir("/absolute"))).toBe("ENOTDIR")
    expect(errnoOf(tree.readDir("/absent"))).toBe("ENOENT")
  })
})

describe("what looking at a tree may cost", () => {
  const path = join(work, "costly")
  beforeAll(() => {
    mkdirSync(join(path, "etc"), { recursive: true })
    for (const name of ["lib", "more"]) {
      mkdirSync(join(path, name))
      for (let index = 0; index < 5; index++) {
        writeFileSync(join(path, name, `lib${name}${index}.so.1.2`), library(`lib${name}${index}.so.1`))
        symlinkSync(`lib${name}${index}.so.1.2`, join(path, name, `lib${name}${index}.so`))
      }
    }
    writeFileSync(join(path, "etc/ld.so.conf"), "/lib\n/more\n")
  })

  test("is bounded: beyond it nothing is asked, read or remembered", () => {
    const walk = createWalkBudget(100_000)
    const tree = viewContainer(open(path), walk)
    const asked = Array.from({ length: 1000 }, (_, index) => errnoOf(tree.lstat(`/absent${index}`)))
    const answered = asked.indexOf("E2BIG")
    expect(answered).toBeGreaterThan(300)
    expect(answered).toBeLessThan(400)
    expect(new Set(asked.slice(answered))).toEqual(new Set(["E2BIG"]))
    // Also of what was known.
    const failed = [
      tree.lstat("/absent0"),
      tree.readDir("/lib"),
      tree.readFile("/etc/ld.so.conf"),
      tree.resolve("/lib"),
    ]
    expect(failed.map(errnoOf)).toEqual(["E2BIG", "E2BIG", "E2BIG", "E2BIG"])
    expect(walk.isSpent()).toBe(true)
  })

  test("wherever it ends, what was found is right, whole directories only, and the end is told", () => {
    const rules = { machine: "x86-64", trustedDirectories: [], hasProcessorSubdirectories: true } as const
    const root = open(path)
    const look = (steps: number) => {
      const walk = createWalkBudget(steps)
      return observeCacheable(viewContainer(root, walk), rules, walk)
    }
    const whole = look(1_000_000)
    expect([whole.entries.length, whole.links.length, whole.findings]).toEqual([20, 10, []])
    const counts = new Set<number>()
    for (let steps = 0; steps < 100_000; steps += 199) {
      const { entries, links, findings } = look(steps)
      counts.add(entries.length)
      expect([entries, links]).toEqual([
        whole.entries.slice(0, entries.length),
        whole.links.slice(0, entries.length / 2),
      ])
      expect(findings.map(errnoOfFinding)).toEqual(entries.length === 20 ? [] : ["E2BIG"])
    }
    expect([...counts]).toEqual([0, 10, 20])
  })
})

test("what is read of one file is of one file, whatever takes its place meanwhile", () => {
  const path = join(work, "replaced")
  mkdirSync(path)
  writeFileSync(join(path, "file"), "old content")
  const read = viewContainer(open(path)).readParts("/file", (readPart) => {
    const first = readPart({ offsetBytes: 0, lengthBytes: 4 })
    writeFileSync(join(path, "other"), "new content")
    renameSync(join(path, "other"), join(path, "file"))
    return [first, readPart({ offsetBytes: 4, lengthBytes: 100 })].map((part) =>
      part.ok ? new TextDecoder().decode(part.value) : "",
    )
  })
  expect(read).toEqual(["old ", "content"])
})

const canMakeNodes = makeCharacterNode(join(work, "probe"), 240, 0, 0o666).ok
const racing = "a file that a racing thread swaps for a device"
describe.skipIf(!canMakeNodes)(canMakeNodes ? racing : `${racing} (missing: root)`, () => {
  const path = join(work, "raced")
  const place = join(path, "file")
  const node = join(path, "node")
  const text = new TextEncoder().encode("content")
  beforeAll(() => {
    mkdirSync(path)
    writeFileSync(place, text)
    // No driver has this number: whoever opens it gets ENXIO.
    makeCharacterNode(node, 240, 0, 0o666)
  })

  /** Looks while a thread swaps, until it was seen both ways, and often enough: on a busy machine the thread comes seldom. */
  async function race(look: () => string, wanted: readonly string[]): Promise<ReadonlySet<string>> {
    const flags = new Int32Array(new SharedArrayBuffer(8))
    const worker = new Worker(new URL("../apply/cdi-hook/swap-worker.ts", import.meta.url).href)
    const stopped = new Promise((resolve) => worker.addEventListener("message", resolve))
    worker.postMessage({ directory: place, link: node, flags })
    while (Atomics.load(flags, 1) === 0) await Bun.sleep(1)
    const seen = new Set<string>()
    for (let index = 0; index < 2_000_000; index++) {
      const isEnough = index >= 5000 && Atomics.load(flags, 1) >= 1000
      if (isEnough && wanted.every((one) => seen.has(one))) break
      seen.add(look())
    }
    Atomics.store(flags, 0, 1)
    await stopped
    worker.terminate()
    return seen
  }
  const attemptOf = (action: () => unknown): string => {
    try {
      action()
      return "read"
    } catch (error) {
      return (error as { readonly code?: string }).code ?? ""
    }
  }

  test("who looks at the path and then opens it opens the device: the race is a real one", async () => {
    const look = (): string =>
      attemptOf(() => {
        if (statSync(place).isFile()) closeSync(openSync(place, "r"))
      })
    expect(await race(look, ["ENXIO"])).toContain("ENXIO")
  }, 60_000)

  test("no reader of the tree does", async () => {
    const root = open(path)
    const tree = viewContainer(root)
    const look = (): string => {
      const read = tree.readFile("/file")
      return read.ok ? "read" : (errnoOf(read) ?? "")
    }
    expect([...(await race(look, ["read", "EINVAL"]))].sort()).toEqual(["EINVAL", "read"])
    const lookWhole = (): string => {
      const opened = openFileInRoot(root, "/file")
      if (opened.ok) closeSync(opened.value)
      const content = readInRoot(root, "/file", 100)
      if (content !== undefined) expect(content).toEqual(text)
      return opened.ok ? "read" : (systemErrnoOf(opened) ?? "")
    }
    expect([...(await race(lookWhole, ["read", "EINVAL"]))].sort()).toEqual(["EINVAL", "read"])
    expect(root.shortages).toEqual([])
  }, 60_000)
})

test("any tree of links leads where the view of a root by its paths says", () => {
  const part = fc.constantFrom("a", "b", "c", "..", ".")
  const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"))
  const name = fc
    .array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join("/"))
  const target = fc.tuple(fc.boolean(), path).map(([isAbsolute, text]) => (isAbsolute ? `/${text}` : text))
  let counter = 0
  fc.assert(
    fc.property(
      fc.array(fc.tuple(name, fc.option(target)), { maxLength: 8 }),
      fc.array(path, { maxLength: 6 }),
      (made, asked) => {
        const root = join(work, `any-${counter++}`)
        mkdirSync(root)
        // Made by descriptor: a link among them may lead to the machine. What collides with what is there is left out.
        const inside = open(root)
        for (const [at, link] of made) {
          const parent = ensureDirectory(inside, link === null ? `/${at}` : parentPath(`/${at}`))
          if (parent.ok && link !== null) linkAt(parent.value, baseName(at), link, inside.owner)
        }
        const byPath = viewRoot(createLiveHost(), hostPath(root))
        const ours = viewContainer(inside)
        for (const one of asked) {
          const [expected, found] = [byPath.resolve(`/${one}`), ours.resolve(`/${one}`)]
          if (expected.ok) expect(found).toEqual(expected)
          else expect(found.ok && ours.lstat(found.value).ok).toBe(false)
        }
      },
    ),
    { numRuns: 300 },
  )
})
