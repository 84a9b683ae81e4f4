/**
 * `npm run bench -- --part devices`: what the wrapper adds to a start that asks for a device of CDI specifications, with `true` in runc's place:
 * where a container has asked for the same before, where one has asked for another device of the same files, and where the files have changed.
 * With GANTRY_BENCH_PEER the other toolkit's wrapper beside it.
 */

import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { mustRun, renderSpec, wrapperProgram } from "../tests/e2e/bundle.ts"
import { type Timing, timingOf } from "./markdown.ts"
import { buildMeasure, measure } from "./measure.ts"

export interface DevicesBench {
  readonly directory: string
  readonly rounds: number
  /** A folder with another toolkit's nvidia-container-runtime. */
  readonly peer: string | undefined
}

interface Shape {
  readonly name: string
  readonly devices: number
  /** Of what every container of the file gets. */
  readonly mounts: number
  readonly format: "yaml" | "json"
}

const shapes: readonly Shape[] = [
  { name: "1 device", devices: 1, mounts: 0, format: "yaml" },
  { name: "257 devices, 250 KB of YAML", devices: 257, mounts: 100, format: "yaml" },
  { name: "10,000 devices, JSON", devices: 10_000, mounts: 0, format: "json" },
]

/** Order: by specification; kept, another device, read anew, the other toolkit. */
export function measureDevices({ directory, rounds, peer }: DevicesBench): readonly Timing[] {
  const program = buildMeasure(directory)
  const other = peer === undefined ? undefined : join(peer, "nvidia-container-runtime")
  const bundle = join(directory, "devices-bundle")
  mkdirSync(join(bundle, "rootfs"), { recursive: true })
  const cases = shapes.flatMap((shape) => {
    const folder = join(directory, `devices-${shape.devices}`)
    const file = makeSpec(folder, shape)
    const config = join(folder, "config.toml")
    writeFileSync(
      config,
      `[nvidia-container-runtime]\nmode = "cdi"\nruntimes = ["/bin/true"]\n[nvidia-container-runtime.modes.cdi]\nspec-dirs = ["${folder}"]\n`,
    )
    const start = (wrapper: string) => ({
      name: shape.name,
      command: [`NVIDIA_CTK_CONFIG_FILE_PATH=${config}`, wrapper, "create", "--bundle", bundle, "x"],
    })
    const ours = start(wrapperProgram)
    return [
      { ...ours, way: "kept", prepare: () => undefined },
      { ...ours, way: "another device", prepare: forgetStarts },
      { ...ours, way: "read anew", prepare: () => touch(file) },
      ...(other !== undefined && existsSync(other)
        ? [{ ...start(other), way: "the other toolkit", prepare: () => undefined }]
        : []),
    ]
  })
  const samples = cases.map((): number[] => [])
  for (let round = -1; round < rounds; round++)
    for (const [index, { command, prepare }] of cases.entries()) {
      writeFileSync(
        join(bundle, "config.json"),
        renderSpec({ args: ["/bin/true"], env: ["NVIDIA_VISIBLE_DEVICES=vendor.com/gpu=0"] }),
      )
      prepare()
      const { createMs } = measure(program, [command])
      if (round >= 0) samples[index]?.push(createMs)
      // What is kept and remembered the next case must find: once more, and long enough after a change.
      Bun.sleepSync(20)
      mustRun("env", command)
    }
  return cases.map(({ name, way }, index) => timingOf(`${name}: ${way}`, samples[index] ?? []))
}

/** So that it is planned, from what is remembered of the specifications. */
function forgetStarts(): void {
  const state = "/run/gantry"
  for (const name of existsSync(state) ? readdirSync(state) : [])
    if (name.startsWith("start-")) rmSync(join(state, name))
}

function touch(file: string): void {
  const now = new Date()
  utimesSync(file, now, now)
}

function makeSpec(folder: string, { devices, mounts, format }: Shape): string {
  mkdirSync(folder, { recursive: true })
  const names = Array.from({ length: devices }, (_, index) => String(index))
  const places = Array.from({ length: mounts }, (_, index) => `/usr/lib/libvendor${index}.so.1`)
  const file = join(folder, `vendor.${format}`)
  const nodes = Array.from({ length: mounts === 0 ? 1 : 8 }, (_, index) => `/dev/vendor${index}`)
  const text =
    format === "json"
      ? JSON.stringify({
          cdiVersion: "0.5.0",
          kind: "vendor.com/gpu",
          devices: names.map((name) => ({ name, containerEdits: { env: [`VENDOR_${name}=1`] } })),
        })
      : [
          "---\ncdiVersion: 0.5.0\nkind: vendor.com/gpu\ndevices:\n",
          ...names.map(
            (name) =>
              `    - name: "${name}"\n      containerEdits:\n        env:\n            - VENDOR_${name}=1\n        deviceNodes:\n${nodes.map((node) => `            - path: ${node}\n              hostPath: /dev/null\n              permissions: rw\n`).join("")}`,
          ),
          ...(mounts === 0 ? [] : ["containerEdits:\n    mounts:\n"]),
          ...places.map(
            (place) =>
              `        - hostPath: ${place}\n          containerPath: ${place}\n          options:\n            - ro\n            - rbind\n`,
          ),
        ].join("")
  writeFileSync(file, text)
  return file
}
