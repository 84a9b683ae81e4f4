import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { joinPath } from "../../../src/core/text/path.ts"
import { type ListedEntry, parseListing } from "../../../src/host/simulate/listing.ts"

const parse = (text: string): readonly ListedEntry[] | string => {
  const parsed = parseListing(text, "a listing")
  if (parsed.ok) return parsed.value
  return parsed.fault.tag === "ListingInvalid"
    ? `line ${parsed.fault.data.line}: ${parsed.fault.data.problem}`
    : parsed.fault.tag
}

describe("a listing of a machine's paths", () => {
  test("every kind of line is read as it stands, comments and empty lines are not there", () => {
    const text = [
      "# type mode uid:gid size-or-major:minor path [-> target]",
      "dir 755 0:0 - /dev",
      "",
      "char 660 0:44 226:1 /dev/card1",
      "file 4755 0:105 12 /usr/bin/a file",
      "sock 777 1000:1000 - /run/socket",
      "link - - - /bin -> usr/bin",
      "link - - - /odd -> a -> b",
      "file 644 0:0 17179869184 /as large as they come",
    ].join("\n")
    expect(parse(text)).toEqual([
      { kind: "dir", path: "/dev", mode: 0o755, uid: 0, gid: 0 },
      { kind: "char", path: "/dev/card1", mode: 0o660, uid: 0, gid: 44, major: 226, minor: 1 },
      { kind: "file", path: "/usr/bin/a file", mode: 0o4755, uid: 0, gid: 105, sizeBytes: 12 },
      { kind: "sock", path: "/run/socket", mode: 0o777, uid: 1000, gid: 1000 },
      { kind: "link", path: "/bin", target: "usr/bin" },
      { kind: "link", path: "/odd", target: "a -> b" },
      {
        kind: "file",
        path: "/as large as they come",
        mode: 0o644,
        uid: 0,
        gid: 0,
        sizeBytes: 16 * 1024 ** 3,
      },
    ])
  })

  const long = "x".repeat(256)
  const deep = "/d".repeat(65)
  test.each([
    ["a path with `..`", "dir 755 0:0 - /a/../../etc", 'line 1: "/a/../../etc" is not a clean absolute path'],
    ["a path that ends in `..`", "dir 755 0:0 - /a/..", 'line 1: "/a/.." is not a clean absolute path'],
    ["a path with `.`", "dir 755 0:0 - /a/./b", 'line 1: "/a/./b" is not a clean absolute path'],
    ["a doubled slash", "dir 755 0:0 - //etc", 'line 1: "//etc" is not a clean absolute path'],
    ["a slash at the end", "dir 755 0:0 - /a/", 'line 1: "/a/" is not a clean absolute path'],
    ["the root itself", "dir 755 0:0 - /", 'line 1: "/" is not a clean absolute path'],
    [
      "a relative path",
      "dir 755 0:0 - etc",
      "line 1: not `type mode uid:gid size-or-major:minor path [-> target]`",
    ],
    ["no path", "dir 755 0:0 - ", "line 1: not `type mode uid:gid size-or-major:minor path [-> target]`"],
    [
      "an unknown type",
      "block 660 0:6 8:0 /dev/sda",
      "line 1: not `type mode uid:gid size-or-major:minor path [-> target]`",
    ],
    [
      "two blanks",
      "dir 755  0:0 - /a",
      "line 1: not `type mode uid:gid size-or-major:minor path [-> target]`",
    ],
    ["a NUL in a path", "dir 755 0:0 - /a\0b", "line 1: a control character"],
    ["a NUL in a target", "link - - - /a -> b\0c", "line 1: a control character"],
    ["an escape sequence", "dir 755 0:0 - /a\x1b[2J", "line 1: a control character"],
    ["a carriage return", "dir 755 0:0 - /a\r", "line 1: a control character"],
    ["a path listed twice", "dir 755 0:0 - /a\nfile 644 0:0 0 /a", "line 2: /a is listed twice"],
    [
      "a file below a file",
      "file 644 0:0 0 /a/b\nfile 644 0:0 0 /a",
      "line 1: /a/b lies in /a, which is a file",
    ],
    [
      "a file below a link",
      "link - - - /a -> /etc\nfile 644 0:0 0 /a/passwd",
      "line 2: /a/passwd lies in /a, which is a link",
    ],
    [
      "a file deep below a node",
      "char 666 0:0 1:3 /a\nfile 644 0:0 0 /a/b/c",
      "line 2: /a/b/c lies in /a, which is a char",
    ],
    ["an absurd size", "file 644 0:0 17179869185 /a", "line 1: a file larger than 16 GiB"],
    ["no size", "file 644 0:0 - /a", "line 1: a file needs a size"],
    ["numbers for a size", "file 644 0:0 1:2 /a", "line 1: a file needs a size"],
    ["a size of a directory", "dir 755 0:0 4096 /a", "line 1: a dir has no size or number"],
    ["a node without numbers", "char 666 0:0 - /a", "line 1: a node needs major:minor"],
    ["a node with a size", "char 666 0:0 5 /a", "line 1: a node needs major:minor"],
    ["a major beyond 12 bits", "char 666 0:0 4096:0 /a", "line 1: no such device number"],
    ["a minor beyond 20 bits", "char 666 0:0 1:1048576 /a", "line 1: no such device number"],
    ["a link without target", "link - - - /a", "line 1: a link without a target"],
    ["a link with a mode", "link 777 0:0 - /a -> b", "line 1: a link has no mode, owner or size"],
    ["a target of a file", "file 644 0:0 0 /a -> b", "line 1: only a link has a target"],
    ["no mode", "dir - 0:0 - /a", "line 1: mode and owner are missing"],
    ["no owner", "dir 755 - - /a", "line 1: mode and owner are missing"],
    ["the user that means nobody", "dir 755 4294967295:0 - /a", "line 1: no such user or group number"],
    ["a long name", `dir 755 0:0 - /${long}`, "line 1: a name too long"],
    ["too many directories in each other", `dir 755 0:0 - ${deep}`, "line 1: a path too long"],
    ["a long target", `link - - - /a -> ${"t".repeat(1025)}`, "line 1: a target longer than 1024 bytes"],
    ["a line without end", `link - - - /a ${"-> ".repeat(2000)}`, "line 1: longer than 3000 characters"],
    [
      "the place of the manifest",
      "file 644 0:0 0 /.gantry-simulated.json",
      "line 1: /.gantry-simulated.json is where the manifest lies",
    ],
    [
      "the place of the manifest's successor",
      "dir 755 0:0 - /.gantry-simulated.json.new/x",
      "line 1: /.gantry-simulated.json.new/x is where the manifest lies",
    ],
  ])("%s is refused, with its line and the reason", (_what, text, problem) => {
    expect(parse(text)).toBe(problem)
  })

  test("whatever is listed: it is refused, or every path lies below the machine's directory, and nothing below a link", () => {
    const part = fc.oneof(
      fc.constantFrom("..", ".", "", "dev", "usr", "a b", " -> ", "\u2028", "\0"),
      fc.string({ maxLength: 4 }),
    )
    const path = fc.array(part, { maxLength: 4 }).map((parts) => `/${parts.join("/")}`)
    const row = fc.oneof(
      path.map((one) => `dir 755 0:0 - ${one}`),
      path.map((one) => `file 644 0:0 12 ${one}`),
      fc.tuple(path, path).map(([one, other]) => `link - - - ${one} -> ${other}`),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(row, { maxLength: 6 }), (rows) => {
        const parsed = parseListing(rows.join("\n"), "x")
        if (!parsed.ok) return
        const links = parsed.value.flatMap((entry) => (entry.kind === "link" ? [`${entry.path}/`] : []))
        for (const entry of parsed.value) {
          expect(joinPath("/machine", entry.path)).toBe(`/machine${entry.path}`)
          expect(links.some((link) => entry.path.startsWith(link))).toBe(false)
        }
      }),
    )
  })

  test("more paths than any machine of a driver has are refused", () => {
    const text = Array.from({ length: 20_001 }, (_, index) => `dir 755 0:0 - /d${index}`).join("\n")
    expect(parse(text)).toBe("line 20001: more than 20000 paths")
  })
})
