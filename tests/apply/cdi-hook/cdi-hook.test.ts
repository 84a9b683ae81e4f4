import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { createSymlinks } from "../../../src/apply/cdi-hook/create-symlinks.ts"
import type { HookEffect } from "../../../src/apply/cdi-hook/effect.ts"
import { enableCudaCompat } from "../../../src/apply/cdi-hook/enable-cuda-compat.ts"
import { updateApplicationProfile } from "../../../src/apply/cdi-hook/update-application-profile.ts"
import { updateLdcache } from "../../../src/apply/cdi-hook/update-ldcache.ts"
import type { Result } from "../../../src/core/fault/result.ts"
import { parseLdcache } from "../../../src/core/ldcache/parse-ldcache.ts"
import { makeCharacterNode } from "../../../src/linux/nodes.ts"
import { compatLibrary } from "../../core/compat/compat-library.ts"
import { type HookRoot, library, listRoot, makeHookRoot } from "./hook-root.ts"

const isRoot = process.getuid?.() === 0
let at: HookRoot
beforeEach(() => {
  at = makeHookRoot()
})
afterEach(() => at.remove())

const effectOf = (result: Result<HookEffect>): HookEffect => {
  if (!result.ok) throw new Error(JSON.stringify(result.fault))
  return result.value
}
const cachedPaths = (): readonly string[] => {
  const parsed = parseLdcache(new Uint8Array(readFileSync(join(at.path, "etc/ld.so.cache"))))
  return parsed.ok ? parsed.value.entries.map(({ path }) => path).sort() : []
}
const folders = "/etc/ld.so.conf.d/00-nvcr-gantry.conf"
const compatFile = "/etc/ld.so.conf.d/00-compat-gantry.conf"

describe("update-ldcache", () => {
  beforeEach(() =>
    at.make({
      "/opt/a/liba.so.1.2": library("liba.so.1"),
      "/opt/b/libb.so.1": library("libb.so.1"),
      "/usr/lib/libown.so.1": library("libown.so.1"),
    }),
  )

  test("a folder's libraries are in the cache, beside the image's own; links for SONAMEs are made", () => {
    const { findings } = effectOf(updateLdcache(at.root, ["/opt/a"]))
    expect(findings).toEqual([])
    expect(cachedPaths()).toEqual(["/opt/a/liba.so.1", "/usr/lib/libown.so.1"])
    expect(listRoot(at.path)["/opt/a/liba.so.1"]).toBe("link liba.so.1.2")
  })

  test("a second call changes nothing, and writes nothing", () => {
    effectOf(updateLdcache(at.root, ["/opt/a"]))
    const before = ["ld.so.cache", "ld.so.conf", "ld.so.conf.d"].map(
      (name) => statSync(join(at.path, "etc", name)).ctimeMs,
    )
    expect(effectOf(updateLdcache(at.root, ["/opt/a"])).changes).toEqual([])
    expect(
      ["ld.so.cache", "ld.so.conf", "ld.so.conf.d"].map(
        (name) => statSync(join(at.path, "etc", name)).ctimeMs,
      ),
    ).toEqual(before)
  })

  test("two specifications, each with a hook: both folders are searched, the first one's first", () => {
    effectOf(updateLdcache(at.root, ["/opt/b"]))
    effectOf(updateLdcache(at.root, ["/opt/a"]))
    expect(at.read(folders)).toBe("/opt/b\n/opt/a\n")
    expect(cachedPaths()).toContain("/opt/b/libb.so.1")
    expect(cachedPaths()).toContain("/opt/a/liba.so.1")
  })

  test("without folders the cache still becomes what the root holds", () => {
    effectOf(updateLdcache(at.root, []))
    expect(cachedPaths()).toEqual(["/usr/lib/libown.so.1"])
    expect(existsSync(join(at.path, folders))).toBe(false)
  })

  test.each(["/opt/a", "/opt/a/", "/opt/a # why", "  /opt/a\t"])(
    "a folder that the image's configuration names as %j is not named again: it is searched where the image has it",
    (line) => {
      at.make({ "/opt/b/liba.so.1": library("liba.so.1") })
      at.make({ "/etc/ld.so.conf": `include /etc/ld.so.conf.d/*.conf\n/opt/b\n${line}\n` })
      effectOf(updateLdcache(at.root, ["/opt/a"]))
      expect(existsSync(join(at.path, folders))).toBe(false)
      const parsed = parseLdcache(new Uint8Array(readFileSync(join(at.path, "etc/ld.so.cache"))))
      const found = parsed.ok ? parsed.value.entries.filter(({ soname }) => soname === "liba.so.1") : []
      expect(found.map(({ path }) => path)).toEqual(["/opt/b/liba.so.1", "/opt/a/liba.so.1"])
    },
  )

  test("nothing is left beside what is written", () => {
    effectOf(updateLdcache(at.root, ["/opt/a"]))
    expect(readdirSync(join(at.path, "etc")).sort()).toEqual(["ld.so.cache", "ld.so.conf", "ld.so.conf.d"])
    expect(readdirSync(join(at.path, "etc/ld.so.conf.d")).sort()).toEqual([
      "00-nvcr-gantry.conf",
      "zz-nvcr-gantry.conf",
    ])
  })

  test.each([0o600, 0o640])(
    "a file that is there keeps its mode, %o; a new one has 644, whatever the mask",
    (mode) => {
      at.make({ "/etc/ld.so.cache": "old" })
      chmodSync(join(at.path, "etc/ld.so.cache"), mode)
      const mask = process.umask(0o077)
      try {
        effectOf(updateLdcache(at.root, ["/opt/a"]))
      } finally {
        process.umask(mask)
      }
      expect(statSync(join(at.path, "etc/ld.so.cache")).mode & 0o777).toBe(mode)
      expect(statSync(join(at.path, folders)).mode & 0o777).toBe(0o644)
    },
  )

  test("a directory where the cache belongs is a fault, and nothing is left half-written", () => {
    mkdirSync(join(at.path, "etc/ld.so.cache"), { recursive: true })
    expect(updateLdcache(at.root, [])).toMatchObject({
      ok: false,
      fault: {
        tag: "ContainerFileNotWritten",
        data: { path: "/etc/ld.so.cache" },
        cause: { data: { errno: "EISDIR" } },
      },
    })
    expect(readdirSync(join(at.path, "etc")).filter((name) => name.startsWith("."))).toEqual([])
  })
})

describe("enable-cuda-compat", () => {
  const call = { directory: "/usr/local/cuda/compat", hostCudaVersion: undefined }
  const on = (hostDriverVersion: string): HookEffect =>
    effectOf(enableCudaCompat(at.root, { ...call, hostDriverVersion }))

  test("what the library's note says decides", () => {
    at.make({
      "/usr/local/cuda/compat/libcuda.so.550.54.14": compatLibrary('{"CUDA Version":"12.4","Driver":[535]}'),
    })
    expect(on("525.1.1").changes).toEqual([
      "/usr/local/cuda/compat/libcuda.so.550.54.14 does not name the host's driver branch 525",
    ])
    expect(existsSync(join(at.path, compatFile))).toBe(false)
    on("535.1.1")
    expect(at.read(compatFile)).toBe("/usr/local/cuda/compat\n")
  })

  test("started again on a newer driver, the container does not search it any more", () => {
    at.make({ "/usr/local/cuda/compat/libcuda.so.550.54.14": library("libcuda.so.1") })
    on("535.1.1")
    expect(at.read(compatFile)).toBe("/usr/local/cuda/compat\n")
    on("560.1.1")
    expect(existsSync(join(at.path, compatFile))).toBe(false)
  })

  test("it is searched before the folders of update-ldcache", () => {
    at.make({
      "/usr/local/cuda/compat/libcuda.so.550.54.14": library("libcuda.so.1"),
      "/opt/driver/libcuda.so.535.1.1": library("libcuda.so.1"),
    })
    on("535.1.1")
    effectOf(updateLdcache(at.root, ["/opt/driver"]))
    const parsed = parseLdcache(new Uint8Array(readFileSync(join(at.path, "etc/ld.so.cache"))))
    expect(parsed.ok ? parsed.value.entries.map(({ path }) => path) : []).toEqual([
      "/usr/local/cuda/compat/libcuda.so.1",
      "/opt/driver/libcuda.so.1",
    ])
  })
})

describe.skipIf(!isRoot)(`update-application-profile${isRoot ? "" : " (missing: root)"}`, () => {
  test("the mask is of the nodes that are there; links, files and other names are none", () => {
    at.make({ "/dev/nvidia3": "", "/dev/nvidia4": { link: "nvidia0" } })
    for (const [name, minor] of [
      ["nvidia0", 0],
      ["nvidia2", 2],
      ["nvidiactl", 255],
      ["nvidia-uvm", 0],
      ["nvidia1x", 1],
    ] as const)
      makeCharacterNode(join(at.path, "dev", name), 195, minor, 0o666)
    effectOf(updateApplicationProfile(at.root))
    const place = "/etc/nvidia/nvidia-application-profiles-rc.d/10-container.conf"
    expect(JSON.parse(at.read(place).replace("0x5", "5"))).toEqual({
      profiles: [{ name: "_container_", settings: ["EGLVisibleDGPUDevices", 5] }],
      rules: [{ pattern: [], profile: "_container_" }],
    })
    expect(lstatSync(join(at.path, place)).mode & 0o777).toBe(0o444)
  })

  test("is written where an image's links lead, absolute ones too", () => {
    at.make({ "/etc/nvidia": { link: "/opt/nvidia" }, "/opt/nvidia/kept": "", "/dev": { directory: true } })
    expect(makeCharacterNode(join(at.path, "dev/nvidia0"), 195, 0, 0o666).ok).toBe(true)
    effectOf(updateApplicationProfile(at.root))
    expect(at.read("/opt/nvidia/nvidia-application-profiles-rc.d/10-container.conf")).toContain("0x1")
  })

  test("and not where one leads to nothing: no directory is made of a link's words", () => {
    at.make({ "/etc/nvidia": { link: "elsewhere" }, "/dev": { directory: true } })
    expect(makeCharacterNode(join(at.path, "dev/nvidia0"), 195, 0, 0o666).ok).toBe(true)
    expect(updateApplicationProfile(at.root)).toMatchObject({ fault: { tag: "ContainerFileNotWritten" } })
    expect(Object.keys(listRoot(at.path)).toSorted()).toEqual(["/dev", "/dev/nvidia0", "/etc", "/etc/nvidia"])
  })
})

describe("create-symlinks", () => {
  test("a link is made where its clean path leads, and no directory for the rest of it", () => {
    effectOf(
      createSymlinks(at.root, [
        { target: "a", path: "/usr/lib//b/" },
        { target: "c", path: "/opt/d/.." },
        { target: "e", path: "/./f/." },
      ]),
    )
    expect(listRoot(at.path)).toEqual({
      "/usr": "directory",
      "/usr/lib": "directory",
      "/usr/lib/b": "link a",
      "/opt": "link c",
      "/f": "link e",
    })
  })
})

describe.skipIf(!isRoot)(`a place that is kept from being changed${isRoot ? "" : " (missing: root)"}`, () => {
  const mount = (...args: readonly string[]): void => {
    const ran = spawnSync("mount", args, { encoding: "utf8" })
    if (ran.status !== 0) throw new Error(ran.stderr)
  }

  test("a read-only volume costs what would be there, not the start", () => {
    at.make({
      "/usr/lib/x": "",
      "/etc/x": "",
      "/usr/local/cuda/compat/libcuda.so.550.1.1": library("libcuda.so.1"),
    })
    makeDev()
    const places = ["etc", "usr/lib"].map((name) => join(at.path, name))
    for (const place of places) mount("-t", "tmpfs", "-o", "ro", "tmpfs", place)
    try {
      const compat = {
        directory: "/usr/local/cuda/compat",
        hostDriverVersion: "535.1.1",
        hostCudaVersion: undefined,
      }
      for (const [tag, result] of [
        ["ContainerLinkNotMade", createSymlinks(at.root, [{ target: "x", path: "/usr/lib/y" }])],
        ["ContainerFileNotWritten", updateLdcache(at.root, ["/opt/a"])],
        ["ContainerFileNotWritten", enableCudaCompat(at.root, compat)],
        ["ContainerFileNotWritten", updateApplicationProfile(at.root)],
      ] as const) {
        const { findings } = effectOf(result)
        expect(findings.length).toBeGreaterThan(0)
        for (const finding of findings)
          expect(finding).toMatchObject({ severity: "warning", fault: { tag }, evidence: ["EROFS"] })
      }
    } finally {
      for (const place of places) spawnSync("umount", [place])
    }
  })

  test("so does a file that is mounted over the loader's cache", () => {
    at.make({ "/etc/ld.so.cache": "" })
    const other = join(at.path, "other")
    writeFileSync(other, "of a volume")
    const cache = join(at.path, "etc/ld.so.cache")
    mount("--bind", other, cache)
    try {
      const { findings } = effectOf(updateLdcache(at.root, []))
      expect(findings).toMatchObject([{ fault: { data: { path: "/etc/ld.so.cache" } }, evidence: ["EBUSY"] }])
      expect(readFileSync(cache, "utf8")).toBe("of a volume")
    } finally {
      spawnSync("umount", [cache])
      rmSync(other)
    }
  })

  test("a full volume is a fault with one cause, and nothing is left half-written", () => {
    at.make({ "/etc/x": "" })
    const place = join(at.path, "etc")
    mount("-t", "tmpfs", "-o", "size=4k", "tmpfs", place)
    try {
      writeFileSync(join(place, "full"), "x".repeat(4096))
      expect(updateLdcache(at.root, [])).toMatchObject({
        ok: false,
        fault: { cause: { data: { syscall: "write", errno: "ENOSPC" } } },
      })
      expect(readdirSync(place)).toEqual(["full"])
    } finally {
      spawnSync("umount", [place])
    }
  })

  const makeDev = (): void => {
    mkdirSync(join(at.path, "dev"), { recursive: true })
    makeCharacterNode(join(at.path, "dev/nvidia0"), 195, 0, 0o666)
  }
})
