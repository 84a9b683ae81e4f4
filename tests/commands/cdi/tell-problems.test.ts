/** What users of devices are told of other specifications: conflicts and files, each also where there is nothing of the other. */

import { expect, test } from "bun:test"
import { resolve } from "node:path"
import { problemsJson } from "../../../src/commands/cdi/tell-problems.ts"
import type { RegistryProblems } from "../../../src/core/cdi/registry/registry-findings.ts"
import { fault } from "../../../src/core/fault/fault.ts"

const none: RegistryProblems = { findings: [], rejected: [], untold: 0 }
const conflict: RegistryProblems = {
  ...none,
  findings: [
    {
      severity: "error",
      fault: fault("CdiDeviceConflict", { device: "v.com/c=0", files: ["/a.yaml", "/b.yaml"] }),
      evidence: [],
    },
  ],
}
const bad: RegistryProblems = {
  ...none,
  rejected: [{ path: "/a.yaml", faults: [fault("CdiTextEmpty", { file: "/a.yaml" })] }],
}

test.each<[what: string, problems: RegistryProblems, findings: readonly string[], files: readonly string[]]>([
  ["nothing", none, [], []],
  ["a conflict", conflict, ["CdiDeviceConflict"], []],
  ["a file", bad, [], ["/a.yaml"]],
])("in JSON: %s", async (_what, problems, findings, files) => {
  const told = (await problemsJson(problems)) as {
    readonly findings: readonly { readonly tag: string }[]
    readonly rejected: readonly { readonly file: string }[]
    readonly untold: number
  }
  expect([told.findings.map(({ tag }) => tag), told.rejected.map(({ file }) => file), told.untold]).toEqual([
    [...findings],
    [...files],
    0,
  ])
})

test.each<[what: string, problems: RegistryProblems, told: RegExp]>([
  ["nothing", none, /^$/],
  ["a conflict", conflict, /^warning: [^\n]*\[GAN4042\][^\n]*\n$/],
  ["a file", bad, /^warning: [^\n]*\/a\.yaml[^\n]*\[GAN\d+\][^\n]*\n$/],
])("on standard error: %s", (_what, problems, told) => {
  const place = resolve(import.meta.dir, "../../../src/commands/cdi/tell-problems.ts")
  const program = `import { tellProblems } from ${JSON.stringify(place)}
await tellProblems(${JSON.stringify(problems)})`
  const ran = Bun.spawnSync([process.execPath, "-e", program])
  expect([ran.exitCode, ran.stdout.toString()]).toEqual([0, ""])
  expect(ran.stderr.toString()).toMatch(told)
})
