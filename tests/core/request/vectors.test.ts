import { expect, test } from "bun:test"
import { join } from "node:path"
import { type Fault, fault } from "../../../src/core/fault/fault.ts"
import { fail, ok } from "../../../src/core/fault/result.ts"
import { decide } from "../../../src/core/plan/decide.ts"
import { planDelegate } from "../../../src/core/plan/plan-delegate.ts"
import { parseConfig } from "../../../src/core/request/parse-config.ts"
import { profileNames } from "../../../src/core/request/profile.ts"
import { absolutePath } from "../../../src/core/text/path.ts"
import { normalised, readVectors, type Vector } from "../../vectors/vector.ts"

/** What needs no more than texts: the whole is run by the real executable in tests/e2e/vectors.test.ts. */
const isPlain = ({ files, args, hook_env, needs, spec, cli, cli_exit, config }: Vector): boolean =>
  [files, args, hook_env, needs, cli, cli_exit].every((one) => one === undefined) &&
  spec !== null &&
  config.includes("@CLI@")

const absent = (path: string): Fault =>
  fault("InputUnreadable", { what: "OCI spec", path, syscall: "open", errno: "ENOENT", problem: "absent" })

test.each(profileNames)("profile %s: every record of plain texts agrees, in this process", (profile) => {
  const vectors = readVectors(join(import.meta.dir, `../../vectors/hook/${profile}.jsonl.gz`)).filter(isPlain)
  expect(vectors.length).toBeGreaterThan(700)
  const place = (text: string): string =>
    text
      .replaceAll("@BUNDLE@", "/a/b/cwd/bundle")
      .replaceAll("@CLI@", "/a/b/cwd/nvidia-container-cli")
      .replaceAll("@CWD@", "/a/b/cwd")
  const back = (text: string): string =>
    profile === "1.20"
      ? text
          .replaceAll("/a/b/cwd/bundle", "@BUNDLE@")
          .replaceAll("/a/b/cwd", "@CWD@")
          .replaceAll("/a/b", "@PARENT@")
          .replace(/^\/a$/, "/tmp")
      : text.replaceAll("/a/b/cwd", "@CWD@").replace(/^\/a\/b/, "/tmp")
  const differences: string[] = []
  for (const vector of vectors) {
    const decision = decide({
      readConfig: () => parseConfig(place(vector.config), profile),
      readState: () => ok(place(vector.state)),
      readSpec: (bundle) =>
        absolutePath(bundle, "/a/b/cwd") === "/a/b/cwd/bundle"
          ? ok(place(vector.spec ?? ""))
          : fail(absent(bundle)),
      mode: "legacy",
      injector: "delegate",
      isTegra: () => false,
    })
    const got = ((): { exit: number; argv: readonly string[] | null; env: readonly string[] | null } => {
      if (decision.kind === "refuse") return { exit: 1, argv: null, env: null }
      if (decision.kind !== "gpu") return { exit: 0, argv: null, env: null }
      const machine = {
        isExecutable: (path: string) => path === "/a/b/cwd/nvidia-container-cli",
        exists: () => false,
        isSuse: () => false,
      }
      const { request, config } = decision
      const planned = planDelegate({
        request,
        config,
        profile: decision.profile,
        isDebug: vector.debug,
        workingDirectory: "/a/b/cwd",
        environment: ["PATH=/usr/bin:/bin"],
        machine,
      })
      if (!planned.ok || !machine.isExecutable(planned.value.path.replace("//", "/")))
        return { exit: 1, argv: null, env: null }
      const seen = new Map<string, string>()
      for (const entry of planned.value.env) {
        const name = entry.split("=")[0] ?? ""
        if (name.startsWith("VEC_") && !seen.has(name)) seen.set(name, back(entry))
      }
      const env = [...seen].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, entry]) => entry)
      return { exit: 0, argv: planned.value.argv.map(back), env }
    })()
    if (normalised(got) !== normalised(vector))
      differences.push(`${vector.id}: want ${normalised(vector)}, got ${normalised(got)}`)
  }
  expect(differences).toEqual([])
})
