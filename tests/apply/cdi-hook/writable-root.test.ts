import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { coversWritable, openWritable } from "../../../src/apply/cdi-hook/writable-root.ts"
import { ensureDirectory, openRoot, type Root, writeFileAt } from "../../../src/linux/in-root.ts"

const isRoot = process.getuid?.() === 0
const title = "a root that its runtime has made read-only ahead of the hooks"

describe.skipIf(!isRoot)(isRoot ? title : `${title} (missing: root)`, () => {
  const work = isRoot ? mkdtempSync(join(tmpdir(), "gantry-writable-")) : ""
  const mount = (...args: readonly string[]): void => {
    const ran = spawnSync("mount", args, { encoding: "utf8" })
    if (ran.status !== 0) throw new Error(ran.stderr)
  }
  const open = (path: string): Root => {
    const opened = openRoot(path, { uid: 0, gid: 0 })
    if (!opened.ok) throw new Error(JSON.stringify(opened.fault))
    return opened.value
  }
  /** Whether a file can be written into a directory of a root. */
  const writes = (root: Root, directory: string): boolean => {
    const there = ensureDirectory(root, directory)
    return there.ok && writeFileAt(there.value, "made", new Uint8Array([65]), 0o644, root.owner).ok
  }
  const container = join(work, "container")
  const still = join(work, "still")
  const layer = join(work, "layer")
  const shown = join(work, "shown")
  const images = join(work, "images")
  const exposed = join(work, "exposed")
  const overlay = join(work, "overlay")

  beforeAll(() => {
    for (const path of [
      container,
      join(container, "volume"),
      still,
      layer,
      shown,
      join(images, "root"),
      exposed,
      overlay,
    ])
      mkdirSync(path, { recursive: true })
    mount("--bind", container, container)
    mount("-t", "tmpfs", "-o", "ro", "tmpfs", join(container, "volume"))
    mount("-o", "remount,bind,ro", container)
    mount("-t", "tmpfs", "-o", "ro", "tmpfs", still)
    // As snapshotters show the only layer of an image, and runtimes mount a root onto itself.
    mount("--bind", layer, shown)
    mount("-o", "remount,bind,ro", shown)
    mount("--bind", shown, shown)
    mount("--bind", images, exposed)
    mount("-o", "remount,bind,ro", exposed)
    mount("--bind", join(exposed, "root"), join(exposed, "root"))
    mount("-t", "tmpfs", "tmpfs", overlay)
    mount("--bind", overlay, overlay)
    mount("-o", "remount,bind,ro", overlay)
  })
  afterAll(() => {
    for (const place of [container, still, shown, shown, exposed, overlay, overlay])
      spawnSync("umount", ["--lazy", place])
    rmSync(work, { recursive: true, force: true })
  })

  test("is written by the hook, and by nobody else", () => {
    const root = open(container)
    const writable = openWritable(root)
    expect(writes(writable, "/etc")).toBe(true)
    expect(readFileSync(join(container, "etc/made"), "utf8")).toBe("A")
    expect(writes(root, "/opt")).toBe(false)
    expect(existsSync(join(container, "opt"))).toBe(false)
  })

  test("has read-only volumes as before", () => {
    expect(writes(openWritable(open(container)), "/volume")).toBe(false)
  })

  test("is a mount of its own: a directory in a read-only mount stays as it is", () => {
    expect(writes(openWritable(open(join(container, "etc"))), "/")).toBe(false)
  })

  test("that is writable is used as it is, and one whose file system is read-only stays so", () => {
    const root = open(work)
    expect(openWritable(root)).toBe(root)
    expect(writes(openWritable(open(still)), "/")).toBe(false)
  })

  test("is written where it was mounted for the container and is read-only through the runtime only", () => {
    expect(writes(openWritable(open(overlay)), "/etc")).toBe(true)
    expect(existsSync(join(overlay, "etc/made"))).toBe(true)
  })

  test("is left alone where it was read-only before its runtime mounted it onto itself", () => {
    for (const [place, shared] of [
      [shown, layer],
      [join(exposed, "root"), join(images, "root")],
    ] as const) {
      const root = open(place)
      expect(openWritable(root)).toBe(root)
      expect(writes(openWritable(root), "/etc")).toBe(false)
      expect(readdirSync(shared)).toEqual([])
    }
  })
})

describe("a read-only mount is lifted", () => {
  const before = [
    "1 0 8:1 / / rw,relatime shared:1 - ext4 /dev/sda rw",
    "2 1 0:40 / /b/rootfs rw,relatime - overlay overlay rw",
    "3 1 8:1 /srv/layer /c/root\\040fs ro,relatime - ext4 /dev/sda rw",
    "4 1 8:1 /srv /exposed ro - ext4 /dev/sda rw",
    "5 1 0:41 / /mnt rw - tmpfs tmpfs rw",
  ]
  test.each<[name: string, line: string, isLifted: boolean]>([
    ["over a writable overlay", "9 2 0:40 / /b/rootfs ro,relatime - overlay overlay rw", true],
    ["over a directory of the machine's", "9 1 8:1 /d/rootfs /d/rootfs ro - ext4 /dev/sda rw", true],
    [
      "not over a layer that was mounted so",
      "9 3 8:1 /srv/layer /c/root\\040fs ro - ext4 /dev/sda rw",
      false,
    ],
    ["not below a tree that is exposed so", "9 4 8:1 /srv/x /exposed/x ro - ext4 /dev/sda rw", false],
    ["not when it shows another directory", "9 1 8:1 /srv/layer /d/rootfs ro - ext4 /dev/sda rw", false],
    ["not when it shows one whose path ends so", "9 5 0:41 /srv /mnt/srv/srv ro - tmpfs tmpfs rw", false],
    ["not when it is of another file system", "9 1 0:42 /d/rootfs /d/rootfs ro - tmpfs tmpfs rw", false],
    ["not when what it covers is not seen", "9 7 8:1 /d/rootfs /d/rootfs ro - ext4 /dev/sda rw", false],
  ])("%s", (_, line, isLifted) => {
    expect(coversWritable([...before, line, ""].join("\n"), 9n)).toBe(isLifted)
  })

  test("not when nothing is known of it", () => {
    expect(coversWritable(before.join("\n"), 9n)).toBe(false)
    expect(coversWritable("", 9n)).toBe(false)
  })
})
