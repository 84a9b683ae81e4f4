import { describe, expect, test } from "bun:test"
import { brandOf, generationOf } from "../../../src/core/inventory/gpu-model.ts"

describe("what a model's name implies", () => {
  test.each([
    ["NVIDIA B300 SXM6 AC", "Blackwell 10.3"],
    ["NVIDIA GB200", "Blackwell 10.0"],
    ["NVIDIA GeForce RTX 5090", "Blackwell 12.0"],
    ["NVIDIA RTX PRO 6000 Blackwell Workstation Edition", "Blackwell 12.0"],
    ["NVIDIA H100 80GB HBM3", "Hopper 9.0"],
    ["NVIDIA GH200 480GB", "Hopper 9.0"],
    ["NVIDIA L4", "Ada 8.9"],
    ["NVIDIA L40S", "Ada 8.9"],
    ["NVIDIA GeForce RTX 4090", "Ada 8.9"],
    ["NVIDIA RTX 5000 Ada Generation", "Ada 8.9"],
    ["NVIDIA RTX 6000 Ada Generation", "Ada 8.9"],
    ["NVIDIA RTX 4000 SFF Ada Generation", "Ada 8.9"],
    ["NVIDIA RTX 500 Ada Generation Laptop GPU", "Ada 8.9"],
    ["NVIDIA A10G", "Ampere 8.6"],
    ["NVIDIA RTX A6000", "Ampere 8.6"],
    ["NVIDIA GeForce RTX 3090", "Ampere 8.6"],
    ["NVIDIA GeForce RTX 2050", "Ampere 8.6"],
    ["NVIDIA A100-SXM4-40GB", "Ampere 8.0"],
    ["Tesla T4", "Turing 7.5"],
    ["Quadro RTX 3000", "Turing 7.5"],
    ["Quadro RTX 4000", "Turing 7.5"],
    ["Quadro RTX 5000 with Max-Q Design", "Turing 7.5"],
    ["NVIDIA TITAN RTX", "Turing 7.5"],
    ["NVIDIA GeForce RTX 2080 Ti", "Turing 7.5"],
    ["NVIDIA GeForce GTX 1650", "Turing 7.5"],
    ["Quadro T2000", "Turing 7.5"],
    ["NVIDIA T1000 8GB", "Turing 7.5"],
    ["Tesla V100-SXM2-16GB", "Volta 7.0"],
    ["Quadro GV100", "Volta 7.0"],
    ["Tesla P40", "Pascal 6.1"],
    ["Quadro P4000", "Pascal 6.1"],
    ["NVIDIA GeForce GTX 1080 Ti", "Pascal 6.1"],
    ["Tesla P100-PCIE-16GB", "Pascal 6.0"],
    ["NVIDIA GeForce GTX 980", "Maxwell 5.2"],
    ["NVIDIA GeForce GTX 980M", "Maxwell 5.2"],
    ["Tesla K80", "Kepler 3.7"],
  ])("%s: %s", (model, expected) => {
    const generation = generationOf(model)
    expect(`${generation?.architecture} ${generation?.computeCapability}`).toBe(expected)
  })

  // NVML is asked for these: a guess would let a container start that cannot run.
  test.each([
    "NVIDIA RTX 5000",
    "NVIDIA RTX 6000",
    "NVIDIA RTX 50000",
    "NVIDIA GeForce GTX 960M",
    "NVIDIA GeForce MX450",
    "NVIDIA A100X",
    "NVIDIA GB10",
    "NVIDIA Graphics Device",
    "H100GRID",
    "",
  ])("%s: not known", (model) => {
    expect(generationOf(model)).toBeUndefined()
  })

  test.each([
    ["NVIDIA A100-SXM4-40GB", "Nvidia", true],
    ["NVIDIA L40S", "Nvidia", true],
    ["NVIDIA H100 80GB HBM3", "Nvidia", true],
    ["NVIDIA GB200", "Nvidia", true],
    ["Tesla V100-SXM2-16GB", "Tesla", true],
    ["Tesla T4", "Tesla", false],
    ["NVIDIA GeForce GTX 1080 Ti", "GeForce", true],
    ["NVIDIA GeForce RTX 4090", "GeForce", false],
    ["Quadro P4000", "Quadro", true],
    ["Quadro RTX 5000", "Quadro", false],
  ])("%s: brand %s, certain: %p", (model, name, isCertain) => {
    expect(brandOf(model)).toEqual({ name, isCertain })
  })

  test.each(["NVIDIA RTX A6000", "NVIDIA T1000 8GB", "A100-SXM4-40GB", ""])(
    "%s: its brand is not told",
    (model) => {
      expect(brandOf(model)).toBeUndefined()
    },
  )
})
