import { describe, expect, test } from "bun:test"
import { parseElf } from "../../../src/core/elf/parse-elf.ts"
import { parseElfWithDemands } from "../../../src/core/elf/parse-elf-demands.ts"
import { flagsOf } from "../../../src/core/ldcache/ldcache.ts"
import { parseLdcache } from "../../../src/core/ldcache/parse-ldcache.ts"
import { describeMachine, listGpus, type MachineShape } from "../../../src/host/simulate/machine.ts"
import type { Made } from "../../../src/host/simulate/made.ts"
import { findModel, models } from "../../../src/host/simulate/models.ts"
import { uuidFor } from "../../../src/host/simulate/write-machine.ts"

const a100 = findModel("a100")
if (a100 === undefined) throw new Error("no a100")
const shape: MachineShape = { model: a100, gpus: 2, driverVersion: "550.163.01", uuidFor }
const describeWith = (more: Partial<MachineShape>): readonly Made[] => describeMachine({ ...shape, ...more })

const fileAt = (made: readonly Made[], path: string): Uint8Array => {
  const found = made.find((one) => one.path === path)
  return found?.kind === "file" ? found.content : new Uint8Array()
}
const librariesIn = (made: readonly Made[], directory: string) =>
  made.flatMap((one) => {
    if (one.kind !== "file" || !one.path.startsWith(`${directory}/`)) return []
    const elf = parseElf(one.content)
    return elf.ok ? [{ path: one.path, ...elf.value }] : []
  })

describe("a generated machine", () => {
  test.each(models.map((model) => [model.name, model] as const))(
    "of model %s has no path twice",
    (_name, model) => {
      const made = describeWith({
        model,
        gpus: 64,
        imexChannels: 4,
        driverRoot: "/run/nvidia/driver",
        hasCompat32: true,
      })
      expect(new Set(made.map(({ path }) => path)).size).toBe(made.length)
    },
  )

  test("of 64 GPUs has 64 addresses, in the order of their minors", () => {
    const addresses = listGpus({ ...shape, gpus: 64 }).map(({ pciAddress }) => pciAddress)
    expect(new Set(addresses).size).toBe(64)
    expect([...addresses].sort()).toEqual(addresses)
  })

  test("with libraries of 32 bits has them beside the others, and in the loader's cache", () => {
    const made = describeWith({ hasCompat32: true })
    const narrow = librariesIn(made, "/usr/lib/i386-linux-gnu")
    expect(narrow.map(({ bits, machine }) => `${bits} ${machine}`)).toEqual(narrow.map(() => "32 i386"))
    expect(narrow.length).toBeGreaterThan(15)
    const cache = parseLdcache(fileAt(made, "/etc/ld.so.cache"))
    const cuda = cache.ok ? cache.value.entries.filter(({ soname }) => soname === "libcuda.so.1") : []
    expect(cuda.map(({ path, flags }) => [path, flags]).sort()).toEqual([
      ["/usr/lib/i386-linux-gnu/libcuda.so.1", flagsOf.i386],
      ["/usr/lib/x86_64-linux-gnu/libcuda.so.1", flagsOf["x86-64"]],
    ])
  })

  test("for arm64 has libraries of that machine and no other", () => {
    const made = describeWith({ architecture: "aarch64" })
    const wide = librariesIn(made, "/usr/lib/aarch64-linux-gnu")
    expect(new Set(wide.map(({ machine }) => machine))).toEqual(new Set(["aarch64"]))
    expect(librariesIn(made, "/usr/lib/x86_64-linux-gnu")).toEqual([])
    expect(new TextDecoder().decode(fileAt(made, "/proc/driver/nvidia/version"))).toContain(
      "UNIX aarch64 Kernel",
    )
  })

  test("shows the sockets of services below /var/run too, as programs look for them there", () => {
    expect(describeWith({})).toContainEqual({ kind: "symlink", path: "/var/run", target: "../run" })
  })

  test("has one library that asks for a system with thread-local storage, as the driver's does", () => {
    const made = describeWith({ hasCompat32: true })
    const abis = made.flatMap((one) => {
      if (one.kind !== "file" || !one.path.includes(".so.")) return []
      const demands = parseElfWithDemands((offset, length) => one.content.subarray(offset, offset + length))
      return demands.ok && demands.value.abi !== undefined ? [{ path: one.path, abi: demands.value.abi }] : []
    })
    const abi = { os: "linux", version: [2, 3, 99] } as const
    expect(abis).toEqual([
      { path: "/usr/lib/x86_64-linux-gnu/libnvidia-tls.so.550.163.01", abi },
      { path: "/usr/lib/i386-linux-gnu/libnvidia-tls.so.550.163.01", abi },
    ])
  })
})
