import { expect, test } from "bun:test"
import { verifyCdi } from "../../../../src/core/diagnose/verify-cdi.ts"
import { subjectOf } from "../healthy-machine.ts"

const cuda = "/usr/lib/x86_64-linux-gnu/libcuda.so.550.163.01"
const mount = `{hostPath: ${cuda}, containerPath: ${cuda}, options: [ro, bind]}`

interface Claim {
  readonly kind?: string
  readonly name?: string
  readonly nodes: readonly string[]
  readonly mounts?: readonly string[]
}

/** What a device of another's file is said to lack, as Kubernetes' resource driver writes one beside the machine's own. */
function lacks({
  kind = "k8s.gpu.nvidia.com/claim",
  name = "0a1b-gpu-0",
  nodes,
  mounts = [mount],
}: Claim): readonly unknown[] {
  const device = `{name: ${name}, containerEdits: {env: [A=b], deviceNodes: [${nodes.map((path) => `{path: ${path}}`)}]}}`
  const content = `cdiVersion: 0.7.0\nkind: ${kind}\ndevices: [${device}]\ncontainerEdits: {mounts: [${mounts}]}\n`
  const file = { kind: "file", content, mode: 0o644 } as const
  return verifyCdi(subjectOf({ machine: { "/etc/cdi/claim.yaml": file } })).flatMap(
    ({ severity, fault: { tag, data } }) =>
      tag === "CdiNodesLacking" ? [severity, data.devices, data.nodes] : [],
  )
}

const told = (...nodes: readonly string[]) => ["error", ["k8s.gpu.nvidia.com/claim=0a1b-gpu-0"], nodes]

// dra-driver-nvidia-gpu, issue 1380: the first claim after boot, before anybody had made the nodes.
test.each<[what: string, claim: Claim, expected: readonly unknown[]]>([
  ["libraries and no node", { nodes: [] }, told("/dev/nvidiactl", "/dev/nvidia-uvm")],
  ["a GPU's node alone", { nodes: ["/dev/nvidia0"] }, told("/dev/nvidiactl", "/dev/nvidia-uvm")],
  ["no unified memory", { nodes: ["/dev/nvidia0", "/dev/nvidiactl"] }, told("/dev/nvidia-uvm")],
])("a claim with %s finds no GPU", (_, claim, expected) => expect(lacks(claim)).toEqual([...expected]))

test.each<[what: string, claim: Claim]>([
  ["is whole", { nodes: ["/dev/nvidia0", "/dev/nvidiactl", "/dev/nvidia-uvm"] }],
  ["brings no library, and is asked for beside what does", { nodes: [], mounts: [] }],
  ["is of another kind, to be asked for beside a GPU", { kind: "nvidia.com/driver", nodes: [] }],
  ["is a channel's", { kind: "k8s.compute-domain.nvidia.com/claim", nodes: [] }],
  ["is the driver without a GPU", { kind: "nvidia.com/gpu", name: "none", nodes: [] }],
  [
    "mounts the nodes",
    {
      nodes: ["/dev/nvidia0", "/dev/nvidiactl"],
      mounts: [mount, "{hostPath: /dev/nvidia-uvm, containerPath: /dev/nvidia-uvm, options: [bind]}"],
    },
  ],
])("nothing is said of a device that %s", (_, claim) => expect(lacks(claim)).toEqual([]))
