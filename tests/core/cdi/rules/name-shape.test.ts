import { expect, test } from "bun:test"
import { shapeOfName } from "../../../../src/core/cdi/rules/name-shape.ts"

test.each<[shape: string, names: readonly string[]]>([
  ["0", ["0", "7", "12"]],
  ["0.0", ["1.5", "12.7"]],
  ["0:0", ["0:1", "12:3"]],
  ["0:0:0.0", ["0000:1a:00.0", "0000:C1:00.0"]],
  ["GPU-0", ["GPU-4cf8db2d", "GPU-4CF8DB2D"]],
  ["0x0", ["0x1f", "0xA"]],
  ["card0", ["card0", "card1", "card12"]],
])("%s is the shape of %p", (shape, names) => expect(names.map(shapeOfName)).toEqual(names.map(() => shape)))

test.each(["all", "gpu0", "gpu", "deadbeef", "a1", "0a", "0x", "0x1g", "card", "card1a", "discard1"])(
  "%s is a word of its own",
  (name) => expect(shapeOfName(name)).toBe(name),
)
