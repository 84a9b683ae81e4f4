/** The driver's files as nvidia-container-cli names them: inside the driver root, programs and sockets with their links resolved. */

import type { DriverCatalogue, FileReason } from "../driver/catalogue.ts"
import type { Host } from "../host/host.ts"
import { viewRoot } from "../host/root-view.ts"
import type { Inventory, Socket } from "../inventory/inventory.ts"

export interface CliFiles {
  /** Order of each: the reference's. */
  readonly binaries: readonly string[]
  readonly libraries: readonly string[]
  readonly libraries32: readonly string[]
  readonly sockets: readonly { readonly name: Socket["name"]; readonly path: string }[]
  readonly firmware: readonly string[]
}

interface CliMachine {
  readonly inventory: Inventory
  readonly driver: DriverCatalogue
  /** Where the environment says that the Multi-Process Service's sockets lie; undefined or empty: it says nothing. */
  readonly mpsDirectory: string | undefined
}

/** Only what the reference's own tables name. */
const isNamed = ({ reasons }: { readonly reasons: readonly FileReason[] }): boolean =>
  reasons.some(({ kind }) => kind === "table")

export function observeCliFiles(host: Host, { inventory, driver, mpsDirectory }: CliMachine): CliFiles {
  const view = viewRoot(host, driver.driverRoot)
  const inside = (path: string): string => withoutRoot(path, driver.driverRoot)
  const resolved = (path: string): string => {
    const found = view.resolve(path)
    return found.ok ? found.value : path
  }
  const named = driver.libraries.filter(isNamed)
  const found = inventory.sockets.map(({ name, path }) => ({ name, path: resolved(inside(path)) }))
  const mps = (mpsDirectory ?? "") === "" ? undefined : resolved(`/${mpsDirectory}`)
  return {
    binaries: driver.binaries.filter(isNamed).map(({ rootPath }) => resolved(rootPath)),
    libraries: named.filter(({ bits }) => bits === 64).map(({ rootPath }) => rootPath),
    libraries32: named.filter(({ bits }) => bits === 32).map(({ rootPath }) => rootPath),
    sockets:
      mps === undefined
        ? found
        : [
            ...found.filter(({ name }) => name !== "mps"),
            ...(view.lstat(mps).ok ? [{ name: "mps", path: mps } as const] : []),
          ],
    firmware: driver.firmware.map(inside),
  }
}

const withoutRoot = (path: string, root: string): string =>
  root !== "/" && path.startsWith(`${root}/`) ? path.slice(root.length) : path
