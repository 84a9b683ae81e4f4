import { describe, expect, test } from "bun:test"
import type { HookCall } from "../../../src/core/generate/part.ts"
import type { HookStyle } from "../../../src/core/generate/spec-request.ts"
import { writeHooks, writeOneHook } from "../../../src/core/generate/write-hooks.ts"

const style: HookStyle = {
  path: "/usr/bin/nvidia-cdi-hook",
  shape: "separate",
  isEnabled: () => true,
  ldconfigPath: "",
}
const links: HookCall = {
  name: "create-symlinks",
  links: [
    { path: "/usr/lib/libcuda.so", target: "libcuda.so.1" },
    { path: "/usr/lib/libGL.so", target: "libGL.so.1" },
  ],
}
const nodeLinks: HookCall = {
  name: "create-symlinks",
  links: [{ path: "/dev/dri/by-path/pci-0000:05:00.0-card", target: "../card1" }],
}
const folders: HookCall = { name: "update-ldcache", folders: ["/usr/lib", "/opt/lib"] }
const modes: HookCall = { name: "chmod", paths: ["/dev/dri"] }
const compat: HookCall = {
  name: "enable-cuda-compat",
  hostDriverVersion: "550.163.01",
  hostCudaVersion: "12.4",
  directory: "/usr/local/cuda/compat_orin",
}
const plainCompat: HookCall = {
  ...compat,
  hostDriverVersion: undefined,
  hostCudaVersion: undefined,
  directory: "",
}
const parameters: HookCall = { name: "disable-device-node-modification" }
const profile: HookCall = { name: "update-application-profile" }

describe("an entry for each hook, in the shape that other tools read", () => {
  test.each<[call: HookCall, flags: readonly string[]]>([
    [links, ["--link", "libcuda.so.1::/usr/lib/libcuda.so", "--link", "libGL.so.1::/usr/lib/libGL.so"]],
    [folders, ["--folder", "/usr/lib", "--folder", "/opt/lib"]],
    [modes, ["--mode", "755", "--path", "/dev/dri"]],
    [
      compat,
      [
        "--host-driver-version=550.163.01",
        "--host-cuda-version=12.4",
        "--cuda-compat-container-root=/usr/local/cuda/compat_orin",
      ],
    ],
    [plainCompat, []],
    [parameters, []],
    [profile, []],
  ])("%j", (call, flags) =>
    expect(writeHooks([call], style)).toEqual([
      {
        hookName: "createContainer",
        path: "/usr/bin/nvidia-cdi-hook",
        args: ["nvidia-cdi-hook", call.name, ...flags],
        env: ["NVIDIA_CTK_DEBUG=false"],
        timeout: undefined,
      },
    ]),
  )

  test("tells the loader's which ldconfig, where one is named", () =>
    expect(writeHooks([folders], { ...style, ldconfigPath: "/sbin/ldconfig" })[0]?.args.slice(2, 4)).toEqual([
      "--ldconfig-path",
      "/sbin/ldconfig",
    ]))

  test("is not written where there is nothing to do, or it is switched off", () => {
    const idle: readonly HookCall[] = [
      { name: "create-symlinks", links: [] },
      { name: "update-ldcache", folders: [] },
      { name: "chmod", paths: [] },
    ]
    expect(writeHooks(idle, { ...style, ldconfigPath: "/sbin/ldconfig" })).toEqual([])
    const without = { ...style, isEnabled: (name: string) => name !== "update-ldcache" }
    expect(writeHooks([folders, parameters], without).map(({ args }) => args[1])).toEqual([parameters.name])
  })
})

describe("one entry that does it all", () => {
  const flagsOf = (calls: readonly HookCall[], ofDevices: readonly HookCall[], more = style) =>
    writeOneHook(calls, ofDevices, more).map(({ args }) => args)
  const word = ["nvidia-cdi-hook", "complete-container"]

  test("says what each would, in their order, and links to nodes apart: a container may lack the node", () =>
    expect(flagsOf([links, compat, folders, parameters, profile], [nodeLinks])).toEqual([
      [
        ...word,
        ...["--link", "libcuda.so.1::/usr/lib/libcuda.so", "--link", "libGL.so.1::/usr/lib/libGL.so"],
        "--enable-cuda-compat",
        "--host-driver-version=550.163.01",
        "--host-cuda-version=12.4",
        "--cuda-compat-container-root=/usr/local/cuda/compat_orin",
        ...["--folder", "/usr/lib", "--folder", "/opt/lib"],
        "--disable-device-node-modification",
        "--update-application-profile",
        ...["--node-link", "../card1::/dev/dri/by-path/pci-0000:05:00.0-card"],
      ],
    ]))

  test("sets no modes: it has no flag for them, and they are for what goes by directories of nodes", () =>
    expect(flagsOf([modes, parameters], [modes])).toEqual([[...word, "--disable-device-node-modification"]]))

  test("is not told what is switched off, of devices neither", () => {
    const without = { ...style, isEnabled: (name: string) => name !== "create-symlinks" }
    expect(flagsOf([links, profile], [nodeLinks], without)).toEqual([
      [...word, "--update-application-profile"],
    ])
  })

  test("is not written where it would have nothing to do", () =>
    expect(flagsOf([{ name: "create-symlinks", links: [] }, modes], [])).toEqual([]))
})
