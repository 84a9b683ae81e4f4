/** What a machine says of a device node. */

import { expect, test } from "bun:test"
import { findHostNode } from "../../../src/host/cdi/find-host-node.ts"
import { createMemoryHost } from "../../../src/host/memory.ts"

const find = findHostNode(
  createMemoryHost({
    "/dev/a": { kind: "character", major: 195, minor: 255, mode: 0o666 },
    "/dev/b": { kind: "block", major: 8, minor: 1, mode: 0o660 },
    "/dev/p": { kind: "fifo", mode: 0o600 },
    "/dev/link": { kind: "symlink", target: "a" },
    "/dev/file": { kind: "file", content: "" },
    "/dev/directory": { kind: "directory" },
  }),
)

test.each([
  ["/dev/a", { type: "c", major: 195, minor: 255, fileMode: 0o666 }],
  ["/dev/b", { type: "b", major: 8, minor: 1, fileMode: 0o660 }],
  ["/dev/p", { type: "p", major: 0, minor: 0, fileMode: 0o600 }],
] as const)("%s: its type, numbers and mode", (path, node) => {
  expect(find(path)).toEqual(node)
})

test.each(["/dev/link", "/dev/file", "/dev/directory", "/dev/none"])("%s is no node", (path) => {
  expect(find(path)).toBeUndefined()
})
