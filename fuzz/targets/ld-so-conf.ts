/** The loader's configuration: texts that include each other in a tree of links that lead anywhere. */

import { viewRoot } from "../../src/core/host/root-view.ts"
import { matchName } from "../../src/core/ldcache/glob.ts"
import { observeLdSoConf } from "../../src/core/ldcache/observe-ld-so-conf.ts"
import { parseLdSoConf } from "../../src/core/ldcache/parse-ld-so-conf.ts"
import { hostPath } from "../../src/core/text/brand.ts"
import { createMemoryHost, type MemoryTree } from "../../src/host/memory.ts"
import { bytesOf } from "../corpus.ts"
import { checkFault, firstOf } from "../invariants.ts"
import type { FuzzTarget } from "../target.ts"

const machine = (text: string): MemoryTree => ({
  "/etc/ld.so.conf": { kind: "file", content: text },
  "/etc/ld.so.conf.d/a.conf": { kind: "file", content: text },
  "/etc/ld.so.conf.d/b.conf": { kind: "symlink", target: "../ld.so.conf" },
  "/etc/ld.so.conf.d/loop.conf": { kind: "symlink", target: "loop.conf" },
  "/etc/ld.so.conf.d/up": { kind: "symlink", target: ".." },
  "/usr/lib64": { kind: "directory" },
  "/lib64": { kind: "symlink", target: "usr/lib64" },
})

function check(input: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(input)
  for (const line of parseLdSoConf(text)) {
    if (line.kind === "directory" && (line.path === "" || line.path.includes("\n")))
      return "a directory without a name"
    if (line.kind === "include")
      for (const pattern of line.patterns) {
        matchName(pattern, "a".repeat(64))
        matchName(pattern, pattern.slice(0, 255))
      }
  }
  const { directories, files, findings } = observeLdSoConf(
    viewRoot(createMemoryHost(machine(text)), hostPath("/")),
    "/etc/ld.so.conf",
  )
  if (new Set(directories).size !== directories.length) return "a directory twice"
  if (new Set(files).size !== files.length) return "a file was read twice"
  return firstOf(...findings.map(({ fault }) => checkFault(fault)))
}

export const ldSoConf: FuzzTarget = {
  name: "ld-so-conf",
  weight: 2,
  seeds: () =>
    [
      "include /etc/ld.so.conf.d/*.conf\n",
      "# comment\n/usr/lib64\n/lib64 = libc6\nhwcap 0 nosegneg\nrelative/dir\ninclude ld.so.conf.d/[ab].conf up/*\n",
      "include ld.so.conf.d/up/*.conf ld.so.conf.d/*/*/*\n/usr/lib64/\n/usr//lib64\n",
    ].map(bytesOf),
  tokens: [
    "include ",
    "*",
    "?",
    "[",
    "]",
    "[!",
    "\\",
    "-",
    "/",
    "..",
    "#",
    "=",
    "hwcap ",
    "\n",
    "ld.so.conf.d/up/",
    "\r",
  ],
  check,
}
