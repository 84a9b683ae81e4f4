import { describe, expect, test } from "bun:test"
import { mutate } from "../../fuzz/mutate.ts"
import { createRandom, mixSeeds } from "../../fuzz/random.ts"
import { judgeInput, prepareInputs, runInputs, shareInputs, slowMs } from "../../fuzz/run-inputs.ts"
import type { FuzzTarget } from "../../fuzz/target.ts"
import { targets } from "../../fuzz/targets.ts"

/** All targets together; a million are tried by `bun fuzz/main.ts`. */
const inputs = 20_000

describe("hostile inputs", () => {
  for (const { target, count } of shareInputs(targets, inputs)) {
    test(`${target.name}: ${count} inputs are judged as they must be`, () => {
      const failures = runInputs(target, 1, { first: 0, step: 1, count })
      expect(failures.map(({ index, problem }) => `${index}: ${problem}`)).toEqual([])
    })
  }

  test.each(targets.map((target) => [target.name, target] as const))(
    "%s: every seed is valid",
    (_, target) => {
      const seeds = target.seeds()
      expect(seeds.length).toBeGreaterThan(0)
      for (const seed of seeds) expect(target.check(seed)).toBeUndefined()
    },
  )
})

describe("what the fuzzer found", () => {
  const check = (name: string, input: string): string | undefined =>
    targets.find((target) => target.name === name)?.check(new TextEncoder().encode(input))

  test("a file of sysfs may be called as what every object has", () => {
    expect(check("listing", "file 444 0:0 5 /sys/devices/pci0000:00/__proto__\n")).toBeUndefined()
  })

  test("a directory of many parts that are not there is no hang", () => {
    expect(check("ld-so-conf", `/${"a/".repeat(40)}\n`)).toBeUndefined()
  })
})

describe("the fuzzer", () => {
  const broken: FuzzTarget = {
    name: "broken",
    weight: 1,
    seeds: () => [Uint8Array.of(1, 2, 3, 4)],
    tokens: [],
    check: (input) => (input[0] === 1 ? undefined : "not 1"),
  }

  test("finds what is wrong, and an index makes the same input again", () => {
    const [failure] = runInputs(broken, 7, { first: 0, step: 1, count: 500 })
    expect(failure?.problem).toBe("not 1")
    expect(prepareInputs(broken, 7)(failure?.index ?? -1)).toEqual(failure?.input ?? new Uint8Array())
  })

  test("the shares of several processes are together what one would try", () => {
    const makeInput = prepareInputs(broken, 3)
    const seen: number[] = []
    for (const first of [0, 1, 2])
      runInputs({ ...broken, check: () => undefined }, 3, { first, step: 3, count: 20 }, (index) => {
        seen.push(index)
        return true
      })
    expect(seen.sort((one, other) => one - other)).toEqual(Array.from({ length: 20 }, (_, index) => index))
    expect(makeInput(5)).toEqual(makeInput(5))
  })

  test("what is thrown is a failure, with its words", () => {
    const throwing: FuzzTarget = {
      ...broken,
      check: () => {
        throw new RangeError("out of bounds")
      },
    }
    expect(judgeInput(throwing, new Uint8Array(), slowMs)).toContain("RangeError: out of bounds")
  })

  test("what takes longer than it may is a failure", () => {
    const slow: FuzzTarget = {
      ...broken,
      check: () => (Array.from({ length: 1_000_000 }, String).length === 0 ? "empty" : undefined),
    }
    expect(judgeInput(slow, new Uint8Array(), 1)).toMatch(/^took \d+ ms$/)
    expect(judgeInput(slow, new Uint8Array(), Number.POSITIVE_INFINITY)).toBeUndefined()
  })

  test("another seed is other inputs", () => {
    const of = (seed: number): string =>
      Array.from({ length: 50 }, (_, index) => prepareInputs(broken, seed)(index).join(",")).join(";")
    expect(of(1)).not.toBe(of(2))
    expect(mixSeeds(1, "a", 23)).not.toBe(mixSeeds(12, "a", 3))
  })

  test("no mutation grows an input without bound", () => {
    let bytes: Uint8Array = new Uint8Array(60_000)
    for (let index = 0; index < 200; index++) bytes = mutate(bytes, createRandom(index), bytes, [])
    expect(bytes.length).toBeLessThanOrEqual(64 * 1024)
  })
})
