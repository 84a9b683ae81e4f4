// Builds dist/gantry and the names in dist/bin/. See docs/adr/0002-compile-flags.md for the flags.
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { ensureDirectory, ensureNodeModules, findBun, hasProgram, root, say } from "./setup.mjs"

/** Names whose command works. A name that does nothing yet must not stand on anybody's PATH. */
const plainNames = ["gantry"]
/** Those that root starts on a container's way: the launcher stands in front. Without it they are not linked. */
export const launchedNames = [
  "nvidia-container-runtime-hook",
  "nvidia-container-toolkit",
  "nvidia-container-runtime",
  "nvidia-container-runtime.cdi",
  "nvidia-container-runtime.legacy",
  "nvidia-container-cli",
  "nvidia-cdi-hook",
  "nvidia-ctk",
]

const flags = [
  "build",
  "--compile",
  "--minify",
  "--bytecode",
  "--format=esm",
  "--splitting",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-tsconfig",
  "--no-compile-autoload-package-json",
  "--compile-jit-policy=30",
]

/** No libc, nothing that a loader or an environment could change. Never `strip` what bun made; this may be. */
const launcherFlags = [
  ...["-std=c11", "-Os", "-s", "-Wall", "-Wextra", "-Werror"],
  ...["-nostdlib", "-static", "-ffreestanding", "-fno-builtin", "-fno-stack-protector"],
  ...["-fno-asynchronous-unwind-tables", "-Wl,--build-id=none", "-Wl,-z,noexecstack"],
]

function inputs(directory) {
  return readdirSync(directory, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory() ? inputs(join(directory, entry.name)) : [join(directory, entry.name)],
    )
    .sort()
}

/** Compiles a program with Gantry's own flags; used for the real one and for the benchmark's empty one. */
export function compile(entry, output) {
  const bun = findBun()
  // By this name stack traces call it.
  const place = mkdtempSync(join(dirname(output), ".build-"))
  const written = join(place, basename(output))
  const result = spawnSync(bun, [...flags, entry, "--outfile", written], { cwd: root, encoding: "utf8" })
  try {
    if (result.status !== 0) throw new Error(`bun build failed: ${result.stderr}`)
    // What Bun writes in small pieces the kernel keeps in small pages, and each run takes a millisecond longer than an installed copy's.
    copyFileSync(written, `${written}.copy`)
    renameSync(`${written}.copy`, output)
  } finally {
    rmSync(place, { recursive: true })
  }
}

/** false: there is no C compiler. */
function compileLauncher(output) {
  if (!hasProgram("cc")) return false
  const directory = join(root, "src/launcher")
  const sources = readdirSync(directory)
    .filter((name) => name.endsWith(".c"))
    .map((name) => join(directory, name))
  const result = spawnSync("cc", [...launcherFlags, "-o", output, ...sources], { encoding: "utf8" })
  if (result.status !== 0) throw new Error(`the launcher does not compile: ${result.stderr}`)
  return true
}

/** What `gantry/cdi` gives others: one file that knows no system, and its types. */
function buildLibrary(directory) {
  rmSync(directory, { recursive: true, force: true })
  const bundled = spawnSync(
    findBun(),
    [
      "build",
      "src/core/library/cdi.ts",
      "--format=esm",
      "--target=browser",
      "--outfile",
      join(directory, "cdi.js"),
    ],
    { cwd: root, encoding: "utf8" },
  )
  if (bundled.status !== 0) throw new Error(`the library cannot be bundled: ${bundled.stderr}`)
  const typed = spawnSync(
    join(root, "node_modules/.bin/tsc"),
    ["-p", "src/core/library", "--outDir", join(directory, "types")],
    { cwd: root, encoding: "utf8" },
  )
  if (typed.status !== 0) throw new Error(`the library's types cannot be written: ${typed.stdout}`)
}

/** Leaves links in the directory and nothing else. What is right stays untouched: another may be running it. */
function linkOnly(directory, targets) {
  const isRight = (name) => {
    const target = targets.find(([wanted]) => wanted === name)?.[1]
    const path = join(directory, name)
    return target !== undefined && lstatSync(path).isSymbolicLink() && readlinkSync(path) === target
  }
  const names = readdirSync(directory)
  const right = new Set(names.filter(isRight))
  for (const name of names) if (!right.has(name)) rmSync(join(directory, name), { recursive: true })
  for (const [name, target] of targets) if (!right.has(name)) symlinkSync(target, join(directory, name))
}

export async function build() {
  await ensureNodeModules()
  const dist = join(root, "dist")
  const program = join(dist, "gantry")
  const launcher = join(dist, "gantry-launcher")
  const hash = createHash("sha256").update([...flags, ...launcherFlags].join(" "))
  for (const file of [
    ...inputs(join(root, "src")),
    join(root, "package.json"),
    join(root, "package-lock.json"),
  ])
    hash.update(file).update(readFileSync(file))
  const key = hash.digest("hex")
  const stamp = join(dist, ".inputs")
  if (!existsSync(program) || !existsSync(stamp) || readFileSync(stamp, "utf8") !== key) {
    say("building dist/gantry")
    ensureDirectory(join(dist, "bin"))
    compile(join(root, "src/main.ts"), program)
    buildLibrary(join(dist, "library"))
    rmSync(launcher, { force: true })
    if (!compileLauncher(launcher))
      say(`no C compiler: without the launcher ${launchedNames.join(", ")} are not linked`)
    const check = spawnSync(program, ["version"], { encoding: "utf8" })
    if (check.status !== 0 || !check.stdout.startsWith("gantry "))
      throw new Error(`the built program does not answer as gantry: ${check.stdout}${check.stderr}`)
    writeFileSync(stamp, key)
  }
  const hasLauncher = existsSync(launcher)
  const targets = [
    ...plainNames.map((name) => [name, "../gantry"]),
    ...(hasLauncher ? launchedNames.map((name) => [name, "../gantry-launcher"]) : []),
  ]
  linkOnly(join(dist, "bin"), targets)
  return { program, sizeBytes: statSync(program).size, names: targets.map(([name]) => name) }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { sizeBytes, names } = await build()
  say(`dist/gantry, ${Math.round(sizeBytes / 1024 / 1024)} MiB; names in dist/bin: ${names.join(", ")}`)
}
