import { expect, test } from "bun:test"
import { foldersOf, linksInHook } from "../../../src/core/cdi/hook-arguments.ts"
import type { Hook } from "../../../src/core/cdi/spec.ts"

const hook = (...args: readonly string[]): Hook => ({
  ...{ hookName: "createContainer", path: "/usr/bin/nvidia-cdi-hook", env: ["A=b"], timeout: undefined },
  args: ["nvidia-cdi-hook", ...args],
})
const link = (target: string, path: string) => ({ target, path })

test.each<[args: readonly string[], links: readonly object[], folders: readonly string[]]>([
  [["create-symlinks", "--link", "a::/b"], [link("a", "/b")], []],
  [
    ["hook", "create-symlinks", "-link=a::/b", "--link", "c::/d,e::/f"],
    [link("a", "/b"), link("c", "/d"), link("e", "/f")],
    [],
  ],
  // The hook refuses it, and makes none.
  [["create-symlinks", "--link", "../a::b::/c"], [], []],
  [["create-symlinks", "--link", "a::/", "--link", "::/b", "--link", "a::/."], [], []],
  [["create-symlinks", "--link", "a"], [], []],
  [["create-symlinks", "--link"], [], []],
  [["create-symlinks", "--folder", "/x"], [], []],
  [["update-ldcache", "--folder", "/x", "--folder=/y,/z"], [], ["/x", "/y", "/z"]],
  [["update-ldcache", "--link", "a::/b"], [], []],
  [
    ["complete-container", "--link", "a::/b", "--node-link=c::/d", "--folder", "/x"],
    [link("a", "/b"), link("c", "/d")],
    ["/x"],
  ],
  [["chmod", "--folder", "/x", "--link", "a::/b"], [], []],
  [[], [], []],
])("%p", (args, links, folders) => {
  expect(linksInHook(hook(...args))).toEqual(links as ReturnType<typeof linksInHook>)
  expect(foldersOf(hook(...args))).toEqual(folders)
})
