import { describe, expect, test } from "bun:test"
import { judge } from "../../machine.ts"

const config = "accept-nvidia-visible-devices-as-volume-mounts = true\n"
const delegated = `${config}[gantry]\ninjector = "delegate"\n`
const shadowed = `${config}[gantry]\nmode = "shadow"\n`

const asked = (name: string, toml: string, mode?: "legacy" | "jit-cdi" | "cdi" | "csv"): string => {
  const mounts = [{ source: "/dev/null", destination: `/var/run/nvidia-container-devices${name}` }]
  const decision = judge({ env: [], config: toml, mounts, ...(mode === undefined ? {} : { mode }) })
  return decision.kind === "gpu" ? decision.request.devices.join(",") : decision.kind
}

describe("devices asked for by mounts", () => {
  test("another directory, whose name begins as the magic one's does, asks for nothing", () => {
    for (const mode of ["legacy", "jit-cdi", "csv"] as const)
      for (const name of ["X/1", "1", ".old/0", "-imex/0"]) expect(asked(name, config, mode)).toBe("nothing")
    expect(asked("/1", config)).toBe("1")
    expect(asked("//./1/", config)).toBe("1")
  })

  test("who stands in the reference's place reads it as the reference does", () => {
    expect(asked("X/1", delegated)).toBe("X/1")
    expect(asked("X/1", shadowed)).toBe("X/1")
    expect(asked("X/1", delegated, "jit-cdi")).toBe("nothing")
  })
})
