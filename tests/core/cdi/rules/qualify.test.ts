import { describe, expect, test } from "bun:test"
import { isOfOwnKind, type Qualification, qualify } from "../../../../src/core/cdi/rules/qualify.ts"

describe("qualified names", () => {
  test.each<[name: string, expected: Qualification]>([
    ["nvidia.com/gpu=0", "qualified"],
    ["nvidia.com/gpu=GPU-4cf8db2d-06c0-7d70-1a51-e59b25b2c16c", "qualified"],
    ["runtime.nvidia.com/gpu=all", "qualified"],
    ["management.nvidia.com/gpu=all", "qualified"],
    ["vendor.com/a.dotted-class_x=0:1", "qualified"],
    ["ab/cd=e", "qualified"],
    ["v/cd=e", "oneLetter"],
    ["ab/c=e", "oneLetter"],
    ["1/cd=e", "unqualified"],
    ["", "unqualified"],
    ["all", "unqualified"],
    ["GPU-4cf8db2d", "unqualified"],
    ["nvidia.com/gpu", "unqualified"],
    ["nvidia.com/gpu=", "unqualified"],
    ["nvidia.com/=0", "unqualified"],
    ["/gpu=0", "unqualified"],
    ["nvidia.com=0/gpu", "unqualified"],
    ["nvidia.com/gpu/x=0", "unqualified"],
    [".nvidia/gpu=0", "unqualified"],
    ["nvidia./gpu=0", "unqualified"],
    ["nvidia.com/gpu-=0", "unqualified"],
    ["0nvidia.com/gpu=0", "unqualified"],
    ["nvidia.com/gpu=-0", "unqualified"],
    ["nvidia.com/gpu=0:", "unqualified"],
    ["nvidia.com/gpu=a=b", "unqualified"],
    ["nvidia.com/gpu=0 ", "unqualified"],
    ["nvidia.com/gpu=../x", "unqualified"],
  ])("%s is %s", (name, expected) => expect(qualify(name)).toBe(expected))

  test.each([
    ["nvidia.com/gpu=0", true],
    ["runtime.nvidia.com/gpu=0", true],
    ["management.nvidia.com/gpu=0", false],
    ["vendor.com/gpu=0", false],
    ["nvidia.com/gpu.coherent=0", false],
    ["0", false],
  ])("%s is of this machine's own kinds: %p", (name, expected) => expect(isOfOwnKind(name)).toBe(expected))
})
