import { describe, expect, test } from "bun:test"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { applyingCatalogue } from "../src/core/fault/applying.ts"
import { catalogue } from "../src/core/fault/catalogue.ts"
import { cdiCatalogue } from "../src/core/fault/cdi.ts"
import { cdiEditsCatalogue } from "../src/core/fault/cdi-edits.ts"
import { cdiMachineCatalogue } from "../src/core/fault/cdi-machine.ts"
import { engineCatalogue } from "../src/core/fault/engines.ts"
import type { Fault } from "../src/core/fault/fault.ts"
import { gpuCatalogue } from "../src/core/fault/gpu.ts"
import { inputCatalogue } from "../src/core/fault/input.ts"
import { machineCatalogue } from "../src/core/fault/machine.ts"
import { faultCode, renderFaultLine } from "../src/core/fault/render.ts"
import { vendorGpuCatalogue } from "../src/core/fault/vendor-gpu.ts"

const root = resolve(import.meta.dir, "..")
const entries = Object.entries(catalogue)

/** What the launcher says by itself; pages and the catalogue call `EXEC_FAILED` ExecFailed. */
const ofLauncher = [
  ...readFileSync(join(root, "src/launcher/faults.h"), "utf8").matchAll(
    /^#define (\w+) (?:\\\n *)?"\[(GAN\d{4})\]: \w/gm,
  ),
].map(([, name = "", code = ""]) => {
  const tag = name.toLowerCase().replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())
  return { name, tag, code }
})

function sources(directory: string): string {
  return readdirSync(directory, { withFileTypes: true })
    .map((entry) =>
      entry.isDirectory()
        ? sources(join(directory, entry.name))
        : readFileSync(join(directory, entry.name), "utf8"),
    )
    .join("\n")
}

const source = sources(join(root, "src"))

describe("the fault catalogue", () => {
  test("codes are unique and lie in the range of their area", () => {
    const codes = entries.map(([, { code }]) => code)
    expect(new Set(codes).size).toBe(codes.length)
    const ranges = [
      [inputCatalogue, 1],
      [machineCatalogue, 2],
      [gpuCatalogue, 2],
      [vendorGpuCatalogue, 2],
      [applyingCatalogue, 3],
      [cdiCatalogue, 4],
      [cdiMachineCatalogue, 4],
      [cdiEditsCatalogue, 4],
      [engineCatalogue, 5],
    ] as const
    for (const [area, first] of ranges)
      for (const { code } of Object.values(area)) expect(code).toMatch(new RegExp(`^GAN${first}\\d{3}$`))
  })

  test.each(entries.map(([tag, { code, exit }]) => [tag, code, exit] as const))(
    "%s (%s) has a page and is really emitted",
    (tag, code, exit) => {
      const page = join(root, "docs/faults", `${code}.md`)
      expect(existsSync(page)).toBe(true)
      const [title, , ending = ""] = readFileSync(page, "utf8").split("\n")
      expect(title).toBe(`# ${code} ${tag}`)
      expect(ending).toMatch(new RegExp(`^(?:Exit status ${exit}\\b|A (?:warning|note|finding)\\b)`))
      // It tells of a machine's state, and of nothing else.
      if (ending.includes("`gantry info`")) expect(code).toStartWith("GAN2")
      const emitted = new RegExp(`(fault|finding)\\(\\s*"${tag}"`)
      expect(emitted.test(source)).toBe(true)
    },
  )

  test.each(ofLauncher)(
    "$tag ($code) of the launcher has a page, is really said, and means what it means to the program",
    ({ name, tag, code }) => {
      const page = readFileSync(join(root, "docs/faults", `${code}.md`), "utf8")
      expect(page).toStartWith(`# ${code} ${tag}\n\nExit status `)
      const said = new RegExp(`(?:fail|say)\\([^;]+,\\s+${name}\\);`)
      expect(said.test(sources(join(root, "src/launcher")))).toBe(true)
      const same = entries.find(([, entry]) => entry.code === code)
      if (same !== undefined) expect(same[0]).toBe(tag)
    },
  )

  test("how grave a page says that it is, verification says", () => {
    const golden = readFileSync(join(root, "tests/goldens/verify/findings.txt"), "utf8")
    const told = [...golden.matchAll(/^(error|warning|note): .*\[(GAN\d{4})\]/gm)]
    expect(told.length).toBeGreaterThan(100)
    const fitting = { error: /^Exit status 1\b/, warning: /warning/i, note: /note/i }
    for (const [, severity = "", code = ""] of told) {
      const [, , ending = ""] = readFileSync(join(root, "docs/faults", `${code}.md`), "utf8").split("\n")
      expect([code, ending]).toEqual([code, expect.stringMatching(fitting[severity as keyof typeof fitting])])
    }
  })

  test("no page is left of a fault that is gone", () => {
    const codes = new Set(
      [...entries.map(([, entry]) => entry), ...ofLauncher].map(({ code }) => code as string),
    )
    expect(ofLauncher.length).toBeGreaterThan(4)
    const pages = readdirSync(join(root, "docs/faults")).filter((name) => name.startsWith("GAN"))
    expect(pages.filter((name) => !codes.has(name.replace(".md", "")))).toEqual([])
  })

  test("a fault is one line: sentence, code, remedy; control characters of strangers are shown, not sent", () => {
    const fault: Fault = { tag: "EnvironmentEntryInvalid", data: { entry: "A\u001b[31m\nB" } }
    const line = renderFaultLine(fault)
    expect(line).toBe(
      "invalid environment variable: A\\u001b[31m\\nB [GAN1210]: every entry of process.env in config.json must be NAME=VALUE",
    )
    expect(faultCode(fault)).toBe("GAN1210")
  })

  test("a very long value does not make a very long line", () => {
    expect(
      renderFaultLine({ tag: "EnvironmentEntryInvalid", data: { entry: "x".repeat(100_000) } }).length,
    ).toBeLessThan(1200)
  })
})
