/** What every implementation of the Host port must do. Run on all four; a deviation is an option with a reason. */

import { describe, expect, test } from "bun:test"
import type { Host } from "../../src/core/host/host.ts"
import { hostPath } from "../../src/core/text/brand.ts"
import type { MemoryTree } from "../../src/host/memory.ts"

/**
 * The machine that every implementation is asked to stand for. The live machine cannot be laid out anew: there the tree lies below
 * a directory, and absolute links point into it.
 */
export const contractTree = (prefix: string): MemoryTree => ({
  "/proc/devices": { kind: "file", content: "Character devices:\n195 nvidia\n" },
  "/dev/null9": { kind: "character", major: 1, minor: 3, mode: 0o666 },
  "/usr/lib/libx.so.1": { kind: "file", content: "0123456789", mode: 0o755 },
  "/usr/lib/libx.so": { kind: "symlink", target: "libx.so.1" },
  "/lib": { kind: "symlink", target: "usr/lib" },
  "/absolute": { kind: "symlink", target: `${prefix}/usr/lib/libx.so` },
  "/climbing": { kind: "symlink", target: "../../../../usr/lib/libx.so.1" },
  "/dangling": { kind: "symlink", target: "nowhere" },
  "/loop": { kind: "symlink", target: "loop" },
  "/pipe": { kind: "fifo" },
  "/empty": { kind: "directory" },
})

export interface ContractOptions {
  /** Where the tree lies for this implementation. */
  readonly prefix?: string
  /** The live machine's own root is the only one that `..` stops at, and it is not the test's. */
  readonly dotDotStopsAtTree?: boolean
  /** Only root makes nodes: whoever is not names one of the same number and mode that this machine has. */
  readonly nodePath?: string
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
export function hostContract(
  name: string,
  open: () => Host,
  { prefix = "", dotDotStopsAtTree = true, nodePath = `${prefix}/dev/null9` }: ContractOptions = {},
): void {
  const path = (at: string): ReturnType<typeof hostPath> => hostPath(prefix + at)
  describe(`the Host contract, ${name}`, () => {
    const read = (at: string): string => {
      const result = open().readFile(path(at))
      return result.ok
        ? text(result.value)
        : `${result.fault.tag}:${(result.fault.data as { errno: string }).errno}`
    }

    test("a file is read, through links of every kind, within the machine", () => {
      expect(read("/proc/devices")).toBe("Character devices:\n195 nvidia\n")
      for (const at of [
        "/usr/lib/libx.so",
        "/lib/libx.so",
        "/absolute",
        ...(dotDotStopsAtTree ? ["/climbing"] : []),
      ])
        expect(read(at)).toBe("0123456789")
    })

    test("a part of a file is read; beyond its end is nothing", () => {
      const part = open().readFile(path("/usr/lib/libx.so.1"), { offsetBytes: 3, lengthBytes: 4 })
      expect(part.ok && text(part.value)).toBe("3456")
      const beyond = open().readFile(path("/usr/lib/libx.so.1"), { offsetBytes: 20, lengthBytes: 4 })
      expect(beyond.ok && beyond.value.length).toBe(0)
    })

    test("parts of a file are as readFile gives them, whether it is opened once or for each", () => {
      const host = open()
      const parts = (at: string): readonly string[] =>
        host.readParts(path(at), (readPart) =>
          [
            { offsetBytes: 6, lengthBytes: 9 },
            { offsetBytes: 0, lengthBytes: 2 },
            { offsetBytes: 20, lengthBytes: 1 },
          ].map((range) => {
            const part = readPart(range)
            if (part.ok) return text(part.value)
            const whole = host.readFile(path(at), range)
            expect<unknown>(part).toEqual(whole)
            return part.fault.tag
          }),
        )
      for (const at of ["/usr/lib/libx.so.1", "/absolute", "/lib/libx.so"])
        expect(parts(at)).toEqual(["6789", "01", ""])
      for (const at of ["/empty", "/pipe", "/nowhere", "/loop", "/proc/devices/x"])
        expect(parts(at)).toEqual(["HostReadFailed", "HostReadFailed", "HostReadFailed"])
    })

    test("what is no regular file is a fault at once: a FIFO is not waited for", () => {
      expect(read("/empty")).toBe("HostReadFailed:EISDIR")
      expect(read("/pipe")).toBe("HostReadFailed:EINVAL")
      expect(read("/nowhere")).toBe("HostReadFailed:ENOENT")
      expect(read("/dangling")).toBe("HostReadFailed:ENOENT")
      expect(read("/loop")).toBe("HostReadFailed:ELOOP")
      expect(read("/proc/devices/x")).toBe("HostReadFailed:ENOTDIR")
    })

    test("a directory lists its names by code point", () => {
      const names = open().readDir(path("/lib"))
      expect(names).toEqual({ ok: true, value: ["libx.so", "libx.so.1"] })
      expect(open().readDir(path("/empty"))).toEqual({ ok: true, value: [] })
      expect(open().readDir(path("/nowhere")).ok).toBe(false)
    })

    test("lstat tells of the entry itself, a node with its numbers", () => {
      const node = open().lstat(hostPath(nodePath))
      expect(
        node.ok && {
          kind: node.value.kind,
          major: node.value.major,
          minor: node.value.minor,
          mode: node.value.mode,
        },
      ).toEqual({ kind: "character", major: 1, minor: 3, mode: 0o666 })
      const link = open().lstat(path("/lib"))
      expect(link.ok && link.value.kind).toBe("symlink")
      const file = open().lstat(path("/lib/libx.so.1"))
      expect(
        file.ok && { kind: file.value.kind, sizeBytes: file.value.sizeBytes, mode: file.value.mode },
      ).toEqual({ kind: "file", sizeBytes: 10, mode: 0o755 })
    })

    test("a link says what stands in it", () => {
      expect(open().readLink(path("/absolute"))).toEqual({ ok: true, value: `${prefix}/usr/lib/libx.so` })
      expect(open().readLink(path("/proc/devices")).ok).toBe(false)
    })

    test("something exists when the path leads to it", () => {
      const host = open()
      for (const at of ["/lib/libx.so", "/absolute", "/pipe", "/empty"])
        expect(host.exists(path(at))).toBe(true)
      for (const at of ["/dangling", "/loop", "/nowhere/x"]) expect(host.exists(path(at))).toBe(false)
    })
  })
}
