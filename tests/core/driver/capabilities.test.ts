import { describe, expect, test } from "bun:test"
import type { DriverCapability } from "../../../src/core/driver/capability.ts"
import { observeDriver } from "../../../src/core/driver/observe-driver.ts"
import { renderElf } from "../../../src/core/elf/render-elf.ts"
import { chooseDriverFiles, listDriverFiles } from "../../../src/core/explain/render-driver-files.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { baseName } from "../../../src/core/text/path.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"

/**
 * What the reference gives for each capability. Source: facts, nvidia-container-cli §2.4: the tables of libnvidia-container 1.19, as a
 * published log of that version has them.
 */
const utility = ["libnvidia-ml", "libnvidia-cfg", "libnvidia-nscq"]
const compute = [
  ..."libcuda libcudadebugger libnvidia-opencl libnvidia-gpucomp libnvidia-ptxjitcompiler".split(" "),
  ..."libnvidia-fatbinaryloader libnvidia-allocator libnvidia-compiler libnvidia-pkcs11".split(" "),
  ..."libnvidia-pkcs11-openssl3 libnvidia-nvvm libnvidia-tileiras".split(" "),
]
const video = "libvdpau_nvidia libnvidia-encode libnvidia-opticalflow libnvcuvid".split(" ")
const graphics = [
  ..."libnvidia-eglcore libnvidia-glcore libnvidia-tls libnvidia-glsi libnvidia-fbc libnvidia-ifr".split(" "),
  ..."libnvidia-rtcore libnvoptix libGLX_nvidia libEGL_nvidia libGLESv2_nvidia".split(" "),
  ..."libGLESv1_CM_nvidia libnvidia-glvkspirv libnvidia-cbl".split(" "),
]
const ngx = ["libnvidia-ngx"]
const utilityPrograms = ["nvidia-smi", "nvidia-debugdump", "nvidia-persistenced", "nv-fabricmanager"]
const computePrograms = ["nvidia-cuda-mps-control", "nvidia-cuda-mps-server"]

const expected: Readonly<Partial<Record<DriverCapability, readonly string[]>>> = {
  utility: [...utility, ...utilityPrograms],
  compute: [...compute, ...computePrograms],
  // Video needs what compute needs, but not its programs.
  video: [...compute, ...video],
  // The reference makes the link in gbm/ that leads to it, and then gives it with compute alone.
  graphics: [...graphics, "libnvidia-allocator"],
  display: [...graphics, "libnvidia-allocator"],
  ngx,
}

const version = "550.163.01"

/** A machine that has every file of the tables, in both classes, and nothing that needs anything. */
function fullMachine(): MemoryTree {
  const tree: Record<string, MemoryTree[string]> = {}
  const directories = { "x86-64": "/usr/lib/x86_64-linux-gnu", i386: "/usr/lib/i386-linux-gnu" } as const
  for (const machine of ["x86-64", "i386"] as const)
    for (const stem of [...utility, ...compute, ...video, ...graphics, ...ngx]) {
      const soname = `${stem}.so.1`
      const content = renderElf({ machine, soname, needed: [], symbol: "answer", answer: 1 })
      tree[`${directories[machine]}/${stem}.so.${version}`] = { kind: "file", content }
    }
  for (const name of [...utilityPrograms, ...computePrograms])
    tree[`/usr/bin/${name}`] = { kind: "file", content: "#!/bin/sh\n", mode: 0o755 }
  return tree
}

const driver = observeDriver(createMemoryHost(fullMachine()), {
  driverRoot: hostPath("/"),
  version,
  ldcache: "/etc/ld.so.cache",
})

const chosen = (...capabilities: readonly DriverCapability[]): readonly string[] =>
  chooseDriverFiles(listDriverFiles(driver), capabilities).map(
    ({ path, bits }) => `${baseName(path).replace(/\.so\..*$/, "")}${bits === 32 ? " (32)" : ""}`,
  )

describe("each capability brings the reference's files", () => {
  for (const [capability, names] of Object.entries(expected))
    test(capability, () => {
      expect([...chosen(capability as DriverCapability)].sort()).toEqual([...names].sort())
    })

  test("compat32 adds the 32-bit copies of the capabilities beside it, and none by itself", () => {
    expect(chosen("compat32")).toEqual([])
    const both = [...utility, ...utility.map((name) => `${name} (32)`), ...utilityPrograms]
    expect([...chosen("utility", "compat32")].sort()).toEqual(both.sort())
  })

  test("all of them bring everything there is", () => {
    const every: readonly DriverCapability[] = [
      "compat32",
      "compute",
      "display",
      "graphics",
      "ngx",
      "utility",
      "video",
    ]
    expect(chosen(...every)).toHaveLength(listDriverFiles(driver).length)
  })
})
