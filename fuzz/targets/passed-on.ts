/** What the launcher passes on, the program would have left as it is: a line that chooses the configuration, then config.json. */

import { ok } from "../../src/core/fault/result.ts"
import { decide } from "../../src/core/plan/decide.ts"
import type { Config } from "../../src/core/request/config.ts"
import { type InjectionMode, isStrict } from "../../src/core/request/injection-mode.ts"
import { parseConfig } from "../../src/core/request/parse-config.ts"
import { mayAskForGpu, triggerWords } from "../../src/core/request/trigger-words.ts"
import { decodeUtf8 } from "../../src/core/text/utf8.ts"
import { hookTexts } from "../corpus.ts"
import { checkFault } from "../invariants.ts"
import type { Random } from "../random.ts"
import { openScanLibrary, type ScanLibrary } from "../scan-library.ts"
import type { FuzzTarget } from "../target.ts"

/** Each has something else that a container may ask by. */
export const configTexts = [
  "",
  "accept-nvidia-visible-devices-as-volume-mounts = true\naccept-nvidia-visible-devices-envvar-when-unprivileged = false\n",
  'swarm-resource = "DOCKER_RESOURCE_GPU, OTHER_GPU"\n',
  '[nvidia-container-runtime.modes.cdi]\nannotation-prefixes = ["cdi.k8s.io/", "gpu.example.com/"]\n',
  'accept-nvidia-visible-devices-as-volume-mounts = true\n[nvidia-container-runtime.modes.cdi]\ndefault-kind = "vendor.com/nic"\nspec-dirs = ["/srv/cdi"]\n',
  '[gantry]\nenforce = true\nprofile = "1.13"\n',
  '[gantry]\nprofile = "2020-07"\n',
]
const configs = (): readonly { readonly text: string; readonly config: Config }[] =>
  configTexts.map((text) => {
    const parsed = parseConfig(text, undefined)
    if (!parsed.ok) throw new Error(text)
    return { text, config: parsed.value.config }
  })
const modes: readonly InjectionMode[] = ["jit-cdi", "cdi", "legacy"]

/** Of a specification that the runtime refuses too. */
const malformed: ReadonlySet<string> = new Set(["JsonInvalid", "JsonTypeWrong", "SpecPartMissing"])

let opened: { readonly library: ScanLibrary | undefined } | undefined
let parsed: ReturnType<typeof configs> | undefined

/** What is wrong with how a specification is passed on; undefined: nothing. */
export function judgePassedOn(choice: number, spec: Uint8Array): string | undefined {
  opened ??= { library: openScanLibrary() }
  parsed ??= configs()
  const chosen = parsed[(choice >>> 0) % parsed.length]
  const words = chosen === undefined ? undefined : triggerWords(chosen.config)
  if (chosen === undefined || words === undefined) return "a configuration without words"
  const text = decodeUtf8(spec)
  const byLauncher = opened.library === undefined || opened.library.hasTrigger(spec, words)
  if (byLauncher && mayAskForGpu(text, chosen.config)) return undefined
  for (const mode of modes) {
    const decision = decide({
      mode,
      readConfig: () => parseConfig(chosen.text, undefined),
      readState: () => ok('{"pid": 42, "bundle": "/bundle"}'),
      readSpec: () => ok(text),
      injector: undefined,
      isTegra: () => false,
    })
    if (decision.kind === "gpu") return `${mode}: a GPU is asked for by ${text.slice(0, 200)}`
    if (decision.kind !== "refuse") continue
    const isJudgedByHook = decision.fault.tag === "EnvironmentEntryInvalid" && isStrict(mode, chosen.config)
    if (!isJudgedByHook && !malformed.has(decision.fault.tag))
      return `${mode}: refused with ${decision.fault.tag}`
    const problem = checkFault(decision.fault)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** As an encoder with a taste of its own would write it. */
function writeString(text: string, random: Random): string {
  let written = ""
  for (const character of text)
    if (random.once(40)) written += `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`
    else if (random.once(60) && character === "/") written += "\\/"
    else written += JSON.stringify(character).slice(1, -1)
  return `"${written}"`
}

const recase = (text: string, random: Random): string =>
  random.once(12) ? (random.once(2) ? text.toUpperCase() : text.toLowerCase()) : text

const entries = [
  ...[
    "NVIDIA_VISIBLE_DEVICES=all",
    "NVIDIA_VISIBLE_DEVICES=0",
    "NVIDIA_VISIBLE_DEVICES=void",
    "NVIDIA_VISIBLE_DEVICES=vendor.com/nic=a",
    "NVIDIA_DRIVER_",
  ],
  ...[
    "CUDA_VERSION=9.0",
    "DOCKER_RESOURCE_GPU=1",
    "OTHER_GPU=0",
    "NVIDIA",
    "PATH=/bin",
    "A=\u212a\u017f<&>",
    "=",
  ],
]
const places = [
  ...["/var/run/nvidia-container-devices/all", "/var/run/nvidia-container-devices", "/proc", "/run/nvidia"],
  ...[
    "/var/run/./nvidia-container-devices//cdi/nvidia.com/gpu/0",
    "/var/run/nvidia-container-devices/cdi/vendor.com/nic/a",
    "/var/run/nvidia-contai\u0149er-devices/0",
  ],
]
const keys = ["cdi.k8s.io/x", "gpu.example.com/y", "other/z", "CDI.K8S.IO/x", "cdi.k8s.io\\x"]

/** Where a list or a text belongs, sometimes something else. */
function composeSpec(random: Random): string {
  const text = (from: readonly string[]): string => writeString(recase(random.pick(from), random), random)
  const key = (name: string): string => writeString(recase(name, random), random)
  const list = (make: () => string): string => `[${Array.from({ length: random.below(4) }, make).join(", ")}]`
  const mount = (): string =>
    `{${key("destination")}: ${text(places)}, ${key("source")}: ${random.pick(['"/dev/null"', '"x"', "null"])}}`
  const hook = (): string => `{"path": ${text(["/usr/bin/nvidia-container-runtime-hook", "/x"])}}`
  const members = [
    () =>
      `${key("process")}: {${key("env")}: ${list(() => text(entries))}, "capabilities": {"bounding": []}}`,
    () => `${key("mounts")}: ${list(mount)}`,
    () =>
      `${key("annotations")}: {${text(keys)}: ${text(["nvidia.com/gpu=0", "nvidia.com/gpu=team", "vendor.com/nic=a", "gpu=all", ""])}}`,
    () => `"hooks": {"prestart": ${list(hook)}}`,
    () => `"linux": {"resources": {}, "x\\u0026y": 1e400}`,
  ]
  const chosen = Array.from({ length: 1 + random.below(5) }, () => random.pick(members)())
  return `{"ociVersion": "1.0.2", "root": {"path": "rootfs"}, ${chosen.join(", ")}}`
}

const encode = (choice: number, spec: string): Uint8Array =>
  new Uint8Array(Buffer.concat([Buffer.from(`${choice}\n`), Buffer.from(spec, "utf8")]))

export const composePassedOn = (random: Random): Uint8Array =>
  encode(random.below(configTexts.length), composeSpec(random))

export const passedOn: FuzzTarget = {
  name: "passed-on",
  weight: 8,
  seeds: () =>
    [...new Set(hookTexts().map(({ spec }) => spec))].map((spec, index) =>
      encode(index % configTexts.length, spec),
    ),
  tokens: [
    ...entries,
    ...places,
    ...keys,
    "\\u004e",
    "\\/",
    "\\\\",
    '"',
    "VIDIA_VISIBLE_DEVICES=all",
    "env",
    "mounts",
  ],
  compose: composePassedOn,
  check(input) {
    const line = input.indexOf(10)
    return judgePassedOn(
      Number.parseInt(decodeUtf8(input.subarray(0, line)), 10) || 0,
      input.subarray(line + 1),
    )
  },
}
