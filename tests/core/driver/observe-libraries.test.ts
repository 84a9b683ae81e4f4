import { describe, expect, test } from "bun:test"
import type { DriverLibrary } from "../../../src/core/driver/catalogue.ts"
import { observeDriver } from "../../../src/core/driver/observe-driver.ts"
import { renderElf, type SharedObject } from "../../../src/core/elf/render-elf.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { baseName, parentPath } from "../../../src/core/text/path.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"
import { memoryMachine } from "../../machine.ts"

const version = "550.163.01"
const place = { driverRoot: hostPath("/"), version, ldcache: "/etc/ld.so.cache" }

const library = (soname: string, more: Partial<SharedObject> = {}): MemoryTree[string] => ({
  kind: "file",
  content: renderElf({ machine: "x86-64", soname, needed: [], symbol: "answer", answer: 1, ...more }),
})

/** A machine that has only these libraries. */
const observe = (tree: MemoryTree, more: Partial<Parameters<typeof observeDriver>[1]> = {}) =>
  observeDriver(createMemoryHost(tree), { ...place, ...more })

const named = (libraries: readonly DriverLibrary[], name: string): DriverLibrary | undefined =>
  libraries.find(({ path }) => baseName(path) === name)

describe("where libraries are found", () => {
  const smallest = (directory: string): MemoryTree => ({
    [`${directory}/libcuda.so.${version}`]: library("libcuda.so.1"),
    [`${directory}/libnvidia-ml.so.${version}`]: library("libnvidia-ml.so.1"),
  })
  const rows: readonly (readonly [where: string, directory: string, more: MemoryTree])[] = [
    ["the distribution's directory of 64-bit libraries", "/usr/lib64", {}],
    ["a multiarch directory of any name of that form", "/usr/lib/x86_64-linux-gnu", {}],
    ["a vendor's directory below it", "/usr/lib/x86_64-linux-gnu/nvidia/current", {}],
    ["NixOS", "/run/opengl-driver/lib", {}],
    ["a directory that only the loader's configuration names", "/opt/driver/lib", conf("/opt/driver/lib\n")],
    [
      "a directory that an included file names",
      "/srv/gpu",
      { ...conf("include ld.so.conf.d/*.conf\n"), "/etc/ld.so.conf.d/gpu.conf": text("/srv/gpu\n") },
    ],
    [
      "a configuration that includes itself",
      "/srv/gpu",
      conf("include /etc/ld.so.conf\n/srv/gpu\ninclude /etc/*.conf\n"),
    ],
  ]
  for (const [where, directory, more] of rows)
    test(where, () => {
      const { libraries, directories, findings } = observe({ ...smallest(directory), ...more })
      expect(directories.map(String)).toEqual([directory])
      expect(libraries).toHaveLength(2)
      expect(findings.filter(({ severity }) => severity === "error")).toEqual([])
    })

  test("the driver's libraries with a version of their own lie where other packages' do", () => {
    const usual = "/usr/lib/x86_64-linux-gnu"
    const own = `${usual}/nvidia/current`
    const beside = `${usual}/libnvidia-egl-gbm.so.1.1.1`
    const cache = [`${own}/libcuda.so.${version}`, `${usual}/libnvidia-egl-gbm.so.1`, "/lib/libc.so.6"]
    const tree: MemoryTree = {
      ...smallest(own),
      [beside]: library("libnvidia-egl-gbm.so.1"),
      [`${usual}/libnvidia-egl-gbm.so.1`]: { kind: "symlink", target: "libnvidia-egl-gbm.so.1.1.1" },
      "/etc/ld.so.cache": { kind: "file", content: `\0${cache.join("\0")}\0` },
    }
    const { libraries, searched, directories } = observe(tree)
    expect(named(libraries, baseName(beside))?.links).toEqual([
      { path: hostPath(`${usual}/libnvidia-egl-gbm.so.1`), target: "libnvidia-egl-gbm.so.1.1.1" },
    ])
    expect(directories.map(String)).toEqual([own])
    // Where it could go and come a change shows.
    expect(searched.map(String)).toContain(usual)
    const alone = Object.fromEntries(Object.entries(tree).filter(([path]) => !path.startsWith(own)))
    expect(observe(alone).libraries).toEqual([])
  })

  test("a directory whose name is no ASCII, and that only the loader's cache names", () => {
    const directory = "/opt/pilote-é/lib"
    const cache = new TextEncoder().encode(`\0${directory}/libnvidia-tls.so.${version}\0\x80`)
    const { libraries, directories } = observe({
      ...smallest(directory),
      "/etc/ld.so.cache": { kind: "file", content: cache },
    })
    expect(directories.map(String)).toEqual([directory])
    expect(libraries).toHaveLength(2)
  })

  test("a directory of links to a store: the files' own directory has the links, and vdpau beside it", () => {
    const store = "/nix/store/abc-nvidia/lib"
    const farm = "/nix/store/gfx/lib"
    const tree: Record<string, MemoryTree[string]> = {
      "/run/opengl-driver": { kind: "symlink", target: "/nix/store/gfx" },
      ...smallest(store),
      [`${store}/libcuda.so.1`]: { kind: "symlink", target: `libcuda.so.${version}` },
      [`${store}/libcuda.so`]: { kind: "symlink", target: `${store}/libcuda.so.1` },
      [`${store}/vdpau/libvdpau_nvidia.so.${version}`]: library("libvdpau_nvidia.so.1"),
    }
    for (const name of [`libcuda.so.${version}`, `libnvidia-ml.so.${version}`, "libcuda.so.1"])
      tree[`${farm}/${name}`] = { kind: "symlink", target: `${store}/${name}` }
    const { libraries } = observe(tree)
    expect(named(libraries, `libcuda.so.${version}`)).toMatchObject({
      path: `${store}/libcuda.so.${version}`,
      links: [
        { path: `${store}/libcuda.so`, target: "libcuda.so.1" },
        { path: `${store}/libcuda.so.1`, target: `libcuda.so.${version}` },
      ],
    })
    const expected = `${store}/vdpau/libvdpau_nvidia.so.${version}`
    expect(String(named(libraries, baseName(expected))?.path)).toBe(expected)
    // Where packages are joined, a directory that one alone has is a link.
    const joined = observe({ ...tree, [`${farm}/vdpau`]: { kind: "symlink", target: `${store}/vdpau` } })
    expect(String(named(joined.libraries, baseName(expected))?.path)).toBe(expected)
  })

  test("a directory that the command line names, also without any of the main libraries", () => {
    const tree = {
      ...smallest("/usr/lib64"),
      [`/data/more/libnvidia-encode.so.${version}`]: library("libnvidia-encode.so.1"),
    }
    expect(named(observe(tree).libraries, `libnvidia-encode.so.${version}`)).toBeUndefined()
    const { libraries, directories } = observe(tree, { searchPaths: ["/data/more"] })
    expect(directories.map(String)).toEqual(["/data/more", "/usr/lib64"])
    expect(named(libraries, `libnvidia-encode.so.${version}`)?.capabilities).toEqual(["video"])
  })

  test("a directory in two names is searched once", () => {
    const { libraries, directories } = observe({
      ...smallest("/usr/lib64"),
      "/lib64": { kind: "symlink", target: "usr/lib64" },
    })
    expect(directories.map(String)).toEqual(["/usr/lib64"])
    expect(libraries).toHaveLength(2)
  })

  test("a configuration that cannot be read is a finding, and the rest is found", () => {
    const { libraries, findings } = observe({
      ...smallest("/usr/lib64"),
      "/etc/ld.so.conf": { kind: "fifo" },
    })
    expect(libraries).toHaveLength(2)
    expect(findings.map(({ fault }) => fault.tag)).toContain("HostReadFailed")
  })
})

function text(content: string): MemoryTree[string] {
  return { kind: "file", content }
}

function conf(content: string): MemoryTree {
  return { "/etc/ld.so.conf": text(content) }
}

describe("what a library is", () => {
  const directory = "/usr/lib64"
  const base: MemoryTree = { [`${directory}/libnvidia-ml.so.${version}`]: library("libnvidia-ml.so.1") }

  test("a library has the links that lead to it, whatever its name, also over that of its SONAME where that is not there", () => {
    const link = (target: string): MemoryTree[string] => ({ kind: "symlink", target })
    const { libraries } = observe({
      ...base,
      [`${directory}/libnewpart.so.${version}`]: library("libnewpart.so.1"),
      [`${directory}/libnewpart.so.1`]: link(`libnewpart.so.${version}`),
      [`${directory}/libnewpart.so`]: link("libnewpart.so.1"),
      [`${directory}/libnvcuvid.so.${version}`]: library("libnvcuvid.so.1"),
      [`${directory}/libnvcuvid.so`]: link("libnvcuvid.so.1"),
    })
    const linksOf = (name: string) =>
      named(libraries, name)?.links.map(({ path, target }) => [baseName(path), target])
    expect(linksOf(`libnewpart.so.${version}`)).toEqual([
      ["libnewpart.so", "libnewpart.so.1"],
      ["libnewpart.so.1", `libnewpart.so.${version}`],
    ])
    expect(linksOf(`libnvcuvid.so.${version}`)).toEqual([["libnvcuvid.so", "libnvcuvid.so.1"]])
  })

  test("what carries the driver's version is the driver's, also by a name that no loader asks for", () => {
    const { libraries } = observe({
      ...base,
      [`${directory}/nvplugin.so.${version}`]: library(`nvplugin.so.${version}`),
    })
    expect(named(libraries, `nvplugin.so.${version}`)?.capabilities).toEqual([])
  })

  test("what a library needs has its capabilities, over any number of steps, whatever its name", () => {
    const { libraries } = observe({
      ...base,
      [`${directory}/libEGL_nvidia.so.${version}`]: library("libEGL_nvidia.so.0", {
        needed: [`libnvidia-newcore.so.${version}`, "libc.so.6"],
      }),
      [`${directory}/libnvidia-newcore.so.${version}`]: library(`libnvidia-newcore.so.${version}`, {
        needed: [`libnvidia-deeper.so.${version}`],
      }),
      [`${directory}/libnvidia-deeper.so.${version}`]: library(`libnvidia-deeper.so.${version}`, {
        needed: [`libnvidia-newcore.so.${version}`],
      }),
    })
    const deeper = named(libraries, `libnvidia-deeper.so.${version}`)
    expect(deeper?.capabilities).toEqual(["graphics"])
    expect(deeper?.reasons).toEqual([
      { kind: "needed", by: hostPath(`${directory}/libnvidia-newcore.so.${version}`) },
    ])
  })

  test("what a library needs and is not there is a finding; the C library is not the driver's", () => {
    const { findings } = observe({
      ...base,
      [`${directory}/libcuda.so.${version}`]: library("libcuda.so.1", {
        needed: [`libnvidia-gone.so.${version}`, "libc.so.6"],
      }),
    })
    const missing = findings.flatMap(({ fault }) =>
      fault.tag === "DriverLibraryNeeded" ? [fault.data.needs] : [],
    )
    expect(missing).toEqual([`libnvidia-gone.so.${version}`])
  })

  test("what carries no version of the driver's comes under the name by which it is needed", () => {
    const { libraries, findings } = observe({
      ...base,
      [`${directory}/libcuda.so.${version}`]: library("libcuda.so.1", {
        needed: ["libnvidia-newthing.so.2", "libnvrm_weird.so.1", "libnvidia-gone.so.1", "libdrm.so.2"],
      }),
      [`${directory}/libnvidia-newthing.so.2`]: { kind: "symlink", target: "libnvidia-newthing.so.2.7.1" },
      [`${directory}/libnvidia-newthing.so.2.7.1`]: library("libnvidia-newthing.so.2", {
        needed: ["libnvrm_deep.so"],
      }),
      [`${directory}/libnvrm_weird.so.1`]: library("libnvrm_weird.so.1"),
      [`${directory}/libnvrm_deep.so`]: library("libnvrm_deep.so"),
      [`${directory}/libdrm.so.2`]: library("libdrm.so.2"),
      [`${directory}/libnvinfer.so.8`]: library("libnvinfer.so.8"),
    })
    const brought = libraries.filter(({ reasons }) => reasons.some(({ kind }) => kind === "needed"))
    expect(brought.map(({ path, capabilities }) => [baseName(path), ...capabilities])).toEqual([
      ["libnvidia-newthing.so.2.7.1", "compute"],
      ["libnvrm_deep.so", "compute"],
      ["libnvrm_weird.so.1", "compute"],
    ])
    expect(libraries).toHaveLength(5)
    const missing = findings.flatMap(({ fault }) =>
      fault.tag === "DriverLibraryNeeded" ? [fault.data.needs] : [],
    )
    expect(missing).toEqual(["libnvidia-gone.so.1"])
  })

  test("one that no table names and nobody needs is there for all capabilities, and said", () => {
    const { libraries, findings } = observe({
      ...base,
      [`${directory}/libnvidia-tomorrow.so.${version}`]: library("libnvidia-tomorrow.so.1"),
    })
    expect(named(libraries, `libnvidia-tomorrow.so.${version}`)).toMatchObject({
      capabilities: [],
      reasons: [{ kind: "version" }],
    })
    expect(findings.map(({ fault }) => fault.tag)).toContain("DriverLibraryUnknown")
  })

  test("of two for thread-local storage the one with the newer ABI note counts, wherever it lies", () => {
    const tls = (linux: readonly [number, number, number]): MemoryTree[string] =>
      library(`libnvidia-tls.so.${version}`, { abi: { os: "linux", version: linux } })
    const name = `libnvidia-tls.so.${version}`
    const found = (own: readonly [number, number, number], below: readonly [number, number, number]) =>
      named(
        observe({ ...base, [`${directory}/${name}`]: tls(own), [`${directory}/tls/${name}`]: tls(below) })
          .libraries,
        name,
      )?.path
    expect(found([2, 2, 5], [2, 3, 99])).toBe(hostPath(`${directory}/tls/${name}`))
    expect(found([2, 3, 99], [2, 3, 99])).toBe(hostPath(`${directory}/${name}`))
    expect(found([2, 2, 5], [2, 2, 5])).toBe(hostPath(`${directory}/${name}`))
  })

  test("the C library that it needs is known by its symbol versions", () => {
    const { libraries } = observe({
      ...base,
      [`${directory}/libcuda.so.${version}`]: library("libcuda.so.1", {
        needed: ["libc.so.6"],
        neededVersions: [{ file: "libc.so.6", versions: ["GLIBC_2.9", "GLIBC_2.17", "GLIBC_2.2.5"] }],
      }),
    })
    expect(named(libraries, `libcuda.so.${version}`)?.glibc).toBe("2.17")
    expect(named(libraries, `libnvidia-ml.so.${version}`)?.glibc).toBeUndefined()
  })

  test("32-bit libraries stand beside those of 64 bits, with capabilities of their own", () => {
    const { libraries, findings } = observe({
      ...base,
      "/usr/lib/i386-linux-gnu/libcuda.so.550.163.01": library("libcuda.so.1", { machine: "i386" }),
      "/usr/lib/i386-linux-gnu/libcuda.so.1": { kind: "symlink", target: "libcuda.so.550.163.01" },
      "/usr/lib/i386-linux-gnu/libnvidia-glcore.so.550.163.01": library("libnvidia-glcore.so.550.163.01", {
        machine: "i386",
      }),
      [`${directory}/libcuda.so.${version}`]: library("libcuda.so.1"),
    })
    expect(libraries.map(({ bits, path }) => `${bits} ${parentPath(path)} ${baseName(path)}`)).toEqual([
      `64 /usr/lib64 libnvidia-ml.so.${version}`,
      `64 /usr/lib64 libcuda.so.${version}`,
      `32 /usr/lib/i386-linux-gnu libcuda.so.${version}`,
      `32 /usr/lib/i386-linux-gnu libnvidia-glcore.so.${version}`,
    ])
    expect(libraries[2]?.links.map(({ path }) => baseName(path))).toEqual(["libcuda.so.1"])
    expect(findings.some(({ fault }) => fault.tag === "DriverFileUnusable")).toBe(false)
  })

  test("an arm64 driver is one like another; a library of a foreign machine is a finding", () => {
    const arm = { machine: "aarch64" } as const
    const { libraries, findings } = observe({
      [`/usr/lib/aarch64-linux-gnu/libnvidia-ml.so.${version}`]: library("libnvidia-ml.so.1", arm),
      [`/usr/lib/aarch64-linux-gnu/libcuda.so.${version}`]: library("libcuda.so.1", arm),
      [`/usr/lib/aarch64-linux-gnu/libnvcuvid.so.${version}`]: library("libnvcuvid.so.1"),
    })
    expect(libraries.map(({ machine }) => machine)).toEqual(["aarch64", "aarch64"])
    expect(findings.map(({ fault }) => fault.tag)).toContain("DriverFileUnusable")
  })

  test("a library that lies in two directories comes from the first in the order of search", () => {
    const { libraries } = observe({
      ...base,
      [`/usr/lib/libnvidia-ml.so.${version}`]: library("libnvidia-ml.so.1"),
    })
    const found = libraries.filter(({ path }) => baseName(path) === `libnvidia-ml.so.${version}`)
    expect(found.map(({ path }) => String(path))).toEqual([`${directory}/libnvidia-ml.so.${version}`])
  })

  test("one library of another machine does not speak for all", () => {
    const { libraries, findings } = observe({
      ...base,
      [`${directory}/libcuda.so.${version}`]: library("libcuda.so.1", { machine: "aarch64" }),
      [`${directory}/libnvcuvid.so.${version}`]: library("libnvcuvid.so.1"),
    })
    expect(libraries.map(({ path }) => baseName(path))).toEqual([
      `libnvidia-ml.so.${version}`,
      `libnvcuvid.so.${version}`,
    ])
    expect(findings).toContainEqual(
      expect.objectContaining({ evidence: [`${directory}/libcuda.so.${version}: it is built for aarch64`] }),
    )
  })

  test("a file that lies under a name of no vendor's has the links of the one that it is found by", () => {
    const at = (name: string): string => `${directory}/${name}`
    const cfg = `libnvidia-cfg.so.${version}`
    const { libraries } = observe({
      ...base,
      [at("libreal.so.9")]: library("libnvidia-cfg.so.1"),
      [at("libother.so.1")]: { kind: "symlink", target: "libreal.so.9" },
      [at(cfg)]: { kind: "symlink", target: "libother.so.1" },
      [at("libnvidia-cfg.so.1")]: { kind: "symlink", target: cfg },
      [at("libnvidia-cfg.so")]: { kind: "symlink", target: "libnvidia-cfg.so.1" },
    })
    expect(named(libraries, "libreal.so.9")?.links.map(({ path, target }) => [String(path), target])).toEqual(
      [
        [at("libnvidia-cfg.so"), "libnvidia-cfg.so.1"],
        [at("libnvidia-cfg.so.1"), cfg],
        [at(cfg), "libreal.so.9"],
      ],
    )
  })

  test.each(["libnvidia-ml.so.1", "libother.so.9"])(
    "a file that is called otherwise, with SONAME %s, is the library that it is found as",
    (soname) => {
      const at = (name: string): string => `${directory}/${name}`
      const ml = `libnvidia-ml.so.${version}`
      const { libraries, findings } = observe({
        [at(`libcuda.so.${version}`)]: library("libcuda.so.1"),
        [at("libother.so.9")]: library(soname),
        [at(ml)]: { kind: "symlink", target: "libother.so.9" },
        [at("libnvidia-ml.so.1")]: { kind: "symlink", target: ml },
      })
      expect(named(libraries, "libother.so.9")).toMatchObject({
        capabilities: ["utility"],
        reasons: [{ kind: "table", capability: "utility" }],
        links: [
          { path: at("libnvidia-ml.so.1"), target: ml },
          { path: at(ml), target: "libother.so.9" },
        ],
      })
      expect(findings.filter(({ severity }) => severity === "error")).toEqual([])
      // In the tables' order, whatever the file is called.
      expect(libraries.map(({ path }) => baseName(path))).toEqual(["libother.so.9", `libcuda.so.${version}`])
    },
  )

  test("without its configuration such a file is told of as under its own name", () => {
    const at = (name: string): string => `${directory}/${name}`
    const { findings } = observe({
      [at(`libcuda.so.${version}`)]: library("libcuda.so.1"),
      [at("libother.so.9")]: library("libnvoptix.so.1"),
      [at(`libnvoptix.so.${version}`)]: { kind: "symlink", target: "libother.so.9" },
    })
    expect(
      findings.flatMap(({ fault }) => (fault.tag === "DriverFileMissing" ? [fault.data.name] : [])),
    ).toContain("nvoptix.bin")
  })

  test("a link named as a file of the driver brings the file, once", () => {
    const { libraries } = observe({
      ...base,
      [`${directory}/libcuda.so.${version}`]: {
        kind: "symlink",
        target: `../lib/real/libcuda.so.${version}`,
      },
      [`/usr/lib/real/libcuda.so.${version}`]: library("libcuda.so.1"),
    })
    expect(libraries.map(({ rootPath }) => String(rootPath))).toContain(`/usr/lib/real/libcuda.so.${version}`)
  })
})

describe("two drivers on one machine", () => {
  const directory = "/usr/lib64"
  const installed = (versionHere: string): MemoryTree => ({
    [`${directory}/libcuda.so.${versionHere}`]: library("libcuda.so.1"),
    [`${directory}/libnvidia-ml.so.${versionHere}`]: library("libnvidia-ml.so.1"),
    [`${directory}/libcuda.so.1`]: { kind: "symlink", target: `libcuda.so.${versionHere}` },
    [`${directory}/libnvidia-ml.so.1`]: { kind: "symlink", target: `libnvidia-ml.so.${versionHere}` },
  })
  const mismatchIn = (tree: MemoryTree) =>
    observe(tree).findings.flatMap(({ severity, fault }) =>
      fault.tag === "DriverVersionMismatch" ? [[severity, fault.data.userSpace]] : [],
    )

  test("only the newer one's files are there: nothing can be given", () => {
    expect(mismatchIn(installed("570.86.10"))).toEqual([["error", ["570.86.10"]]])
  })
  test("both are there and the links lead to the newer: containers get the module's, the host's programs fail", () => {
    const tree = { ...installed(version), ...installed("570.86.10") }
    expect(mismatchIn(tree)).toEqual([["warning", ["570.86.10"]]])
    expect(observe(tree).libraries.map(({ path }) => baseName(path))).toEqual([
      `libnvidia-ml.so.${version}`,
      `libcuda.so.${version}`,
    ])
  })
  test("one alone, of the module's version, is no finding", () => {
    expect(mismatchIn(installed(version))).toEqual([])
  })
})

describe("what is missing says what will not work", () => {
  const without = (path: string, machine = memoryMachine({ gpus: 1, change: (tree) => delete tree[path] })) =>
    observeDriver(machine, place).findings.map(({ fault }) =>
      fault.tag === "DriverFileMissing"
        ? `${fault.data.consequence}: ${fault.data.name} not found`
        : fault.tag,
    )
  const directory = "/usr/lib/x86_64-linux-gnu"
  const rows: readonly (readonly [path: string, finding: string])[] = [
    ["/usr/share/nvidia/nvoptix.bin", "OptiX denoiser will fail: nvoptix.bin not found"],
    [
      "/usr/share/glvnd/egl_vendor.d/10_nvidia.json",
      "EGL programs will not find the GPU: 10_nvidia.json not found",
    ],
    ["/etc/vulkan/icd.d/nvidia_icd.json", "Vulkan programs will not find the GPU: nvidia_icd.json not found"],
    ["/etc/OpenCL/vendors/nvidia.icd", "OpenCL programs will not find the GPU: nvidia.icd not found"],
    [
      `${directory}/libnvidia-encode.so.${version}`,
      `NVENC video encoding will fail: libnvidia-encode.so.${version} not found`,
    ],
    [`${directory}/libcuda.so.${version}`, `CUDA programs will not start: libcuda.so.${version} not found`],
    [`${directory}/libnvidia-ml.so.${version}`, "DriverLibraryMissing"],
  ]
  for (const [path, finding] of rows)
    test(path, () => {
      expect(without(path)).toContain(finding)
    })
})
