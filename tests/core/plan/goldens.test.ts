import { describe, expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { renderExplanation } from "../../../src/core/explain/render-explanation.ts"
import { renderPlanJson } from "../../../src/core/plan/render-plan.ts"
import { expectGolden } from "../../golden.ts"
import { type ContainerOptions, type MachineOptions, memoryMachine, planFor } from "../../machine.ts"

interface Case {
  readonly machine: MachineOptions
  readonly container: ContainerOptions
  readonly injector?: "native" | "delegate"
}

const cases: Readonly<Record<string, Case>> = {
  "two-of-four": { machine: { gpus: 4 }, container: { env: ["NVIDIA_VISIBLE_DEVICES=0,2"] } },
  "one-utility": {
    machine: { gpus: 1, model: "t4" },
    container: { env: ["NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_DRIVER_CAPABILITIES=utility"] },
  },
  "all-capabilities": {
    machine: { gpus: 1, model: "h100" },
    container: {
      env: ["NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_DRIVER_CAPABILITIES=all"],
      layout: { isDebian: false },
    },
  },
  "asks-nothing": { machine: { gpus: 2 }, container: { env: ["PATH=/bin"] } },
  "driver-without-gpu": { machine: { gpus: 2 }, container: { env: ["NVIDIA_VISIBLE_DEVICES=none"] } },
  "unprivileged-variable": {
    machine: { gpus: 1 },
    container: {
      env: ["NVIDIA_VISIBLE_DEVICES=all"],
      config: "accept-nvidia-visible-devices-envvar-when-unprivileged = false\n",
    },
  },
  "volume-mounts": {
    machine: { gpus: 4 },
    container: {
      env: ["NVIDIA_VISIBLE_DEVICES=all"],
      config: "accept-nvidia-visible-devices-as-volume-mounts = true\n",
      mounts: [{ source: "/dev/null", destination: "/var/run/nvidia-container-devices/3" }],
    },
  },
  "legacy-image": { machine: { gpus: 1 }, container: { env: ["CUDA_VERSION=9.0.176"] } },
  "driver-too-old": {
    machine: { gpus: 1, driverVersion: "470.82.01" },
    container: { env: ["NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_REQUIRE_CUDA=cuda>=12.4"] },
  },
  "unknown-device": { machine: { gpus: 2 }, container: { env: ["NVIDIA_VISIBLE_DEVICES=7"] } },
  "missing-node": {
    machine: {
      gpus: 2,
      change(tree) {
        delete tree["/dev/nvidia1"]
      },
    },
    container: { env: ["NVIDIA_VISIBLE_DEVICES=all"] },
  },
  "no-driver": {
    machine: {
      gpus: 1,
      change(tree) {
        for (const path of Object.keys(tree))
          if (path.startsWith("/proc/driver") || path.startsWith("/sys/module")) delete tree[path]
      },
    },
    container: { env: ["NVIDIA_VISIBLE_DEVICES=all"] },
  },
  "upgraded-not-rebooted": {
    machine: {
      gpus: 1,
      change(tree) {
        tree["/sys/module/nvidia/version"] = { kind: "file", content: "535.104.05\n" }
      },
    },
    container: { env: ["NVIDIA_VISIBLE_DEVICES=all"] },
  },
  delegated: { machine: { gpus: 1 }, container: { env: ["NVIDIA_VISIBLE_DEVICES=0"] }, injector: "delegate" },
}

describe("goldens", () => {
  test.each(Object.entries(cases))("%s", (name, { machine, container, injector }) => {
    const plan = planFor(memoryMachine(machine), container, injector)
    expectGolden(`plan/${name}.json`, renderPlanJson(plan))
    expectGolden(`explain/${name}.txt`, renderExplanation(plan, { isVerbose: false }))
  })

  test("no golden is left of a case that is gone", () => {
    const names = (folder: string): readonly string[] =>
      readdirSync(join(import.meta.dir, "../../goldens", folder)).map((file) => file.replace(/\.\w+$/, ""))
    expect([...names("plan")].sort()).toEqual(Object.keys(cases).sort())
    expect([...names("explain")].sort()).toEqual(Object.keys(cases).sort())
  })

  test("docs/plan.md shows the beginning of a golden, letter for letter", () => {
    const page = readFileSync(join(import.meta.dir, "../../../docs/plan.md"), "utf8")
    const example = /```json\n([\s\S]*?)```/.exec(page)?.[1] ?? "no example"
    const golden = readFileSync(join(import.meta.dir, "../../goldens/plan/one-utility.json"), "utf8")
    expect(golden.startsWith(example)).toBe(true)
  })

  test("the same input gives the same bytes, and every edit says why", () => {
    const make = () =>
      planFor(memoryMachine({ gpus: 8 }), {
        env: ["NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_DRIVER_CAPABILITIES=all"],
      })
    expect(renderPlanJson(make())).toBe(renderPlanJson(make()))
    const { edits, omissions, reasons } = make()
    const ids = new Set(reasons.map(({ id }) => id))
    expect(edits.length).toBeGreaterThan(60)
    for (const one of [...edits, ...omissions]) {
      expect(one.reasons.length).toBeGreaterThan(0)
      for (const id of one.reasons) expect(ids.has(id)).toBe(true)
    }
  })

  test("a request that is refused has no edits", () => {
    for (const { machine, container, injector } of Object.values(cases)) {
      const plan = planFor(memoryMachine(machine), container, injector)
      if (plan.outcome === "refuse" || plan.outcome === "nothing") expect(plan.edits).toEqual([])
      expect(plan.refusal !== undefined).toBe(plan.outcome === "refuse")
    }
  })
})
