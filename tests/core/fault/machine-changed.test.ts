import { expect, test } from "bun:test"
import { fault } from "../../../src/core/fault/fault.ts"
import { saysMachineChanged } from "../../../src/core/fault/machine-changed.ts"
import { hostPath } from "../../../src/core/text/brand.ts"

const failed = (syscall: string, errno: string) =>
  fault("SystemCallFailed", { syscall, target: "/dev/nvidia0", errno })

test.each([
  ["a node is another device", fault("DeviceNodeChanged", { path: hostPath("/dev/x"), planned: "195:0" })],
  ["a file of the machine is gone", failed("open_tree", "ENOENT")],
  ["its directory is", failed("open_tree", "ENOTDIR")],
])("%s: what was remembered is wrong", (_, told) => {
  expect(saysMachineChanged(told)).toBe(true)
})

test.each([
  ["the machine is short of memory", failed("open_tree", "ENOMEM")],
  ["a place in the container is missing", failed("openat2", "ENOENT")],
  ["the container's root is full", failed("write", "ENOSPC")],
  [
    "the image has a FIFO where a library goes",
    fault("MountTargetHostile", { path: "/x", expected: "file" }),
  ],
  ["the container's process is gone", fault("ContainerProcessGone", { path: "/proc/1" })],
  ["what it asks for is not there", fault("NvmlUnavailable", { problem: "x" } as never)],
])("%s: that says nothing of the machine", (_, told) => {
  expect(saysMachineChanged(told)).toBe(false)
})
