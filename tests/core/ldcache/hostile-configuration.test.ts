/** Configurations of the loader that an image made to cost much. */

import { expect, test } from "bun:test"
import { viewRoot } from "../../../src/core/host/root-view.ts"
import { observeLdSoConf } from "../../../src/core/ldcache/observe-ld-so-conf.ts"
import { createWalkBudget } from "../../../src/core/ldcache/walk-budget.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"

const text = (content: string) => ({ kind: "file", content }) as const

test.each([
  ["a hundred thousand directories", Array.from({ length: 100_000 }, (_, index) => `/d${index}`).join("\n")],
  [
    "a hundred thousand patterns",
    Array.from({ length: 100_000 }, (_, index) => `include x${index}*`).join("\n"),
  ],
  ["stars upon stars", "include /*/*/*/*/*/*/*\n".repeat(1000) + "include /*/*/*/*/*/*\n".repeat(1000)],
  ["two megabytes", "#".repeat(2_000_000)],
  ["patterns upon names", `include /x/${"*a".repeat(90)}*b\n`.repeat(10)],
  ["a pattern longer than any path", `include /${"x".repeat(5000)}*\n`],
])("%s are bounded, and said", (_, content) => {
  const tree: Record<string, MemoryTree[string]> = { "/etc/ld.so.conf": text(content) }
  if (content.includes("/*/*"))
    for (let index = 0; index < 4; index++)
      for (let inner = 0; inner < 4; inner++)
        for (let third = 0; third < 300; third++) tree[`/${index}/${inner}/${third}/x`] = text("")
  if (content.includes("/x/"))
    for (let index = 0; index < 500; index++) tree[`/x/${"a".repeat(240)}${index}`] = text("")
  const { directories, files, findings } = observeLdSoConf(
    viewRoot(createMemoryHost(tree), hostPath("/")),
    "/etc/ld.so.conf",
    createWalkBudget(16_000_000),
  )
  expect(directories.length).toBeLessThanOrEqual(4096)
  expect(files.length).toBeLessThanOrEqual(1024)
  expect(findings.length).toBeGreaterThan(0)
})
