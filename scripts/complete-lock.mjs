// Names every optional platform package in package-lock.json, also those that a registry lacks: npm leaves them out of the
// lock file there, and another npm then refuses it. And gives every package that is installed its address at the default
// registry, which npm reads as "at the one that is configured" (replace-registry-host): without an address npm asks for the list
// of all versions of each package first, which takes as long as the packages. Run after every change of dependencies; a test
// checks the result.
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const systems = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
]
const processors = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64"]

/** What a platform package runs on, read from its name: `@scope/name-linux-x64-musl`. */
function platformOf(name) {
  const words = name.split(/[/-]/)
  const os = systems.filter((one) => words.includes(one))
  const cpu = processors.filter((one) => words.includes(one))
  const libc = words.includes("musl") ? ["musl"] : words.includes("gnu") ? ["glibc"] : []
  return { ...(cpu.length > 0 && { cpu }), ...(libc.length > 0 && { libc }), ...(os.length > 0 && { os }) }
}

/** The entry with its address in npm's place for it; what has no checksum was never seen, and gets none. */
function withAddress(path, entry) {
  if (entry.integrity === undefined) return entry
  const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length)
  const file = `${name.split("/").at(-1)}-${entry.version}.tgz`
  const members = Object.entries(entry).filter(([key]) => key !== "version" && key !== "resolved")
  return Object.fromEntries([
    ["version", entry.version],
    ["resolved", `https://registry.npmjs.org/${name}/-/${file}`],
    ...members,
  ])
}

/** The lock file with every optional package in it, sorted as npm sorts, with the default registry's addresses. */
export function completeLock(lock) {
  const packages = { ...lock.packages }
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const place = `node_modules/${name}`
      if (packages[place] !== undefined || packages[`${path}/${place}`] !== undefined) continue
      packages[place] = { version, ...platformOf(name), dev: true, optional: true }
    }
  }
  const sorted = Object.keys(packages).sort((one, other) => one.localeCompare(other, "en"))
  return {
    ...lock,
    packages: Object.fromEntries(sorted.map((key) => [key, withAddress(key, packages[key])])),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = new URL("../package-lock.json", import.meta.url)
  writeFileSync(path, `${JSON.stringify(completeLock(JSON.parse(readFileSync(path, "utf8"))), null, 2)}\n`)
}
