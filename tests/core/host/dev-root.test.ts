import { expect, test } from "bun:test"
import { nodePlace } from "../../../src/core/host/dev-root.ts"
import { observeSnapshot } from "../../../src/core/plan/snapshot.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { memoryMachine, planFor } from "../../machine.ts"

const driverRoot = "/run/nvidia/driver"
const options = { driverRoot, ldcache: "/etc/ld.so.cache" }

/** A machine whose driver lies in a container's tree; its device nodes there too, or in both places. */
const splitMachine = (nodes: "there" | "both") =>
  memoryMachine({
    gpus: 2,
    change(tree) {
      for (const [path, entry] of Object.entries(tree)) {
        const isNode = path.startsWith("/dev/")
        if (!isNode && !/^\/(usr|etc|lib)\//.test(path)) continue
        tree[`${driverRoot}${path}`] = entry
        if (!isNode || nodes === "there") delete tree[path]
      }
    },
  })

test("nodes that lie only below the driver's root are found there, and named as a container sees them", () => {
  const { inventory } = observeSnapshot(splitMachine("there"), options)
  expect(String(inventory.devRoot)).toBe(driverRoot)
  expect(inventory.gpus.map(({ node }) => String(node?.path))).toEqual(["/dev/nvidia0", "/dev/nvidia1"])
  expect(inventory.nodes.control).toHaveLength(4)
  expect(inventory.findings).toEqual([])
  expect(String(nodePlace(inventory.devRoot, hostPath("/dev/nvidia0")))).toBe(`${driverRoot}/dev/nvidia0`)
})

test("the machine's own nodes come before the driver container's", () => {
  expect(String(observeSnapshot(splitMachine("both"), options).inventory.devRoot)).toBe("/")
})

test("who names a root for nodes gets that one", () => {
  const { inventory } = observeSnapshot(splitMachine("both"), { ...options, devRoot: driverRoot })
  expect(String(inventory.devRoot)).toBe(driverRoot)
  const { inventory: without } = observeSnapshot(splitMachine("there"), { ...options, devRoot: "/" })
  expect(without.findings.map(({ fault }) => fault.tag)).toContain("DeviceNodeMissing")
})

test("a plan takes nodes from where they lie", () => {
  const env = ["NVIDIA_VISIBLE_DEVICES=1", "NVIDIA_DRIVER_CAPABILITIES=utility"]
  const { edits } = planFor(splitMachine("there"), { env, driverRoot })
  const nodes = edits.flatMap((edit) => (edit.kind === "deviceNode" ? [edit] : []))
  expect(nodes.map(({ path, hostPath: from }) => [String(path), String(from)])).toEqual([
    ["/dev/nvidia1", `${driverRoot}/dev/nvidia1`],
    ["/dev/nvidiactl", `${driverRoot}/dev/nvidiactl`],
  ])
})
