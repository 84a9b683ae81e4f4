import { expect, test } from "bun:test"
import { fault } from "../../../src/core/fault/fault.ts"
import { renderFaultLine } from "../../../src/core/fault/render.ts"

const failed = (errno: string): string =>
  renderFaultLine(fault("SystemCallFailed", { syscall: "mount_setattr", target: "/dev/nvidia0", errno }))

test("a call that the kernel does not have says which kernel has it", () => {
  expect(failed("ENOSYS")).toBe(
    'mount_setattr failed on "/dev/nvidia0": ENOSYS [GAN3001]: start it on Linux 5.12 or later, and let no filter of system calls hide this one from the engine',
  )
})

test.each([
  ["EPERM", "let the engine have CAP_SYS_ADMIN, and no filter of system calls"],
  ["EACCES", "look whether SELinux or AppArmor denied it"],
])("%s says who may have refused the call", (errno, remedy) => {
  expect(failed(errno)).toContain(`: ${errno} [GAN3001]: ${remedy}`)
})

test("of others the plan is to be looked at", () => {
  expect(failed("EINVAL")).toContain("run gantry explain on the container's bundle")
})
