/** `gantry help`, and the answer to a command that does not exist. */

import { fault } from "../../core/fault/fault.ts"
import { print, report } from "../report.ts"

const text = `gantry gives containers their GPUs, and says why.

  gantry explain --bundle DIR     what a container asks for, what it will get, and why
  gantry info                     GPUs, MIG devices, driver and nodes of a machine, and what is wrong with them
  gantry driver files             the driver's files, each with why containers get it
  gantry driver diff A B          what two machines' drivers do not have in common
  gantry cdi generate             a CDI specification of this machine for its engines
  gantry cdi watch --output FILE  the same, kept as the machine is
  gantry cdi list                 CDI devices, the file that each comes from, and files that no engine loads
  gantry cdi inspect|resolve NAME what devices do to a container, as an engine applies it
  gantry cdi validate [FILE]      what is wrong with specifications, with line and column
  gantry cdi verify [FILE]        specifications beside the machine: what is stale, wrong, closed or a danger
  gantry cdi inject NAME          devices into a config.json, without touching another byte
  gantry cdi transform root FILE  a specification for files below another root
  gantry cdi diff A B|machine     what two specifications, or one and its machine, do not have in common
  gantry host record -o FILE      a machine as a file, for a bug report or a test
  gantry simulate up|down DIR     a directory that looks like a GPU machine
  gantry nvidia-container-cli …   info, list and configure, as that program does them
  gantry nvidia-cdi-hook …        the hooks of CDI specifications (also nvidia-ctk hook)
  gantry nvidia-ctk cdi …         generate, list and transform root, as that program does them
  gantry install --prefix DIR     put the executable and its names in place
  gantry uninstall --prefix DIR   take them away again
  gantry version

Commands that look at a machine take --host: this one (live), a simulated machine's directory, or a recording's file.
Called as nvidia-container-runtime-hook or nvidia-container-toolkit it is the OCI prestart hook, as nvidia-cdi-hook the hooks of
CDI specifications.
Exit codes: 0 done, 1 failed, 2 wrong usage.
`

export async function run(): Promise<number> {
  await print(text)
  return 0
}

export function refuse(word: string): Promise<number> {
  const problem = `unknown command ${JSON.stringify(word)}`
  return report(
    fault("UsageInvalid", {
      program: "gantry",
      problem,
      usage:
        "gantry explain|info|driver|cdi|host|simulate|nvidia-container-cli|nvidia-cdi-hook|nvidia-ctk|install|uninstall|version|help",
    }),
  )
}
