/**
 * What can be wrong with a simulated machine, to order. Each defect changes the list of what lies on the machine; what an observer
 * should then see stands in docs/simulate.md. They fit generated and listed machines alike.
 */

import { baseName, parentPath } from "../../core/text/path.ts"
import { decodeUtf8, encodeUtf8 } from "../../core/text/utf8.ts"
import type { Made } from "./made.ts"

export interface DefectiveMachine {
  readonly made: readonly Made[]
  /** Paths that answer "permission denied", also to root. */
  readonly denied: readonly string[]
  /** How the stand-in for NVML behaves; see nvml-stand-in.c. */
  readonly nvml: readonly string[]
}

/** undefined: the defect does not fit this machine. */
type Change = (machine: DefectiveMachine, argument: string) => DefectiveMachine | undefined

const without = (machine: DefectiveMachine, isGone: (one: Made) => boolean): DefectiveMachine | undefined => {
  const made = machine.made.filter((one) => !isGone(one))
  return made.length === machine.made.length ? undefined : { ...machine, made }
}

const altered = (
  machine: DefectiveMachine,
  isMeant: (one: Made) => boolean,
  change: (one: Made) => Made,
): DefectiveMachine | undefined =>
  machine.made.some(isMeant)
    ? { ...machine, made: machine.made.map((one) => (isMeant(one) ? change(one) : one)) }
    : undefined

/** The text keeps its size where it can, as files of proc that were listed do. */
function rewrite(one: Made, edit: (text: string) => string): Made {
  if (one.kind !== "file") return one
  const before = decodeUtf8(one.content)
  const after = edit(before)
  return { ...one, content: encodeUtf8(after) }
}

const informationOf = (machine: DefectiveMachine, index: string): string | undefined =>
  machine.made
    .map(({ path }) => path)
    .filter((path) => /^\/proc\/driver\/nvidia\/gpus\/[^/]+\/information$/.test(path))
    .sort()[Number(index)]

const onInformation =
  (edit: (text: string) => string): Change =>
  (machine, index) => {
    const path = informationOf(machine, index)
    return altered(
      machine,
      (one) => one.path === path,
      (one) => rewrite(one, edit),
    )
  }

const setField = (text: string, key: string, value: string): string => {
  const line = new RegExp(`^${key}:.*$`, "m")
  return line.test(text) ? text.replace(line, `${key}: \t ${value}`) : `${key}: \t ${value}\n${text}`
}

const newer = (version: string): string =>
  version.replace(/^\d+/, (branch) => String(Number(branch) + 20).padStart(branch.length, "0"))

interface Defect {
  /** What the argument after the colon means; undefined: there is none. */
  readonly argument: string | undefined
  readonly change: Change
}

const defect = (argument: string | undefined, change: Change): Defect => ({ argument, change })

const nvmlDefect = (argument: string | undefined, name: string): Defect =>
  defect(argument, (machine, value) => ({
    ...machine,
    nvml: [...machine.nvml, value === "" ? name : `${name}=${value}`],
  }))

const library =
  (stem: string) =>
  (one: Made): boolean => {
    const name = baseName(one.path)
    return one.path.includes("/lib") && (name === `${stem}.so` || name.startsWith(`${stem}.so.`))
  }

export const defects: Readonly<Record<string, Defect>> = {
  "stale-uvm-major": defect(undefined, (machine) =>
    altered(
      machine,
      (one) => one.kind === "node" && one.path.endsWith("/nvidia-uvm"),
      (one) => (one.kind === "node" ? { ...one, major: one.major - 1 } : one),
    ),
  ),
  "missing-node": defect("NAME below /dev", (machine, name) =>
    without(machine, ({ path }) => path === `/dev/${name}`),
  ),
  "dead-persistenced-socket": defect(undefined, (machine) => {
    const path = "/run/nvidia-persistenced/socket"
    const others = machine.made.filter((one) => one.path !== path && one.path !== "/proc/net/unix")
    const table = "Num       RefCount Protocol Flags    Type St Inode Path\n"
    return {
      ...machine,
      made: [
        ...others,
        { kind: "socket", path, mode: 0o755 },
        { kind: "file", path: "/proc/net/unix", content: encodeUtf8(table), mode: 0o444 },
      ],
    }
  }),
  "version-mismatch": defect(undefined, (machine) =>
    altered(
      machine,
      ({ path }) => path === "/sys/module/nvidia/version" || path === "/proc/driver/nvidia/version",
      (one) => rewrite(one, (text) => text.replace(/\d{3}\.[\d.]+\d/, newer)),
    ),
  ),
  "missing-lib": defect("STEM, such as libnvoptix", (machine, stem) => without(machine, library(stem))),
  "truncated-lib": defect("STEM", (machine, stem) =>
    altered(
      machine,
      (one) => one.kind === "file" && library(stem)(one),
      (one) =>
        one.kind === "file" ? { ...one, content: one.content.subarray(0, 100), sizeBytes: 100 } : one,
    ),
  ),
  "missing-file": defect("PATH", (machine, path) => without(machine, (one) => one.path === path)),
  "mig-cap-missing": defect(undefined, (machine) => {
    const last = machine.made
      .filter(({ path }) => /^\/dev\/nvidia-caps\/nvidia-cap([3-9]|\d\d+)$/.test(path))
      .sort((one, other) => one.path.length - other.path.length || (one.path < other.path ? -1 : 1))
      .at(-1)
    return last === undefined ? undefined : without(machine, (one) => one === last)
  }),
  unreadable: defect("PATH", (machine, path) => {
    const isThere = machine.made.some((one) => one.path === path || one.path.startsWith(`${path}/`))
    return isThere ? { ...machine, denied: [...machine.denied, path] } : undefined
  }),
  "cyclic-link": defect("PATH", (machine, path) => {
    const others = machine.made.filter((one) => one.path !== path && !one.path.startsWith(`${path}/`))
    return { ...machine, made: [...others, { kind: "symlink", path, target: baseName(path) }] }
  }),
  "dead-gpu": defect("INDEX", (machine, index) => {
    const path = informationOf(machine, index)
    return altered(
      machine,
      (one) => one.path === path,
      (one) => (one.kind === "file" ? { ...one, content: encodeUtf8("") } : one),
    )
  }),
  "excluded-gpu": defect(
    "INDEX",
    onInformation((text) => setField(text, "GPU Excluded", "Yes")),
  ),
  "uninitialised-gpu": defect(
    "INDEX",
    onInformation((text) => setField(text, "GPU UUID", "GPU-????????-????-????-????-????????????")),
  ),
  "no-driver": defect(undefined, (machine) =>
    without(
      machine,
      ({ path }) =>
        /^\/(proc\/driver|sys\/module\/nvidia|dev\/nvidia)/.test(path) ||
        /\/lib(nvidia|cuda|EGL_nvidia|GLX_|GLES\w+_nvidia|nvcuvid|nvoptix|vdpau_nvidia)[^/]*$/.test(path),
    ),
  ),
  "nvml-hangs": nvmlDefect(undefined, "hangs"),
  "nvml-crashes": nvmlDefect(undefined, "crashes"),
  "nvml-missing-symbol": nvmlDefect("NAME of a function", "missing"),
  "nvml-error": nvmlDefect("NUMBER that every function returns", "error"),
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
  return { ...changed, made: withoutEmptyParents(changed.made) }
}

/** What lies in a place that is no directory any more is gone too. */
function withoutEmptyParents(made: readonly Made[]): readonly Made[] {
  const blocked = new Set(
    made.filter(({ kind }) => kind !== "directory" && kind !== "symlink").map(({ path }) => path),
  )
  return made.filter(({ path }) => {
    for (let parent = parentPath(path); parent !== "/"; parent = parentPath(parent))
      if (blocked.has(parent)) return false
    return true
  })
}
