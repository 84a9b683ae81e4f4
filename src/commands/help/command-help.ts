/** What each command of `gantry` is for, and what its words and flags mean. A test holds that none is missing. */

import { describeDefects } from "../../host/simulate/defects.ts"
import { models } from "../../host/simulate/models.ts"
import { amdModels, intelModels, partitionModes } from "../../host/simulate/vendor-models.ts"
import { saidOfNvidia } from "../cdi/said-of-nvidia.ts"

export interface CommandHelp {
  readonly summary: string
  /** Words without a dash, as the usage has them. Order: as in the usage. */
  readonly operands?: Readonly<Record<string, string>>
  /** Those that mean the same everywhere are in sharedFlags. */
  readonly flags: Readonly<Record<string, string>>
  /** Lines behind the flags. */
  readonly more?: () => readonly string[]
  readonly example: string
  /** Where all is told. */
  readonly page: string
}

export const sharedFlags: Readonly<Record<string, string>> = {
  host: "the machine: this one (live), a simulated one's directory, or a recording's file",
  "driver-root": "where the driver's files lie; default: found by its libraries, /, then /run/nvidia/driver",
  "dev-root": "whose dev has the GPUs' nodes; default: /, and where only the driver root has them, that",
  ldcache: "the loader's cache that names the driver's libraries; default: /etc/ld.so.cache",
  "library-search-path": "directories to look for the driver's libraries in, besides those that are known",
  "spec-dir": "where specifications lie, the last wins; default: /etc/cdi and /var/run/cdi",
  json: "JSON, for programs",
}

const machines = "a machine: live, a simulated one's directory, or a recording's file"
const cdiPage = "docs/cdi.md"

/** Of what is to be generated, once or again and again. */
const specFlags: Readonly<Record<string, string>> = {
  format: "default: as the file's name ends, else yaml",
  "for-engine": "engines that must be able to read it; default: those that this machine has",
  mode: "what it is of: the machine's GPUs (auto; nvml, csv or wsl by the platform), every node for containers that manage GPUs (management), IMEX channels (imex), or one device with the nodes of GPUDirect Storage (gds), GDRCopy, InfiniBand (mofed) or NVSwitches",
  kind: "another kind than the mode's, such as nvidia.com/gpu",
  device:
    "these devices alone: by index, UUID, PCI address, GPU:SLOT of MIG, or words of the model; none: the driver's files without a GPU",
  name: "how devices are named, in one way or several; default: in all four",
  "without-all": "no device that is all of them",
  hooks:
    "one entry for all hooks (default), or one each as the reference has them, for tools that read these",
  "hook-path": "the hooks' program, by its absolute path",
  "disable-hook":
    "leave out what a hook does: create-symlinks, update-ldcache, enable-cuda-compat, disable-device-node-modification, update-application-profile, or all",
  numbers: "write the nodes' numbers, which may be others after the next boot",
  compat32: "libraries of 32 bits too",
  edits: "a file with edits of your own, which are added",
}

const tellNvidiasFlags = (): readonly string[] => [
  `who says one of these means NVIDIA's GPUs: ${saidOfNvidia.map((name) => `--${name}`).join(" ")}`,
]

export const commandHelp: Readonly<Record<string, CommandHelp>> = {
  "gantry explain": {
    summary: "what a container asks for, what it will get, and why",
    flags: {
      bundle: "the container's directory, with its config.json",
      spec: "its config.json alone",
      state: "its state alone, as a hook gets it on standard input",
      last: "the last container with a GPU on this machine; 2: the one before",
      config: "another config.toml than the machine's",
      profile: "whose reading of a request: 1.20, 1.13 or 2020-07",
      injector: "who does the work: native, or delegate (nvidia-container-cli)",
      wrapper: "as the runtime wrapper serves it, and not the hook",
      verbose: "every file and edit",
      json: "the plan as JSON, for programs",
    },
    example: "gantry explain --last",
    page: "docs/plan.md",
  },
  "gantry info": {
    summary: "GPUs, MIG devices, driver and nodes of a machine, and what is wrong with them",
    flags: { device: "these alone: by index, UUID, PCI address, GPU:SLOT of MIG, or words of the model" },
    example: "gantry info --device 0,GPU-2f54",
    page: "docs/info.md",
  },
  "gantry driver": {
    summary:
      "the driver's files, each with why containers get it, or what two machines' drivers do not have in common",
    operands: { MACHINE: machines },
    flags: {
      capability:
        "files of these alone, beside the firmware, which all get: compat32, compute, display, graphics, ngx, utility, video, or all",
    },
    example: "gantry driver files --capability compute",
    page: "docs/info.md",
  },
  "gantry host": {
    summary: "a machine as a file, for a bug report or a test",
    flags: {
      output: "where it goes; -: standard output",
      name: "what the recording is called",
      anonymize: "without host names, serial numbers and UUIDs",
    },
    example: "gantry host record -o machine.json --anonymize",
    page: "docs/recordings.md",
  },
  "gantry simulate": {
    summary: "a directory that looks like a GPU machine, and its removal",
    operands: { DIR: "the directory; one that holds anything else is refused" },
    flags: {
      gpus: "GPUs of NVIDIA, 0 to 64; default: 4, or none where other vendors' are said",
      model: "what they are; default: a100",
      driver: "the driver's version; default: 550.163.01",
      mig: "MIG devices, GPU:GI/CI=PROFILE,…, such as 0:1/0=3g.20gb; GI/CI= may be left out",
      imex: "IMEX channels, numbered from 0",
      "no-drm": "no /dev/dri, as without nvidia_drm",
      "driver-root": "where the driver's files lie, as a driver container's do",
      arch: "what the driver's libraries are built for; default: amd64",
      compat32: "libraries of 32 bits too",
      amd: "GPUs of AMD, by a mode cut into parts",
      intel: "GPUs of Intel",
      defect: "something that is wrong with the machine",
      "no-nvml": "no NVML that answers",
      from: "any machine, from a list of its paths",
    },
    more: () => [
      `models: ${namesOf(models)}`,
      `models of AMD: ${namesOf(amdModels)}, modes: ${Object.keys(partitionModes).join(" ")}`,
      `models of Intel: ${namesOf(intelModels)}`,
      `defects: ${describeDefects()}`,
    ],
    example: "gantry simulate up /tmp/machine --gpus 8 --model h100",
    page: "docs/simulate.md",
  },
  "gantry install": {
    summary: "puts the executable and its names in place; nothing that is not ours is overwritten",
    flags: {
      prefix: "they go into its directory bin",
      with: "these names too, which are linked for who asks",
      "dry-run": "say what would be put where",
    },
    example: "gantry install --prefix /usr/local",
    page: "docs/what-gantry-writes.md",
  },
  "gantry uninstall": {
    summary: "takes away exactly what was installed",
    flags: { prefix: "from where", "dry-run": "say what would be taken away" },
    example: "gantry uninstall --prefix /usr/local",
    page: "docs/what-gantry-writes.md",
  },
  "gantry cdi generate": {
    summary: "a CDI specification of this machine, for the engines that it has",
    flags: {
      ...specFlags,
      vendor:
        "whose GPUs; default: NVIDIA's where its driver is, else those that are there; all: a document each",
      output: "where it goes; into a directory under the name of its kind; default: printed",
      "withdraw-stale":
        "where no file can be made, rename the one that --output names if it is stale, so that engines do not read it",
      json: "JSON of what was written, for programs",
    },
    more: tellNvidiasFlags,
    example: "gantry cdi generate --output /etc/cdi/nvidia.yaml",
    page: `${cdiPage}, Making one`,
  },
  "gantry cdi watch": {
    summary: "keeps CDI specifications as the machine is, a file for each vendor",
    flags: {
      ...specFlags,
      output: "the file that is kept, or a directory for a file of each vendor that is there or comes",
      vendor: "whose GPUs; default: NVIDIA's for a file, everybody's (all) for a directory",
      once: "make it as it must be, and end",
      interval: "how often the machine is asked; default: every 2 seconds",
      "ready-timeout": "how long it may take until the machine is whole; default: 60 seconds",
      "withdraw-stale":
        "rename a file that names what is gone at once, and not only when the machine is not whole in time",
      "without-nodes": "make no nodes of NVIDIA's that are missing, and load no modules",
      config: "the config.toml whose load-kmods counts for them; default: the toolkit's own",
    },
    more: tellNvidiasFlags,
    example: "gantry cdi watch --output /var/run/cdi/nvidia.yaml",
    page: `${cdiPage}, Kept fresh`,
  },
  "gantry cdi list": {
    summary: "CDI devices, the file that each comes from, and files that no engine loads",
    flags: {},
    example: "gantry cdi list",
    page: cdiPage,
  },
  "gantry cdi inspect": {
    summary: "what CDI devices do to a container, and which version an engine must know",
    operands: { NAME: "a device: vendor.com/class=device" },
    flags: {},
    example: "gantry cdi inspect nvidia.com/gpu=0",
    page: cdiPage,
  },
  "gantry cdi resolve": {
    summary: "what a container gets that asks for these CDI devices, as an engine applies it",
    operands: { NAME: "a device: vendor.com/class=device" },
    flags: {},
    example: "gantry cdi resolve nvidia.com/gpu=all",
    page: cdiPage,
  },
  "gantry cdi validate": {
    summary: "what is wrong with CDI specifications, with line and column",
    operands: { FILE: "a specification; default: those of the directories" },
    flags: {},
    example: "gantry cdi validate /etc/cdi/nvidia.yaml",
    page: cdiPage,
  },
  "gantry cdi verify": {
    summary: "CDI specifications beside the machine, now: what is stale, wrong, closed or a danger",
    operands: { FILE: "these alone, taken together as if they lay in one directory" },
    flags: {
      engine: "an engine that must read them, besides those that this machine has",
      user: "who the engine runs as; default: root",
      "image-root": "an image's files: which of them are covered, and what cannot be put there",
      fix: "make files of NVIDIA's, AMD's and Intel's GPUs anew where an error is found; what each was stays beside it",
    },
    example: "gantry cdi verify --engine docker@29.0",
    page: `${cdiPage}, What verify looks at`,
  },
  "gantry cdi inject": {
    summary: "CDI devices into a config.json, without touching another byte",
    operands: { NAME: "a device: vendor.com/class=device" },
    flags: {
      config: "the config.json",
      bundle: "the directory that has it",
      output: "where the result goes; default: into the file itself; -: standard output",
      "dry-run": "say the edits, and write nothing",
    },
    example: "gantry cdi inject nvidia.com/gpu=0 --bundle /run/bundle --dry-run",
    page: cdiPage,
  },
  "gantry cdi transform": {
    summary: "a CDI specification for files that lie below another root",
    operands: { FILE: "the specification" },
    flags: {
      from: "what paths begin with",
      to: "what they are to begin with",
      "relative-to": "which paths: the machine's (host, the default), or what containers see",
      format: "default: as the file's name ends, else yaml",
      output: "where it goes; default: printed",
    },
    example: "gantry cdi transform root nvidia.yaml --from / --to /run/nvidia/driver",
    page: cdiPage,
  },
  "gantry cdi diff": {
    summary: "what two CDI specifications, or one and its machine, do not have in common",
    operands: { FILE: "a specification", machine: "what would be made of the machine in the file's style" },
    flags: {},
    example: "gantry cdi diff /etc/cdi/nvidia.yaml machine",
    page: cdiPage,
  },
}

const namesOf = (things: readonly { readonly name: string }[]): string =>
  things.map(({ name }) => name).join(" ")
