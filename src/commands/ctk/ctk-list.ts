/** `nvidia-ctk cdi list`: the names of devices, and what is wrong with the files that have them. */

import { defaultDirectories } from "../../core/cdi/registry/spec-directories.ts"
import { renderFaultLine } from "../../core/fault/render.ts"
import { ok, type Result } from "../../core/fault/result.ts"
import { escapeControl } from "../../core/text/escape.ts"
import { openHost } from "../../host/open-host.ts"
import { readSpecifications } from "../cdi/read-specifications.ts"
import { print } from "../report.ts"
import { type CtkSurroundings, createLog, showHelp } from "./ctk-action.ts"
import { type CtkShape, ctkHelp, parseCtkFlags } from "./ctk-flags.ts"

const shape: CtkShape = {
  program: "nvidia-ctk cdi list",
  flags: { "spec-dir": { takes: "list", variable: "NVIDIA_CTK_CDI_SPEC_DIRS" } },
}

export async function run(
  args: readonly string[],
  { host, variable }: CtkSurroundings,
): Promise<Result<true>> {
  const flags = parseCtkFlags(args, shape, variable)
  if (!flags.ok) return flags
  if (flags.value.isHelpAsked) return showHelp(ctkHelp(shape))
  const log = createLog(flags.value.isOn("quiet"))
  const machine = openHost(host)
  if (!machine.ok) return machine
  const registry = readSpecifications(machine.value, flags.value.list("spec-dir") ?? defaultDirectories)
  const problems = [
    ...registry.rejected.flatMap(({ path, faults }) =>
      faults.map((one) => `${path}: ${renderFaultLine(one)}`),
    ),
    ...registry.findings.map(({ fault: one }) => renderFaultLine(one)),
  ]
  if (problems.length > 0) log.warn("The following registry errors were reported:")
  for (const problem of problems) log.warn(problem)
  const names = [...registry.devices.keys()].sort()
  log.info(`Found ${names.length} CDI devices`)
  await print(names.map((name) => `${escapeControl(name)}\n`).join(""))
  return ok(true)
}
