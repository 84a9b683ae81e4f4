import { expect, test } from "bun:test"
import { join } from "node:path"
import { baseName } from "../src/core/text/path.ts"

const root = join(import.meta.dir, "..")

/** Chunks that a start loads: the entry, these commands, and what they import at once; not what they import when they must. */
async function loadedAtStart(commands: readonly string[]): Promise<string> {
  const entries = ["main", ...commands.map((name) => `commands/start/${name}`)]
  const built = await Bun.build({
    entrypoints: entries.map((name) => join(root, "src", `${name}.ts`)),
    root: join(root, "src"),
    // As the executable has them, in which no chunk lies below another.
    naming: "[name].[ext]",
    splitting: true,
    minify: true,
    target: "bun",
    format: "esm",
  })
  const texts = new Map<string, string>()
  for (const output of built.outputs) texts.set(join("/", output.path), await output.text())
  const loaded = new Map<string, string>()
  const load = (path: string): void => {
    const text = texts.get(path)
    if (text === undefined) throw new Error(`${path} was not built`)
    if (loaded.has(path)) return
    loaded.set(path, text)
    for (const [, imported = ""] of text.matchAll(/(?:from|import)\s*"(\.[^"]+)"/g))
      load(join(path, "..", imported))
  }
  for (const name of entries) load(`/${baseName(name)}.js`)
  return [...loaded.values()].join("\n")
}

/** Words of reading CDI specifications, of planning from them and of applying them. */
const specifications = ["cdiVersion", "devices.specification", "memBwSchema"]
const never = [
  "Tesla K80",
  "libnvidia-fatbinaryloader",
  "nvmlInit",
  "/sys/bus/pci/devices",
  ...specifications,
]
/** Words of planning: only a container that asks for something new needs it. */
const planning = ["select.mig", "EGLVisibleDGPUDevices"]
/** Proof that the applier is among what was read; each word stands in one file. */
const applying = ["openat2", "/usr/local/cuda/compat"]

test.each([
  ["the hook, for what was asked before", ["launched", "hook", "inject"], never.concat(planning), 87_138],
  [
    "the wrapper, for what was asked before",
    ["launched", "runtime", "edit-bundle"],
    never.concat(planning),
    90_439,
  ],
  ["the wrapper, for something new", ["launched", "runtime", "edit-bundle", "plan-start"], never, 132_918],
] as const)("%s, loads little JavaScript", async (_, commands, unwanted, limit) => {
  const all = await loadedAtStart(commands)
  expect(applying.filter((word) => !all.includes(word))).toEqual([])
  expect(unwanted.filter((word) => all.includes(word))).toEqual([])
  expect(all.length).toBeLessThan(limit)
})

test("what reads specifications is loaded for a container that has a device of one, and not before", async () => {
  const all = await loadedAtStart(["plan-with-specifications", "plan-from-files"])
  expect(specifications.filter((word) => !all.includes(word))).toEqual([])
})

test("and not where they are remembered", async () => {
  const all = await loadedAtStart(["plan-with-specifications"])
  expect(all).toContain("devices.specification")
  expect(all).not.toContain("memBwSchema")
  expect(all.length).toBeLessThan(34_982)
})
