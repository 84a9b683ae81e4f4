import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import type { Unready } from "../../../src/core/generate/find-unready.ts"
import { nextStep, type Past, type Step } from "../../../src/core/generate/next-step.ts"

const limits = { readyMs: 60_000, completeMs: 10_000 }
const vital: Unready = { what: "/dev/nvidia0", urgency: "vital" }
const awaited: Unready = { what: "a listener", urgency: "awaited" }

/** A machine as it is from each moment on (milliseconds), looked at whenever the watch wants to, until it publishes or is overdue. */
function watch(
  phases: readonly (readonly [fromMs: number, unready: readonly Unready[]])[],
  untilMs: number,
): { readonly steps: readonly Step["kind"][]; readonly endMs: number } {
  const steps: Step["kind"][] = []
  let past: Past
  let nowMs = 0
  for (;;) {
    const unready = phases.findLast(([fromMs]) => fromMs <= nowMs)?.[1] ?? []
    const step = nextStep(unready, past, nowMs, limits)
    steps.push(step.kind)
    if (step.kind === "publish" || step.kind === "overdue" || nowMs > untilMs) return { steps, endMs: nowMs }
    past = step.past
    nowMs += step.pauseMs
  }
}

describe("a watch", () => {
  test("publishes at once what is whole", () => {
    expect(watch([[0, []]], 0)).toEqual({ steps: ["publish"], endMs: 0 })
  })

  test("waits for what is vital, then publishes, not long after it came", () => {
    const { steps, endMs } = watch(
      [
        [0, [vital]],
        [5000, []],
      ],
      60_000,
    )
    expect(steps.at(-1)).toBe("publish")
    expect(endMs).toBeGreaterThanOrEqual(5000)
    expect(endMs).toBeLessThanOrEqual(10_000)
  })

  test("doubles its pauses from a quarter of a second to half a minute", () => {
    const pauses: number[] = []
    let past: Past
    for (let nowMs = 0; pauses.length < 20; ) {
      const step = nextStep([vital], past, nowMs, { readyMs: 3_600_000, completeMs: 10_000 })
      pauses.push(step.pauseMs)
      nowMs += step.pauseMs
      past = step.past
    }
    expect(pauses.slice(0, 8)).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000])
    expect(new Set(pauses.slice(8))).toEqual(new Set([30_000]))
  })

  test("is overdue exactly when the time is over, and never publishes what is not whole", () => {
    const { steps, endMs } = watch([[0, [vital, awaited]]], 120_000)
    expect(steps.at(-1)).toBe("overdue")
    expect(endMs).toBe(limits.readyMs)
    expect(steps.length).toBeLessThan(12)
  })

  test("waits a while for what is not vital, and publishes without it", () => {
    expect(watch([[0, [awaited]]], 120_000).endMs).toBe(limits.completeMs)
  })

  test("what only asking again can tell holds up nothing, and is asked for again", () => {
    const silent: Unready = { what: "an answer of NVML", urgency: "later", againMs: 330_000 }
    expect(nextStep([silent], undefined, 0, limits)).toMatchObject({ kind: "publish", pauseMs: 330_000 })
    expect(nextStep([silent, vital], undefined, 0, limits)).toMatchObject({ kind: "wait", pauseMs: 250 })
    const waiting: Past = { kind: "waiting", sinceMs: 0, vitalSinceMs: 0, awaited: [awaited.what], looks: 7 }
    expect(nextStep([awaited, silent], waiting, 9000, limits)).toMatchObject({ kind: "wait" })
    const later = nextStep([awaited, silent], waiting, 10_000, limits)
    const past: Past = { kind: "givenUp", whats: [awaited.what] }
    expect(later).toEqual({ kind: "publish", past, pauseMs: 330_000 })
    expect(nextStep([awaited, silent], past, 340_000, limits)).toEqual(later)
    expect(nextStep([awaited], waiting, 10_000, limits)).toEqual({
      kind: "publish",
      past: undefined,
      pauseMs: Number.POSITIVE_INFINITY,
    })
  })

  test("what came to be missing after it published has the whole time, whatever it published without", () => {
    const silent: Unready = { what: "an answer of NVML", urgency: "later", againMs: 330_000 }
    const past: Past = { kind: "givenUp", whats: [awaited.what] }
    const gone = nextStep([awaited, silent, vital], past, 3_600_000, limits)
    expect(gone).toMatchObject({ kind: "wait", pauseMs: 250 })
    expect(nextStep([awaited, silent, vital], gone.past, 3_659_999, limits).kind).toBe("wait")
    expect(nextStep([awaited, silent, vital], gone.past, 3_660_000, limits).kind).toBe("overdue")
    const other: Unready = { what: "a usable library", urgency: "awaited" }
    const written = nextStep([awaited, silent, other], past, 3_600_000, limits)
    expect(written).toMatchObject({ kind: "wait", pauseMs: 250 })
    expect(nextStep([awaited, silent, other], written.past, 3_610_000, limits).kind).toBe("publish")
    expect(nextStep([silent], past, 3_600_000, limits)).toMatchObject({ past: { whats: [] } })
  })

  test("the while begins when nothing vital is missing any more, and anew after a setback", () => {
    const phases = [
      [0, [vital]],
      [4000, [awaited]],
      [9000, [vital]],
      [17_000, [awaited]],
    ] as const
    const { steps, endMs } = watch(phases, 120_000)
    expect(steps.at(-1)).toBe("publish")
    expect(endMs).toBeGreaterThanOrEqual(17_000 + limits.completeMs)
  })

  test("the while begins anew whenever something awaited comes, and ends all the same", () => {
    const gpu = (index: number): Unready => ({ what: `a driver of GPU ${index}`, urgency: "awaited" })
    const starting = (everyMs: number, count: number) =>
      Array.from({ length: count + 1 }, (_, come): [number, readonly Unready[]] => [
        come * everyMs,
        Array.from({ length: count - come }, (_each, index) => gpu(come + index)),
      ])
    const { steps, endMs } = watch(starting(6000, 3), 120_000)
    expect([steps.at(-1), endMs >= 18_000]).toEqual(["publish", true])
    expect(watch(starting(6000, 60), 600_000).endMs).toBe(limits.readyMs + limits.completeMs)
    const late: Past = {
      kind: "waiting",
      sinceMs: 0,
      vitalSinceMs: undefined,
      awaited: [gpu(0).what],
      looks: 9,
    }
    const come = nextStep([gpu(1)], late, 200_000, limits)
    expect(nextStep([gpu(1)], come.past, 209_999, limits).kind).toBe("wait")
    expect(nextStep([gpu(1)], come.past, 210_000, limits).kind).toBe("publish")
  })

  test("whatever a machine does, a watch ends, looks seldom, and what it publishes has all that is vital", () => {
    const phase = fc.tuple(fc.nat(200_000), fc.subarray([vital, awaited]))
    fc.assert(
      fc.property(fc.array(phase, { maxLength: 8 }), (made) => {
        const phases = [[0, [vital]] as const, ...made.toSorted(([one], [other]) => one - other)]
        const { steps, endMs } = watch(phases, 1_000_000)
        const last = phases.findLast(([fromMs]) => fromMs <= endMs)?.[1] ?? []
        expect(endMs).toBeLessThanOrEqual(limits.readyMs + limits.completeMs)
        expect(steps.length).toBeLessThan(20)
        if (steps.at(-1) === "publish") expect(last.some(({ urgency }) => urgency === "vital")).toBe(false)
      }),
    )
  })
})
