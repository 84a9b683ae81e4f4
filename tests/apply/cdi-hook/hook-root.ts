/** A container's root beside something of the machine's that must not be touched. */

import { spawnSync } from "node:child_process"
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { openContainerRoot } from "../../../src/apply/open-container-root.ts"
import { renderElf } from "../../../src/core/elf/render-elf.ts"
import type { Root } from "../../../src/linux/in-root.ts"

export type Made = string | Uint8Array | { readonly link: string } | { readonly directory: true }

export const library = (soname: string): Uint8Array =>
  renderElf({
    machine: process.arch === "arm64" ? "aarch64" : "x86-64",
    soname,
    needed: [],
    symbol: "x",
    answer: 1,
  })

export interface HookRoot {
  readonly path: string
  readonly root: Root
  /** A directory of the machine's, outside the root. */
  readonly victim: string
  make(files: Readonly<Record<string, Made>>): void
  read(path: string): string
  /** Fails where anything but the root was written, made, removed or read since the last time. */
  expectOutsideUntouched(): void
  remove(): void
}

export function makeHookRoot(): HookRoot {
  const work = mkdtempSync(join(tmpdir(), "gantry-hook-root-"))
  const path = join(work, "rootfs")
  const victim = join(work, "victim")
  mkdirSync(path)
  makeFiles(victim, {
    "/kept": "kept\n",
    "/ld.so.conf": "/victim/libraries\n",
    "/compat/libcuda.so.999.1.1": library("libcuda.so.1"),
    "/libx.so.1.2": library("libx.so.1"),
    "/nvidia/kept": "kept\n",
  })
  const opened = openContainerRoot(path)
  if (!opened.ok) throw new Error(JSON.stringify(opened.fault))
  rememberUnread(victim)
  let before = observeOutside(work, victim)
  return {
    path,
    root: opened.value,
    victim,
    make: (files) => makeFiles(path, files),
    read: (at) => readFileSync(join(path, at), "utf8"),
    expectOutsideUntouched() {
      const after = observeOutside(work, victim)
      const changed = Object.keys({ ...before, ...after }).filter((at) => before[at] !== after[at])
      before = after
      if (changed.length > 0) throw new Error(`touched outside the root: ${changed.join(", ")}`)
    },
    remove: () => rmSync(work, { recursive: true, force: true }),
  }
}

function makeFiles(root: string, files: Readonly<Record<string, Made>>): void {
  for (const [at, made] of Object.entries(files)) {
    const place = join(root, at)
    mkdirSync(dirname(place), { recursive: true })
    if (typeof made === "string" || made instanceof Uint8Array) writeFileSync(place, made)
    else if ("link" in made) symlinkSync(made.link, place)
    else mkdirSync(place, { recursive: true })
  }
}

export function mustMakeFifo(path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  if (spawnSync("mkfifo", [path]).status !== 0) throw new Error("mkfifo failed")
}

/** Times of access older than those of change: where the machine keeps them at all, the next reading is seen. */
function rememberUnread(directory: string): void {
  for (const name of readdirSync(directory)) {
    const place = join(directory, name)
    if (statSync(place).isDirectory()) rememberUnread(place)
    utimesSync(place, 1_000, 2_000)
  }
  utimesSync(directory, 1_000, 2_000)
}

/** Without reading what is remembered as unread: its own files are known by stats. */
function observeOutside(work: string, victim: string): Readonly<Record<string, string>> {
  const seen: Record<string, string> = {}
  const note = (place: string): void => {
    const { ino, mode, size, mtimeMs, ctimeMs, atimeMs, uid } = lstatSync(place)
    seen[place] = [ino, mode, size, mtimeMs, ctimeMs, place.startsWith(victim) ? atimeMs : 0, uid].join(" ")
  }
  for (const name of [
    "kept",
    "ld.so.conf",
    "compat",
    "compat/libcuda.so.999.1.1",
    "libx.so.1.2",
    "nvidia",
    "nvidia/kept",
    "",
  ])
    note(join(victim, name))
  for (const name of readdirSync(work)) if (join(work, name) !== victim) seen[join(work, name)] = "there"
  for (const name of ["ld.so.conf", "ld.so.cache", "ld.so.conf.d", "nvidia"])
    if (lstatSync(`/etc/${name}`, { throwIfNoEntry: false }) !== undefined) note(`/etc/${name}`)
  return seen
}

/** Every path of a root with what it is. */
export function listRoot(root: string, below = ""): Readonly<Record<string, string>> {
  const listed: Record<string, string> = {}
  for (const name of readdirSync(join(root, below))) {
    const at = `${below}/${name}`
    const stat = lstatSync(join(root, at))
    if (stat.isDirectory()) Object.assign(listed, { [at]: "directory" }, listRoot(root, at))
    else
      listed[at] = stat.isSymbolicLink()
        ? `link ${readlinkSync(join(root, at))}`
        : stat.isFile()
          ? "file"
          : "other"
  }
  return listed
}
