import { expect, test } from "bun:test"
import type { Finding } from "../../../src/core/fault/finding.ts"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import { fail } from "../../../src/core/fault/result.ts"
import { noteUnreadable } from "../../../src/core/host/note-unreadable.ts"
import { readFault } from "../../../src/core/host/resolve-path.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { createMemoryHost } from "../../../src/host/memory.ts"

/** Asks everything of a machine that answers nothing, twice; what is told of it. */
function told(errno: string): readonly string[] {
  const refuse = (path: string, syscall: string) => fail(readFault(path, syscall, errno))
  const findings: Finding[] = []
  const host = noteUnreadable(
    {
      ...createMemoryHost({}, "silent"),
      readFile: (path) => refuse(path, "open"),
      readDir: (path) => refuse(path, "readdir"),
      lstat: (path) => refuse(path, "lstat"),
      readLink: (path) => refuse(path, "readlink"),
    },
    findings,
  )
  for (let time = 0; time < 2; time++) {
    host.readFile(hostPath("/file"))
    host.readDir(hostPath("/directory"))
    host.lstat(hostPath("/anything"))
    host.readLink(hostPath("/link"))
  }
  return findings.map((one) => renderFaultLine(one.fault).replace(/ \[.*/, ""))
}

test("what a failing machine leaves unanswered is told once", () => {
  expect(told("EIO")).toEqual([
    'cannot read "/file": open: EIO',
    'cannot read "/directory": readdir: EIO',
    'cannot read "/anything": lstat: EIO',
    'cannot read "/link": readlink: EIO',
  ])
})

test("of what is denied the reads are told, not every look", () => {
  expect(told("EACCES")).toEqual([
    'cannot read "/file": open: EACCES',
    'cannot read "/directory": readdir: EACCES',
  ])
})

test.each(["ENOENT", "ENOTDIR"])("%s: what is absent is told of by nobody", (errno) => {
  expect(told(errno)).toEqual([])
})

test.each(["EINVAL", "ELOOP", "ENAMETOOLONG"])("%s: a look that is answered is no failure", (errno) => {
  expect(told(errno)).toHaveLength(2)
})
