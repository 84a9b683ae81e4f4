import { expect, test } from "bun:test"
import { hasPassingTrouble } from "../../../../src/core/cdi/registry/passing-trouble.ts"
import { buildRegistry, type SpecDirectory } from "../../../../src/core/cdi/registry/registry.ts"
import { fault } from "../../../../src/core/fault/fault.ts"
import { fail, ok } from "../../../../src/core/fault/result.ts"
import { readFault } from "../../../../src/core/host/resolve-path.ts"
import { encodeUtf8 } from "../../../../src/core/text/utf8.ts"

const path = "/etc/cdi/a.json"
const file = (errno: string): SpecDirectory => ({
  path: "/etc/cdi",
  files: ok([{ path, bytes: fail(readFault(path, "open", errno)) }]),
})
const listed = (errno: string): SpecDirectory => ({
  path: "/etc/cdi",
  files: fail(
    fault("CdiDirectoryUnused", { directory: "/etc/cdi", why: "x" }, readFault("/etc/cdi", "readdir", errno)),
  ),
})
const ended = (errno: string): SpecDirectory => ({
  path: "/etc/cdi",
  files: fail(readFault(path, "lstat", errno)),
})

test.each(["EIO", "EMFILE", "ENFILE", "ENOMEM", "ESTALE"])("%s may have passed a moment later", (errno) => {
  for (const seen of [file(errno), listed(errno), ended(errno)])
    expect(hasPassingTrouble(buildRegistry([seen]))).toBe(true)
})

test.each(["ENOENT", "EACCES", "EISDIR", "EFBIG", "EILSEQ", "ELOOP"])("%s says what lies there", (errno) => {
  for (const seen of [file(errno), listed(errno), ended(errno)])
    expect(hasPassingTrouble(buildRegistry([seen]))).toBe(false)
})

test("a file that is wrong stays so until it is changed, which shows", () => {
  const wrong = { path: "/etc/cdi", files: ok([{ path, bytes: ok(encodeUtf8("{}")) }]) }
  expect(hasPassingTrouble(buildRegistry([wrong]))).toBe(false)
})
