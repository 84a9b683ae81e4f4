import { expect, test } from "bun:test"
import { renderExplanation } from "../../../src/core/explain/render-explanation.ts"
import { memoryMachine, planFor } from "../../machine.ts"

test("what a stranger wrote is shown, never sent to the terminal", () => {
  const plan = planFor(memoryMachine({ gpus: 1 }), { env: ["NVIDIA_VISIBLE_DEVICES=\u001b[2J\u202e0"] })
  const text = renderExplanation(plan, { isVerbose: true })
  expect(text).not.toContain("\u001b")
  expect(text).not.toContain("\u202e")
  expect(text).toContain("\\u001b")
})

test("no line but an unbreakable one is wider than a hundred columns", () => {
  const plan = planFor(memoryMachine({ gpus: 16 }), {
    env: ["NVIDIA_VISIBLE_DEVICES=1,3", "NVIDIA_DRIVER_CAPABILITIES=all"],
  })
  for (const isVerbose of [false, true])
    for (const line of renderExplanation(plan, { isVerbose }).split("\n"))
      expect(line.length).toBeLessThanOrEqual(101)
})

test("verbose names every library", () => {
  const plan = planFor(memoryMachine({ gpus: 1 }), { env: ["NVIDIA_VISIBLE_DEVICES=0"] })
  expect(renderExplanation(plan, { isVerbose: false })).not.toContain("libcuda.so.550.163.01")
  expect(renderExplanation(plan, { isVerbose: true })).toContain("libcuda.so.550.163.01")
})
