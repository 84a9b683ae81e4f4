/** CDI specifications beside a small machine: whatever they name, findings can be told, and are the same the second time. */

import { collectEdits } from "../../src/core/cdi/edits/collect-edits.ts"
import { findDevices } from "../../src/core/cdi/registry/device-index.ts"
import { buildRegistry, type Registry } from "../../src/core/cdi/registry/registry.ts"
import { resolveDevices } from "../../src/core/cdi/registry/resolve-devices.ts"
import { defaultDirectories } from "../../src/core/cdi/registry/spec-directories.ts"
import { rootUser } from "../../src/core/diagnose/access.ts"
import type { CdiSubject } from "../../src/core/diagnose/cdi-subject.ts"
import { verifyCdi } from "../../src/core/diagnose/verify-cdi.ts"
import { renderElf } from "../../src/core/elf/render-elf.ts"
import { renderVerification, renderVerificationJson } from "../../src/core/explain/render-cdi-verification.ts"
import { ok } from "../../src/core/fault/result.ts"
import { viewRoot } from "../../src/core/host/root-view.ts"
import { observeSnapshot } from "../../src/core/plan/snapshot.ts"
import { hostPath } from "../../src/core/text/brand.ts"
import { createMemoryHost } from "../../src/host/memory.ts"
import { readerOf } from "../../tests/core/cdi/registry/index-reader.ts"
import { bytesOf, cdiSpecs } from "../corpus.ts"
import { checkFault, firstOf } from "../invariants.ts"
import type { FuzzTarget } from "../target.ts"

const library = renderElf({
  machine: "x86-64",
  soname: "libcuda.so.1",
  symbol: "f",
  answer: 1,
  needed: ["libnvidia-x.so.550.54"],
})

const host = createMemoryHost({
  "/dev/nvidia0": { kind: "character", major: 195, minor: 0, mode: 0o660, gid: 44 },
  "/dev/nvidia-uvm": { kind: "character", major: 510, minor: 0 },
  "/dev/loop": { kind: "symlink", target: "loop" },
  "/proc/devices": { kind: "file", content: "Character devices:\n195 nvidia\n510 nvidia-uvm\n" },
  "/proc/driver/nvidia/version": {
    kind: "file",
    content: "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54  Tue\n",
  },
  "/proc/driver/nvidia/gpus/0000:01:00.0/information": {
    kind: "file",
    content: "Model: NVIDIA A100-SXM4-40GB\nGPU UUID: GPU-a\nDevice Minor: 0\nBus Location: 0000:01:00.0\n",
  },
  "/proc/net/unix": { kind: "file", content: "Num RefCount Protocol Flags Type St Inode Path\n" },
  "/run/s": { kind: "socket" },
  "/usr/lib/libcuda.so.550.54": { kind: "file", content: library },
  "/usr/lib/libnvidia-ml.so.550.54": { kind: "file", content: "no library" },
  "/usr/bin/h": { kind: "file", content: "#!/bin/sh\n", mode: 0o775, gid: 7 },
  "/opt": { kind: "directory", mode: 0o1777 },
})

const subject: Omit<CdiSubject, "registry" | "unrecorded"> = {
  host,
  view: viewRoot(host, hostPath("/")),
  placed: undefined,
  mountinfo: undefined,
  directories: defaultDirectories,
  areNamed: false,
  snapshot: observeSnapshot(host, { driverRoot: "/", ldcache: "/etc/ld.so.cache" }),
  engines: [
    {
      engine: "podman",
      version: "4.3.1",
      program: "/usr/bin/podman",
      highest: "0.5.0",
      era: "before 1.1.1",
    },
    {
      engine: "containerd",
      version: undefined,
      program: "/usr/bin/containerd",
      highest: "unknown",
      era: "before 1.1.1",
    },
  ],
  user: rootUser,
  looker: 0,
  image: viewRoot(
    createMemoryHost({
      "/usr/lib/libcuda.so.1": { kind: "file", content: "x" },
      "/b": { kind: "directory" },
    }),
    hostPath("/"),
  ),
}

function checkFindings(registry: Registry, user: CdiSubject["user"]): string | undefined {
  const look = (): readonly string[] => {
    const whole: CdiSubject = { ...subject, registry, user, unrecorded: new Set() }
    const verification = { subject: whole, findings: verifyCdi(whole), fixed: [] }
    for (const { fault } of verification.findings) {
      const problem = checkFault(fault)
      if (problem !== undefined) return [problem]
    }
    return ["", renderVerification(verification), renderVerificationJson(verification)]
  }
  const [problem, ...texts] = look()
  if (problem !== "") return problem
  if (user !== rootUser) return undefined
  return texts.join("") === look().slice(1).join("") ? undefined : "a second look finds something else"
}

/** What is remembered of devices gives what the specifications give. */
function checkIndex(registry: Registry): string | undefined {
  const names = [...registry.devices.keys()]
  const resolved = resolveDevices(registry, names)
  const recalled = findDevices(readerOf(registry), names)
  if (!resolved.ok || recalled === undefined) return "a device that is there is not found"
  return JSON.stringify(collectEdits(recalled).edits) === JSON.stringify(resolved.value.edits)
    ? undefined
    : "what is remembered gives something else"
}

const seed = `cdiVersion: 0.7.0
kind: nvidia.com/gpu
containerEdits:
  deviceNodes: [{path: /dev/nvidia-uvm, major: 510}, {path: /dev/loop}]
  mounts:
  - {hostPath: /usr/lib/libcuda.so.550.54, containerPath: /usr/lib/libcuda.so.1}
  - {hostPath: /usr/lib/libnvidia-ml.so.550.54, containerPath: /opt/libnvidia-ml.so.550.54}
  - {hostPath: /usr/lib/libnvidia-gone.so.535.1, containerPath: /b}
  - {hostPath: /run/s, containerPath: /run/s}
  hooks:
  - {hookName: createContainer, path: /usr/bin/h, args: [h, create-symlinks, --link, "a::/usr/lib/libcuda.so.1"]}
  - {hookName: poststop, path: /opt/none, args: [h, update-ldcache, --folder=/opt], env: [A=b]}
devices:
- {name: "0", containerEdits: {deviceNodes: [{path: /dev/nvidia0}]}}
- {name: GPU-b, containerEdits: {deviceNodes: [{path: /dev/nvidia0, type: b}]}}
- {name: "0:1", containerEdits: {deviceNodes: [{path: /dev/nvidia0}, {path: /dev/nvidia1}], additionalGids: [1]}}
`

export const cdiVerify: FuzzTarget = {
  name: "cdi-verify",
  weight: 1,
  seeds: () => [seed, ...cdiSpecs()].map(bytesOf),
  tokens: [
    ...[
      "/dev/nvidia0",
      "/dev/nvidia-uvm",
      "/dev/loop",
      "/run/s",
      "/usr/lib/libcuda.so.550.54",
      "/opt",
      "/",
      "..",
    ],
    ...[
      "--link",
      "::",
      "update-ldcache",
      "create-symlinks",
      "GPU-",
      "MIG-",
      "0:1",
      "0000:01:00.0",
      "major: 195",
    ],
    ...[
      "hostPath: ",
      "containerPath: ",
      "hookName: poststop",
      "type: bind",
      "- ",
      "\n",
      "{",
      "}",
      "cdiVersion: 1.1.0",
    ],
  ],
  check(input) {
    const registry = buildRegistry([
      { path: "/etc/cdi", files: ok([{ path: "/etc/cdi/a.yaml", bytes: ok(bytesOf(seed)) }]) },
      { path: "/run/cdi", files: ok([{ path: "/run/cdi/b.yaml", bytes: ok(input) }]) },
    ])
    return firstOf(
      checkFindings(registry, rootUser),
      checkFindings(registry, { uid: 1000, gids: [44] }),
      checkIndex(registry),
    )
  },
}
