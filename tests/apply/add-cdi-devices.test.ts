import { describe, expect, test } from "bun:test"
import { addCdiDevices } from "../../src/apply/add-cdi-devices.ts"
import { type ContainerEdits, noEdits } from "../../src/core/cdi/spec.ts"
import { renderFaultLine } from "../../src/core/fault/render.ts"
import type { HostFiles } from "../../src/core/host/host.ts"
import type { CdiDeviceEdit } from "../../src/core/plan/edit.ts"
import { hostPath } from "../../src/core/text/brand.ts"
import { createMemoryHost } from "../../src/host/memory.ts"

const files = createMemoryHost({
  "/usr/bin/own-hook": { kind: "file", content: "" },
  "/opt/vendor": { kind: "directory" },
  "/dev/nic0": { kind: "character", major: 9, minor: 3, mode: 0o660 },
})
const live: HostFiles = { ...files, provenance: { kind: "live", name: "live" } }
const simulated: HostFiles = {
  ...files,
  provenance: { kind: "simulated", name: "/machine" },
  livePath: (path) => `/machine${path}`,
}

const device = (edits: Partial<ContainerEdits>): CdiDeviceEdit => ({
  kind: "cdiDevice",
  name: "vendor.com/nic=a",
  file: hostPath("/etc/cdi/v.yaml"),
  containerEdits: { ...noEdits, ...edits },
  reasons: ["devices.environment"],
})
const hook = (hookName: string, path: string) => ({ hookName, path, args: [], env: [], timeout: undefined })
const mount = { hostPath: "/opt/vendor", containerPath: "/opt/vendor", options: ["bind"], type: "" }
const env = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]

function added(edits: readonly Partial<ContainerEdits>[], host: HostFiles): unknown {
  const done = addCdiDevices('{ "x" : 1e400 }', edits.map(device), host)
  if (!done.ok) return renderFaultLine(done.fault)
  expect(done.value.startsWith('{ "x" : 1e400')).toBe(true)
  return { ...(JSON.parse(done.value.replace("1e400", "1")) as object), x: undefined }
}

describe("what specifications say, in config.json", () => {
  test("paths of this machine are what they are", () => {
    expect(added([{ mounts: [mount], hooks: [hook("createContainer", "/usr/bin/own-hook")] }], live)).toEqual(
      {
        x: undefined,
        mounts: [{ destination: "/opt/vendor", source: "/opt/vendor", options: ["bind"] }],
        hooks: { createContainer: [{ path: "/usr/bin/own-hook", env }] },
      },
    )
  })

  test("of a simulated machine they lie in it; a program that it does not have, or that is the container's, does not", () => {
    const hooks = [
      hook("createContainer", "/usr/bin/own-hook"),
      hook("createContainer", "/bin/sh"),
      hook("startContainer", "/usr/bin/own-hook"),
    ]
    expect(added([{ mounts: [mount], hooks }], simulated)).toEqual({
      x: undefined,
      mounts: [{ destination: "/opt/vendor", source: "/machine/opt/vendor", options: ["bind"] }],
      hooks: {
        createContainer: [
          { path: "/machine/usr/bin/own-hook", env },
          { path: "/bin/sh", env },
        ],
        startContainer: [{ path: "/usr/bin/own-hook", env }],
      },
    })
  })

  test("a machine that is only data gives nothing to mount", () => {
    expect(added([{ mounts: [mount] }], files)).toContain("[GAN3012]")
  })

  test("several devices, of which the later counts where two have the same place", () => {
    const node = (path: string, host: string) => ({
      path,
      hostPath: host,
      type: "",
      major: 0,
      minor: 0,
      fileMode: undefined,
      permissions: "r",
      uid: undefined,
      gid: undefined,
    })
    const both = [
      { env: ["A=1", "B=1"], deviceNodes: [node("/dev/a", "/dev/nic0")] },
      { env: ["A=2"], additionalGids: [44] },
    ]
    expect(added(both, live)).toEqual({
      x: undefined,
      process: { env: ["A=2", "B=1"], user: { additionalGids: [44] } },
      linux: {
        devices: [{ path: "/dev/a", type: "c", major: 9, minor: 3, fileMode: 0o660 }],
        resources: { devices: [{ allow: true, type: "c", major: 9, minor: 3, access: "r" }] },
      },
    })
  })

  test("in a user namespace a node that lies elsewhere is mounted, with its permission and nothing else in its place", () => {
    const node = (path: string, host: string) => ({
      path,
      hostPath: host,
      type: "c",
      major: 9,
      minor: 3,
      fileMode: 0o660,
      permissions: "r",
      uid: undefined,
      gid: undefined,
    })
    const spec =
      '{"linux":{"namespaces":[{"type":"user"}],"devices":[{"path":"/dev/a","type":"c","major":1,"minor":1}]}}'
    const edits = { deviceNodes: [node("/dev/a", "/dev/nic0"), node("/dev/nic0", "")] }
    const done = addCdiDevices(spec, [device(edits)], live)
    const rule = { allow: true, type: "c", major: 9, minor: 3, access: "r" }
    expect(done.ok ? JSON.parse(done.value) : done.fault).toEqual({
      linux: {
        namespaces: [{ type: "user" }],
        devices: [{ path: "/dev/nic0", type: "c", major: 9, minor: 3, fileMode: 0o660 }],
        resources: { devices: [rule, rule] },
      },
      mounts: [
        {
          destination: "/dev/a",
          type: "bind",
          source: "/dev/nic0",
          options: ["nosuid", "noexec", "rbind", "rprivate"],
        },
      ],
    })
  })

  test("what is no specification of a container is a fault", () => {
    const spoilt = addCdiDevices('{"mounts":[],"Mounts":[]}', [device({ mounts: [mount] })], live)
    expect(spoilt.ok ? "" : spoilt.fault.tag).toBe("SpecKeyRepeated")
  })
})
