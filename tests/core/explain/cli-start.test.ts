import { describe, expect, test } from "bun:test"
import { checkCliUser } from "../../../src/core/explain/cli-start.ts"
import { createMemoryHost, type MemoryTree } from "../../../src/host/memory.ts"

const file = (content: string): MemoryTree[string] => ({ kind: "file", content })
const machine: MemoryTree = {
  "/etc/passwd": file("root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n"),
  "/etc/group": file("root:x:0:\nvideo:x:44:\n"),
}

const problem = (user: string, tree: MemoryTree = machine): string => {
  const checked = checkCliUser(createMemoryHost(tree), user)
  return checked.ok ? "accepted" : checked.fault.tag === "CliUserInvalid" ? checked.fault.data.errno : "?"
}

describe("--user", () => {
  test.each<[reason: string, user: string]>([
    ["numbers need nobody", "5:5"],
    ["as C reads numbers", "+0: 7"],
    ["names", "ann:video"],
    ["a name alone brings its group", "ann"],
    ["a number alone that is somebody's", "1000"],
    ["a group that is empty is none", "ann:"],
    ["the largest number", "4294967295:4294967295"],
  ])("%s: %j", (_, user) => {
    expect(problem(user)).toBe("accepted")
  })

  test.each<[reason: string, user: string, errno: string]>([
    ["nobody", "bob", "ENOENT"],
    ["a number alone that is nobody's", "5", "ENOENT"],
    ["a number alone that is nobody's", "5:", "ENOENT"],
    ["no such group", "ann:nogroup", "ENOENT"],
    ["no user", ":0", "ENOENT"],
    ["no user", ":", "ENOENT"],
    ["something behind a number", "0x:0", "EINVAL"],
    ["something behind a number", "0:1x", "EINVAL"],
    ["larger than any", "4294967296:0", "ERANGE"],
    ["larger than any", "0:4294967296", "ERANGE"],
    ["below all", "-1", "ERANGE"],
  ])("%s: %j is refused: %s", (_, user, errno) => {
    expect(problem(user)).toBe(errno)
  })

  // docs/differences.md: a user is refused where the machine's files can tell.
  test("where files do not tell of all users, none is refused for not being in them", () => {
    expect(problem("bob", {})).toBe("accepted")
    const switched = (line: string): MemoryTree => ({ ...machine, "/etc/nsswitch.conf": file(line) })
    expect(problem("bob", switched("passwd: files sss\n"))).toBe("accepted")
    expect(problem("bob", switched("passwd: files systemd # sss\n"))).toBe("ENOENT")
    expect(problem("bob", switched("shadow: files\ngroup: ldap\n"))).toBe("ENOENT")
    expect(problem("ann:bobs", switched("group: ldap\n"))).toBe("accepted")
  })
})
