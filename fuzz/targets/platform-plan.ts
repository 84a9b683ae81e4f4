/** A board's lists, whatever stands in them, as a plan in mode csv: nothing leads out, nothing is given that is not there. */

import { observePlatformContents } from "../../src/core/driver/observe-platform-files.ts"
import { ok } from "../../src/core/fault/result.ts"
import { viewRoot } from "../../src/core/host/root-view.ts"
import { observeInventory } from "../../src/core/inventory/observe-inventory.ts"
import { defaultListDirectory } from "../../src/core/inventory/platform-list.ts"
import { unseenLayout } from "../../src/core/plan/container-layout.ts"
import { decide } from "../../src/core/plan/decide.ts"
import type { Edit } from "../../src/core/plan/edit.ts"
import { planPlatform } from "../../src/core/plan/plan-platform.ts"
import { parseConfig } from "../../src/core/request/parse-config.ts"
import { hostPath } from "../../src/core/text/brand.ts"
import { cleanPath } from "../../src/core/text/path.ts"
import { createMemoryHost, type MemoryTree } from "../../src/host/memory.ts"
import { bytesOf, contents } from "../corpus.ts"
import { checkResult } from "../invariants.ts"
import type { FuzzTarget } from "../target.ts"

const list = hostPath(`${defaultListDirectory}/l4t.csv`)
const file = { kind: "file", content: "x" } as const
const node = { kind: "character", major: 506, minor: 1, gid: 44, mode: 0o660 } as const
const link = (target: string): MemoryTree[string] => ({ kind: "symlink", target })

/** Links that lead up, around, out and into proc. */
const board: MemoryTree = {
  "/etc/nv_tegra_release": { kind: "file", content: "# R35 (release), REVISION: 4.1\n" },
  "/dev/nvmap": node,
  "/dev/nvidia0": node,
  "/lib": link("usr/lib"),
  "/usr/lib/a.so": file,
  "/usr/lib/liba.so.1.2": file,
  "/usr/lib/up": link("../../../../etc/nv_tegra_release"),
  "/usr/lib/root": link("/"),
  "/usr/lib/proc": link("/proc/driver"),
  "/usr/lib/round": link("round"),
  "/usr/lib/chain": link("./chain2"),
  "/usr/lib/chain2": link("/lib/../lib//a.so"),
  "/usr/lib/gone": link("nowhere"),
  "/usr/lib/d/b": file,
  "/proc/driver/x": file,
}

const judge = () =>
  decide({
    mode: "csv",
    readConfig: () => parseConfig("", undefined),
    readState: () => ok('{"pid": 1, "bundle": "/b"}'),
    readSpec: () =>
      ok(
        '{"ociVersion": "1.0.2", "process": {"env": ["NVIDIA_VISIBLE_DEVICES=all"]}, "root": {"path": "r"}}',
      ),
    injector: undefined,
    isTegra: () => true,
  })

/** Lists are no part of it. */
const inventory = observeInventory(createMemoryHost(board))

const isPlace = (path: string): boolean =>
  path.startsWith("/") && cleanPath(path) === path && path !== "/" && !path.startsWith("/proc")

export const platformPlan: FuzzTarget = {
  name: "platform-plan",
  weight: 4,
  seeds: () => [
    ...contents(/^readFile .*\.csv$/),
    bytesOf(
      "dev, /dev/nvmap\nlib, /usr/lib/a.so\nsym, /lib/up\ndir, /usr/lib/root\ndir, /usr/lib/proc\nsym, /usr/lib/chain\ndir, /lib/d\n",
    ),
    bytesOf("dev, /dev/nv*\nlib, /lib/*\nsym, /*/lib/*\ndir, /usr/*\n"),
  ],
  tokens: [
    "dev, ",
    "dir, ",
    "lib, ",
    "sym, ",
    "/lib/",
    "/usr/lib/",
    "root",
    "proc",
    "up",
    "..",
    "*",
    "?",
    "[",
    "\n",
  ],
  check(input) {
    const decision = judge()
    if (decision.kind !== "gpu") return "no GPU is asked for"
    const host = createMemoryHost({
      ...board,
      [list]: { kind: "file", content: input },
    })
    const platform = observePlatformContents(host, { view: viewRoot(host, hostPath("/")), lists: [list] })
    const snapshot = { name: "x", inventory, driver: undefined, procFiles: [], platform }
    const { request, config, mode, log } = decision
    const planned = planPlatform({ request, snapshot, layout: unseenLayout, config, mode }, log)
    const wrong = (edit: Edit): string | undefined => {
      switch (edit.kind) {
        case "mount":
          if (!isPlace(edit.containerPath)) return `a mount at ${edit.containerPath}`
          return host.exists(edit.hostPath) ? undefined : `a mount of ${edit.hostPath}, which is not there`
        case "deviceNode":
          return host.exists(edit.hostPath) ? undefined : `a node that is not there: ${edit.path}`
        case "symlink":
          return isPlace(edit.path) ? undefined : `a link at ${edit.path}`
        default:
          return undefined
      }
    }
    return checkResult(planned, ({ edits }) => {
      for (const edit of edits) {
        const problem = wrong(edit)
        if (problem !== undefined) return problem
      }
      return undefined
    })
  },
}
