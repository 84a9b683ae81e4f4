import { afterEach, beforeEach, expect, test } from "bun:test"
import { rmSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { type CompletionCall, completeContainer } from "../../../src/apply/cdi-hook/complete-container.ts"
import { createSymlinks } from "../../../src/apply/cdi-hook/create-symlinks.ts"
import { enableCudaCompat } from "../../../src/apply/cdi-hook/enable-cuda-compat.ts"
import { updateApplicationProfile } from "../../../src/apply/cdi-hook/update-application-profile.ts"
import { updateLdcache } from "../../../src/apply/cdi-hook/update-ldcache.ts"
import type { Root } from "../../../src/linux/in-root.ts"
import { makeCharacterNode } from "../../../src/linux/nodes.ts"
import { compatLibrary } from "../../core/compat/compat-library.ts"
import { type HookRoot, library, listRoot, makeHookRoot } from "./hook-root.ts"

const isRoot = process.getuid?.() === 0
const roots: HookRoot[] = []
beforeEach(() => {
  for (const at of [makeHookRoot(), makeHookRoot()]) {
    at.make({
      "/etc/ld.so.conf": "include /etc/ld.so.conf.d/*.conf\n",
      "/opt/driver/libgpu.so.550.1": library("libgpu.so.1"),
      "/usr/local/cuda/compat/libcuda.so.570.1.1": compatLibrary('{"CUDA Version":"12.8","Driver":[550]}'),
      "/dev/dri/card1": "stands for a node",
    })
    if (isRoot) makeCharacterNode(join(at.path, "dev/nvidia3"), 195, 3, 0o666)
    roots.push(at)
  }
})
afterEach(() => {
  for (const at of roots.splice(0)) at.remove()
})

const call: CompletionCall = {
  links: [{ target: "libgpu.so.550.1", path: "/opt/driver/libgpu.so" }],
  nodeLinks: [
    { target: "../card1", path: "/dev/dri/by-path/pci-0000:07:00.0-card" },
    { target: "../card2", path: "/dev/dri/by-path/pci-0000:0f:00.0-card" },
  ],
  compat: { directory: undefined, hostDriverVersion: "550.163.01", hostCudaVersion: undefined },
  folders: ["/opt/driver"],
  disablesNodeModification: false,
  hasApplicationProfile: true,
}

/** What the hooks do one after the other, as an engine starts them. */
function runSeparately(root: Root): void {
  createSymlinks(root, [...call.links, ...call.nodeLinks.slice(0, 1)])
  if (call.compat !== undefined) enableCudaCompat(root, call.compat)
  updateLdcache(root, call.folders)
  updateApplicationProfile(root)
}

test("one call leaves what the hooks leave one after the other, with links to nodes that are there alone", () => {
  const [one, other] = roots as [HookRoot, HookRoot]
  const done = completeContainer(one.root, call)
  expect(done.ok && done.value.findings).toEqual([])
  runSeparately(other.root)
  const left = listRoot(one.path)
  expect(left).toEqual(listRoot(other.path))
  expect(left["/dev/dri/by-path/pci-0000:07:00.0-card"]).toBe("link ../card1")
  expect(left["/dev/dri/by-path/pci-0000:0f:00.0-card"]).toBeUndefined()
  expect(left["/etc/ld.so.conf.d/00-compat-gantry.conf"]).toBeDefined()
})

test("a link's target is looked for inside the root, never outside", () => {
  const [at] = roots as [HookRoot]
  rmSync(join(at.path, "dev/dri"), { recursive: true })
  symlinkSync(at.victim, join(at.path, "dev/dri"))
  const out = { target: "../kept", path: "/dev/dri/by-path/out" }
  completeContainer(at.root, { ...call, links: [], nodeLinks: [out], folders: [], compat: undefined })
  at.expectOutsideUntouched()
  expect(listRoot(at.path)["/dev/dri/by-path/out"]).toBeUndefined()
})

test("what is not asked for is not done", () => {
  const [one, other] = roots as [HookRoot, HookRoot]
  const nothing = {
    ...call,
    links: [],
    nodeLinks: [],
    compat: undefined,
    folders: [],
    hasApplicationProfile: false,
  }
  expect(completeContainer(one.root, nothing)).toEqual({ ok: true, value: { changes: [], findings: [] } })
  expect(listRoot(one.path)).toEqual(listRoot(other.path))
})
