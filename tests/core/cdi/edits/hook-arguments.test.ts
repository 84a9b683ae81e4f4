import { expect, test } from "bun:test"
import {
  flagValues,
  foldersOf,
  hasFlag,
  linksInHook,
  makesProfile,
} from "../../../../src/core/cdi/edits/hook-arguments.ts"
import type { Hook } from "../../../../src/core/cdi/spec.ts"

const hook = (...args: readonly string[]): Hook => ({
  hookName: "createContainer",
  path: "/usr/bin/nvidia-cdi-hook",
  env: ["A=b"],
  timeout: undefined,
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
  [["update-ldcache", "--folder", ",/x,,/y,", "--folder"], [], ["/x", "/y"]],
  [["update-ldcache", "x--folder", "/x", "---folder", "/y"], [], []],
  [["update-ldcache", "--folder=/x\n=y"], [], ["/x\n=y"]],
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

test.each<[args: readonly string[], isMade: boolean]>([
  [["update-application-profile"], true],
  [["complete-container", "--update-application-profile"], true],
  [["complete-container", "--update-application-profile=false"], false],
  [["complete-container"], false],
  [["create-symlinks"], false],
])("%p: does it make a profile?", (args, isMade) => expect(makesProfile(hook(...args))).toBe(isMade))

test.each<[args: readonly string[], isOn: boolean]>([
  [["a", "--on"], true],
  [["-on", "a"], true],
  [["--on=true"], true],
  [["--on", "--on=false"], true],
  [["--on=false"], false],
  [["on"], false],
  [["--only"], false],
  [["--off"], false],
  [[], false],
])("%p: is the switch on?", (args, isOn) => expect(hasFlag(args, "on")).toBe(isOn))

test("a flag's values, each time that it is there", () =>
  expect(flagValues(["--a", "1", "--b", "2", "-a=3", "--a=", "--a"], "a")).toEqual(["1", "3", "", undefined]))
