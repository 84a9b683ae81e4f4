import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { openScanLibrary } from "../../fuzz/scan-library.ts"
import { readRuntimeCall } from "../../src/core/oci/runtime-call.ts"

const library = openScanLibrary()
const suite = library === undefined ? describe.skip : describe

const byLauncher = (args: readonly string[]) => library?.readCall(args)
const hasTrigger = (text: string, words: readonly string[]): boolean =>
  library?.hasTrigger(new Uint8Array(Buffer.from(text, "utf8")), words) ?? true

suite("the launcher reads a command line as the program does (missing: cc)", () => {
  test.each<[line: string, subcommand: string, bundle: string | undefined]>([
    ["create --bundle /b id", "create", "/b"],
    ["create -b /b id", "create", "/b"],
    ["create --bundle=/b id", "create", "/b"],
    ["create -b=/b id", "create", "/b"],
    ["create -bundle /b id", "create", "/b"],
    ["create id --bundle /b", "create", "/b"],
    ["create --bundle /a --bundle /b id", "create", "/b"],
    ["create id", "create", undefined],
    ["run id", "run", undefined],
    ["--root create state id", "other", undefined],
    ["--root /r --log /l --log-format json create id", "create", undefined],
    ["--root=/r create id", "create", undefined],
    ["--debug --systemd-cgroup create id", "create", undefined],
    ["--platform ptrace create id", "create", undefined],
    ["state create", "other", undefined],
    ["delete create", "other", undefined],
    ["exec create", "other", undefined],
    ["start create --bundle /b", "other", undefined],
    ["create --console-socket --bundle id", "create", undefined],
    ["create --pid-file create --bundle /b create", "create", "/b"],
    ["features", "other", undefined],
    ["--version", "other", undefined],
    ["", "other", undefined],
    ["--bundle /b", "other", undefined],
    ["create --bundle", "create", undefined],
    ["create --bundle= id", "create", ""],
    ["create --bundle /a -- --bundle=/b", "create", "/a"],
    ["create --bundle -- id", "create", "--"],
    ["create --bundles=/x -bb=/y id", "create", undefined],
  ])("%j is %s of %s", (line, subcommand, bundle) => {
    const args = line === "" ? [] : line.split(" ")
    expect(readRuntimeCall(args)).toEqual({ subcommand, bundle } as ReturnType<typeof readRuntimeCall>)
    expect(byLauncher(args)).toEqual({ subcommand, bundle })
  })

  test("on whatever command line", () => {
    const word = fc.constantFrom(
      ...[
        "create",
        "run",
        "state",
        "--root",
        "-root",
        "--log=x",
        "--bundle",
        "-b",
        "--bundle=/b",
        "-b=",
        "--",
        "-",
        "",
        "x",
      ],
      ...[
        "--pid-file",
        "--console-socket",
        "create ",
        "--debug",
        "--bundle=",
        "--b=c",
        "bundle",
        "-f",
        "--config",
      ],
    )
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            word,
            fc.string({ maxLength: 6 }).filter((text) => !text.includes("\0")),
          ),
          { maxLength: 9 },
        ),
        (args) => {
          expect(byLauncher(args)).toEqual(readRuntimeCall(args) as ReturnType<typeof byLauncher>)
        },
      ),
      { numRuns: 5000 },
    )
  })
})

suite("the launcher's search for words (missing: cc)", () => {
  const words = ["NVIDIA_", "CUDA_VERSION", "nvidia-container", "cdi.k8s.io/"]
  test.each<[text: string, found: boolean]>([
    ["", false],
    ['{"process":{"env":["PATH=/bin"]}}', false],
    ['["NVIDIA_VISIBLE_DEVICES=all"]', true],
    ['["NVIDIA"]', false],
    ['["ANVIDIA_X"]', true],
    ["NNVIDIA_", true],
    ["NVIDIA", false],
    ['{"cdi.k8s.io/x":"y"}', true],
    ['{"cdi.k8s.io\\/x":"y"}', true],
    ['"\\u004eVIDIA_X"', true],
    ['"a\\u0026b\\u003c\\u003e\\u2028\\u2029"', false],
    ['"a\\u0026NVIDIA_"', true],
    ['"\\\\u004e"', false],
    ['"\\nNVIDIA_"', true],
    ['"\\n"', false],
    ["\\", false],
    ["\\u", true],
    ["\\u00", true],
  ])("%j: %p", (text, found) => {
    expect(hasTrigger(text, words)).toBe(found)
  })

  test("finds what is there, wherever it stands", () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...words), fc.string(), (before, word, after) => {
        // What follows a backslash is another character.
        const text = `${before.replaceAll("\\", "")}${word}${after}`
        expect(hasTrigger(text, words)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test("more words than it has room for are no words", () => {
    expect(
      hasTrigger(
        "x",
        Array.from({ length: 65 }, (_, index) => `word${index}`),
      ),
    ).toBe(true)
  })
})
