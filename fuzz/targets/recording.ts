/** Recordings of machines, as strangers send them: read, replayed, observed. */

import { observeSnapshot } from "../../src/core/plan/snapshot.ts"
import {
  createRecordingHost,
  parseRecording,
  type Recording,
  renderRecording,
} from "../../src/host/recording.ts"
import { checkGenerated } from "../check-generated.ts"
import { bytesOf, recordings } from "../corpus.ts"
import { checkResult, checkSnapshot, firstOf } from "../invariants.ts"
import { mutate } from "../mutate.ts"
import type { Random } from "../random.ts"
import type { FuzzTarget } from "../target.ts"

function check(input: Uint8Array): string | undefined {
  return checkResult(parseRecording(new TextDecoder().decode(input), "x"), (recording) => {
    const again = parseRecording(renderRecording(recording), "x")
    if (!again.ok) return "what is written is not read back"
    const host = createRecordingHost(recording, "x")
    const driverRoot = Object.keys(recording.answers).some((key) => key.includes("/run/nvidia/driver/usr"))
      ? "/run/nvidia/driver"
      : "/"
    const snapshot = observeSnapshot(host, { driverRoot, ldcache: "/etc/ld.so.cache" })
    return firstOf(checkSnapshot(snapshot), checkGenerated(snapshot))
  })
}

const paths = [
  "/",
  "/etc",
  "/proc/driver/nvidia",
  "/usr/lib/x86_64-linux-gnu",
  "libcuda.so.1",
  "..",
  "../../..",
  "",
  "a\nb",
]

const answerOf: Readonly<Record<string, (random: Random, value: unknown) => unknown>> = {
  readFile: (random, value) =>
    Buffer.from(
      mutate(new Uint8Array(Buffer.from(String(value), "base64")), random, new Uint8Array(8), []),
    ).toString("base64"),
  readDir: (random, value) => [
    ...(Array.isArray(value) ? value : []).filter(() => !random.once(4)),
    ...(random.once(2) ? [random.pick(paths)] : []),
  ],
  readLink: (random) => random.pick(paths),
  exists: (random) => random.once(2),
  lstat: (random, value) => ({
    ...(value as object),
    kind: random.pick(["file", "directory", "symlink", "character", "fifo", "socket"]),
    major: random.pick([0, 195, 510, 2 ** 31]),
  }),
}

/** A recorded machine with a few other answers. */
function compose(random: Random): Uint8Array {
  const recording: Recording = random.pick(recordings())
  const answers: Record<string, unknown> = { ...recording.answers }
  const keys = Object.keys(answers)
  for (let count = random.pick([1, 2, 5, 20]); count > 0; count--) {
    const key = random.pick(keys)
    const verb = key.split(" ", 1)[0] ?? ""
    const answer = answers[key] as { readonly value?: unknown } | undefined
    if (random.once(6)) delete answers[key]
    else if (random.once(8))
      answers[key] = { errno: random.pick(["EACCES", "ELOOP", "EIO"]), syscall: "open" }
    else {
      const make = Object.hasOwn(answerOf, verb) ? answerOf[verb] : undefined
      if (make !== undefined && answer !== undefined) answers[key] = { value: make(random, answer.value) }
    }
  }
  return bytesOf(JSON.stringify({ ...recording, answers }))
}

/** Few answers, so that a mutation of the text hits something. */
const small = (): readonly Uint8Array[] =>
  recordings().map((recording) =>
    bytesOf(
      renderRecording({
        ...recording,
        answers: Object.fromEntries(
          Object.entries(recording.answers).filter(([key]) =>
            /\/proc\/|\/sys\/module|\/dev\b|readNvml/.test(key),
          ),
        ),
      }),
    ),
  )

export const recording: FuzzTarget = {
  name: "recording",
  weight: 2,
  seeds: small,
  tokens: ['"value"', '"errno"', '"readDir /"', "{", "}", "[", "]", ",", '"__proto__"', "1e999", "null"],
  compose,
  check,
}
