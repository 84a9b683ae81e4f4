/** Starts that are disturbed at each call by which they change something, one start a call. For programs under strace. */

import { expect } from "bun:test"
import { lstatSync, readdirSync, readFileSync, renameSync } from "node:fs"
import { join } from "node:path"
import type { Ran } from "./bundle.ts"

/** All that src/linux changes containers with; what writes files stands in the second, with the one that opens them. */
export const mountingCalls = "open_tree,move_mount,mount_setattr,fsopen,fsconfig,fsmount,setns,unshare,bpf"
export const writingCalls = "mkdirat,symlinkat,renameat,fchownat,fchmod,unlinkat,mkdir,rename,openat2"

/** Each with the calls of both kinds that it tells apart: killed before a call that opens is killed before the one that changes. */
export const disturbances: readonly (readonly [disturbance: string, calls: string])[] = [
  ["error=ENOMEM", `${mountingCalls},${writingCalls}`],
  ["signal=KILL", `${mountingCalls},${writingCalls.replace(",openat2", "")}`],
]

export interface Disturbed {
  /** File to which strace writes. */
  readonly trace: string
  /** Names, parted by commas. */
  readonly calls: string
  readonly disturbance: string
  /** `options`: of strace, behind those by which it writes `trace`. */
  start(...options: readonly string[]): Ran
}

/** `check`: of the start whose call of that number, from 1, was disturbed. Number of calls. */
export function disturbEach(
  { trace, calls, disturbance, start }: Disturbed,
  check: (nth: number, ran: Ran) => void,
): number {
  start("-e", `trace=${calls}`)
  const count = readFileSync(trace, "utf8").split("\n").length - 1
  for (let nth = 1; nth <= count; nth++)
    check(nth, start("-e", `trace=${calls}`, "-e", `inject=${calls}:${disturbance}:when=${nth}`))
  return count
}

/** A start that was disturbed works, and says `served`, or fails in one line; gives that line's code, nothing where it works. */
export function checkDisturbed(nth: number, ran: Ran, served: string): string | undefined {
  const lines = ran.stderr.match(/\[GAN\d{4}\]|internal error/g) ?? []
  if (ran.status === 0) {
    expect([nth, ran.stdout, lines]).toEqual([nth, served, []])
    return undefined
  }
  expect([nth, ran.stdout, lines]).toEqual([nth, "", [expect.stringMatching(/GAN3/)]])
  return lines[0]
}

/** What a killed start left in the root is young; the next start is to find it old. */
export function age(directory: string): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name)
    if (lstatSync(path).isDirectory()) age(path)
    else if (name.startsWith(".gantry-"))
      renameSync(path, join(directory, name.replace(/^\.gantry-\w+-/, ".gantry-1-")))
  }
}
