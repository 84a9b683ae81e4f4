/**
 * Split roots: a driver container may keep the device nodes below a root of its own. Paths stay what a container sees
 * (`/dev/nvidia0`); where they lie on the machine is the dev root's affair.
 */

import { type HostPath, hostPath } from "../text/brand.ts"
import { joinPath } from "../text/path.ts"
import type { Host } from "./host.ts"

/** The same machine, with `/dev` taken from below another root. */
export function withDevRoot(host: Host, devRoot: HostPath): Host {
  if (devRoot === "/") return host
  const place = (path: HostPath): HostPath =>
    path === "/dev" || path.startsWith("/dev/") ? nodePlace(devRoot, path) : path
  return {
    ...host,
    readFile: (path, range) => host.readFile(place(path), range),
    readParts: (path, use) => host.readParts(place(path), use),
    readDir: (path) => host.readDir(place(path)),
    lstat: (path) => host.lstat(place(path)),
    readLink: (path) => host.readLink(place(path)),
    exists: (path) => host.exists(place(path)),
    livePath: (path) => host.livePath(place(path)),
  }
}

/** Where a node lies on the machine. */
export const nodePlace = (devRoot: HostPath, path: HostPath): HostPath =>
  devRoot === "/" ? path : hostPath(joinPath(devRoot, path))

/** The machine's own `/dev`, or the driver root's where only that one has the driver's nodes. */
export function findDevRoot(host: Host, driverRoot: HostPath): HostPath {
  const has = (root: HostPath): boolean => host.exists(nodePlace(root, hostPath("/dev/nvidiactl")))
  const own = hostPath("/")
  return driverRoot !== own && !has(own) && has(driverRoot) ? driverRoot : own
}
