// What the other scripts need before they can work: npm packages, system packages, the right bun. Says what it installs before
// it does. Uses nothing but Node, because on a fresh machine there is nothing else.
import { spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "")
export const isRoot = process.getuid?.() === 0

export const say = (text) => console.log(`gantry: ${text}`)

/** Runs a program with its output shown; resolves to its exit status (128 + signal when killed). */
export function run(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"], ...options })
    child.on("error", () => resolve(127))
    child.on("close", (code, signal) => resolve(code ?? (signal === null ? 1 : 128)))
  })
}

export const hasProgram = (name) =>
  (process.env.PATH ?? "")
    .split(":")
    .concat("/usr/sbin", "/sbin")
    .some((directory) => existsSync(join(directory, name)))

/** Installs npm packages when they are missing or another lock file's. */
export async function ensureNodeModules() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex")
  const stamp = join(root, "node_modules", ".gantry-lock")
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock && findBun() !== undefined) return
  say("installing npm packages (npm ci): TypeScript, Bun, Biome, knip, fast-check")
  const status = await run("npm", ["ci", "--no-audit", "--no-fund"])
  if (status !== 0) throw new Error(`npm ci failed with status ${status}`)
  if (findBun() === undefined) throw new Error("bun does not run on this machine")
  writeFileSync(stamp, lock)
}

/** The bun that npm brought. Its install script may have been refused; the platform package works as it is. */
export function findBun() {
  const candidates = [
    "node_modules/.bin/bun",
    ...["x64", "aarch64", "x64-baseline", "x64-musl", "aarch64-musl"].map(
      (kind) => `node_modules/@oven/bun-linux-${kind}/bin/bun`,
    ),
  ].map((path) => join(root, path))
  return candidates.find((path) => existsSync(path) && spawnSync(path, ["--version"]).status === 0)
}

/** System packages by the program, or the file in /lib, that shows they are there. */
const systemPackages = {
  runc: { program: "runc", packages: ["runc"] },
  crun: { program: "crun", packages: ["crun"] },
  busybox: { program: "busybox", packages: ["busybox-static"] },
  compiler: { program: "cc", packages: ["gcc", "libc6-dev"] },
  network: { program: "ip", packages: ["iproute2"] },
  docker: { program: "dockerd", packages: ["docker.io"] },
  podman: { program: "podman", packages: ["podman"] },
  containerd: { program: "containerd", packages: ["containerd"] },
  tracing: { program: "strace", packages: ["strace"] },
  systemd: { program: "systemctl", packages: ["systemd"] },
  musl: { file: /^ld-musl-\w+\.so\.1$/, packages: ["musl"] },
}

const isThere = ({ program, file }) =>
  program === undefined ? readdirSync("/lib").some((name) => file.test(name)) : hasProgram(program)

const isDebianLike = () => {
  try {
    return (
      /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync("/etc/os-release", "utf8")) && hasProgram("apt-get")
    )
  } catch {
    return false
  }
}

/** Installs what is missing where it can; returns the names of what is still missing. */
export async function ensurePackages(names) {
  const missing = () => names.filter((name) => !isThere(systemPackages[name]))
  if (missing().length === 0) return []
  if (!isRoot || !isDebianLike()) {
    const why = isRoot ? "this is no Debian or Ubuntu" : "not root"
    say(`cannot install ${missing().join(", ")}: ${why}`)
    return missing()
  }
  const packages = missing().flatMap((name) => systemPackages[name].packages)
  say(`installing system packages by apt-get: ${packages.join(", ")}`)
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" }
  const install = ["install", "-y", "-qq", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0", ...packages]
  const quiet = { env, stdio: ["ignore", "ignore", "inherit"] }
  if ((await run("apt-get", install, quiet)) !== 0) {
    say("the package lists are old or missing: apt-get update")
    await run("apt-get", ["update", "-qq"], quiet)
    await run("apt-get", install, quiet)
  }
  const still = missing()
  if (still.length > 0) say(`could not install ${still.join(", ")}`)
  return still
}

export const ensureDirectory = (path) => mkdirSync(path, { recursive: true })
