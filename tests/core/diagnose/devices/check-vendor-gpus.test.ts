import { describe, expect, test } from "bun:test"
import { mapEdits } from "../../../../src/core/cdi/edits/map-edits.ts"
import { renderSpec } from "../../../../src/core/cdi/render-spec.ts"
import { type CdiSpec, type ContainerEdits, noEdits } from "../../../../src/core/cdi/spec.ts"
import { verifyCdi } from "../../../../src/core/diagnose/verify-cdi.ts"
import { faultCode } from "../../../../src/core/fault/render.ts"
import { generateVendorSpec } from "../../../../src/core/vendor/generate-vendor-spec.ts"
import { createMemoryHost } from "../../../../src/host/memory.ts"
import { type Tree, vendorMachine, vendorTree } from "../../vendor/vendor-machine.ts"
import { subjectOn } from "../healthy-machine.ts"

const intel = ["uhd770", "flex170"]
const byPath = "/dev/dri/by-path/"

function ownSpec(): CdiSpec {
  const made = generateVendorSpec("intel", vendorMachine({ intel }), { hasGroups: true })
  if (!made.ok) throw new Error(made.fault.tag)
  return made.value.spec
}

/** As Intel's own generator has it: nodes by number, and the places where the runtime looks for them as mounts. */
const withMounts = (spec: CdiSpec): CdiSpec =>
  mapEdits(spec, (edits) => ({
    ...edits,
    deviceNodes: edits.deviceNodes.filter(({ path }) => !path.startsWith(byPath)),
    mounts: edits.deviceNodes
      .filter(({ path }) => path.startsWith(byPath))
      .map(({ path }) => ({ hostPath: path, containerPath: path, type: "", options: ["bind", "rw"] })),
  }))

function judge(spec: CdiSpec, change: (tree: Tree) => void = () => undefined): readonly string[] {
  const tree = vendorTree({ intel, change })
  tree["/etc/cdi/intel.yaml"] = { kind: "file", content: renderSpec(spec, "yaml"), mode: 0o644 }
  return verifyCdi(subjectOn(createMemoryHost(tree))).map(
    ({ severity, fault }) => `${severity} ${faultCode(fault)}`,
  )
}

describe("a specification of Intel's GPUs beside its machine", () => {
  test("ours, and in the form of Intel's own generator", () => {
    expect(judge(ownSpec())).toEqual([])
    expect(judge(withMounts(ownSpec()))).toEqual([])
    const whole = mapEdits(withMounts(ownSpec()), (edits) => ({
      ...edits,
      mounts: edits.mounts.slice(0, 1).map((one) => ({ ...one, hostPath: byPath, containerPath: byPath })),
    }))
    expect(judge(whole)).toEqual([])
  })

  test("under the names of cards, as Intel's released generator has them, the card of one with the render node of another", () => {
    const cards = ["card1", "card2"]
    const spec = ownSpec()
    const withRender = (minors: readonly number[]): CdiSpec => ({
      ...spec,
      devices: ["0", "1"].flatMap((index, place) => {
        const device = spec.devices.find(({ name }) => name === index)
        if (device === undefined) return []
        const { containerEdits } = device
        const deviceNodes = containerEdits.deviceNodes.map((node) =>
          node.path.startsWith("/dev/dri/renderD")
            ? { ...node, path: `/dev/dri/renderD${minors[place]}` }
            : node,
        )
        return [{ ...device, name: cards[place] ?? "", containerEdits: { ...containerEdits, deviceNodes } }]
      }),
    })
    expect(judge(withRender([128, 129]))).toEqual([])
    expect(new Set(judge(withRender([129, 128])))).toEqual(new Set(["error GAN4134", "warning GAN4135"]))
  })

  test("a mount of a node that is not given too gives no right to open it", () => {
    const spec = withMounts(ownSpec())
    const bare = mapEdits(spec, (edits) => ({
      ...edits,
      deviceNodes: edits.deviceNodes.filter(({ path }) => !path.includes("card")),
    }))
    expect(judge(bare).filter((one) => one === "warning GAN4101")).toHaveLength(2)
  })

  test("where none can be used it is told why, of each", () => {
    const hold = (tree: Tree): void => {
      for (const path of Object.keys(tree))
        if (path.endsWith("/driver"))
          tree[path] = { kind: "symlink", target: "../../../bus/pci/drivers/vfio-pci" }
    }
    expect(judge(ownSpec(), hold).filter((one) => one.includes("GAN21"))).toEqual([
      "warning GAN2179",
      "note GAN2170",
      "note GAN2170",
    ])
  })

  test("a GPU that is kept for a virtual machine is none that a generator of GPUs would have", () => {
    const spec = ownSpec()
    const withDevice = (containerEdits: ContainerEdits): CdiSpec => ({
      ...spec,
      devices: [...spec.devices, { name: "0000:9c:00.0", annotations: new Map(), containerEdits }],
    })
    const kept = "/dev/vfio/12"
    const deviceNodes = (spec.devices[0]?.containerEdits.deviceNodes ?? [])
      .slice(0, 1)
      .map((node) => ({ ...node, path: kept, hostPath: "" }))
    const bind = (tree: Tree): void => {
      tree[kept] = { kind: "character", major: 511, minor: 0 }
    }
    expect(judge(withDevice({ ...noEdits, deviceNodes }), bind)).toEqual([])
    expect(judge(withDevice(spec.devices[0]?.containerEdits ?? noEdits))).toEqual(["error GAN4130"])
  })
})
