/** One recorded run of the reference's CDI hook on a container's root: how to lay the root out, and what became of it. */

import { spawnSync } from "node:child_process"
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { gunzipSync } from "node:zlib"
import { renderElf } from "../../src/core/elf/render-elf.ts"
import { makeCharacterNode } from "../../src/linux/nodes.ts"

type Laid =
  | readonly [path: string, kind: "dir"]
  | readonly [path: string, kind: "file" | "link" | "lib", text: string]
  | readonly [path: string, kind: "char", number: readonly [major: number, minor: number]]

/** Path → `kind mode content`. */
type Entries = Readonly<Record<string, string>>

export interface HookEffectVector {
  readonly name: string
  readonly args: readonly string[]
  readonly tree: readonly Laid[]
  readonly exit: number
  readonly stderr: string
  readonly added: Entries
  readonly changed: Entries
  readonly removed: readonly string[]
}

export type HookOutcome = Pick<HookEffectVector, "exit" | "added" | "changed" | "removed">

export const readHookEffects = (): readonly HookEffectVector[] =>
  gunzipSync(readFileSync(join(import.meta.dir, "hook-effects.jsonl.gz")))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as HookEffectVector)

function layOutRoot(root: string, tree: readonly Laid[]): void {
  for (const laid of tree) {
    const path = join(root, laid[0])
    mkdirSync(laid[1] === "dir" ? path : dirname(path), { recursive: true })
    if (laid[1] === "file") writeFileSync(path, laid[2])
    if (laid[1] === "link") symlinkSync(laid[2], path)
    if (laid[1] === "lib")
      writeFileSync(
        path,
        renderElf({ machine: "x86-64", soname: laid[2], needed: [], symbol: "x", answer: 1 }),
      )
    if (laid[1] === "char") {
      const made = makeCharacterNode(path, ...laid[2], 0o666)
      if (!made.ok) throw new Error(`mknod: ${JSON.stringify(made.fault.data)}`)
    }
  }
}

/** Every entry of a root as the records write it. */
function listEntries(root: string, below = "/"): Entries {
  const entries: Record<string, string> = {}
  for (const name of readdirSync(join(root, below))) {
    const path = join(below, name)
    const stat = lstatSync(join(root, path))
    const mode = (stat.mode & 0o7777).toString(8)
    if (stat.isSymbolicLink()) entries[path] = `link ${readlinkSync(join(root, path))}`
    else if (stat.isDirectory()) Object.assign(entries, { [path]: `dir ${mode}` }, listEntries(root, path))
    else if (stat.isFile()) entries[path] = `file ${mode} ${contentOf(join(root, path), path)}`
    else entries[path] = `other ${mode}`
  }
  return entries
}

/** Of ELF files, caches and ld.so.conf the records have the size. */
function contentOf(place: string, path: string): string {
  const bytes = readFileSync(place)
  const isSized = path.startsWith("/etc/ld.so.c") && !path.startsWith("/etc/ld.so.conf.d/")
  return isSized || bytes[0] === 0x7f ? String(bytes.length) : bytes.toString("utf8")
}

/** Runs a hook on a fresh root; `look` sees the root afterwards. */
export function runHookEffect(
  program: string,
  vector: Pick<HookEffectVector, "args" | "tree">,
  look: (root: string) => void = () => undefined,
): HookOutcome & { readonly stderr: string } {
  const bundle = mkdtempSync(join(tmpdir(), "gantry-hook-"))
  try {
    const root = join(bundle, "rootfs")
    mkdirSync(root)
    layOutRoot(root, vector.tree)
    chmodSync(root, 0o755)
    const before = listEntries(root)
    writeFileSync(join(bundle, "config.json"), JSON.stringify({ root: { path: "rootfs" } }))
    const input = JSON.stringify({ ociVersion: "1.0.2", id: "x", status: "creating", pid: 1, bundle })
    const ran = spawnSync(program, vector.args, { input, encoding: "utf8", cwd: "/", timeout: 60_000 })
    const after = listEntries(root)
    look(root)
    const paths = Object.keys(after)
    return {
      exit: ran.status ?? -1,
      stderr: ran.stderr,
      added: Object.fromEntries(
        paths.filter((path) => !(path in before)).map((path) => [path, after[path] ?? ""]),
      ),
      changed: Object.fromEntries(
        paths
          .filter((path) => path in before && before[path] !== after[path])
          .map((path) => [path, after[path] ?? ""]),
      ),
      removed: Object.keys(before).filter((path) => !(path in after)),
    }
  } finally {
    rmSync(bundle, { recursive: true, force: true })
  }
}
