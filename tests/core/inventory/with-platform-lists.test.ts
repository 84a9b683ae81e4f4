import { describe, expect, test } from "bun:test"
import { observePlatformEntries } from "../../../src/core/inventory/platform-list.ts"
import { type OtherLists, withPlatformLists } from "../../../src/core/inventory/with-platform-lists.ts"
import { createMemoryHost } from "../../../src/host/memory.ts"

const directory = "/etc/nvidia-container-runtime/host-files-for-container.d"
const link = "/usr/lib/aarch64-linux-gnu/libv4l/plugins/nv/libv4l2_nvargus.so"

const board = createMemoryHost({
  [`${directory}/devices.csv`]: { kind: "file", content: "dev, /dev/nvmap\n" },
  [`${directory}/drivers.csv`]: { kind: "file", content: `sym, ${link}\nlib, ${link}\n` },
  "/opt/own.csv": { kind: "file", content: "dir, /opt/own\n" },
})

const entriesWith = (lists: OtherLists): readonly string[] =>
  observePlatformEntries(withPlatformLists(board, lists)).entries.map(({ kind, path }) => `${kind}, ${path}`)

describe("links that somebody does not want", () => {
  test.each([
    ["**/*.so", true],
    ["**/libv4l2_*", true],
    ["**/plugins", false],
    ["*.so", false],
    [link, true],
    ["/usr/lib/aarch64-linux-gnu/libv4l/plugins/nv/*", true],
    ["/usr/lib/*/libv4l/plugins/nv/libv4l2_nvargus.so", true],
    ["/usr/lib/*", false],
    ["/usr/lib/*.so", false],
    ["", false],
  ])("%p: %p", (pattern, isIgnored) =>
    expect(entriesWith({ files: undefined, ignored: [pattern] })).toEqual([
      "dev, /dev/nvmap",
      ...(isIgnored ? [] : [`sym, ${link}`]),
      `lib, ${link}`,
    ]),
  )

  test("any of the patterns will do, and none wants nothing", () => {
    expect(entriesWith({ files: undefined, ignored: ["x", "**/*.so"] })).not.toContain(`sym, ${link}`)
    expect(entriesWith({ files: undefined, ignored: [] })).toContain(`sym, ${link}`)
  })
})

test("lists that are named take the place of those that count", () => {
  expect(entriesWith({ files: ["/opt/own.csv", "/opt/absent.csv"], ignored: [] })).toEqual(["dir, /opt/own"])
})
