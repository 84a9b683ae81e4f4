/** The fields of a specification and their types. Source: CDI specification 1.1.0; sizes as the released Go types have them. */

import { integer, item, list, optional, type Reader, record, text, textMap, truth } from "./decode-fields.ts"
import type { CdiSpec, ContainerEdits, DeviceNode, Hook, IntelRdt, Mount, NetDevice } from "./spec.ts"

const uint32 = integer(0, 4_294_967_295)
const int64 = integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
const texts = list(text)

const deviceNode: Reader<DeviceNode> = record({
  path: text,
  hostPath: text,
  type: text,
  major: int64,
  minor: int64,
  fileMode: optional(uint32),
  permissions: text,
  uid: optional(uint32),
  gid: optional(uint32),
})

const netDevice: Reader<NetDevice> = record({ hostInterfaceName: text, name: text })

const mount: Reader<Mount> = record({ hostPath: text, containerPath: text, options: texts, type: text })

const hook: Reader<Hook> = record({
  hookName: text,
  path: text,
  args: texts,
  env: texts,
  timeout: optional(int64),
})

const intelRdt: Reader<IntelRdt> = record({
  closID: text,
  l3CacheSchema: text,
  memBwSchema: text,
  schemata: optional(texts),
  enableMonitoring: truth,
})

const containerEdits: Reader<ContainerEdits> = record({
  env: texts,
  deviceNodes: list(item(deviceNode)),
  netDevices: list(item(netDevice)),
  hooks: list(item(hook)),
  mounts: list(item(mount)),
  intelRdt: optional(intelRdt),
  additionalGids: list(uint32),
})

export const specShape: Reader<CdiSpec> = record({
  cdiVersion: text,
  kind: text,
  annotations: textMap,
  devices: list(item(record({ name: text, annotations: textMap, containerEdits }))),
  containerEdits,
})
