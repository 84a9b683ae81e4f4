import { expect, test } from "bun:test"
import { uninterrupted } from "../../../src/host/files/uninterrupted.ts"

const refusal = (code: string): Error => Object.assign(new Error(code), { code })

test("what a signal interrupts is done again until none comes", () => {
  let signals = 3
  const done = uninterrupted(() => {
    if (signals-- > 0) throw refusal("EINTR")
    return "done"
  })
  expect([done, signals]).toEqual(["done", -1])
})

test("what is refused is not tried again", () => {
  let tries = 0
  const refused = (): never => {
    tries++
    throw refusal("EIO")
  }
  expect(() => uninterrupted(refused)).toThrow("EIO")
  expect(tries).toBe(1)
})
