import { expect, test } from "bun:test"
import { type CdiSpec, noEdits } from "../../../src/core/cdi/spec.ts"
import { placeOnMachine, unplaceSpec } from "../../../src/core/generate/place-on-machine.ts"

const mount = (hostPath: string, type: string) => ({ hostPath, containerPath: "/m", options: [], type })
const specOf = (...mounts: readonly ReturnType<typeof mount>[]): CdiSpec => ({
  cdiVersion: "0.5.0",
  kind: "v.com/c",
  annotations: new Map(),
  devices: [],
  containerEdits: { ...noEdits, mounts },
})

test("files lie in the machine's directory, and a file system that lies at no path does not", () => {
  const spec = specOf(mount("/lib/a", ""), mount("tmpfs", "tmpfs"))
  const placed = placeOnMachine(spec, (path) => `/machine/${path.replace(/^\//, "")}`)
  expect(placed).toEqual(specOf(mount("/machine/lib/a", ""), mount("tmpfs", "tmpfs")))
  expect(unplaceSpec(placed, "/machine")).toEqual(spec)
})
