import { expect, test } from "bun:test"
import { untilChanged } from "../../src/commands/look-for-watch.ts"
import { observeSnapshot } from "../../src/core/plan/snapshot.ts"
import { createMemoryHost } from "../../src/host/memory.ts"

test("a recording, of which no file can be looked at, never changes", async () => {
  const host = createMemoryHost({})
  const snapshot = observeSnapshot(host, { driverRoot: "/", ldcache: "/etc/ld.so.cache" })
  const proof = { stamps: [], links: [] }
  const look = { host, snapshot, unready: [], witnesses: [], engines: [], proof }
  const begun = performance.now()
  await untilChanged(look, { path: "/absent/spec.yaml", stamp: "" }, 100, 10)
  expect(performance.now() - begun).toBeGreaterThanOrEqual(99)
})
