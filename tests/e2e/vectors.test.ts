import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { profileNames } from "../../src/core/request/profile.ts"
import { normalised, readVectors, runVector, type Vector } from "../vectors/vector.ts"
import { hasProgram, hookProgram, mustRun } from "./bundle.ts"

const suite = hasProgram("cc") ? describe : describe.skip

/** Conditions of the host that some records need. */
function holdsHere(vector: Vector): boolean {
  const hasCli = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].some(
    (directory) => existsSync(join(directory, "nvidia-container-cli")),
  )
  const hasConfig = existsSync("/etc/nvidia-container-runtime/config.toml")
  const needs = vector.needs ?? []
  return !(needs.includes("no-system-cli") && hasCli) && !(needs.includes("no-etc-config") && hasConfig)
}

suite(
  hasProgram("cc") ? "recorded vectors, by the real executable" : "recorded vectors (missing: cc)",
  () => {
    const work = mkdtempSync(join(tmpdir(), "gantry-stub-"))
    const stub = join(work, "stub")
    beforeAll(() => {
      mustRun("cc", ["-O1", "-static", "-o", stub, join(import.meta.dir, "../vectors/stub.c")])
    })
    afterAll(() => rmSync(work, { recursive: true, force: true }))

    test.each(profileNames)(
      "profile %s: exit status, arguments and environment agree in every record",
      async (profile) => {
        const vectors = readVectors(join(import.meta.dir, `../vectors/hook/${profile}.jsonl.gz`))
        expect(vectors.length).toBeGreaterThan(1000)
        expect(vectors.filter((vector) => !holdsHere(vector)).map(({ id }) => id)).toEqual([])
        const differences: string[] = []
        let next = 0
        let executed = 0
        const worker = async (): Promise<void> => {
          for (let vector = vectors[next++]; vector !== undefined; vector = vectors[next++]) {
            const outcome = await runVector(vector, profile, hookProgram, stub)
            if (outcome.argv !== null) executed++
            if (normalised(outcome) !== normalised(vector))
              differences.push(
                `${vector.id}: want ${normalised(vector)}, got ${normalised(outcome)} ${outcome.stderr}`,
              )
            if (outcome.stderr.includes("    at ") || outcome.stderr.includes("internal error"))
              differences.push(`${vector.id}: a stack trace: ${outcome.stderr}`)
          }
        }
        await Promise.all([worker(), worker(), worker()])
        expect(differences).toEqual([])
        expect(executed).toBe(vectors.filter(({ argv }) => argv !== null).length)
      },
    )
  },
)
