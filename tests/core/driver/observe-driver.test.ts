import { describe, expect, test } from "bun:test"
import { observeDriver } from "../../../src/core/driver/observe-driver.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import type { MemoryTree } from "../../../src/host/memory.ts"
import { memoryMachine } from "../../machine.ts"

const place = { driverRoot: hostPath("/"), version: "550.163.01", ldcache: "/etc/ld.so.cache" }

const boardLists: MemoryTree = {
  "/etc/nvidia-container-runtime/host-files-for-container.d/l4t.csv": {
    kind: "file",
    content: "dir, /lib/firmware\n",
  },
}

describe("the driver catalogue", () => {
  test("libraries with their capabilities and SONAMEs, binaries, firmware", () => {
    const catalogue = observeDriver(memoryMachine({ gpus: 1 }), place)
    const cuda = catalogue.libraries.find(({ path }) => path.includes("libcuda.so"))
    expect(cuda).toEqual({
      path: hostPath("/usr/lib/x86_64-linux-gnu/libcuda.so.550.163.01"),
      rootPath: hostPath("/usr/lib/x86_64-linux-gnu/libcuda.so.550.163.01"),
      soname: "libcuda.so.1",
      bits: 64,
      glibc: undefined,
      machine: "x86-64",
      capabilities: ["compute"],
      reasons: [{ kind: "table", capability: "compute" }],
      links: [
        { path: hostPath("/usr/lib/x86_64-linux-gnu/libcuda.so"), target: "libcuda.so.1" },
        { path: hostPath("/usr/lib/x86_64-linux-gnu/libcuda.so.1"), target: "libcuda.so.550.163.01" },
      ],
    })
    expect(catalogue.libraries.some(({ path }) => path.includes("/vdpau/libvdpau_nvidia.so."))).toBe(true)
    expect(catalogue.binaries.map(({ path }) => String(path))).toContain("/usr/bin/nvidia-smi")
    expect(catalogue.firmware).toHaveLength(2)
    expect(catalogue.findings).toEqual([])
  })

  test("files of another version, and files that are no libraries, are not the driver's", () => {
    const host = memoryMachine({
      gpus: 1,
      change(tree) {
        tree["/usr/lib/x86_64-linux-gnu/libcuda.so.550.163.01"] = { kind: "file", content: "a script" }
        tree["/usr/lib/x86_64-linux-gnu/libnvcuvid.so.999.0"] = { kind: "file", content: "" }
      },
    })
    const paths = observeDriver(host, place).libraries.map(({ path }) => String(path))
    expect(paths.some((path) => path.includes("libcuda.so"))).toBe(false)
    expect(paths.some((path) => path.includes("999"))).toBe(false)
  })

  test("a driver in a root of its own is found there", () => {
    const host = memoryMachine({
      gpus: 1,
      change(tree) {
        for (const [path, entry] of Object.entries(tree)) {
          if (!/^\/(usr|etc|lib)\//.test(path)) continue
          tree[`/run/nvidia/driver${path}`] = entry
          delete tree[path]
        }
      },
    })
    expect(observeDriver(host, place).findings).toMatchObject([
      { severity: "error", fault: { tag: "DriverLibraryMissing" } },
    ])
    const inside = observeDriver(host, { ...place, driverRoot: hostPath("/run/nvidia/driver") })
    expect(inside.findings).toEqual([])
    expect(inside.libraries[0]?.path.startsWith("/run/nvidia/driver/usr/lib/")).toBe(true)
  })

  test("lists that a board left behind are nobody's where no board is", () => {
    const host = memoryMachine({
      gpus: 1,
      change(tree) {
        Object.assign(tree, boardLists)
      },
    })
    const plain = observeDriver(memoryMachine({ gpus: 1 }), place)
    const { binaries, configurations, modules } = observeDriver(host, place)
    expect({ binaries, configurations, modules }).toEqual({
      binaries: plain.binaries,
      configurations: plain.configurations,
      modules: plain.modules,
    })
  })

  test("on a board lists name the driver's files, and what lacks beside them is no defect", () => {
    const host = memoryMachine({
      gpus: 1,
      change(tree) {
        Object.assign(tree, boardLists)
        for (const path of Object.keys(tree))
          if (/\/(?:libnvidia-ml\.so|nvidia-smi|nvidia\.icd)/.test(path)) delete tree[path]
      },
    })
    const listed = observeDriver(host, { ...place, isListed: true })
    expect(listed.findings).toEqual([])
    const { binaries, configurations, modules, findings } = observeDriver(host, place)
    expect(findings.length).toBeGreaterThan(0)
    expect(listed).toMatchObject({ binaries, configurations, modules })
  })

  test("the way of libgbm to the driver is made where the machine lacks it", () => {
    const link = "/usr/lib/x86_64-linux-gnu/gbm/nvidia-drm_gbm.so"
    const whole = observeDriver(memoryMachine({ gpus: 1 }), place)
    const lacking = observeDriver(memoryMachine({ gpus: 1, change: (tree) => delete tree[link] }), place)
    expect(whole.links.map(({ path }) => String(path))).toEqual([link])
    expect(lacking.links).toEqual([{ path: hostPath(link), target: "../libnvidia-allocator.so.1" }])
  })

  test("firmware that leads to no file is told of and not given", () => {
    const directory = "/lib/firmware/nvidia/550.163.01"
    const host = memoryMachine({
      gpus: 1,
      change(tree) {
        tree[`${directory}/gsp_ga10x.bin`] = { kind: "symlink", target: "../535/gsp_ga10x.bin" }
        tree[`${directory}/gsp_x.bin`] = { kind: "directory", mode: 0o755 }
        tree[`${directory}/gsp_l.bin`] = { kind: "symlink", target: "gsp_tu10x.bin" }
      },
    })
    const { firmware, findings } = observeDriver(host, place)
    expect(firmware.map(String)).toEqual([`${directory}/gsp_l.bin`, `${directory}/gsp_tu10x.bin`])
    expect(findings.map(({ fault }) => (fault.data as { readonly path?: string }).path)).toEqual([
      ...[`${directory}/gsp_ga10x.bin`, `${directory}/gsp_x.bin`],
    ])
  })

  test("without a loader cache the usual directories do", () => {
    const host = memoryMachine({ gpus: 1, change: (tree) => delete tree["/etc/ld.so.cache"] })
    expect(observeDriver(host, place).libraries.length).toBeGreaterThan(25)
  })

  test.each([
    ["/usr/lib64/xorg/modules/updates/drivers/nvidia_drv.so"],
    ["/usr/lib/xorg/modules/drivers/nvidia_drv.so"],
    ["/usr/X11R6/lib64/modules/drivers/nvidia_drv.so"],
    ["/usr/lib/x86_64-linux-gnu/nvidia/xorg/nvidia_drv.so"],
    ["/usr/lib/x86_64-linux-gnu/xorg/modules/extensions/libglxserver_nvidia.so.550.163.01"],
  ])("a module of the X server at %s", (path) => {
    const host = memoryMachine({
      gpus: 1,
      change: (tree) => {
        for (const other of Object.keys(tree)) if (/nvidia_drv|libglxserver/.test(other)) delete tree[other]
        tree[path] = { kind: "file", content: "" }
      },
    })
    const { modules, searched } = observeDriver(host, place)
    expect(modules.map((one) => String(one.path))).toEqual([path])
    expect(searched.map(String)).toContain(path.slice(0, path.lastIndexOf("/")))
  })

  test("the X server's extension has the link that the server asks for, also where the machine lacks it", () => {
    const directory = "/usr/lib/xorg/modules/extensions"
    const host = memoryMachine({
      gpus: 1,
      change: (tree) => {
        for (const other of Object.keys(tree)) if (other.includes("libglxserver")) delete tree[other]
        tree[`${directory}/libglxserver_nvidia.so.550.163.01`] = { kind: "file", content: "" }
      },
    })
    expect(observeDriver(host, place).modules.flatMap(({ links }) => links)).toEqual([
      { path: hostPath(`${directory}/libglxserver_nvidia.so`), target: "libglxserver_nvidia.so.550.163.01" },
    ])
  })

  test("a program is what somebody may run", () => {
    const host = memoryMachine({
      gpus: 1,
      change: (tree) => {
        tree["/usr/bin/nvidia-smi"] = { kind: "file", content: "", mode: 0o644 }
        tree["/usr/local/bin/nvidia-debugdump"] = { kind: "file", content: "", mode: 0o644 }
      },
    })
    const paths = observeDriver(host, place).binaries.map(({ path }) => String(path))
    expect(paths).not.toContain("/usr/bin/nvidia-smi")
    expect(paths).toContain("/usr/bin/nvidia-debugdump")
  })

  test("Vulkan's file for another kind of machine is not this driver's", () => {
    const host = memoryMachine({
      gpus: 1,
      change: (tree) => {
        for (const machine of ["x86_64", "aarch64"])
          tree[`/usr/share/vulkan/icd.d/nvidia_icd.${machine}.json`] = { kind: "file", content: "{}" }
      },
    })
    const names = observeDriver(host, place).configurations.map(({ path }) => String(path))
    expect(names).toContain("/usr/share/vulkan/icd.d/nvidia_icd.x86_64.json")
    expect(names).not.toContain("/usr/share/vulkan/icd.d/nvidia_icd.aarch64.json")
  })

  test("places of configuration files that somebody names are the machine's, whatever the driver root", () => {
    const host = memoryMachine({
      gpus: 1,
      change: (tree) => {
        for (const [path, entry] of Object.entries(tree)) {
          if (!/^\/(usr|etc|lib)\//.test(path)) continue
          tree[`/run/nvidia/driver${path}`] = entry
          delete tree[path]
        }
        tree["/opt/conf/nvidia/nvoptix.bin"] = { kind: "file", content: "" }
      },
    })
    const inside = { ...place, driverRoot: hostPath("/run/nvidia/driver") }
    const found = (directory: string) =>
      observeDriver(host, { ...inside, dataDirectories: [directory] }).configurations.map(
        ({ path, containerPath }) => [String(path), String(containerPath)],
      )
    expect(found("/opt/conf")).toEqual([["/opt/conf/nvidia/nvoptix.bin", "/usr/share/nvidia/nvoptix.bin"]])
    expect(found("/usr/share")).toEqual([])
    expect(found("/run/nvidia/driver/usr/share").length).toBeGreaterThan(1)
  })

  test("firmware is sought file by file, as the kernel does", () => {
    const host = memoryMachine({
      gpus: 1,
      change: (tree) => {
        for (const path of Object.keys(tree)) if (path.startsWith("/lib/firmware/")) delete tree[path]
        tree["/sys/module/firmware_class/parameters/path"] = { kind: "file", content: "/data/fw\n" }
        tree["/data/fw/nvidia/550.163.01/gsp_tu10x.bin"] = { kind: "file", content: "" }
        tree["/lib/firmware/updates/nvidia/550.163.01/gsp_tu10x.bin"] = { kind: "file", content: "" }
        tree["/lib/firmware/nvidia/550.163.01/gsp_ga10x.bin"] = { kind: "file", content: "" }
      },
    })
    expect(observeDriver(host, place).firmware.map(String)).toEqual([
      "/lib/firmware/nvidia/550.163.01/gsp_ga10x.bin",
      "/data/fw/nvidia/550.163.01/gsp_tu10x.bin",
    ])
  })

  test("a root that holds the driver and nothing else has Vulkan's files at its top", () => {
    const host = memoryMachine({
      gpus: 1,
      change: (tree) => {
        for (const path of Object.keys(tree)) if (path.includes("/vulkan/")) delete tree[path]
        tree["/vulkan/icd.d/nvidia_icd.json"] = { kind: "file", content: "{}" }
      },
    })
    expect(observeDriver(host, place).configurations).toContainEqual(
      expect.objectContaining({
        path: "/vulkan/icd.d/nvidia_icd.json",
        containerPath: "/etc/vulkan/icd.d/nvidia_icd.json",
      }),
    )
  })
})

describe("where was looked", () => {
  const searchedOn = (change: (tree: Record<string, MemoryTree[string]>) => void, more: object = {}) =>
    observeDriver(memoryMachine({ gpus: 1, change }), { ...place, ...more }).searched.map(String)

  test("is where something else could come to fit a pattern", () => {
    const searched = searchedOn(
      (tree) => {
        tree["/opt/a/driver/libfoo.so"] = { kind: "file", content: "" }
      },
      { searchPaths: ["/opt/*/driver/lib*"] },
    )
    expect(searched).toEqual(expect.arrayContaining(["/opt", "/opt/a/driver"]))
  })

  test("is where links lead that were found, and below that", () => {
    const directory = "/usr/lib/x86_64-linux-gnu"
    const searched = searchedOn((tree) => {
      for (const [path, entry] of Object.entries(tree))
        if (path.startsWith(`${directory}/lib`) && entry.kind === "file") {
          const moved = path.replace(directory, "/opt/real")
          tree[moved] = entry
          tree[path] = { kind: "symlink", target: moved }
        }
    })
    expect(searched).toEqual(expect.arrayContaining(["/opt/real", "/opt/real/gbm", "/opt/real/vdpau"]))
  })

  test("a pattern that fits more than there is room for keeps no driver from being found", () => {
    const host = memoryMachine({
      gpus: 1,
      change(tree) {
        for (let index = 0; index < 600; index++) tree[`/many/${index}`] = { kind: "directory" }
      },
    })
    expect(observeDriver(host, { ...place, searchPaths: ["/many/*"] }).libraries.length).toBeGreaterThan(20)
  })
})
