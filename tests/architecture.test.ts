import { describe, expect, test } from "bun:test"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"

const root = resolve(import.meta.dir, "..")

/** Which folder of src/ may import which. A folder may always import itself. */
const folderEdges: Readonly<Record<string, readonly string[]>> = {
  core: [],
  linux: ["core"],
  host: ["core", "linux"],
  apply: ["core", "host", "linux"],
  commands: ["core", "host", "linux", "apply", "version.ts"],
  "main.ts": ["commands", "core"],
  "version.ts": [],
}

/** Inside core a layer imports only layers to its left; layers of one group may import each other. */
const coreLayers: readonly (readonly string[])[] = [
  ["text", "fault"],
  ["toml", "oci", "elf", "ldcache", "compat", "cdi"],
  ["host", "inventory", "driver"],
  ["vendor"],
  ["request", "requirement"],
  ["policy"],
  ["plan"],
  ["generate"],
  ["explain", "diagnose"],
  ["library"],
]

const bannedNames = [
  "utils",
  "util",
  "helpers",
  "helper",
  "common",
  "misc",
  "shared",
  "manager",
  "service",
  "base",
  "types",
]

/** Tests of what several files do together, below tests/. */
const testsOfSeveral = [
  "apply/cdi-hook/attacks.test.ts",
  "apply/cdi-hook/cdi-hook.test.ts",
  "apply/cdi-hook/foreseen-failures.test.ts",
  "commands/cdi/cdi-generate-vendors.test.ts",
  "commands/cdi/cdi-verify-fresh.test.ts",
  "commands/cdi/simulated-defects.test.ts",
  "commands/print.test.ts",
  "core/cdi/read/hostile-texts.test.ts",
  "core/driver/capabilities.test.ts",
  "core/driver/hostile.test.ts",
  "core/fault/host-read-failed.test.ts",
  "core/ldcache/hostile-configuration.test.ts",
  "core/oci/hostile-json.test.ts",
  "core/plan/goldens.test.ts",
  "core/plan/reference-defects.test.ts",
  "core/request/fitted.test.ts",
  "core/request/vectors.test.ts",
  "core/requirement/requirement.test.ts",
  "core/text/text.test.ts",
  "core/vendor/amd/hostile-tree.test.ts",
  "core/vendor/generate-spec.test.ts",
  "host/host.test.ts",
  "host/hostile-sizes.test.ts",
  "host/leftovers.test.ts",
  "host/simulate/nvml-stand-in.test.ts",
]

interface Edge {
  readonly from: string
  readonly to: string
}

function sourceFiles(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    return entry.isDirectory() ? sourceFiles(path) : /\.(ts|c)$/.test(entry.name) ? [path] : []
  })
}

/** Relative imports of a text, also dynamic and type-only ones. */
const importsOf = (text: string): readonly string[] =>
  [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) => match[1] ?? "")

export function forbiddenEdges(edges: readonly Edge[]): readonly string[] {
  return edges.filter(({ from, to }) => !isAllowed(from, to)).map(({ from, to }) => `${from} -> ${to}`)
}

function isAllowed(from: string, to: string): boolean {
  const [fromFolder = "", fromLayer = ""] = from.split("/")
  const [toFolder = "", toLayer = ""] = to.split("/")
  if (to === "../package.json") return from === "version.ts"
  if (fromFolder !== toFolder) return folderEdges[fromFolder]?.includes(toFolder) ?? false
  if (fromFolder !== "core" || fromLayer === toLayer) return true
  const place = (layer: string): number => coreLayers.findIndex((group) => group.includes(layer))
  return place(toLayer) >= 0 && place(toLayer) <= place(fromLayer)
}

const importsNode = (file: string): boolean => /from "(node|bun)/.test(readFileSync(file, "utf8"))

const files = sourceFiles(join(root, "src"))
const edges: readonly Edge[] = files.flatMap((file) =>
  importsOf(readFileSync(file, "utf8")).map((specifier) => ({
    from: relative(join(root, "src"), file),
    to: relative(join(root, "src"), resolve(dirname(file), specifier)),
  })),
)

describe("architecture", () => {
  test("the search read the sources", () => {
    expect(files.length).toBeGreaterThan(60)
    expect(edges.length).toBeGreaterThan(200)
  })

  test("no import crosses a boundary", () => {
    expect(forbiddenEdges(edges)).toEqual([])
  })

  test.each([
    ["core/plan/plan.ts", "host/live.ts"],
    ["core/text/path.ts", "core/plan/plan.ts"],
    ["core/toml/parse-toml.ts", "core/request/config.ts"],
    ["linux/libc.ts", "host/live.ts"],
    ["host/live.ts", "apply/in-namespace.ts"],
    ["core/plan/plan.ts", "core/unknown/x.ts"],
  ])("the rule itself refuses %s -> %s", (from, to) => {
    expect(forbiddenEdges([{ from, to }])).toHaveLength(1)
  })

  test("core layers do not import each other in a circle", () => {
    const graph = new Map<string, Set<string>>()
    for (const { from, to } of edges)
      if (from.startsWith("core/")) graph.set(from, (graph.get(from) ?? new Set()).add(to))
    const reachedFrom = (start: string): ReadonlySet<string> => {
      const reached = new Set<string>()
      // The list grows while it is walked.
      const queue = [start]
      for (const at of queue)
        for (const next of graph.get(at) ?? [])
          if (!reached.has(next)) {
            reached.add(next)
            queue.push(next)
          }
      return reached
    }
    // The types of a fault and of a result name each other; nothing of that is there at run time.
    const known = new Set(["core/fault/result.ts", "core/fault/fault.ts"])
    expect([...graph.keys()].filter((file) => !known.has(file) && reachedFrom(file).has(file))).toEqual([])
  })

  test("core knows no system: no clock, no chance, no process, no module of Node", () => {
    const impure =
      /\bMath\.random\b|\bnew Date\b|\bDate\.now\b|\b(?<!["`\w. /])process\.(argv|cwd|exit|getuid|pid)|\bprocess\.env|\bBun\./
    const code = (file: string): string =>
      readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|"[^"\n]*"/g, "")
    const found = files.filter(
      (file) => file.includes("/src/core/") && (impure.test(code(file)) || importsNode(file)),
    )
    expect(found).toEqual([])
  })

  test("FFI stays in src/linux", () => {
    const found = files.filter((file) => readFileSync(file, "utf8").includes("bun:ffi"))
    expect(found.length).toBeGreaterThan(0)
    expect(found.filter((file) => !file.includes("/src/linux/"))).toEqual([])
  })

  test("no file is named after nothing", () => {
    expect(files.filter((file) => bannedNames.includes(file.replace(/^.*\/|\.\w+$/g, "")))).toEqual([])
  })

  test("no literal is spread into another: the compiler does not see a member too many in it", () => {
    const spread = /^\s*\.\.\.\{/m
    expect(spread.test("  ...{ a, b },")).toBe(true)
    const all = ["src", "tests", "fuzz", "bench"].flatMap((folder) => sourceFiles(join(root, folder)))
    expect(all.length).toBeGreaterThan(files.length + 200)
    expect(all.filter((file) => file.endsWith(".ts") && spread.test(readFileSync(file, "utf8")))).toEqual([])
  })

  test("a test is called like the file that it tests, or is listed as one of several", () => {
    const folders = ["apply", "commands", "core", "host", "linux"].map((folder) =>
      join(root, "tests", folder),
    )
    const tests = folders
      .flatMap(sourceFiles)
      .filter((file) => file.endsWith(".test.ts"))
      .map((file) => relative(join(root, "tests"), file))
    const apart = tests.filter((file) => !existsSync(join(root, "src", file.replace(/\.test\.ts$/, ".ts"))))
    expect(tests.length).toBeGreaterThan(100)
    expect(apart.sort()).toEqual([...testsOfSeveral].sort())
  })

  test("every folder of src that decides or does something has tests", () => {
    const folders = new Set(
      files.map((file) => dirname(relative(join(root, "src"), file))).filter((folder) => folder !== "."),
    )
    const untested = [...folders].filter(
      (folder) =>
        !existsSync(join(root, "tests", folder)) && folder !== "host/simulate" && folder !== "core/fault",
    )
    expect(untested).toEqual([])
  })

  test("src holds no string that only vectors have", () => {
    const text = files.map((file) => readFileSync(file, "utf8")).join("\n")
    for (const word of [
      "VEC_",
      "edfee158",
      "DOCKER_RESOURCE",
      "2020-07-11",
      "1.13-11",
      "1.20-1125",
      "@CWD@",
      "@BUNDLE@",
    ])
      expect(text.includes(word)).toBe(false)
  })
})
