/**
 * What can be wrong with a simulated machine, to order. Each defect changes the list of what lies on the machine; what an observer
 * should then see stands in docs/simulate.md and is held by tests/host/simulate/defects.test.ts. They fit generated and listed machines alike.
 */

import { baseName, parentPath } from "../../core/text/path.ts"
import { encodeUtf8 } from "../../core/text/utf8.ts"
import {
  altered,
  type Change,
  type Defect,
  type DefectiveMachine,
  informationOf,
  isLibrary,
  plain,
  replaced,
  rewritten,
  taking,
  without,
} from "./defective-machine.ts"
import type { Made } from "./made.ts"
import { nvmlDefects } from "./nvml-defects.ts"

const onInformation =
  (edit: (text: string) => string): Change =>
  (machine, index) => {
    const path = informationOf(machine, index)
    return altered(
      machine,
      (one) => one.path === path,
      (one) => rewritten(one, edit),
    )
  }

const setField = (text: string, key: string, value: string): string => {
  const line = new RegExp(`^${key}:.*$`, "m")
  return line.test(text) ? text.replace(line, `${key}: \t ${value}`) : `${key}: \t ${value}\n${text}`
}

/** The version that was loaded before an upgrade: two branches back, with digits enough to stay a driver's version. */
const older = (version: string): string =>
  version.replace(/^\d+/, (branch) => String(Math.max(Number(branch) - 20, 1)).padStart(branch.length, "0"))

/** Source: proc(5). */
const listeners = "/proc/net/unix"
const listenersHead = "Num       RefCount Protocol Flags    Type St Inode Path\n"
const listenerLine = (path: string): string =>
  `0000000000000000: 00000002 00000000 00010000 0001 01 20000 ${path}\n`

/** The kernel's list of device numbers, without a driver's. */
const unregistered = (one: Made): Made =>
  one.path === "/proc/devices" ? rewritten(one, (text) => text.replaceAll(/^ *\d+ nvidia.*\n/gm, "")) : one

export const defects: Readonly<Record<string, Defect>> = {
  "stale-uvm-major": plain((machine) =>
    altered(
      machine,
      (one) => one.kind === "node" && one.path.endsWith("/dev/nvidia-uvm"),
      (one) => (one.kind === "node" ? { ...one, major: one.major - 1 } : one),
    ),
  ),
  "missing-node": taking("NAME below /dev", (machine, name) =>
    without(machine, ({ path }) => path === `/dev/${name}`),
  ),
  "dead-persistenced-socket": plain((machine) => {
    const socket = { kind: "socket", path: "/run/nvidia-persistenced/socket", mode: 0o755 } as const
    const others = machine.made.filter(({ path }) => path !== listeners && path !== socket.path)
    const listening = others.flatMap(({ kind, path }) => (kind === "socket" ? [listenerLine(path)] : []))
    const content = encodeUtf8(listenersHead + listening.join(""))
    return { ...machine, made: [...others, socket, { kind: "file", path: listeners, content, mode: 0o444 }] }
  }),
  // A library that does not fit the module refuses to start: 18.
  "version-mismatch": plain((machine) =>
    altered(
      { ...machine, nvml: { ...machine.nvml, initError: 18 } },
      ({ path }) => path === "/sys/module/nvidia/version" || path === "/proc/driver/nvidia/version",
      (one) => rewritten(one, (text) => text.replace(/\d{3}\.[\d.]+\d/, older)),
    ),
  ),
  "missing-lib": taking("NAME, such as libnvoptix", (machine, name) => without(machine, isLibrary(name))),
  "truncated-lib": taking("NAME", (machine, name) =>
    altered(
      machine,
      (one) => one.kind === "file" && isLibrary(name)(one),
      (one) =>
        one.kind === "file" ? { ...one, content: one.content.subarray(0, 100), sizeBytes: 100 } : one,
    ),
  ),
  "missing-file": taking("PATH", (machine, path) =>
    without(machine, (one) => one.path === path || one.path.startsWith(`${path}/`)),
  ),
  "huge-file": taking("PATH", (machine, path) =>
    altered(
      machine,
      (one) => one.kind === "file" && one.path === path,
      (one) => (one.kind === "file" ? { ...one, sizeBytes: 4 * 1024 ** 3, isPadded: false } : one),
    ),
  ),
  "mig-cap-missing": plain((machine) => {
    const last = machine.made
      .filter(({ path }) => /^\/dev\/nvidia-caps\/nvidia-cap([3-9]|\d\d+)$/.test(path))
      .sort((one, other) => one.path.length - other.path.length || (one.path < other.path ? -1 : 1))
      .at(-1)
    return last === undefined ? undefined : without(machine, (one) => one === last)
  }),
  unreadable: taking("PATH", (machine, path) => {
    const isThere = machine.made.some((one) => one.path === path || one.path.startsWith(`${path}/`))
    return isThere ? { ...machine, denied: [...machine.denied, path] } : undefined
  }),
  "cyclic-link": taking("PATH", (machine, path) =>
    replaced(machine, { kind: "symlink", path, target: baseName(path) }),
  ),
  "dead-gpu": taking(
    "INDEX",
    onInformation(() => ""),
  ),
  "excluded-gpu": taking(
    "INDEX",
    onInformation((text) => setField(text, "GPU Excluded", "Yes")),
  ),
  "uninitialised-gpu": taking(
    "INDEX",
    onInformation((text) => setField(text, "GPU UUID", "GPU-????????-????-????-????-????????????")),
  ),
  "no-driver": plain((machine) =>
    without(
      { ...machine, made: machine.made.map(unregistered) },
      ({ path }) =>
        /^\/(proc\/driver|sys\/module\/nvidia|dev\/nvidia)/.test(path) ||
        /\/lib(nvidia|cuda|EGL_nvidia|GLX_|GLES\w+_nvidia|nvcuvid|nvoptix|vdpau_nvidia)[^/]*$/.test(path),
    ),
  ),
  ...nvmlDefects,
}

export const describeDefects = (): string =>
  Object.entries(defects)
    .map(([name, { argument }]) => (argument === undefined ? name : `${name}:${argument}`))
    .join(", ")

/** The machine with a defect more, or what is wrong with the order. */
export function orderDefect(machine: DefectiveMachine, order: string): DefectiveMachine | string {
  const colon = order.indexOf(":")
  const name = colon === -1 ? order : order.slice(0, colon)
  const argument = colon === -1 ? "" : order.slice(colon + 1)
  const found = Object.hasOwn(defects, name) ? defects[name] : undefined
  if (found === undefined) return `unknown defect ${JSON.stringify(name)}; known: ${describeDefects()}`
  if ((found.argument === undefined) !== (argument === ""))
    return found.argument === undefined
      ? `${name} takes no argument`
      : `${name} needs an argument: ${name}:${found.argument}`
  const changed = found.change(machine, argument)
  if (changed === undefined) return `this machine has nothing for ${JSON.stringify(order)} to break`
  return { ...changed, made: withoutBlocked(changed.made) }
}

/** What lies in a place that is no directory any more is gone too. */
function withoutBlocked(made: readonly Made[]): readonly Made[] {
  const blocked = new Set(made.filter(({ kind }) => kind !== "directory").map(({ path }) => path))
  return made.filter(({ path }) => {
    for (let parent = parentPath(path); parent !== "/"; parent = parentPath(parent))
      if (blocked.has(parent)) return false
    return true
  })
}
