import { expect, test } from "bun:test"
import { nodeMaker } from "../../../src/core/fault/node-maker.ts"

// As nvidia-modprobe 580 reads its options: -u is for unified memory alone, -s for switches, -m for modes, and 255 is the control node.
test.each([
  ["/dev/nvidiactl", "nvidia-modprobe -c 255"],
  ["/dev/nvidia0", "nvidia-modprobe -c 0 -c 255"],
  ["/dev/nvidia12", "nvidia-modprobe -c 12 -c 255"],
  ["/dev/nvidia-uvm", "nvidia-modprobe -c 0 -u"],
  ["/dev/nvidia-uvm-tools", "nvidia-modprobe -c 0 -u"],
  ["/dev/nvidia-modeset", "nvidia-modprobe -m"],
  ["/dev/nvidia-nvswitchctl", "nvidia-modprobe -s -c 255"],
  ["/dev/nvidia-nvswitch3", "nvidia-modprobe -s -c 3"],
  ["/dev/dri/renderD128", "udevadm trigger --subsystem-match=drm"],
  ["/dev/nvidia-caps/nvidia-cap1", "nvidia-smi"],
  ["/run/driver/dev/nvidia0", "nvidia-smi"],
])("%s is made by %s", (path, command) => {
  const made = nodeMaker(path, "makes it")
  expect(made).toMatchObject({ kind: "run", asRoot: true, why: "makes it" })
  expect(made.kind === "run" && made.argv.join(" ")).toBe(command)
})
