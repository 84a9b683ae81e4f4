import { expect, test } from "bun:test"
import { fault } from "../../../src/core/fault/fault.ts"
import { isUnread, mayPass } from "../../../src/core/fault/may-pass.ts"
import { readFault } from "../../../src/core/host/resolve-path.ts"

test.each([
  ["EMFILE", true, true],
  ["ENOMEM", true, true],
  ["EIO", true, true],
  // What is denied stays so.
  ["EACCES", true, false],
  ["EPERM", true, false],
  // These say what is there.
  ["ENOENT", false, false],
  ["ENOTDIR", false, false],
  ["EISDIR", false, false],
  ["ELOOP", false, false],
  ["ENODATA", false, false],
])("%s: nobody knows what is there: %p, and it may pass: %p", (errno, unread, passing) => {
  const one = readFault("/proc/devices", "open", errno)
  expect([isUnread(one), mayPass(one)]).toEqual([unread, passing])
})

test("what has such a cause may pass, and is no place that could not be read", () => {
  const cause = readFault("/dev/nvidia0", "lstat", "EIO")
  const one = fault("MigNodeMissing", { device: "0:0", path: "/dev/nvidia0" as never }, cause)
  expect([isUnread(one), mayPass(one)]).toEqual([false, true])
})
