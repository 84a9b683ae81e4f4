import { describe, expect, test } from "bun:test"
import {
  isLdSoConfLine,
  type LoaderConfiguration,
  planLoaderFiles,
} from "../../../src/core/ldcache/plan-loader-files.ts"

const debian: LoaderConfiguration = {
  machine: "x86-64",
  isDebian: true,
  isAlpine: false,
  hasMusl: false,
  configured: [],
  foldersText: undefined,
  muslText: undefined,
}
const folders = "/etc/ld.so.conf.d/00-nvcr-gantry.conf"
const system = "/etc/ld.so.conf.d/zz-nvcr-gantry.conf"
const textOf = (files: ReturnType<typeof planLoaderFiles>, path: string): string | undefined =>
  files.find((file) => file.path === path)?.text

describe("files of the loader's configuration", () => {
  test("a folder that a file names already, or that the distribution searches, is not named again", () => {
    const files = planLoaderFiles({ ...debian, configured: ["/opt/a"] }, [
      "/opt/a",
      "/usr/lib",
      "/opt/b",
      "/opt/b",
    ])
    expect(textOf(files, folders)).toBe("/opt/b\n")
    expect(planLoaderFiles({ ...debian, configured: ["/opt/a"] }, ["/opt/a"])).toHaveLength(1)
  })

  test("a second call adds to what the first one wrote", () => {
    const files = planLoaderFiles({ ...debian, configured: ["/opt/a"], foldersText: "/opt/a\n" }, ["/opt/b"])
    expect(textOf(files, folders)).toBe("/opt/a\n/opt/b\n")
  })

  test("what another hook has written since the configuration was read is not written again", () => {
    const files = planLoaderFiles({ ...debian, foldersText: "/opt/a\n" }, ["/opt/a", "/opt/b"])
    expect(textOf(files, folders)).toBe("/opt/a\n/opt/b\n")
  })

  test.each([
    ["x86-64", true, "/lib/x86_64-linux-gnu\n/usr/lib/x86_64-linux-gnu\n/lib\n/usr/lib\n"],
    ["aarch64", true, "/lib/aarch64-linux-gnu\n/usr/lib/aarch64-linux-gnu\n/lib\n/usr/lib\n"],
    ["x86-64", false, "/lib\n/usr/lib\n/lib64\n/usr/lib64\n/libx32\n/usr/libx32\n"],
    ["aarch64", false, "/lib\n/usr/lib\n/lib64\n/usr/lib64\n/libilp32\n/usr/libilp32\n"],
  ] as const)("what the distribution searches on %s (Debian: %s)", (machine, isDebian, text) => {
    expect(textOf(planLoaderFiles({ ...debian, machine, isDebian }, []), system)).toBe(text)
  })

  test("where musl is there, but no Alpine, it is told of the folders alone", () => {
    const list = "/etc/ld-musl-x86_64.path"
    const files = planLoaderFiles({ ...debian, hasMusl: true }, ["/opt/a", "/usr/lib"])
    expect(textOf(files, list)).toBe("/lib\n/usr/local/lib\n/usr/lib\n/opt/a\n")
    const told = { ...debian, hasMusl: true, muslText: "/opt/a\n" }
    expect(textOf(planLoaderFiles(told, ["/opt/a"]), list)).toBeUndefined()
  })

  test("without musl's loader, only on Alpine musl is told", () => {
    const alpine = { ...debian, isDebian: false, isAlpine: true }
    expect(planLoaderFiles({ ...alpine, isAlpine: false }, ["/opt/a"]).map(({ path }) => path)).toEqual([
      folders,
      system,
    ])
    expect(textOf(planLoaderFiles(alpine, ["/opt/a"]), "/etc/ld-musl-x86_64.path")).toBe(
      "/lib\n/usr/local/lib\n/usr/lib\n/opt/a\n/lib64\n/usr/lib64\n/libx32\n/usr/libx32\n",
    )
    const muslText = "/lib\n/usr/lib\n/opt/a\n/lib64\n/usr/lib64\n/libx32\n/usr/libx32\n"
    expect(
      planLoaderFiles({ ...alpine, muslText, configured: ["/opt/a"] }, ["/opt/a"]).map(({ path }) => path),
    ).toEqual([system])
  })

  test.each(["/opt/a", "/", "relative/b", "/with blank/x"])("%j can stand on a line", (directory) => {
    expect(isLdSoConfLine(directory)).toBe(true)
  })
  test.each(["", "/a\n/b", "/a#b", "/a=b", "/a/", " /a", "include /x", "hwcap 0 x"])(
    "%j cannot",
    (directory) => {
      expect(isLdSoConfLine(directory)).toBe(false)
    },
  )
})
