import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import { cudaVersionOf } from "../../../src/core/inventory/driver-branch.ts"
import { generationOf } from "../../../src/core/inventory/gpu-model.ts"
import { checkRequirement } from "../../../src/core/requirement/check-requirement.ts"
import { compareVersions } from "../../../src/core/text/version.ts"

const facts = { cuda: "12.4", driver: "550.163.01", arch: "8.0", brand: "Tesla" }

const judged = (requirement: string, known: Parameters<typeof checkRequirement>[1] = facts): string => {
  const result = checkRequirement(requirement, known)
  return result.ok ? "holds" : result.fault.tag
}

describe("requirements", () => {
  test.each([
    ["cuda>=12.4", "holds"],
    ["cuda>=12.5", "RequirementUnmet"],
    ["cuda>=12", "holds"],
    ["cuda<=12.4.0", "holds"],
    ["driver>=550,driver<551", "holds"],
    ["driver>=550,driver<550.100", "RequirementUnmet"],
    ["cuda>=13 brand=tesla,driver>=470", "holds"],
    ["cuda>=13 brand=geforce,driver>=470", "RequirementUnmet"],
    ["brand=TESLA", "holds"],
    ["brand!=tesla", "RequirementUnmet"],
    ["arch>=7.0", "holds"],
    ["CUDA>=12.4", "holds"],
    ["", "holds"],
    ["  ", "holds"],
    [",cuda>=12.4,", "holds"],
    ["cuda", "RequirementInvalid"],
    ["cuda==12.4", "RequirementInvalid"],
    ["cuda=>12.4", "RequirementInvalid"],
    ["cuda>=x", "RequirementInvalid"],
    ["memory>=1", "RequirementInvalid"],
    ["brand>tesla", "RequirementInvalid"],
    ["cuda>=12.4 nonsense", "holds"],
    ["cuda>=13,nonsense", "RequirementUnmet"],
  ])("%j %s", (requirement, outcome) => {
    expect(judged(requirement)).toBe(outcome)
  })

  test.each([
    ["cuda>=12.5", 555],
    ["cuda>=13.0", 580],
    ["cuda>=12.6 brand=tesla,driver>=535.200,driver<536", 560],
    ["cuda>=99", undefined],
    ["arch>=9.0", undefined],
    ["driver<535", undefined],
    ["driver>=550.200", 550],
  ])("%s: the smallest branch that would do is %p", (requirement, branch) => {
    const result = checkRequirement(requirement, { ...facts, brand: "Unknown" })
    expect(result).toMatchObject({ ok: false, fault: { tag: "RequirementUnmet", data: { branch } } })
  })

  test("an expression of megabytes is judged", () => {
    expect(checkRequirement("cuda>=99,driver>=999 ".repeat(100_000), facts).ok).toBe(false)
  })

  test("the message says what was asked for, what is there, and what would do", () => {
    const result = checkRequirement("cuda>=12.6 brand=geforce", facts)
    expect(result.ok ? "" : renderFaultLine(result.fault)).toBe(
      "nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.6, please update your driver to a newer version, or use an earlier cuda container: the image asks for cuda>=12.6 brand=geforce; driver 550.163.01 gives cuda 12.4; the GPU has arch 8.0, brand Tesla [GAN2106]: a driver of branch 560 would do: update the driver, take an older image, or set NVIDIA_DISABLE_REQUIRE=1 if you know that it works",
    )
  })

  test("what is not known holds", () => {
    const unknown = { cuda: undefined, driver: undefined, arch: undefined, brand: undefined }
    for (const requirement of ["cuda>=99", "driver>=999", "arch>=99", "brand=x"])
      expect(judged(requirement, unknown)).toBe("holds")
  })

  test("versions: an order, in which trailing zeros count for nothing", () => {
    const version = fc.array(fc.nat(999), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("."))
    fc.assert(
      fc.property(version, version, (one, other) => {
        expect(Math.sign(compareVersions(one, other) ?? Number.NaN)).toBe(
          -Math.sign(compareVersions(other, one) ?? Number.NaN) + 0,
        )
        expect(compareVersions(one, `${one}.0`)).toBe(0)
      }),
    )
    expect(compareVersions("1.x", "1")).toBeUndefined()
  })

  test("facts of driver branches and models", () => {
    expect(cudaVersionOf("550.163.01")).toBe("12.4")
    expect(cudaVersionOf("595.10")).toBe("13.1")
    expect(cudaVersionOf("600.1")).toBeUndefined()
    expect(cudaVersionOf("340.1")).toBeUndefined()
    expect([
      generationOf("NVIDIA H200")?.computeCapability,
      generationOf("Tesla T4")?.computeCapability,
      generationOf("A card of tomorrow")?.computeCapability,
    ]).toEqual(["9.0", "7.5", undefined])
  })
})
