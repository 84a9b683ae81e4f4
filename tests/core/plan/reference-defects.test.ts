import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import type { CompatOffer } from "../../../src/core/plan/compat-offer.ts"
import type { Plan } from "../../../src/core/plan/plan.ts"
import { containerPath } from "../../../src/core/text/brand.ts"
import { judge, memoryMachine, planFor } from "../../machine.ts"

const modes = ["legacy", "jit-cdi", "cdi"] as const
const nodes = ({ edits }: Plan): readonly string[] =>
  edits.flatMap((edit) => (edit.kind === "deviceNode" ? [edit.path] : []))
const gpus = (plan: Plan): readonly string[] => nodes(plan).filter((path) => /^\/dev\/nvidia\d/.test(path))
const refusal = ({ refusal: fault }: Plan): string => (fault === undefined ? "none" : renderFaultLine(fault))

describe("defects of the reference that native injection does not have", () => {
  test.each(modes)("a device that is named twice is given, in mode %s", (mode) => {
    for (const devices of ["0,0", "0,1,0", "nvidia.com/gpu=0,0", "nvidia.com/gpu=0,nvidia.com/gpu=0"]) {
      if (mode === "legacy" && devices.endsWith("=0")) continue
      const plan = planFor(memoryMachine({ gpus: 2 }), { env: [`NVIDIA_VISIBLE_DEVICES=${devices}`], mode })
      expect([devices, refusal(plan), gpus(plan)]).toEqual([
        devices,
        "none",
        devices.includes("1") ? ["/dev/nvidia0", "/dev/nvidia1"] : ["/dev/nvidia0"],
      ])
    }
  })

  test.each(modes)("no device is served without a specification for it, in mode %s", (mode) => {
    const plan = planFor(memoryMachine({ gpus: 2 }), { env: ["NVIDIA_VISIBLE_DEVICES=none"], mode })
    expect([plan.outcome, gpus(plan)]).toEqual(["inject", []])
  })

  test.each(["hook", "mount", "ldconfig"])(
    "with cuda-compat-mode %s the loader is told of the image's newer CUDA",
    (way) => {
      const path = containerPath("/usr/local/cuda/compat/libcuda.so.570.10.01")
      const compat: CompatOffer = {
        directory: containerPath("/usr/local/cuda/compat"),
        libraries: [{ path, soname: "libcuda.so.1", bits: 64, machine: "x86-64" }],
        candidates: [{ path, version: "570.10.01", note: { kind: "none" } }],
      }
      const config = `[nvidia-container-runtime.modes.legacy]\ncuda-compat-mode = "${way}"\n`
      for (const mode of modes) {
        const container = { env: ["NVIDIA_VISIBLE_DEVICES=0"], config, mode, layout: { compat } }
        const { edits } = planFor(memoryMachine({ gpus: 1 }), container)
        const caches = edits.flatMap((edit) => (edit.kind === "ldcache" ? [edit] : []))
        expect(caches[0]?.entries.find(({ soname }) => soname === "libcuda.so.1")?.path).toBe(path)
      }
    },
  )

  test("a capability that nobody knows in the configuration is told of, in a sentence", () => {
    const config = 'supported-driver-capabilities = "compute,telepathy"\n'
    const decision = judge({ env: ["NVIDIA_VISIBLE_DEVICES=0"], config })
    expect(decision.kind === "refuse" ? renderFaultLine(decision.fault) : decision.kind).toMatch(
      /^Invalid value for config option 'supported-driver-capabilities'; .*telepathy.*\[GAN1\d{3}\]: ./,
    )
  })

  test.each(modes)(
    "DRM nodes are those of the GPU's place on the bus, not of its minor, in mode %s",
    (mode) => {
      const swapped = memoryMachine({
        gpus: 2,
        change(tree) {
          for (const [path, entry] of Object.entries(tree)) {
            if (!/^\/proc\/driver\/nvidia\/gpus\/[^/]+\/information$/.test(path) || entry?.kind !== "file")
              continue
            const text =
              typeof entry.content === "string" ? entry.content : new TextDecoder().decode(entry.content)
            const content = text.replace(
              /Device Minor:(\s*)(\d)/,
              (_, blanks, minor) => `Device Minor:${blanks}${1 - Number(minor)}`,
            )
            expect(content).not.toBe(text)
            tree[path] = { kind: "file", content }
          }
        },
      })
      const env = ["NVIDIA_VISIBLE_DEVICES=0", "NVIDIA_DRIVER_CAPABILITIES=all"]
      const given = nodes(planFor(swapped, { env, mode }))
      const plain = nodes(planFor(memoryMachine({ gpus: 2 }), { env, mode }))
      const drm = (paths: readonly string[]): readonly string[] =>
        paths.filter((path) => path.startsWith("/dev/dri/"))
      expect(given).toContain("/dev/nvidia1")
      expect(given).not.toContain("/dev/nvidia0")
      expect(drm(plain).length).toBe(2)
      expect(drm(given)).toEqual(drm(plain))
    },
  )

  test("requirements are judged in one order, whatever the order of the environment", () => {
    const required = ["C=driver>=1", "A=cuda>=1", "B=arch>=1", "CUDA=cuda>=2"].map(
      (one) => `NVIDIA_REQUIRE_${one}`,
    )
    const judged = (env: readonly string[]): readonly string[] => {
      const decision = judge({ env: ["NVIDIA_VISIBLE_DEVICES=0", ...env] })
      return decision.kind === "gpu" ? decision.request.requirements : []
    }
    expect(judged(required)).toEqual(["cuda>=1", "arch>=1", "driver>=1", "cuda>=2"])
    expect(judged(required.toReversed())).toEqual(judged(required))
  })
})

describe("the table in docs/differences.md", () => {
  const root = join(import.meta.dir, "../../..")
  const page = readFileSync(join(root, "docs/differences.md"), "utf8")
  const section = page.slice(page.indexOf("## Defects of the reference"))
  const rows = [...section.matchAll(/^\| (\d+) +\| [^|]+ \| ([^|]+) \|$/gm)].map(([, number, proof]) => ({
    number: Number(number),
    proof: proof?.trim() ?? "",
  }))

  test("has a row for each", () =>
    expect(rows.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]))

  test.each(rows.map((row) => [row.number, row.proof] as const))(
    "row %p names tests that there are, or says why there is none",
    (_, proof) => {
      const named = [...proof.matchAll(/`([^`]+\.test\.ts)`: "([^"]+)"/g)]
      if (named.length === 0) expect(proof).toMatch(/^not done yet: /)
      for (const [, file = "", title = ""] of named)
        expect(readFileSync(join(root, "tests", file), "utf8")).toContain(title)
    },
  )
})
