/** `nvidia-container-cli`: `info`, `list` and `configure`, in the reference's place. Wiring only. */

import { answerCli } from "../../core/explain/answer-cli.ts"
import { fault } from "../../core/fault/fault.ts"
import { fail, ok, type Result } from "../../core/fault/result.ts"
import type { CliQuestion } from "../../core/request/cli-call.ts"
import { escapeControl } from "../../core/text/escape.ts"
import { openHost } from "../../host/open-host.ts"
import { version } from "../../version.ts"
import { type Caller, ownCaller, variableOf } from "../caller.ts"
import { print, report } from "../report.ts"
import { type CliCall, parseCliFlags } from "./container-cli-flags.ts"
import { helpPages, usagePages } from "./container-cli-help.ts"

export async function run(
  args: readonly string[],
  _programName: string,
  caller: Caller = ownCaller(args),
): Promise<number> {
  // Our own, so that a simulated machine or a recording can be asked: `--host=…` before everything else.
  const host = /^--host=(.*)$/s.exec(args[0] ?? "")?.[1]
  const call = parseCliFlags(host === undefined ? args : args.slice(1))
  if (call.kind === "command" && call.command === "configure") {
    const { configureContainer } = await import("./configure-container.ts")
    const problem = await configureContainer(call, { host, parentPid: caller.parentPid })
    return problem === undefined ? 0 : report(problem)
  }
  const text = call.kind === "command" ? answer(call, host, caller) : tell(call)
  if (!text.ok) return report(text.fault)
  // Names of files and models are a stranger's: a line stays a line, and no terminal is told what to do.
  await print(text.value.split("\n").map(escapeControl).join("\n"))
  return 0
}

function answer(call: CliQuestion, selector: string | undefined, caller: Caller): Result<string> {
  const host = openHost(selector)
  return host.ok ? answerCli(host.value, call, variableOf(caller, "CUDA_MPS_PIPE_DIRECTORY")) : host
}

function tell(call: Exclude<CliCall, { readonly kind: "command" }>): Result<string> {
  switch (call.kind) {
    case "wrong":
      return fail(fault("CliUsageInvalid", { program: call.program, sentence: call.sentence }))
    case "help":
      return ok(helpPages[call.command])
    case "usage":
      return ok(usagePages[call.command])
    case "version":
      return ok(versionLines())
  }
}

/** The seven lines that the reference prints; what is not built from C says what it is. */
const versionLines = (): string =>
  [
    ["cli-version", version],
    ["lib-version", version],
    ["build date", "unknown"],
    ["build revision", "gantry"],
    ["build compiler", "bun"],
    ["build platform", process.arch === "arm64" ? "aarch64" : "x86_64"],
    ["build flags", "none"],
  ]
    .map(([name, value]) => `${name}: ${value}\n`)
    .join("")
