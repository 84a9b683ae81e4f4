import { expect, test } from "bun:test"
import { mapsUsers } from "../../src/host/own-user-namespace.ts"

test.each([
  ["the machine's own", "         0          0 4294967295\n", false],
  ["a kernel without user namespaces", "", false],
  ["a user alone", "         0       1000          1\n", true],
  ["a user with more ids", "         0       1000          1\n         1     100000      65536\n", true],
  ["root's ids alone", "         0          0      65536\n", true],
])("%s", (_, map, maps) => {
  expect(mapsUsers(map)).toBe(maps)
})
