/** One recorded run of the reference's hook, and how to lay it out and run the real executable on it. See README.md beside it. */

import { execFile } from "node:child_process"
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { dirname, join } from "node:path"
import { gunzipSync } from "node:zlib"

interface VectorFile {
  readonly path: string
  readonly kind: "file" | "dir" | "link" | "stub"
  readonly text?: string
  readonly mode?: string
  readonly to?: string
}

export interface Vector {
  readonly id: string
  readonly debug: boolean
  readonly config: string
  readonly state: string
  readonly spec: string | null
  readonly exit: number
  readonly argv: readonly string[] | null
  readonly env: readonly string[] | null
  readonly stderr: string
  readonly args?: readonly string[]
  readonly hook_env?: Readonly<Record<string, string>> | readonly string[]
  readonly files?: readonly VectorFile[]
  readonly cli_exit?: number
  readonly cli?: string
  readonly needs?: readonly string[]
  readonly tags?: readonly string[]
}

export interface Outcome {
  readonly exit: number
  readonly argv: readonly string[] | null
  readonly env: readonly string[] | null
  readonly stderr: string
}

export const readVectors = (file: string): readonly Vector[] =>
  gunzipSync(readFileSync(file))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Vector)

export interface Place {
  /** What to remove afterwards. */
  readonly fresh: string
  readonly directory: string
  readonly substitute: (text: string) => string
  readonly restore: (text: string) => string
}

/**
 * Lays a vector's files out in a fresh directory: one level below /tmp for the two older profiles, two for 1.20, because that
 * is where they were recorded and relative roots show it.
 */
function layOut(vector: Vector, profile: string, stub: string): Place {
  const fresh = mkdtempSync("/tmp/gantry-vector-")
  const isNested = profile === "1.20"
  const directory = isNested ? join(fresh, "cwd") : fresh
  const bundle = join(directory, "bundle")
  const cli = join(directory, "nvidia-container-cli")
  const substitute = (text: string): string =>
    text.replaceAll("@BUNDLE@", bundle).replaceAll("@CLI@", cli).replaceAll("@CWD@", directory)
  const restore = (text: string): string => {
    const inside = text.replaceAll(bundle, "@BUNDLE@").replaceAll(directory, "@CWD@")
    return isNested ? inside.replaceAll(fresh, "@PARENT@") : inside
  }
  mkdirSync(join(bundle, "rootfs"), { recursive: true })
  writeFileSync(join(directory, "config.toml"), substitute(vector.config))
  if (vector.spec !== null) writeFileSync(join(bundle, "config.json"), substitute(vector.spec))
  if (!(vector.files ?? []).some((file) => file.path === "nvidia-container-cli")) copyStub(stub, cli)
  for (const file of vector.files ?? []) {
    const path = join(directory, substitute(file.path))
    mkdirSync(dirname(path), { recursive: true })
    if (file.kind !== "dir") rmSync(path, { recursive: true, force: true })
    if (file.kind === "dir") mkdirSync(path, { recursive: true })
    else if (file.kind === "link") symlinkSync(substitute(file.to ?? ""), path)
    else if (file.kind === "stub") copyStub(stub, path)
    else {
      writeFileSync(path, substitute(file.text ?? ""))
      chmodSync(path, Number.parseInt(file.mode ?? "0644", 8))
    }
  }
  return { fresh, directory, substitute, restore }
}

function copyStub(stub: string, path: string): void {
  copyFileSync(stub, path)
  chmodSync(path, 0o755)
}

/** The whole command line after the program's name, with our flags for profile and injector among the others. */
function commandLine(vector: Vector, profile: string): readonly string[] {
  const recorded = vector.args ?? [
    ...(vector.debug ? ["-debug"] : []),
    "-config",
    "@CWD@/config.toml",
    "prestart",
  ]
  return ["-profile", profile, "-injector", "delegate", ...recorded]
}

/** Runs the executable on a vector and reads what the stub recorded. */
export async function runVector(
  vector: Vector,
  profile: string,
  program: string,
  stub: string,
): Promise<Outcome> {
  const place = layOut(vector, profile, stub)
  try {
    const report = join(place.directory, ".stub-report")
    const recorded = vector.hook_env ?? { PATH: "/usr/bin:/bin" }
    const pairs = Array.isArray(recorded)
      ? recorded.map((entry: string) => entry.split(/=(.*)/s).slice(0, 2) as [string, string])
      : Object.entries(recorded as Readonly<Record<string, string>>)
    const env = Object.fromEntries(pairs.map(([name, value]) => [name, place.substitute(value)]))
    const args = commandLine(vector, profile).map(place.substitute)
    writeFileSync(join(place.directory, ".stub-exit"), `${vector.cli_exit ?? 0}`)
    const ran = await new Promise<{ exit: number; stderr: string }>((resolve) => {
      const child = execFile(
        program,
        args,
        { cwd: place.directory, env, timeout: 30_000 },
        (error, _, stderr) => {
          resolve({ exit: error === null ? 0 : typeof error.code === "number" ? error.code : -1, stderr })
        },
      )
      child.stdin?.on("error", () => undefined)
      child.stdin?.end(place.substitute(vector.state))
    })
    const restored = place.restore(ran.stderr)
    if (!existsSync(report)) return { exit: ran.exit, argv: null, env: null, stderr: restored }
    const entries = readFileSync(report).toString("utf8").split("\0").slice(0, -1).map(place.restore)
    const argv = entries.filter((entry) => entry.startsWith("A")).map((entry) => entry.slice(1))
    const seen = new Map<string, string>()
    for (const entry of entries.filter((one) => one.startsWith("EVEC_")).map((one) => one.slice(1))) {
      const name = entry.split("=")[0] ?? ""
      if (!seen.has(name)) seen.set(name, entry)
    }
    const sorted = [...seen.entries()]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, entry]) => entry)
    return { exit: ran.exit, argv, env: sorted, stderr: restored }
  } finally {
    rmSync(place.fresh, { recursive: true, force: true })
  }
}

/** An outcome with what the contract leaves open made equal: the order of requirements, which ldconfig the host has. */
export function normalised(outcome: Pick<Outcome, "exit" | "argv" | "env">): string {
  const { exit, env } = outcome
  if (outcome.argv === null) return JSON.stringify({ exit, argv: null, env: null })
  const sorted = outcome.argv.filter((argument) => argument.startsWith("--require=")).sort()
  const argv = outcome.argv.map((argument) => {
    if (argument.startsWith("--require=")) return sorted.shift()
    return argument === "--ldconfig=@/sbin/ldconfig.real" ? "--ldconfig=@/sbin/ldconfig" : argument
  })
  return JSON.stringify({ exit, argv, env })
}
