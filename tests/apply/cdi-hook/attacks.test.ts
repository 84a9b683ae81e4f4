/** Images that set traps for who writes in their root. Whatever comes of the container, nothing outside it is touched. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { dirname, join } from "node:path"
import { changeModes } from "../../../src/apply/cdi-hook/change-modes.ts"
import { completeContainer } from "../../../src/apply/cdi-hook/complete-container.ts"
import { createSymlinks } from "../../../src/apply/cdi-hook/create-symlinks.ts"
import { enableCudaCompat } from "../../../src/apply/cdi-hook/enable-cuda-compat.ts"
import { updateApplicationProfile } from "../../../src/apply/cdi-hook/update-application-profile.ts"
import { updateLdcache } from "../../../src/apply/cdi-hook/update-ldcache.ts"
import { openContainerRoot } from "../../../src/apply/open-container-root.ts"
import { parseLdcache } from "../../../src/core/ldcache/parse-ldcache.ts"
import { readContainerRoot } from "../../../src/host/read-container-root.ts"
import { makeCharacterNode, makeSocketFile } from "../../../src/linux/nodes.ts"
import { type HookRoot, library, listRoot, makeHookRoot, mustMakeFifo } from "./hook-root.ts"

const isRoot = process.getuid?.() === 0
const compat = {
  directory: "/usr/local/cuda/compat",
  hostDriverVersion: "535.1.1",
  hostCudaVersion: undefined,
}
const folder = "/usr/lib/x86_64-linux-gnu"

/** Every hook, each with what it does in an ordinary container. */
const hooks: Readonly<Record<string, (at: HookRoot) => { readonly ok: boolean }>> = {
  "create-symlinks": ({ root }) =>
    createSymlinks(root, [{ target: "libcuda.so.1", path: `${folder}/libcuda.so` }]),
  "update-ldcache": ({ root }) => updateLdcache(root, ["/opt/driver"]),
  "enable-cuda-compat": ({ root }) => enableCudaCompat(root, compat),
  "update-application-profile": ({ root }) => updateApplicationProfile(root),
  "complete-container": ({ root }) =>
    completeContainer(root, {
      links: [{ target: "libcuda.so.1", path: `${folder}/libcuda.so` }],
      nodeLinks: [{ target: "../x", path: "/dev/by-path/x" }],
      compat,
      folders: ["/opt/driver"],
      disablesNodeModification: false,
      hasApplicationProfile: true,
    }),
  chmod: ({ root }) =>
    changeModes(root, ["/dev", "/etc/ld.so.conf", folder, "/usr/local/cuda/compat"], 0o700),
}

const image = {
  "/etc/ld.so.conf": "include /etc/ld.so.conf.d/*.conf\n",
  "/etc/ld.so.conf.d/x.conf": "/opt/x\n",
  "/etc/alpine-release": "3.20\n",
  "/opt/x/libx.so.1.2": library("libx.so.1"),
  [`${folder}/libcuda.so.550.1`]: library("libcuda.so.1"),
  "/usr/local/cuda/compat/libcuda.so.550.1.1": library("libcuda.so.1"),
  "/etc/nvidia/nvidia-application-profiles-rc.d/x": "",
  "/dev/x": "",
  "/tmp/x": "",
} as const

/** What an ordinary start reads and writes, every level of it. */
const levels = [
  "/usr",
  "/usr/lib",
  folder,
  `${folder}/libcuda.so`,
  `${folder}/libcuda.so.1`,
  "/opt",
  "/opt/x",
  "/opt/x/libx.so.1",
  "/opt/x/libx.so.1.2",
  "/opt/driver",
  "/usr/local",
  "/usr/local/cuda",
  "/usr/local/cuda/compat",
  "/usr/local/cuda/compat/libcuda.so.550.1.1",
  "/etc",
  "/etc/ld.so.conf",
  "/etc/ld.so.cache",
  "/etc/ld.so.conf.d",
  "/etc/ld.so.conf.d/x.conf",
  "/etc/ld.so.conf.d/00-nvcr-gantry.conf",
  "/etc/ld.so.conf.d/zz-nvcr-gantry.conf",
  "/etc/ld.so.conf.d/00-compat-gantry.conf",
  "/etc/ld-musl-x86_64.path",
  "/etc/alpine-release",
  "/etc/debian_version",
  "/etc/nvidia",
  "/etc/nvidia/nvidia-application-profiles-rc.d",
  "/etc/nvidia/nvidia-application-profiles-rc.d/10-container.conf",
  "/dev",
  "/dev/nvidia1",
]

const suite = isRoot ? describe : describe.skip
suite(isRoot ? "an image that sets traps" : "an image that sets traps (missing: root)", () => {
  let at: HookRoot
  beforeEach(() => {
    at = makeHookRoot()
    at.make(image)
    makeCharacterNode(join(at.path, "dev/nvidia0"), 195, 0, 0o666)
  })
  afterEach(() => at.remove())

  test("an ordinary image: every hook does its work, and nothing outside is touched", () => {
    for (const [name, run] of Object.entries(hooks)) expect([name, run(at).ok]).toEqual([name, true])
    at.expectOutsideUntouched()
    const listed = listRoot(at.path)
    for (const path of levels.filter(
      (one) => !["/opt/driver", "/etc/debian_version", "/dev/nvidia1"].includes(one),
    ))
      expect([path, listed[path] !== undefined]).toEqual([path, true])
  })

  test("the watch sees what is read outside", () => {
    readFileSync(join(at.victim, "kept"))
    const isKept = statOptions().includes("noatime")
    if (!isKept) expect(() => at.expectOutsideUntouched()).toThrow("touched outside the root")
  })

  const targets: readonly (readonly [name: string, target: (at: HookRoot, level: string) => string])[] = [
    ["a directory of the machine", ({ victim }) => victim],
    ["a file of the machine", ({ victim }) => `${victim}/kept`],
    ["the machine by ..", ({ victim }) => `${"../".repeat(40)}${victim.slice(1)}`],
    ["/", () => "/"],
    ["..", () => ".."],
    ["many ..", () => "../".repeat(200)],
    ["/proc/self/root", () => "/proc/self/root"],
    ["the machine by /proc/self/root", ({ victim }) => `/proc/self/root${victim}`],
    ["the working directory", () => "/proc/self/cwd"],
    ["itself", (_, level) => level],
    ["nowhere", () => "/nowhere/at/all"],
  ]
  describe.each(targets)("with a link to %s in place of", (_, target) => {
    test.each(levels)("%s", (level) => {
      const place = join(at.path, level)
      rmSync(place, { recursive: true, force: true })
      mkdirSync(dirname(place), { recursive: true })
      symlinkSync(target(at, level), place)
      for (const run of Object.values(hooks)) run(at)
      at.expectOutsideUntouched()
      if (level !== "/opt" && level !== "/opt/x") return
      // The machine has a library where the link leads, the root has none.
      const parsed = parseLdcache(new Uint8Array(readFileSync(join(at.path, "etc/ld.so.cache"))))
      const paths = parsed.ok ? parsed.value.entries.map(({ path }) => path) : undefined
      expect(paths?.filter((path) => path.startsWith("/opt"))).toEqual([])
    })
  })

  const written = levels.filter((level) => /gantry\.conf|cache|path$|10-container/.test(level))
  const obstacles: readonly (readonly [name: string, make: (path: string) => void])[] = [
    ["FIFO", mustMakeFifo],
    ["socket", (path) => void makeSocketFile(path, 0o666)],
    ["device", (path) => void makeCharacterNode(path, 195, 0, 0o666)],
  ]
  describe.each(obstacles)("a %s where we write", (_, make) => {
    test.each(written)("%s is replaced by what we write, and nobody waits", (level) => {
      const place = join(at.path, level)
      mkdirSync(dirname(place), { recursive: true })
      rmSync(place, { force: true })
      make(place)
      for (const [name, run] of Object.entries(hooks)) expect([name, run(at).ok]).toEqual([name, true])
      expect(lstatSync(place).isFile()).toBe(true)
      at.expectOutsideUntouched()
    })

    test.each([
      "/etc/ld.so.conf",
      "/etc/ld.so.conf.d/x.conf",
      "/opt/x/libx.so.1.2",
      "/usr/local/cuda/compat/libcuda.so.550.1.1",
    ])("%s, which we read, is passed over, and nobody waits", (level) => {
      const place = join(at.path, level)
      rmSync(place)
      make(place)
      for (const run of Object.values(hooks)) run(at)
      expect(lstatSync(place).isFile()).toBe(false)
      at.expectOutsideUntouched()
    })

    test("a parent that is one is a fault", () => {
      rmSync(join(at.path, folder), { recursive: true })
      make(join(at.path, folder))
      expect(hooks["create-symlinks"]?.(at)).toMatchObject({
        ok: false,
        fault: { tag: "ContainerLinkNotMade" },
      })
    })
  })

  describe("a directory swapped for a link out of the root by a racing thread (CVE-2026-24260)", () => {
    const contested = "/usr/lib/contested"
    const led = (): readonly string[] => readdirSync(at.victim).filter((name) => name.startsWith("link"))
    /** Acts while a thread swaps, until it was often enough: on a busy machine the thread comes seldom. */
    const race = async (act: (name: string) => void, isEnough: () => boolean): Promise<void> => {
      const directory = join(at.path, contested)
      const link = join(at.path, "usr/lib/link")
      mkdirSync(directory)
      symlinkSync(at.victim, link)
      const flags = new Int32Array(new SharedArrayBuffer(8))
      const worker = new Worker(new URL("./swap-worker.ts", import.meta.url).href)
      const stopped = new Promise((resolve) => worker.addEventListener("message", resolve))
      worker.postMessage({ directory, link, flags })
      while (Atomics.load(flags, 1) === 0) await Bun.sleep(1)
      for (let index = 0; index < 1_000_000; index++) {
        if (index >= 3000 && Atomics.load(flags, 1) >= 100 && isEnough()) break
        act(`link${index}`)
      }
      Atomics.store(flags, 0, 1)
      await stopped
      worker.terminate()
    }

    test("who looks at a path and then uses it is led out: the race is a real one", async () => {
      await race(
        (name) => {
          const directory = join(at.path, contested)
          if (lstatSync(directory).isDirectory()) symlinkSync("x", join(directory, name))
        },
        () => led().length > 0,
      )
      expect(led().length).toBeGreaterThan(0)
    }, 60_000)

    test("no hook is", async () => {
      let made = 0
      await race(
        (name) => {
          if (createSymlinks(at.root, [{ target: "x", path: `${contested}/${name}` }]).ok) made++
          if (name.endsWith("00")) enableCudaCompat(at.root, { ...compat, directory: contested })
        },
        () => made > 0,
      )
      expect(made).toBeGreaterThan(0)
      at.expectOutsideUntouched()
      expect(led()).toEqual([])
    }, 60_000)
  })

  test("patterns that are slow upon names that are many end the walk, which is told of and fails nothing", () => {
    const patterns = Array.from({ length: 100 }, (_, index) => `include /many/${"*a".repeat(90)}*b${index}\n`)
    at.make({ "/etc/ld.so.conf": patterns.join(""), [`${folder}/libx.so.1`]: library("libx.so.1") })
    for (let index = 0; index < 500; index++) at.make({ [`/many/${"a".repeat(240)}${index}`]: "" })
    const updated = updateLdcache(at.root, [folder])
    expect(updated).toMatchObject({
      ok: true,
      value: {
        findings: [{ severity: "warning", fault: { data: { path: "/etc/ld.so.conf", errno: "E2BIG" } } }],
      },
    })
  })

  test("configuration that includes itself comes to an end", () => {
    at.make({
      "/etc/ld.so.conf.d/loop.conf": "include /etc/ld.so.conf\ninclude loop.conf\ninclude *\n/opt/loop\n",
      "/opt/loop/libloop.so.1": library("libloop.so.1"),
    })
    expect(updateLdcache(at.root, []).ok).toBe(true)
    const parsed = parseLdcache(new Uint8Array(readFileSync(join(at.path, "etc/ld.so.cache"))))
    expect(parsed.ok ? parsed.value.entries.map(({ soname }) => soname) : []).toContain("libloop.so.1")
  })

  describe("paths as long as paths get", () => {
    test("a name of 255 bytes is made, one of 256 is a fault", () => {
      const make = (length: number) =>
        createSymlinks(at.root, [{ target: "x", path: `/${"n".repeat(length)}` }])
      expect(make(255).ok).toBe(true)
      expect(make(256)).toMatchObject({ ok: false, fault: { tag: "ContainerLinkNotMade" } })
    })

    test("two thousand directories are made, a path of 4,096 bytes and more is a fault", () => {
      const path = `${"/d".repeat(2000)}/link`
      expect(createSymlinks(at.root, [{ target: "x", path }]).ok).toBe(true)
      for (const length of [4095, 4096, 8192, 100_000])
        expect(
          createSymlinks(at.root, [{ target: "x", path: "/e".repeat(length).slice(0, length) }]).ok,
        ).toBe(length < 4096)
      // Not by node:fs, which takes half a minute for what is so deep.
      spawnSync("rm", ["-rf", join(at.path, "d"), join(at.path, "e")])
    })

    test("a link says 4,095 bytes, and no more", () => {
      const make = (length: number) =>
        createSymlinks(at.root, [{ target: "t".repeat(length), path: "/long" }])
      expect(make(4095).ok).toBe(true)
      expect(make(4096)).toMatchObject({ ok: false })
      expect(make(20_000)).toMatchObject({ ok: false })
    })

    test("a SONAME of 300 bytes makes no link and fails nothing", () => {
      at.make({
        "/opt/x/liblong.so": library(`lib${"x".repeat(300)}.so.1`),
        "/opt/x/libup.so": library("../../etc/passwd"),
      })
      expect(updateLdcache(at.root, []).ok).toBe(true)
      expect(existsSync(join(at.path, "etc/passwd"))).toBe(false)
    })
  })

  test("chmod changes what a link in the root leads to in the root, never the machine's", () => {
    symlinkSync(join(at.victim, "kept"), join(at.path, "out"))
    symlinkSync("/tmp", join(at.path, "in"))
    expect(changeModes(at.root, ["/out", "/in", "/missing"], 0o701).ok).toBe(true)
    expect(lstatSync(join(at.path, "tmp")).mode & 0o777).toBe(0o701)
    at.expectOutsideUntouched()
  })

  test("chmod passes over a circle of links, and a file in a directory's place", () => {
    symlinkSync("two", join(at.path, "one"))
    symlinkSync("one", join(at.path, "two"))
    writeFileSync(join(at.path, "file"), "")
    const paths = ["/one", "/two/x", "/file/x", `/${"n".repeat(256)}`, "/tmp"]
    expect(changeModes(at.root, paths, 0o701)).toMatchObject({ value: { changes: ["/tmp has mode 701"] } })
  })
})

describe("a container's root", () => {
  test.each([
    ["no bundle and no root", {}, "is not the absolute path of a bundle"],
    ["a bundle relative to the working directory", { bundle: "." }, "is not the absolute path of a bundle"],
    ["a root relative to the working directory", { root: "rootfs" }, "is not absolute"],
    ["the machine's own", { root: "/" }, "is the machine's own root"],
    ["the machine's own, in a roundabout way", { root: "//usr/..//." }, "is the machine's own root"],
  ])("%s is refused", (_, state, problem) => {
    expect(readContainerRoot(JSON.stringify(state))).toMatchObject({
      ok: false,
      fault: { tag: "ContainerRootInvalid", data: { problem } },
    })
  })

  test("config.json names it, relative to the bundle or not; one that names none is refused", () => {
    const at = makeHookRoot()
    const rootOf = (spec: string) => {
      at.make({ "/config.json": spec })
      return readContainerRoot(JSON.stringify({ bundle: at.path }))
    }
    expect(rootOf('{"root":{"path":"rootfs"}}')).toEqual({ ok: true, value: `${at.path}/rootfs` })
    expect(rootOf('{"root":{"path":"/elsewhere"}}')).toEqual({ ok: true, value: "/elsewhere" })
    for (const spec of ["{}", '{"root":{"path":""}}', '{"root":{"path":"/"}}'])
      expect(rootOf(spec)).toMatchObject({ ok: false, fault: { tag: "ContainerRootInvalid" } })
    at.remove()
  })

  test("what leads to the machine's own root is refused, whatever its path", () => {
    const at = makeHookRoot()
    at.make({ "/link": { link: "/" }, "/file": "" })
    for (const path of [join(at.path, "link"), "/proc/self/root", "/proc/1/root/."])
      expect([path, openContainerRoot(path).ok]).toEqual([path, false])
    expect(openContainerRoot(join(at.path, "file"))).toMatchObject({
      ok: false,
      fault: { cause: { data: { errno: "ENOTDIR" } } },
    })
    expect(openContainerRoot(at.path).ok).toBe(true)
    at.remove()
  })
})

/** Options of the mount of the temporary directory: not every machine remembers when a file was read. */
function statOptions(): string {
  const lines = readFileSync("/proc/self/mounts", "utf8").split("\n")
  const held = lines
    .map((line) => line.split(" "))
    .filter(([, place = ""]) => process.env["TMPDIR"]?.startsWith(place) ?? "/tmp".startsWith(place))
    .sort((one, other) => (other[1]?.length ?? 0) - (one[1]?.length ?? 0))
  return held[0]?.[3] ?? ""
}
