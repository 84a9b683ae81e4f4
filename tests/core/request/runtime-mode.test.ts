import { describe, expect, test } from "bun:test"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import { parseConfig } from "../../../src/core/request/parse-config.ts"
import { chooseRuntimeMode } from "../../../src/core/request/runtime-mode.ts"

function choose(mode: string | undefined, programName = "nvidia-container-runtime", isTegra = false): string {
  const text = mode === undefined ? "" : `[nvidia-container-runtime]\nmode = ${JSON.stringify(mode)}\n`
  const parsed = parseConfig(text, undefined)
  if (!parsed.ok) throw new Error(text)
  const chosen = chooseRuntimeMode(programName, parsed.value.config, () => isTegra)
  return chosen.ok ? chosen.value : renderFaultLine(chosen.fault)
}

describe("the mode that the wrapper serves a container in", () => {
  test.each(["cdi", "csv", "jit-cdi", "legacy"])("%s, as the configuration says", (mode) => {
    expect(choose(mode)).toBe(mode)
  })

  test.each([undefined, "auto"])("%s goes by the machine", (mode) => {
    expect(choose(mode)).toBe("jit-cdi")
    expect(choose(mode, "nvidia-container-runtime", true)).toBe("csv")
  })

  test("the program's own name goes before", () => {
    expect(choose("csv", "nvidia-container-runtime.cdi")).toBe("cdi")
    expect(choose("bogus", "nvidia-container-runtime.legacy")).toBe("legacy")
  })

  test.each(["CDI", "", "bogus", " cdi"])(
    "%p is none, in the reference's words, and the remedy is the wrapper's",
    (mode) => {
      const line = choose(mode)
      expect(line).toStartWith(
        `failed to create NVIDIA Container Runtime: failed to construct OCI spec modifier: invalid mode ${JSON.stringify(mode)} [GAN1218]: `,
      )
      expect(line).not.toContain("--runtime=nvidia")
    },
  )
})
