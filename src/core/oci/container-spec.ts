/**
 * The part of config.json that a GPU request is read from. Fields that no rule looks at may be anything.
 * Source: OCI runtime specification; which fields are checked follows the reference (vectors README).
 */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { decodeFields, type Fields, integerField, listField, stringField, stringListField } from "./decode.ts"
import { type JsonDocument, type JsonValue, parseJsonValue } from "./json.ts"

export interface SpecMount {
  readonly source: string
  readonly destination: string
}

export interface ContainerSpec {
  /** undefined: absent or null. The specification asks for it, and runc does not. */
  readonly ociVersion: string | undefined
  /** `process.env`, as written. */
  readonly env: readonly string[]
  /** `process.capabilities`, not yet judged: its form depends on the version. undefined: absent or null. */
  readonly rawCapabilities: JsonValue | undefined
  readonly mounts: readonly SpecMount[]
  /** Those that are texts: what is none the runtime refuses. */
  readonly annotations: ReadonlyMap<string, string>
  /** `root.path`, as written. */
  readonly rawRootPath: string
  readonly document: JsonDocument
}

interface MountSlot {
  source: string
  destination: string
}

const uint32Max = 4294967295n
const ignored = (): void => undefined

const idMapping: Fields = {
  containerID: integerField(0n, uint32Max, ignored),
  hostID: integerField(0n, uint32Max, ignored),
  size: integerField(0n, uint32Max, ignored),
}

/** Faults: JsonInvalid, JsonTypeWrong, SpecPartMissing. */
export function parseContainerSpec(text: string): Result<ContainerSpec> {
  const json = parseJsonValue(text, "OCI spec")
  if (!json.ok) return json
  let ociVersion: string | undefined
  let process: { env: readonly string[]; rawCapabilities: JsonValue | undefined } | undefined
  let readEnv = stringListField(ignored)
  let root: { path: string } | undefined
  let mounts: readonly SpecMount[] = []
  const mountSlots: MountSlot[] = []
  const annotations = new Map<string, string>()

  const fields: Fields = {
    ociVersion(value, path) {
      if (value.kind === "null") ociVersion = undefined
      return stringField((version) => {
        ociVersion = version
      })(value, path)
    },
    process(value, path) {
      if (value.kind === "null") {
        process = undefined
        return ok(true)
      }
      if (process === undefined) {
        const made = { env: [] as readonly string[], rawCapabilities: undefined as JsonValue | undefined }
        readEnv = stringListField((env) => {
          made.env = env
        })
        process = made
      }
      const into = process
      return decodeFields(value, path, {
        env: readEnv,
        capabilities(capabilities) {
          into.rawCapabilities = capabilities.kind === "null" ? undefined : capabilities
          return ok(true)
        },
      })
    },
    root(value, path) {
      if (value.kind === "null") {
        root = undefined
        return ok(true)
      }
      root ??= { path: "" }
      const into = root
      return decodeFields(value, path, {
        path: stringField((text) => {
          into.path = text
        }),
      })
    },
    annotations(value) {
      for (const { key, value: one } of value.kind === "object" ? value.members : [])
        if (one.kind === "string") annotations.set(key, one.value)
      return ok(true)
    },
    mounts: listField<MountSlot>(
      mountSlots,
      () => ({ source: "", destination: "" }),
      readMount,
      (length) => {
        mounts = mountSlots.slice(0, length)
      },
    ),
  }
  const decoded = decodeFields(json.value, "", fields)
  if (!decoded.ok) return decoded
  // Assigned inside closures, which the compiler does not follow.
  const foundProcess = process as
    | { env: readonly string[]; rawCapabilities: JsonValue | undefined }
    | undefined
  const foundRoot = root as { path: string } | undefined
  if (foundProcess === undefined) return lacking("Process")
  if (foundRoot === undefined) return lacking("Root")
  const document = { text, value: json.value }
  return ok({ ociVersion, ...foundProcess, mounts, annotations, rawRootPath: foundRoot.path, document })
}

const lacking = (part: "Process" | "Root"): Result<never> => fail(fault("SpecPartMissing", { part }))

function readMount(slot: MountSlot, item: JsonValue, path: string): Result<MountSlot> {
  const mount = { ...slot }
  const mappings = listField<true>(
    [],
    () => true,
    (_, mapping, at) => decodeFields(mapping, at, idMapping),
    ignored,
  )
  const read = decodeFields(item, path, {
    source: stringField((source) => {
      mount.source = source
    }),
    destination: stringField((destination) => {
      mount.destination = destination
    }),
    type: stringField(ignored),
    options: stringListField(ignored),
    uidMappings: mappings,
    gidMappings: mappings,
  })
  return read.ok ? ok(mount) : read
}
