/** The fields of a specification and their types. Source: CDI specification 1.1.0; sizes as the released Go types have them. */

import type { CdiSpec, ContainerEdits, DeviceNode, Hook, IntelRdt, Mount, NetDevice } from "../spec.ts"
import { integer, list, notNull, optional, text, textMap, truth } from "./decode-fields.ts"
import { record } from "./decode-record.ts"
import type { Reader } from "./decoding.ts"

const uint32 = integer(0, 4_294_967_295)
const safeInteger = integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
const texts = list(text)

const deviceNode: Reader<DeviceNode> = record({
  path: text,
  hostPath: text,
  type: text,
  major: safeInteger,
  minor: safeInteger,
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
  timeout: optional(safeInteger),
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
  deviceNodes: list(notNull(deviceNode)),
  netDevices: list(notNull(netDevice)),
  hooks: list(notNull(hook)),
  mounts: list(notNull(mount)),
  intelRdt: optional(intelRdt),
  additionalGids: list(uint32),
})

export const specShape: Reader<CdiSpec> = record({
  cdiVersion: text,
  kind: text,
  annotations: textMap,
  devices: list(notNull(record({ name: text, annotations: textMap, containerEdits }))),
  containerEdits,
})
