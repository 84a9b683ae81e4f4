/** containerd's own client, and an image in its hands: for `ctr` and, in Kubernetes' namespace, for CRI. */

import { join } from "node:path"
import type { Ran } from "./bundle.ts"
import { type Cri, openCri } from "./cri.ts"
import type { Cell } from "./isolation.ts"

const readyTimeoutMs = 60_000

export type Ctr = (...args: readonly string[]) => Promise<Ran>

/** containerd's namespace is also the control group of its containers. */
export const ctrIn =
  (cell: Cell): Ctr =>
  (...args) =>
    cell.run("ctr", `--address=${cell.directory}/containerd.sock`, `--namespace=${cell.cgroup}`, ...args)

/** Its standard output; throws where it fails. */
export async function mustCtr(ctr: Ctr, ...args: readonly string[]): Promise<string> {
  const ran = await ctr(...args)
  if (ran.status !== 0) throw new Error(`ctr ${args.join(" ")}: ${ran.status}: ${ran.stderr}`)
  return ran.stdout
}

/** `flags`: of `ctr images import`. CRI is open when it knows of the image. */
export async function importImage(
  cell: Cell,
  image: string,
  archive: string,
  ...flags: readonly string[]
): Promise<Cri> {
  const ctr = ctrIn(cell)
  const deadline = Date.now() + readyTimeoutMs
  while ((await ctr("version")).status !== 0 && Date.now() < deadline) await Bun.sleep(50)
  const load = ["images", "import", ...flags, "--snapshotter=native", archive]
  await mustCtr(ctr, ...load)
  await mustCtr(ctr, "--namespace=k8s.io", ...load)
  const cri = openCri(join(cell.directory, "containerd.sock"))
  // It hears of an image a moment after.
  while (!(await cri.hasImage(image)) && Date.now() < deadline) await Bun.sleep(50)
  return cri
}
