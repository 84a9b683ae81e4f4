import { expect, test } from "bun:test"
import fc from "fast-check"
import { permissionCode } from "../../src/linux/device-program.ts"

/** Runs the instructions that the program uses; returns "allow" or where it goes on to the old program. */
function interpret(
  code: Uint8Array,
  context: { access: number; type: number; major: number; minor: number },
): string {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength)
  const memory = new Map([
    [0, ((context.access << 16) | context.type) >>> 0],
    [4, context.major],
    [8, context.minor],
  ])
  const registers: number[] = Array.from({ length: 11 }, () => 0)
  for (let at = 0; at * 8 < code.length; at++) {
    const [operation, pair, offset, value] = [
      view.getUint8(at * 8),
      view.getUint8(at * 8 + 1),
      view.getInt16(at * 8 + 2, true),
      view.getInt32(at * 8 + 4, true),
    ]
    const [to, from] = [pair & 0xf, pair >> 4]
    if (operation === 0x61) registers[to] = memory.get(offset) ?? Number.NaN
    else if (operation === 0xbc) registers[to] = registers[from] ?? 0
    else if (operation === 0x54) registers[to] = ((registers[to] ?? 0) & value) >>> 0
    else if (operation === 0x74) registers[to] = (registers[to] ?? 0) >>> value
    else if (operation === 0xb4) registers[to] = value
    else if (operation === 0x55) at += registers[to] !== value ? offset : 0
    else if (operation === 0x95) return registers[0] === 1 ? "allow" : "deny"
    else throw new Error(`instruction ${operation}`)
  }
  return "old program"
}

test("exactly the given character devices are allowed, for reading and writing; all else is the old program's", () => {
  const device = fc.record({
    major: fc.integer({ min: 0, max: 4095 }),
    minor: fc.integer({ min: 0, max: 300 }),
  })
  fc.assert(
    fc.property(
      fc.array(device, { maxLength: 20 }),
      device,
      fc.constantFrom(1, 2),
      fc.integer({ min: 1, max: 7 }),
      fc.boolean(),
      (allowed, other, type, access, isOne) => {
        const asked = isOne ? (allowed[0] ?? other) : other
        const isListed = allowed.some(({ major, minor }) => major === asked.major && minor === asked.minor)
        const expected = isListed && type === 2 && (access & 1) === 0 ? "allow" : "old program"
        expect(interpret(permissionCode(allowed), { ...asked, type, access })).toBe(expected)
      },
    ),
    { numRuns: 2000 },
  )
})
