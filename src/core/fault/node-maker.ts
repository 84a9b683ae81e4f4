/**
 * What makes a node of the driver's that is not there. The driver's own helper makes one kind at a time: with `-u` it makes the nodes of unified
 * memory and none of a GPU's. Source: nvidia-modprobe 580, its options and main.
 */

import type { Remedy } from "./remedy.ts"

/** As its own minor number, 255 is the control node of GPUs and of switches. */
const controlMinor = "255"

const rules: readonly (readonly [node: RegExp, argv: (minor: string) => Command])[] = [
  [/^\/dev\/nvidiactl$/, () => ["nvidia-modprobe", "-c", controlMinor]],
  [/^\/dev\/nvidia(\d+)$/, (minor) => ["nvidia-modprobe", "-c", minor, "-c", controlMinor]],
  [/^\/dev\/nvidia-uvm(?:-tools)?$/, () => ["nvidia-modprobe", "-c", "0", "-u"]],
  [/^\/dev\/nvidia-modeset$/, () => ["nvidia-modprobe", "-m"]],
  [/^\/dev\/nvidia-nvswitchctl$/, () => ["nvidia-modprobe", "-s", "-c", controlMinor]],
  [/^\/dev\/nvidia-nvswitch(\d+)$/, (minor) => ["nvidia-modprobe", "-s", "-c", minor]],
  // The kernel and udev make these.
  [/^\/dev\/dri\//, () => ["udevadm", "trigger", "--subsystem-match=drm"]],
]

type Command = readonly [string, ...string[]]

/** Of any other the driver's programs make what they need. */
export function nodeMaker(path: string, why: string): Remedy {
  for (const [node, argv] of rules) {
    const match = node.exec(path)
    if (match !== null) return { kind: "run", argv: argv(match[1] ?? ""), asRoot: true, why }
  }
  return { kind: "run", argv: ["nvidia-smi"], asRoot: true, why }
}
