import { expect, test } from "bun:test"
import { canDriverCome, driverOfModules, driverPlaces } from "../../../src/core/generate/driver-to-come.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"

const file = (content: string) => ({ kind: "file", content }) as const
const kernel = (modules: string, more: MemoryTree = {}) =>
  createMemoryHost({
    "/proc/sys/kernel/osrelease": file("6.12.0\n"),
    "/lib/modules/6.12.0/modules.dep": file(modules),
    ...more,
  })

test.each([
  ["updates/dkms/nvidia.ko.xz: kernel/drivers/video/backlight.ko.xz\n"],
  ["kernel/a.ko:\nextra/nvidia/nvidia.ko:"],
  ["updates/dkms/nvidia-current.ko.zst:\n"],
  ["updates/dkms/nvidia-tesla-470.ko:\n"],
])("a driver may come to a kernel that has %j", (modules) => {
  expect(canDriverCome(kernel(modules))).toBe(true)
})

test.each([
  [""],
  ["kernel/drivers/gpu/drm/nouveau/nouveau.ko: kernel/drivers/nvidia.ko\n"],
  ["kernel/drivers/video/fbdev/nvidia/nvidiafb.ko.xz:\n"],
  [
    "kernel/drivers/platform/x86/nvidia-wmi-ec-backlight.ko.zst:\nkernel/drivers/perf/arm_cspmu/nvidia_cspmu.ko:\n",
  ],
  ["kernel/drivers/i2c/busses/i2c-nvidia-gpu.ko:\n"],
  ["extra/nvidia.koala:\n"],
])("none comes to a kernel that has %j alone", (modules) => {
  expect(canDriverCome(kernel(modules))).toBe(false)
})

test("one comes to a kernel whose module is called like another device's, and longer", () => {
  expect(canDriverCome(kernel("extra/nvidiafb.kombi.ko:\n"))).toBe(true)
})

test.each([
  "/usr/src/linux-headers-6.12.0/Makefile",
  "/usr/src/akmods/v4l2.src.rpm",
  "/var/lib/dkms/zfs/2.2/source",
])("none comes of another's sources: %s", (path) => {
  expect(canDriverCome(kernel("", { [path]: file("") }))).toBe(false)
})

test.each([
  ["/usr/src/nvidia-550.163.01/dkms.conf"],
  ["/usr/src/akmods/nvidia-kmod-550.163.01-1.fc41.src.rpm"],
  ["/var/lib/dkms/nvidia/550.163.01/source"],
  ["/run/nvidia/driver/usr/bin/nvidia-smi"],
])("one may come where there is %s", (path) => {
  expect(canDriverCome(kernel("", { [path]: file("") }))).toBe(true)
})

test("and where nobody can say what the kernel has", () => {
  expect(canDriverCome(createMemoryHost({}))).toBe(true)
  expect(canDriverCome(createMemoryHost({ "/proc/sys/kernel/osrelease": file("6.12.0\n") }))).toBe(true)
})

test("it shows in the kernel's list, where sources lie and in the container's place; without a kernel's name in no list", () => {
  const others = ["/usr/src", "/usr/src/akmods", "/var/lib/dkms", "/run/nvidia"]
  expect(driverPlaces(kernel("")).map(String)).toEqual(["/lib/modules/6.12.0/modules.dep", ...others])
  for (const tree of [{}, { "/proc/sys/kernel/osrelease": file("\n") }])
    expect(driverPlaces(createMemoryHost(tree)).map(String)).toEqual(others)
})

test("one of several sources is enough", () => {
  expect(
    canDriverCome(
      kernel("", { "/usr/src/linux-headers-6.12.0/Makefile": file(""), "/usr/src/nvidia-550/a": file("") }),
    ),
  ).toBe(true)
})

test("a driver of other modules comes by their own names alone, and has no place where containers begin", () => {
  const intel = driverOfModules(["xe", "i915"])
  const amd = driverOfModules(["amdgpu"])
  const dep = "kernel/drivers/gpu/drm/xe/xe.ko.xz: a.ko\nkernel/drivers/gpu/drm/amd/amdxcp/amdxcp.ko:\n"
  expect(canDriverCome(kernel(dep), intel)).toBe(true)
  expect(canDriverCome(kernel(dep), amd)).toBe(false)
  expect(canDriverCome(kernel("kernel/amdgpu.ko:\n"), amd)).toBe(true)
  expect(canDriverCome(kernel("", { "/run/nvidia": { kind: "directory" } }), amd)).toBe(false)
  const sources = (name: string) => kernel("", { [`/usr/src/${name}/Makefile`]: file("") })
  expect(canDriverCome(sources("amdgpu-6.8.5-2009582.22.04"), amd)).toBe(true)
  expect(canDriverCome(sources("intel-i915-dkms-1.23.10.54"), intel)).toBe(true)
  expect(canDriverCome(sources("xen-6.12"), intel)).toBe(false)
  expect(driverPlaces(kernel(""), amd).map(String)).toEqual([
    "/lib/modules/6.12.0/modules.dep",
    "/usr/src",
    "/usr/src/akmods",
    "/var/lib/dkms",
  ])
})
