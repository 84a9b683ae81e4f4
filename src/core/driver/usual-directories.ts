/**
 * Where distributions put libraries, without a list of distributions: multiarch directories are found by their form. And the order in which the
 * reference names such directories to containers.
 */

import type { RootView } from "../host/root-view.ts"
import type { HostPath } from "../text/brand.ts"

/** Base directories of libraries; each is looked at itself, and its multiarch and vendor subdirectories. */
const baseDirectories = [
  "/usr/lib64",
  "/usr/lib",
  "/usr/lib32",
  "/lib64",
  "/lib",
  "/lib32",
  "/usr/local/lib64",
  "/usr/local/lib",
  "/usr/local/nvidia/lib64",
  "/usr/local/nvidia/lib",
  "/run/opengl-driver/lib",
  "/run/opengl-driver-32/lib",
  "/usr/lib/wsl/lib",
]
/** Those that have one directory for each kind of machine below them, where a distribution does that. */
const multiarchBases = ["/usr/lib", "/lib"]
const multiarch = /^(x86_64|aarch64|i386|i686|arm)-linux-gnu\w*$/
const vendorDirectories = ["nvidia", "nvidia/current"]

/** Inside the driver root, whether they are there or not. Order: of search. */
export function usualDirectories(view: RootView): readonly string[] {
  return baseDirectories.flatMap((base) => {
    const names = multiarchBases.includes(base) ? view.readDir(base) : undefined
    const archs = names?.ok === true ? names.value.filter((name) => multiarch.test(name)) : []
    return [base, ...archs.map((name) => `${base}/${name}`)].flatMap((directory) => [
      directory,
      ...vendorDirectories.map((name) => `${directory}/${name}`),
    ])
  })
}

/** Where the reference looks first. */
const firstPlaces = [
  /^\/usr\/lib64$/,
  /^\/usr\/lib\/[^/]+-linux-gnu$/,
  /^\/usr\/lib\/[^/]+-linux-gnu\/nvidia\/current$/,
  /^\/lib64$/,
  /^\/lib\/[^/]+-linux-gnu(?:\/nvidia\/current)?$/,
]

/** What the reference does not know comes last. */
export function inUsualOrder(directories: readonly HostPath[]): readonly HostPath[] {
  const rank = (directory: string): number => {
    const place = firstPlaces.findIndex((one) => one.test(directory))
    return place === -1 ? firstPlaces.length : place
  }
  return directories.toSorted((one, other) => rank(one) - rank(other))
}
