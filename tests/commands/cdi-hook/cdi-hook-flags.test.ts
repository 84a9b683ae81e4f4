import { describe, expect, test } from "bun:test"
import {
  type CdiHook,
  type CdiHookCall,
  cdiHookUsage,
  parseCdiHookFlags,
} from "../../../src/commands/cdi-hook/cdi-hook-flags.ts"
import { hookFlags } from "../../../src/core/cdi/edits/toolkit-hooks.ts"

const parse = (args: readonly string[], env: Readonly<Record<string, string>> = {}): CdiHookCall =>
  parseCdiHookFlags(args, (name) => env[name])
const hookOf = (...args: readonly string[]): CdiHook | CdiHookCall => {
  const call = parse(args)
  return call.kind === "hook" ? call.hook : call
}

describe("the command line of a CDI hook", () => {
  test.each<[args: readonly string[], hook: CdiHook]>([
    [["noop"], { name: "noop" }],
    [
      ["complete-container"],
      {
        name: "complete-container",
        links: [],
        nodeLinks: [],
        compat: undefined,
        folders: [],
        disablesNodeModification: false,
        hasApplicationProfile: false,
      },
    ],
    [
      [
        ...[
          "complete-container",
          "--link",
          "a::/b",
          "--node-link=../card1::/dev/dri/by-path/x",
          "--folder",
          "/l",
        ],
        ...["--enable-cuda-compat", "--host-driver-version=550.1", "--disable-device-node-modification"],
        ...["--update-application-profile", "--ldconfig-path", "/sbin/ldconfig"],
      ],
      {
        name: "complete-container",
        links: [{ target: "a", path: "/b" }],
        nodeLinks: [{ target: "../card1", path: "/dev/dri/by-path/x" }],
        compat: { directory: undefined, hostDriverVersion: "550.1", hostCudaVersion: undefined },
        folders: ["/l"],
        disablesNodeModification: true,
        hasApplicationProfile: true,
      },
    ],
    [
      ["create-symlinks", "--link", "a::/b", "-link=c::/d"],
      {
        name: "create-symlinks",
        links: [
          { target: "a", path: "/b" },
          { target: "c", path: "/d" },
        ],
      },
    ],
    [
      ["create-symlinks", "--link", "a::/b,c::/d", "--link=a::/b"],
      {
        name: "create-symlinks",
        links: [
          { target: "a", path: "/b" },
          { target: "c", path: "/d" },
        ],
      },
    ],
    [
      ["create-symlinks", "--link", "a=b::/c"],
      { name: "create-symlinks", links: [{ target: "a=b", path: "/c" }] },
    ],
    [["create-symlinks"], { name: "create-symlinks", links: [] }],
    [
      ["update-ldcache", "--ldconfig-path", "/evil", "--folder", "/a/,/b", "--folder=/a"],
      { name: "update-ldcache", folders: ["/a", "/b"] },
    ],
    [["update-ldcache", "ignored", "--folder", "/a", "words"], { name: "update-ldcache", folders: ["/a"] }],
    [
      ["enable-cuda-compat", "--host-driver-version=550.1.1"],
      {
        name: "enable-cuda-compat",
        directory: undefined,
        hostDriverVersion: "550.1.1",
        hostCudaVersion: undefined,
      },
    ],
    [
      ["enable-cuda-compat", "--host-cuda-version", "12.4", "--cuda-compat-container-root", "/c"],
      { name: "enable-cuda-compat", directory: "/c", hostDriverVersion: undefined, hostCudaVersion: "12.4" },
    ],
    [
      ["enable-cuda-compat", "--host-driver-version=550.1", "--cuda-compat-container-root="],
      {
        name: "enable-cuda-compat",
        directory: undefined,
        hostDriverVersion: "550.1",
        hostCudaVersion: undefined,
      },
    ],
    [["disable-device-node-modification"], { name: "disable-device-node-modification" }],
    [["update-application-profile"], { name: "update-application-profile" }],
    [
      ["chmod", "--mode", "0755", "--path", "/dev/dri,/dev/x"],
      { name: "chmod", mode: 0o755, paths: ["/dev/dri", "/dev/x"] },
    ],
  ])("%j", (args, hook) => {
    expect(hookOf(...args)).toEqual(hook)
  })

  test.each<[args: readonly string[], problem: string]>([
    [["create-symlinks", "--nope"], "flag provided but not defined: -nope"],
    [["update-ldcache", "--link", "a::/b"], "flag provided but not defined: -link"],
    [["--nope", "noop"], "flag provided but not defined: -nope"],
    [["create-symlinks", "--link"], "flag needs an argument: -link"],
    [["create-symlinks", "--link", "a::/b::/c"], "invalid symlink specification a::/b::/c"],
    [["create-symlinks", "--link", "::/b"], "invalid symlink specification ::/b"],
    [["create-symlinks", "--link", "a::"], "invalid symlink specification a::"],
    [["create-symlinks", "--link", "a::/"], "invalid symlink specification a::/"],
    [["create-symlinks", "--link", "a::/b,"], "invalid symlink specification "],
    [["create-symlinks", "--link", "good::/b", "--link", "bad"], "invalid symlink specification bad"],
    [["update-ldcache", "--folder", "/a\n/b"], 'invalid folder "/a\\n/b"'],
    [["update-ldcache", "--folder", "/a#b"], 'invalid folder "/a#b"'],
    [["chmod", "--path", "/x"], 'failed to parse mode as octal: "": invalid syntax'],
    [["chmod", "--mode", "9z"], 'failed to parse mode as octal: "9z": invalid syntax'],
    [["chmod", "--mode", "4755"], 'failed to parse mode as octal: "4755": invalid syntax'],
    // Nothing below the root is the root itself.
    [["chmod", "--mode", "700", "--path", ""], "paths must not be empty"],
    [["chmod", "--mode", "700", "--path=/dev, "], "paths must not be empty"],
    [["noop", "--debug=perhaps"], 'invalid boolean value "perhaps" for flag -debug'],
  ])("%j is wrong: %s", (args, problem) => {
    expect(parse(args)).toMatchObject({ kind: "wrong", problem })
  })

  test.each([
    [["no-such-hook", "--x", "-y=1"], "no-such-hook"],
    [["--debug", "toString"], "toString"],
    [[], ""],
    [["--debug"], ""],
  ])("%j is unknown, which is no error", (args, name) => {
    expect(parse(args)).toMatchObject({ kind: "unknown", name })
  })

  test.each([
    [["--version"], "version"],
    [["-v", "noop"], "version"],
  ] as const)("%j asks for %s", (args, kind) => {
    expect(parse(args)).toEqual({ kind })
  })

  test.each([
    [["--help"], cdiHookUsage],
    [["noop", "-h"], "nvidia-cdi-hook noop [--container-spec FILE]"],
    [["chmod", "--help"], "nvidia-cdi-hook chmod --path … --mode … [--container-spec FILE]"],
  ])("%j asks for help, with the flags of the hook that is named", (args, usage) => {
    expect(parse(args)).toEqual({ kind: "help", usage })
  })

  test("help of a hook has each of its flags, switches too", () => {
    const help = parse(["complete-container", "--help"])
    if (help.kind !== "help") throw new Error(help.kind)
    const { valued, switches } = hookFlags["complete-container"]
    for (const flag of [...valued, ...switches]) expect(help.usage).toContain(`--${flag}`)
  })

  test.each([
    [[], undefined],
    [["--container-spec", "-"], undefined],
    [["--container-spec="], undefined],
    [["--container-spec", "/run/state.json"], "/run/state.json"],
  ])("with %j the state comes from %s", (args, statePath) => {
    expect(parse(["chmod", "--mode=0", ...args])).toMatchObject({ statePath })
  })

  test.each([
    [["noop"], {}, "normal"],
    [["--debug", "noop"], {}, "debug"],
    [["noop", "-d"], {}, "debug"],
    [["--debug", "--quiet", "noop"], {}, "quiet"],
    [["noop"], { NVIDIA_CTK_DEBUG: "true" }, "debug"],
    [["noop"], { NVIDIA_CDI_DEBUG: "1" }, "debug"],
    [["noop"], { NVIDIA_CTK_DEBUG: "false" }, "normal"],
    [["noop"], { NVIDIA_CTK_DEBUG: "perhaps" }, "normal"],
    [["noop"], { NVIDIA_CTK_DEBUG: "true", NVIDIA_CDI_DEBUG: "false" }, "debug"],
    [["noop"], { NVIDIA_CTK_DEBUG: "false", NVIDIA_CDI_DEBUG: "true" }, "normal"],
    [["noop"], { NVIDIA_CTK_DEBUG: "", NVIDIA_CDI_DEBUG: "true" }, "normal"],
    [["noop"], { NVIDIA_CDI_QUIET: "T", NVIDIA_CTK_DEBUG: "T" }, "quiet"],
    [["noop"], { NVIDIA_CTK_QUIET: "T" }, "quiet"],
    [["--debug=false", "noop"], { NVIDIA_CTK_DEBUG: "true" }, "normal"],
    [["unknown"], { NVIDIA_CTK_QUIET: "T" }, "quiet"],
  ] as const)("%j and %j: %s", (args, env, verbosity) => {
    expect(parse(args, env)).toMatchObject({ verbosity })
  })
})
