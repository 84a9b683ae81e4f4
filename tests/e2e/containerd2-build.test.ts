import { afterAll, expect, test } from "bun:test"
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { hasProgram, makeDirectory } from "./bundle.ts"
import { buildContainerd2 } from "./containerd2-build.ts"

/** Where nothing can be written, whoever asks. */
const work = makeDirectory("cache")
const file = join(work, "file")
writeFileSync(file, "")
afterAll(() => rmSync(work, { recursive: true, force: true }))

test.skipIf(!hasProgram("go")).each([
  ["of ours", { XDG_CACHE_HOME: file }, "a cache that can be written: ENOTDIR"],
  [
    "of Go's builds",
    { XDG_CACHE_HOME: join(work, "ours"), GOCACHE: file },
    "what go install needs: failed to initialize build cache",
  ],
  [
    "of Go's modules",
    { XDG_CACHE_HOME: join(work, "ours"), GOMODCACHE: file },
    "what go install needs: go: could not create module cache",
  ],
])(
  "a cache %s that cannot be written is what a build lacks, and fails no test (missing: go)",
  async (_, variables, lacks) => {
    const before = { ...process.env }
    Object.assign(process.env, variables)
    try {
      expect(await buildContainerd2()).toEqual({ lacks: expect.stringContaining(lacks) })
    } finally {
      for (const name of Object.keys(variables)) {
        const value = before[name]
        if (value === undefined) delete process.env[name]
        else process.env[name] = value
      }
    }
  },
)
