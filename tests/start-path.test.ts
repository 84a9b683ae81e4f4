import { expect, test } from "bun:test"
import { join } from "node:path"

const root = join(import.meta.dir, "..")

/** Chunks that a start loads: the entry, the hook, the injector, and what these import at once. */
async function loadedAtStart(): Promise<ReadonlyMap<string, string>> {
  const entries = ["main", "commands/hook", "commands/inject"]
  const built = await Bun.build({
    entrypoints: entries.map((name) => join(root, "src", `${name}.ts`)),
    root: join(root, "src"),
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
  for (const name of entries) load(`/${name}.js`)
  return loaded
}

test("a GPU start loads little JavaScript, and nothing that looks at a machine anew", async () => {
  const texts = [...(await loadedAtStart()).values()]
  const all = texts.join("\n")
  // Proof that the plan and the applier are among it; each word stands in one file.
  for (const word of ["select.mig", "openat2", "/etc/ld.so.cache"]) expect(all).toContain(word)
  for (const word of [
    "Tesla K80",
    "libnvidia-fatbinaryloader",
    "nvmlInit",
    "/sys/bus/pci/devices",
    "cdiVersion",
  ])
    expect(all).not.toContain(word)
  expect(all.length).toBeLessThan(125_000)
})
