/** Parts of specifications that say no more than they have to. */

import type { DeviceNode, IntelRdt } from "../../../../src/core/cdi/spec.ts"

/** By its path alone: everything else is the machine's. */
export const bareNode = (path: string): DeviceNode => ({
  path,
  hostPath: "",
  type: "",
  major: 0,
  minor: 0,
  fileMode: undefined,
  permissions: "",
  uid: undefined,
  gid: undefined,
})

export const bareRdt: IntelRdt = {
  closID: "a",
  l3CacheSchema: "",
  memBwSchema: "",
  schemata: undefined,
  enableMonitoring: false,
}
