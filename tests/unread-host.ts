/** A machine of which something cannot be read, though it is there. */

import { fail, type Result } from "../src/core/fault/result.ts"
import type { Host } from "../src/core/host/host.ts"
import { readFault } from "../src/core/host/resolve-path.ts"
import type { HostPath } from "../src/core/text/brand.ts"

/** Every read of a path that fits, and every look at it, fails with `errno`: EACCES, EIO, EMFILE. */
export function unreadHost<T extends Omit<Host, "askNvml">>(host: T, places: RegExp, errno: string): T {
  const answer = <A>(path: HostPath, syscall: string, ask: () => Result<A>): Result<A> =>
    places.test(path) ? fail(readFault(path, syscall, errno)) : ask()
  return {
    ...host,
    readFile: (path, range) => answer(path, "open", () => host.readFile(path, range)),
    readParts: (path, use) =>
      host.readParts(path, (read) => use((range) => answer(path, "open", () => read(range)))),
    readDir: (path) => answer(path, "readdir", () => host.readDir(path)),
    lstat: (path) => answer(path, "lstat", () => host.lstat(path)),
    readLink: (path) => answer(path, "readlink", () => host.readLink(path)),
    exists: (path) => !places.test(path) && host.exists(path),
  }
}
