import { expect, test } from "bun:test"
import { observeEngineSettings } from "../../../src/core/inventory/engine-settings.ts"
import type { HostPath } from "../../../src/core/text/brand.ts"
import { createMemoryHost } from "../../../src/host/memory.ts"

const file = (content: string) => ({ kind: "file", content, mode: 0o644, uid: 0, gid: 0 }) as const
const daemon = (content: string) => createMemoryHost({ "/etc/docker/daemon.json": file(content) })
const docker = { engine: "docker", version: "27.5.1", program: "/usr/bin/dockerd", highest: "0.8.0" } as const

test("a file that names thousands of others has few of them looked for", () => {
  const imports = Array.from({ length: 20_000 }, (_, index) => `"/*/${index}.toml", "${index}.toml"`)
  const machine = createMemoryHost({
    "/etc/containerd/config.toml": file(`imports = [${imports.join(",")}]\n`),
  })
  let looks = 0
  const look = <T>(ask: (path: HostPath) => T) => {
    return (path: HostPath): T => {
      looks++
      return ask(path)
    }
  }
  const host = { ...machine, exists: look(machine.exists), readDir: look(machine.readDir) }
  const settings = observeEngineSettings(host, { ...docker, engine: "containerd", version: "1.7.27" })
  expect(settings?.off?.file).toBe("/etc/containerd/config.toml")
  expect(looks).toBeLessThan(1000)
})

test("what is no directory's name is none", () => {
  const settings = observeEngineSettings(daemon('{"cdi-spec-dirs": ["", 1, "/opt/cdi"]}'), docker)
  expect(settings?.directories).toEqual(["/opt/cdi"])
})

test("containerd 1 is to be switched on where its plugin's last section stands", () => {
  const section = '[plugins."io.containerd.grpc.v1.cri"]\n'
  const host = createMemoryHost({
    "/etc/containerd/config.toml": file(`imports = ["conf.d/*.toml"]\n${section}enable_cdi = true\n`),
    "/etc/containerd/conf.d/a.toml": file(`${section}stream_server_port = "0"\n`),
    "/etc/containerd/conf.d/b.toml": file('[plugins."io.containerd.gc.v1.scheduler"]\n'),
  })
  const settings = observeEngineSettings(host, { ...docker, engine: "containerd", version: "1.7.27" })
  expect(settings?.off?.file).toBe("/etc/containerd/conf.d/a.toml")
})

test.each([
  ["2.0.0", true],
  ["2.3.4", true],
  ["2.4.2", false],
])("containerd %s that is told not to serve CDI devices does not: %p", (version, isOff) => {
  const host = createMemoryHost({
    "/etc/containerd/config.toml": file(
      'imports = ["conf.d/*.toml"]\n[plugins."io.containerd.cri.v1.runtime"]\nenable_cdi = true\n',
    ),
    "/etc/containerd/conf.d/a.toml": file('[plugins."io.containerd.cri.v1.runtime"]\nenable_cdi = false\n'),
    "/etc/containerd/conf.d/b.toml": file('[plugins."io.containerd.cri.v1.runtime"]\nsandbox = "x"\n'),
  })
  const settings = observeEngineSettings(host, { ...docker, engine: "containerd", version })
  const change = 'set enable_cdi = true in [plugins."io.containerd.cri.v1.runtime"] and restart containerd'
  expect(settings?.off).toEqual(isOff ? { file: "/etc/containerd/conf.d/a.toml", change } : undefined)
})

test("containerd 2 serves CDI devices where nobody says otherwise", () => {
  const host = createMemoryHost({
    "/etc/containerd/config.toml": file('[plugins."io.containerd.cri.v1.runtime"]\nsandbox = "x"\n'),
  })
  const settings = observeEngineSettings(host, { ...docker, engine: "containerd", version: "2.1.4" })
  expect(settings?.off).toBeUndefined()
})
