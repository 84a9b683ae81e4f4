/** Trees of libraries for tests with the real ldconfig: small, and each of one difficulty. */

import { mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { renderElf, type SharedObject } from "../../src/core/elf/render-elf.ts"

/** This machine, whose ldconfig takes its own libraries only. */
export const machine = process.arch === "arm64" ? "aarch64" : "x86-64"

export type Made = string | Uint8Array | { readonly link: string }

export function makeTree(root: string, files: Readonly<Record<string, Made>>): void {
  for (const [path, made] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    if (typeof made === "object" && "link" in made) symlinkSync(made.link, join(root, path))
    else writeFileSync(join(root, path), made)
  }
}

export const library = (soname: string, more: Partial<SharedObject> = {}): Uint8Array =>
  renderElf({ machine, soname, needed: [], symbol: "gantry_libcuda", answer: 1, ...more })
const i386 = (soname: string, needed: readonly string[] = []): Uint8Array =>
  library(soname, { machine: "i386", needed })

export const one = "/opt/one"
/** What each tree is of, and its files; `/etc/ld.so.conf` names /opt/one and /opt/two where a tree has none of its own. */
export const trees: readonly (readonly [string, Readonly<Record<string, Made>>])[] = [
  ["without anything", {}],
  [
    "of versions, development links and links of other names",
    {
      [`${one}/liba.so.1.9`]: library("liba.so.1"),
      [`${one}/liba.so.1.10`]: library("liba.so.1"),
      [`${one}/libb.so.1.0`]: library("libb.so.1"),
      [`${one}/libb.so.1`]: { link: "libb.so.1.0" },
      [`${one}/libb.so`]: { link: "libb.so.1" },
      [`${one}/libalias.so.3`]: { link: "libb.so.1.0" },
      [`${one}/libc-2.3.so`]: library("libc.so.2"),
      [`${one}/libd.so`]: library("libd.so.1"),
      [`${one}/libe.so.1`]: library("libother.so.7"),
      [`${one}/libf.so.1.0`]: { link: "../elsewhere/libf.so.1.0" },
      "/opt/elsewhere/libf.so.1.0": library("libf.so.1"),
      [`${one}/ld-g.so.1`]: library("ld-g.so.1"),
      [`${one}/libg.sox`]: library("libg.sox"),
      [`${one}/g.so.1`]: library("g.so.1"),
      [`${one}/.libh.so.1`]: library("libh.so.1"),
      [`${one}/libh.so.1.#prelink#.abcdef`]: library("libh.so.1"),
      // On arm64 bytes beyond ASCII have another place in the order, which no real name needs.
      ...(machine === "x86-64" ? { [`${one}/libé.so.1`]: library("libé.so.1") } : {}),
      [`${one}/lib01.so.1`]: library("lib01.so.1"),
      [`${one}/libj.so.99999999999`]: library("libj.so.99999999999"),
      [`${one}/libj.so.2147483648`]: library("libj.so.2147483648"),
    },
  ],
  [
    "of what is no library",
    {
      [`${one}/libscript.so`]: "INPUT(libgood.so.1)\n",
      [`${one}/libempty.so.1`]: "",
      [`${one}/libshort.so.1`]: "\x7fELF",
      [`${one}/libdir.so/x`]: "",
      [`${one}/libdangling.so.1`]: { link: "nowhere" },
      [`${one}/libself.so`]: { link: "libself.so" },
      [`${one}/libthere.so`]: { link: "libback.so" },
      [`${one}/libback.so`]: { link: "libthere.so" },
      ...Object.fromEntries(
        [40, 100, 300, 600, 4000, 4100].map((size) => [
          `${one}/libcut${size}.so.1`,
          library("libcut.so.1").subarray(0, size),
        ]),
      ),
      [`${one}/libgood.so.1`]: library("libgood.so.1"),
    },
  ],
  [
    "of directories with several names, included from each other",
    {
      "/etc/ld.so.conf":
        "include conf.d/*.conf\n/opt/one\n/opt/two = libc6  # why\nopt/relative\n/nowhere\n/opt/link\n",
      "/etc/conf.d/b.conf": "/opt/b\n",
      "/etc/conf.d/a.conf": "/opt/a\ninclude deeper/x[12]\nhwcap 0 nosegneg\n",
      "/etc/conf.d/deeper/x1": "/opt/x\n",
      "/etc/conf.d/.hidden.conf": "/opt/hidden\n",
      "/opt/link": { link: "two" },
      ...Object.fromEntries(
        ["one", "two", "relative", "a", "b", "x", "hidden"].map((name) => [
          `/opt/${name}/libsame.so.1`,
          library("libsame.so.1"),
        ]),
      ),
    },
  ],
  [
    "of subdirectories for better processors",
    {
      [`${one}/libx.so.1`]: library("libx.so.1"),
      ...Object.fromEntries(
        ["x86-64-v2", "x86-64-v3", "power9", "zzz"].map((name) => [
          `${one}/glibc-hwcaps/${name}/libx.so.1`,
          library("libx.so.1"),
        ]),
      ),
      [`${one}/glibc-hwcaps/x86-64-v3/tls/libx.so.1`]: library("libx.so.1"),
      [`${one}/glibc-hwcaps/empty/x`]: "",
      [`${one}/glibc-hwcaps/.hidden/libx.so.1`]: library("libx.so.1"),
      [`${one}/glibc-hwcaps/file`]: "",
      "/opt/two/glibc-hwcaps/x86-64-v3/libx.so.1": library("libx.so.1"),
      ...Object.fromEntries(
        ["haswell", "haswell/sse2", "tls", "xeon_phi", "i686", "other"].map((name) => [
          `${one}/${name}/libx.so.1.0`,
          library("libx.so.1"),
        ]),
      ),
    },
  ],
  ...(machine === "x86-64"
    ? [
        [
          "of 32 and 64 bits",
          {
            [`${one}/liba.so.1`]: i386("liba.so.1"),
            "/opt/two/liba.so.1": library("liba.so.1"),
            [`${one}/libb.so.1`]: i386("libb.so.1", ["libc.so.6"]),
            [`${one}/libc.so.1`]: i386("libc.so.1", ["libm.so.6"]),
            [`${one}/libd.so.1`]: i386("libd.so.1", ["libdl.so.2"]),
            [`${one}/libe.so.1`]: library("libe.so.1", { machine: "aarch64" }),
          },
        ] as const,
      ]
    : []),
]
