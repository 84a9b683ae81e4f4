import { expect, test } from "bun:test"
import { unwritableFile } from "../../../src/core/cdi/unwritable-file.ts"
import { fault } from "../../../src/core/fault/fault.ts"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import { readFault } from "../../../src/core/host/resolve-path.ts"

test.each([
  ["open", "ENOENT", "cannot read", "check that the path exists on this machine"],
  ["open", "EACCES", "cannot read", "run as a user who may read it, usually root"],
  ["read", "EINVAL", "cannot read", "name a regular file: this is a device, a FIFO or a socket"],
  ["read", "EFBIG", "cannot read", "name a smaller file: no real one is as large"],
  ["open", "ELOOP", "cannot read", "break the circle of links that it stands in"],
  ["write", "EACCES", "cannot write", "run as a user who may write it, usually root"],
  ["open", "EPERM", "cannot read", "run as a user who may read it, usually root"],
  [
    "open",
    "ENAMETOOLONG",
    "cannot read",
    "give it a shorter name: one has 255 bytes at most, and a path 4095",
  ],
  [
    "write",
    "ENOSPC",
    "cannot write",
    "make room: the file system is full, of content or of files (df, df -i)",
  ],
  [
    "write",
    "ENOENT",
    "cannot write",
    "name another place: its directory is not there, or takes no new files",
  ],
  ["write", "EISDIR", "cannot write", "name a file: this is a directory"],
  ["write", "EMFILE", "cannot write", "raise the limit of open files (ulimit -n)"],
  ["mkdir", "EROFS", "cannot write", "name another place: the file system is mounted read-only"],
])("what failed by %s with %s is told with what to do", (syscall, errno, what, remedy) => {
  const line = renderFaultLine(readFault("/a", syscall, errno))
  expect(line).toBe(`${what} "/a": ${syscall}: ${errno} [GAN2001]: ${remedy}`)
})

test("a specification that cannot be written is told with the cause", () => {
  const cause = readFault("/etc/cdi/x.yaml", "write", "ENOSPC")
  expect(renderFaultLine(unwritableFile("/etc/cdi/x.yaml", cause))).toContain(
    'cannot write "/etc/cdi/x.yaml": write: ENOSPC',
  )
})

test.each([
  ["ENOSPC", "make room: the file system is full, of content or of files (df, df -i)"],
  ["EDQUOT", "make room: the user's quota is used up"],
  ["EROFS", "name another place: the file system is mounted read-only"],
  ["ENAMETOOLONG", "give it a shorter name: one has 255 bytes at most, and a path 4095"],
  ["EBUSY", "unmount what is mounted on it (findmnt shows that), or name another place"],
  ["EPERM", "look whether it or its directory is immutable (lsattr; chattr -i ends that)"],
  ["EEXIST", "name another place: where its directory should be lies a file, or a link that leads nowhere"],
  ["ENOENT", "name another place: its directory is not there, or takes no new files"],
  ["EMFILE", "raise the limit of open files (ulimit -n)"],
  ["EFBIG", "raise the limit of files' sizes (ulimit -f)"],
  ["EISDIR", "name a file: this is a directory"],
  [
    "EACCES",
    "write it as a user who may, usually root; where root may not, into another directory: /etc/cdi",
  ],
  ["ENOTDIR", "name another place: where a directory of its path should be lies a file"],
])("what keeps a specification from being written with %s is told with what to do", (errno, remedy) => {
  const line = renderFaultLine(unwritableFile("/x.yaml", readFault("/x.yaml", "write", errno)))
  expect(line).toContain(`: ${errno} [GAN4061]: ${remedy}`)
})

test("a specification that somebody changed meanwhile is no matter of rights", () => {
  expect(
    renderFaultLine(fault("CdiFileUnwritable", { file: "/etc/cdi/x.yaml", reason: "changed", errno: "" })),
  ).toBe(
    "/etc/cdi/x.yaml: failed to write CDI spec: it changed while it was looked at [GAN4061]: look at who writes it, and run the command again",
  )
})
