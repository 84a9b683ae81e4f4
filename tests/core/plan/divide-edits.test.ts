import { describe, expect, test } from "bun:test"
import { divideEdits } from "../../../src/core/plan/divide-edits.ts"
import type { Edit } from "../../../src/core/plan/edit.ts"
import { containerPath, hostPath } from "../../../src/core/text/brand.ts"

const reasons = ["r"]
const link = (path: string, target: string): Edit => ({
  kind: "symlink",
  path: containerPath(path),
  target,
  reasons,
})
const library: Edit = {
  kind: "mount",
  hostPath: hostPath("/usr/lib/libcuda.so.550"),
  containerPath: containerPath("/usr/lib/libcuda.so.550"),
  isOptional: false,
  options: ["ro"],
  reasons,
}

function divide(edits: readonly Edit[], mountedOver: readonly string[], unknownGid?: number) {
  const divided = divideEdits(edits, {
    machine: "this",
    sourceOf: (path) => path,
    hasUserNamespace: false,
    unknownGid,
    mountedOver,
  })
  if (!divided.ok) throw new Error(JSON.stringify(divided.fault))
  return {
    mounts: divided.value.spec.mounts.map(({ source, destination }) => `${source} at ${destination}`),
    inRoot: divided.value.inRoot.length,
    directories: divided.value.linkDirectories.map(({ path }) => path),
    groups: divided.value.spec.additionalGids,
    told: divided.value.findings.map(({ fault }) => fault.tag),
  }
}

describe("links where a mount of the container lies over their directory", () => {
  const links = [
    link("/usr/lib/libcuda.so", "libcuda.so.1"),
    link("/usr/lib/libcuda.so.1", "libcuda.so.550"),
    link("/usr/lib/gbm/cuda.so", "../libcuda.so.1"),
  ]
  const itself = "/usr/lib/libcuda.so.550 at /usr/lib/libcuda.so.550"

  test("are written where nothing lies over it", () => {
    expect(divide([library, ...links], ["/dev", "/usr/lib64"])).toMatchObject({
      mounts: [itself],
      inRoot: 3,
      directories: [],
    })
  })

  test("to a mounted file, over each other: the file by that name too", () => {
    expect(divide([library, ...links], ["/usr"])).toMatchObject({
      mounts: [
        itself,
        ...["libcuda.so", "libcuda.so.1", "gbm/cuda.so"].map(
          (name) => `/usr/lib/libcuda.so.550 at /usr/lib/${name}`,
        ),
      ],
      inRoot: 0,
      directories: [],
    })
  })

  test("to what is no mount, below /dev: a directory of links", () => {
    const node = link("/dev/dri/by-path/card", "../card1")
    expect(divide([library, node], ["/dev"])).toMatchObject({
      mounts: [itself],
      inRoot: 0,
      directories: ["/dev/dri/by-path"],
    })
  })

  test("in a circle: nothing, since a directory of links would hide the volume", () => {
    const circle = [link("/usr/lib/a", "b"), link("/usr/lib/b", "a")]
    expect(divide(circle, ["/usr/lib"])).toMatchObject({ mounts: [], inRoot: 0, directories: [] })
  })
})

test("in a user namespace a group that it does not have is given to nobody, and that is told", () => {
  const groups = [44, 65_534].map((gid): Edit => ({ kind: "gid", gid, reasons }))
  expect(divide(groups, [])).toMatchObject({ groups: [44, 65_534], told: [] })
  expect(divide(groups, [], 65_534)).toMatchObject({ groups: [44], told: ["GroupUnknown"] })
})
