import { expect, test } from "bun:test"
import { verifyCdi } from "../../../../src/core/diagnose/verify-cdi.ts"
import { renderFaultLine } from "../../../../src/core/fault/render.ts"
import { hookPath, type MachineChange, subjectOf } from "../healthy-machine.ts"

const launcher = "/usr/bin/gantry-launcher"

/** What is said of one more hook, without its place and remedy. */
function judge(path: string, args: readonly string[], hookName = "createContainer"): readonly string[] {
  const text = `    hooks:\n        - hookName: ${hookName}\n          path: ${path}\n          args: [${args.join(", ")}]\n          env: [A=b]\n`
  const change: MachineChange = {
    spec: [["    hooks:\n", text]],
    machine: { [launcher]: { kind: "file", content: "#!/bin/sh\n", mode: 0o755 } },
  }
  return verifyCdi(subjectOf(change))
    .map(({ severity, fault }) => `${severity}: ${renderFaultLine(fault)}`)
    .filter((line) => line.includes("GAN4114"))
    .map((line) => line.replace(/\/etc\/cdi\/nvidia.yaml:\d+:\d+: /, "").replace(/ \[GAN4114\].*/, ""))
}

const hook = ["nvidia-cdi-hook", "create-symlinks", "--link", "a::/b"]

test.each([
  [["--frob"], "--frob"],
  [["--frob=1", "--link", "c::/d"], "--frob=1"],
  [["--link", "--x::/y", "-folder", "/x"], "-folder"],
])("Gantry's own program fails on a flag that it does not know: %j", (more, told) => {
  expect(judge(launcher, [...hook, ...more])).toEqual([
    `error: the hook "${launcher}" is called wrongly: create-symlinks knows no ${told}`,
  ])
})

test.each<readonly [string, readonly string[]]>([
  ["switches of every hook", ["--debug"]],
  ["its own flags", ["--link=c::/d", "--container-spec", "/x"]],
  ["words", ["--", "--frob"]],
])("it takes %s", (_, more) => expect(judge(launcher, [...hook, ...more])).toEqual([]))

test("another's program of a newer release may know more flags", () =>
  expect(judge(hookPath, [...hook, "--frob"])).toEqual([]))

test.each([
  [[], launcher],
  [["gantry-launcher", "create-symlinks"], "gantry-launcher"],
])("the launcher serves no hook by another name: %j", (args, name) => {
  expect(judge(launcher, args)).toEqual([
    `error: the hook "${launcher}" is called wrongly: "${name}" is no name that it serves hooks by; the first of args is nvidia-cdi-hook`,
  ])
})
