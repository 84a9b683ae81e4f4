/** Configuration files of engines, as far as they speak of CDI. An input is files: see machine-texts.ts. */

import { engineNames } from "../../src/core/cdi/rules/engine-versions.ts"
import { observeEngineSettings } from "../../src/core/inventory/engine-settings.ts"
import { createMemoryHost } from "../../src/host/memory.ts"
import type { FuzzTarget } from "../target.ts"
import { overlaid, texts } from "./machine-texts.ts"

const versions = ["1.0", "1.7.27", "2.4.2", "5.5.1", "5.6.0", "28.2"]

export const engineSettings: FuzzTarget = {
  name: "engine-settings",
  weight: 2,
  seeds: () => [
    texts({ "/etc/docker/daemon.json": '{"features": {"cdi": true}, "cdi-spec-dirs": ["/opt/cdi", 1]}' }),
    texts({
      "/etc/containerd/config.toml":
        'version = 2\nimports = ["conf.d/*.toml"]\ndisabled_plugins = []\n[plugins."io.containerd.grpc.v1.cri"]\nenable_cdi = true\n',
      "/etc/containerd/conf.d/a.toml":
        '[plugins."io.containerd.cri.v1.runtime"]\ncdi_spec_dirs = ["/etc/cdi"]\n',
    }),
    texts({
      "/etc/containers/containers.conf": '[engine]\ncdi_spec_dirs = ["/etc/cdi", {append = true}]\n',
      "/etc/crio/crio.conf.d/10": '[crio.runtime]\ncdi_spec_dirs = ["/etc/cdi"]\n',
    }),
  ],
  tokens: [
    "imports",
    "[plugins.",
    "enable_cdi",
    "cdi_spec_dirs",
    "= [",
    "true",
    "/etc/cdi",
    "*",
    "conf.d/",
    "\n",
  ],
  check(input) {
    const host = createMemoryHost(overlaid(input, {}))
    for (const engine of engineNames)
      for (const version of versions) {
        const settings = observeEngineSettings(host, { engine, version })
        if (settings !== undefined && !settings.directories.every((one) => typeof one === "string"))
          return `${engine} looks into what is no text`
      }
    return undefined
  },
}
