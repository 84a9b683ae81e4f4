/**
 * As much of a kubelet as starts containers: calls of CRI v1 by gRPC over a socket. The messages are few and small, so they are written by
 * hand, with the field numbers of k8s.io/cri-api's api.proto.
 */

import { type ClientHttp2Session, connect } from "node:http2"
import { connect as connectSocket } from "node:net"

type Field = readonly [number: number, value: string | number | Uint8Array]

const varint = (value: number): Uint8Array => {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Uint8Array.from([...bytes, rest])
}

/** Texts and messages go by their length, numbers as they are. */
const message = (...fields: readonly Field[]): Uint8Array =>
  Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (typeof value === "number") return [varint(number * 8), varint(value)]
      const bytes = Buffer.from(value)
      return [varint(number * 8 + 2), varint(bytes.length), bytes]
    }),
  )

/** By number; of a field that is repeated, the last. Only the two kinds above occur in what is read here. */
function readMessage(bytes: Uint8Array): ReadonlyMap<number, Uint8Array | number> {
  const fields = new Map<number, Uint8Array | number>()
  let place = 0
  const next = (): number => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[place++] ?? 0
      value += (byte % 128) * factor
      if (byte < 128) return value
    }
  }
  while (place < bytes.length) {
    const key = next()
    const size = next()
    if (key % 8 === 0) fields.set(Math.floor(key / 8), size)
    else {
      if (key % 8 !== 2) throw new Error(`field of unknown kind ${key % 8}`)
      fields.set(Math.floor(key / 8), bytes.subarray(place, place + size))
      place += size
    }
  }
  return fields
}

const textOf = (value: Uint8Array | number | undefined): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString() : ""

export interface Pod {
  readonly id: string
  /** Its configuration, which every container of it repeats. */
  readonly config: Uint8Array
}

export interface Container {
  readonly image: string
  readonly command: readonly string[]
  readonly variables: readonly string[]
}

export interface Executed {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Calls fail with the server's message. */
export interface Cri {
  hasImage(name: string): Promise<boolean>
  /** `handler`: of the pod's RuntimeClass. It shares the network of the engine, so no plugin is needed. */
  runPod(handler: string, cgroupParent: string): Promise<Pod>
  /** Creates and starts one; its id. */
  startContainer(pod: Pod, container: Container): Promise<string>
  execute(container: string, command: readonly string[]): Promise<Executed>
  removeContainer(container: string): Promise<void>
  removePod(pod: Pod): Promise<void>
  close(): void
}

const callTimeoutMs = 60_000
const shareWithNode = 2

export function openCri(socket: string): Cri {
  // What a call meets is told by the call.
  const session = connect("http://localhost", { createConnection: () => connectSocket(socket) }).on(
    "error",
    () => {},
  )
  let count = 0
  const runtime = (method: string, ...fields: readonly Field[]): ReturnType<typeof call> =>
    call(session, `runtime.v1.RuntimeService/${method}`, message(...fields))
  return {
    async hasImage(name) {
      const asked: Field = [1, message([1, name])]
      return (await call(session, "runtime.v1.ImageService/ImageStatus", message(asked))).has(1)
    },
    async runPod(handler, cgroupParent) {
      const name = `pod${count++}`
      const security = message([1, message([1, shareWithNode])])
      const config = message(
        [1, message([1, name], [2, name], [3, "gantry"])],
        [8, message([1, cgroupParent], [2, security])],
      )
      return { id: textOf((await runtime("RunPodSandbox", [1, config], [2, handler])).get(1)), config }
    },
    async startContainer(pod, { image, command, variables }) {
      const environment = variables.map((variable): Field => {
        const [name = "", value = ""] = variable.split(/=(.*)/s, 2)
        return [6, message([1, name], [2, value])]
      })
      const config = message(
        [1, message([1, `container${count++}`])],
        [2, message([1, image])],
        ...command.map((word): Field => [3, word]),
        ...environment,
        [15, message()],
      )
      const created = await runtime("CreateContainer", [1, pod.id], [2, config], [3, pod.config])
      const id = textOf(created.get(1))
      await runtime("StartContainer", [1, id])
      return id
    },
    async execute(container, command) {
      const words = command.map((word): Field => [2, word])
      const ran = await runtime("ExecSync", [1, container], ...words, [3, 30])
      return { status: Number(ran.get(3) ?? 0), stdout: textOf(ran.get(1)), stderr: textOf(ran.get(2)) }
    },
    async removeContainer(container) {
      await runtime("RemoveContainer", [1, container])
    },
    async removePod(pod) {
      await runtime("StopPodSandbox", [1, pod.id])
      await runtime("RemovePodSandbox", [1, pod.id])
    },
    close: () => session.destroy(),
  }
}

/** One call of gRPC: a message with five bytes ahead of it each way, and a status in the trailers. */
function call(
  session: ClientHttp2Session,
  method: string,
  request: Uint8Array,
): Promise<ReadonlyMap<number, Uint8Array | number>> {
  return new Promise((resolve, reject) => {
    const headers = {
      ":method": "POST",
      ":path": `/${method}`,
      "content-type": "application/grpc",
      te: "trailers",
    }
    const stream = session.request(headers)
    const parts: Buffer[] = []
    let status = ""
    let said = ""
    const note = (found: Record<string, unknown>): void => {
      status = String(found["grpc-status"] ?? status)
      said = String(found["grpc-message"] ?? said)
    }
    const timer = setTimeout(() => stream.destroy(new Error(`${method}: no answer`)), callTimeoutMs)
    stream.on("close", () => clearTimeout(timer))
    // A call that fails at once has its status among the headers.
    stream.on("response", note).on("trailers", note).on("error", reject)
    stream.on("data", (part: Buffer) => parts.push(part))
    stream.on("end", () => {
      if (status === "0") resolve(readMessage(Buffer.concat(parts).subarray(5)))
      else reject(new Error(`${method}: ${decodeURIComponent(said)} (${status})`))
    })
    const head = Buffer.alloc(5)
    head.writeUInt32BE(request.length, 1)
    stream.end(Buffer.concat([head, request]))
  })
}
