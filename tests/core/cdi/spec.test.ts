import { expect, test } from "bun:test"
import { isBindMount } from "../../../src/core/cdi/spec.ts"

test.each<[type: string, options: readonly string[], isBind: boolean]>([
  ["", [], true],
  ["bind", [], true],
  ["none", ["ro"], true],
  ["tmpfs", ["ro", "bind"], true],
  ["tmpfs", ["rbind"], true],
  ["tmpfs", [], false],
  ["tmpfs", ["nobind", "rbinds"], false],
  ["nfs", ["ro"], false],
])("a mount of type %p with the options %p: is a path its source?", (type, options, isBind) =>
  expect(isBindMount({ type, options })).toBe(isBind),
)
