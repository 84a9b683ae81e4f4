import { describe, expect, test } from "bun:test"
import { closedAt, type EngineUser, rootUser, writableOn } from "../../../src/core/diagnose/access.ts"
import { observeUser } from "../../../src/core/diagnose/observe-user.ts"
import { type RootView, viewRoot } from "../../../src/core/host/root-view.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"

const viewOf = (tree: MemoryTree): RootView => viewRoot(createMemoryHost(tree), hostPath("/"))
const file = (mode: number, uid = 0, gid = 0): MemoryTree[string] => ({
  kind: "file",
  content: "",
  mode,
  uid,
  gid,
})
const alice: EngineUser = { uid: 1000, gids: [1000, 44] }

describe("what a user may do with a path", () => {
  test.each<[name: string, tree: MemoryTree, closed: string | undefined]>([
    ["everybody may read", { "/d/f": file(0o644) }, undefined],
    ["nobody may read", { "/d/f": file(0o600) }, "/d/f"],
    ["the owner may read", { "/d/f": file(0o400, 1000) }, undefined],
    [
      "the owner may not, where others may: the first class that fits counts",
      { "/d/f": file(0o044, 1000) },
      "/d/f",
    ],
    ["a group of the user's may read", { "/d/f": file(0o640, 0, 44) }, undefined],
    ["a group of the user's may not, where others may", { "/d/f": file(0o604, 0, 44) }, "/d/f"],
    [
      "a directory on the way is closed",
      { "/d": { kind: "directory", mode: 0o700 }, "/d/f": file(0o644) },
      "/d",
    ],
    [
      "a directory on the way may be searched and not read",
      { "/d": { kind: "directory", mode: 0o711 }, "/d/f": file(0o644) },
      undefined,
    ],
    ["nothing is there", {}, undefined],
  ])("%s", (_, tree, closed) => {
    expect(closedAt(viewOf(tree), "/d/f", alice, ["read"])).toBe(closed as string)
    expect(closedAt(viewOf(tree), "/d/f", rootUser, ["read"])).toBeUndefined()
  })

  test("reading and writing are two rights", () => {
    const view = viewOf({
      "/n": { kind: "character", major: 1, minor: 3, mode: 0o664, gid: 44 },
      "/o": file(0o644),
    })
    expect(closedAt(view, "/n", alice, ["read", "write"])).toBeUndefined()
    expect(closedAt(view, "/o", alice, ["read", "write"])).toBe("/o")
  })

  test.each<[name: string, tree: MemoryTree, expected: readonly [string, string] | undefined]>([
    ["root's alone", { "/d/f": file(0o755) }, undefined],
    ["everybody's", { "/d/f": file(0o757) }, ["/d/f", "everybody"]],
    ["a group's", { "/d/f": file(0o775, 0, 7) }, ["/d/f", "group 7"]],
    ["root's group's", { "/d/f": file(0o775) }, undefined],
    ["another user's", { "/d/f": file(0o755, 7) }, ["/d/f", "user 7"]],
    [
      "in another user's directory",
      { "/d": { kind: "directory", uid: 7 }, "/d/f": file(0o755) },
      ["/d", "user 7"],
    ],
    ["in a sticky directory", { "/d": { kind: "directory", mode: 0o1777 }, "/d/f": file(0o755) }, undefined],
    [
      "in an open directory",
      { "/d": { kind: "directory", mode: 0o777 }, "/d/f": file(0o755) },
      ["/d", "everybody"],
    ],
  ])("a file that is %s", (_, tree, expected) => {
    const untrusted = writableOn(viewOf(tree), "/d/f", rootUser)
    expect(untrusted && [untrusted.writable, untrusted.by]).toEqual(expected as [string, string])
  })

  test("who is of no group is told first", () => {
    const tree: MemoryTree = { "/d": { kind: "directory", mode: 0o775, gid: 50 }, "/d/f": file(0o757) }
    expect(writableOn(viewOf(tree), "/d/f", rootUser)).toMatchObject({ by: "everybody" })
  })

  test("what is the engine's user's is trusted by that engine", () => {
    const view = viewOf({ "/d/f": file(0o755, 1000, 1000), "/d/g": file(0o775, 1000, 44) })
    expect(writableOn(view, "/d/f", alice)).toBeUndefined()
    expect(writableOn(view, "/d/g", alice)).toBeUndefined()
    expect(writableOn(view, "/d/f", rootUser)).toEqual({ writable: "/d/f", by: "user 1000", isGroup: false })
  })
})

describe("a user by name", () => {
  const host = createMemoryHost({
    "/etc/passwd": {
      kind: "file",
      content: "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\nbad:x:y:z\n",
    },
    "/etc/group": {
      kind: "file",
      content: "video:x:44:bob,alice\nusers:x:1000:alice\nrender:x:105:alicea\nbad:x:y:alice\n",
    },
  })
  test.each<[name: string, user: EngineUser | undefined]>([
    ["root", { uid: 0, gids: [0] }],
    ["alice", { uid: 1000, gids: [1000, 44] }],
    ["bad", undefined],
    ["bob", undefined],
    ["", undefined],
  ])("%s", (name, user) => {
    expect(observeUser(host, name)).toEqual(user as EngineUser)
  })

  test("a machine without such files knows nobody", () => {
    expect(observeUser(createMemoryHost({}), "root")).toBeUndefined()
  })
})
