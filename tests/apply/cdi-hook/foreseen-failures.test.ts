/** What `cdi verify --image-root` says of an image is what the hook does in a container of it. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { join } from "node:path"
import { completeContainer } from "../../../src/apply/cdi-hook/complete-container.ts"
import { verifyCdi } from "../../../src/core/diagnose/verify-cdi.ts"
import { renderFaultLine } from "../../../src/core/fault/render.ts"
import { viewRoot } from "../../../src/core/host/root-view.ts"
import { hostPath } from "../../../src/core/text/brand.ts"
import { createSimulatedHost } from "../../../src/host/simulated.ts"
import { makeCharacterNode } from "../../../src/linux/nodes.ts"
import { subjectOf } from "../../core/diagnose/healthy-machine.ts"
import { type HookRoot, type Made, makeHookRoot } from "./hook-root.ts"

const isRoot = process.getuid?.() === 0

let at: HookRoot
beforeEach(() => {
  at = makeHookRoot()
})
afterEach(() => at.remove())

type Image = Readonly<Record<string, Made>>

/** Whether the hook does its work in the image, and what verify says before. */
function tryImage(image: Image, hasApplicationProfile: boolean) {
  at.make(image)
  const call = hasApplicationProfile
    ? "- complete-container\n            - --update-application-profile\n"
    : "- complete-container\n"
  const subject = subjectOf({ spec: [["- update-ldcache\n", call]] })
  const said = verifyCdi({ ...subject, image: viewRoot(createSimulatedHost(at.path), hostPath("/")) })
  if (hasApplicationProfile) makeCharacterNode(join(at.path, "dev/nvidia3"), 195, 3, 0o666)
  const done = completeContainer(at.root, {
    links: [],
    nodeLinks: [],
    compat: undefined,
    disablesNodeModification: false,
    folders: ["/opt/driver"],
    hasApplicationProfile,
  })
  return {
    done: done.ok ? "done" : done.fault.tag,
    said: said.map(({ fault }) => renderFaultLine(fault).replace(/^[^ ]* /, "")),
  }
}

const cache = "/etc/ld.so.cache"
const dropIns = "/etc/ld.so.conf.d"
const end = "it fails, and no container with it starts [GAN4141]: remove it from the image"
const writesCache = (has: string): string =>
  `"${cache}" is ${has} in the image, and a hook makes a file there: ${end}`
const makes = (path: string, has: string): string =>
  `"${path}" is ${has} in the image, and a hook makes a directory there: ${end}`

describe("the loader's files", () => {
  test.each<[what: string, image: Image]>([
    ["that has none", { "/usr/x": "" }],
    ["that has not even a directory for them", {}],
    ["with files of its own", { [cache]: "old", [`${dropIns}/a.conf`]: "/opt\n" }],
    ["whose cache is a link to nowhere", { [cache]: { link: "/gone" } }],
    ["whose cache is a link to a directory", { "/opt/a": { directory: true }, [cache]: { link: "/opt/a" } }],
    ["whose drop-ins lie elsewhere", { "/opt/a": { directory: true }, [dropIns]: { link: "../opt/a" } }],
    ["whose profiles nobody writes", { "/etc/nvidia": "x" }],
  ])("are made in an image %s", (_, image) => {
    expect(tryImage(image, false)).toEqual({ done: "done", said: [] })
  })

  test.each<[what: string, image: Image, said: readonly string[]]>([
    ["whose cache is a directory", { [cache]: { directory: true } }, [writesCache("a directory")]],
    [
      "whose drop-ins are a link to nowhere",
      { [dropIns]: { link: "/gone" } },
      [makes(dropIns, "a link to nowhere")],
    ],
    ["whose drop-ins are a file", { [dropIns]: "x" }, [makes(dropIns, "a file")]],
    [
      "whose drop-ins are a link to a file",
      { "/opt/a": "x", [dropIns]: { link: "/opt/a" } },
      [makes(dropIns, "a file")],
    ],
    [
      "whose drop-ins are a link into a file",
      { "/opt/a": "x", [dropIns]: { link: "/opt/a/b" } },
      [makes(dropIns, "a link to nowhere")],
    ],
    [
      "whose drop-ins are a link in a circle",
      { [dropIns]: { link: "ld.so.conf.d" } },
      [makes(dropIns, "a link in a circle")],
    ],
    [
      "whose configuration is a link to nowhere",
      { "/etc": { link: "/gone" } },
      [makes(dropIns, "behind a link to nowhere, /etc,"), writesCache("behind a link to nowhere, /etc,")],
    ],
  ])("are not made in an image %s, and it is said", (_, image, said) => {
    expect(tryImage(image, false)).toEqual({ done: "ContainerFileNotWritten", said: [...said] })
  })
})

describe.skipIf(!isRoot)(`the driver's application profile${isRoot ? "" : " (missing: root)"}`, () => {
  const profiles = "/etc/nvidia/nvidia-application-profiles-rc.d"

  test.each<[what: string, image: Image]>([
    ["without one", { "/etc/x": "", "/dev/x": "" }],
    ["with one of its own", { [`${profiles}/10-container.conf`]: "{}", "/dev/x": "" }],
    [
      "whose profiles lie elsewhere",
      { "/opt/a": { directory: true }, [profiles]: { link: "/opt/a" }, "/dev/x": "" },
    ],
  ])("is made in an image %s", (_, image) => {
    expect(tryImage(image, true)).toEqual({ done: "done", said: [] })
  })

  test.each<[what: string, image: Image, has: string]>([
    ["whose profiles are a link to nowhere", { [profiles]: { link: "/gone" } }, "a link to nowhere"],
    ["whose profiles are a file", { [profiles]: "x" }, "a file"],
    ["that has a file above them", { "/etc/nvidia": "x" }, "behind a file, /etc/nvidia,"],
  ])("is not made in an image %s, and it is said", (_, image, has) => {
    expect(tryImage({ ...image, "/dev/x": "" }, true)).toEqual({
      done: "ContainerFileNotWritten",
      said: [makes(profiles, has)],
    })
  })
})
