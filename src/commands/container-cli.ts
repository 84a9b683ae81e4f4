/**
 * `nvidia-container-cli info` and `list`, drop-in: same options, same texts, same exit statuses (0, or 1 for every failure).
 * `configure` is not served yet, and says so.
 */

import { answerCli } from "../core/explain/answer-cli.ts"
import { fault } from "../core/fault/fault.ts"
import { fail, ok, type Result } from "../core/fault/result.ts"
import { escapeControl } from "../core/text/escape.ts"
import { openHost } from "../host/open-host.ts"
import { version } from "../version.ts"
import { type CliCall, parseCliFlags } from "./container-cli-flags.ts"
import { helpPages, usagePages } from "./container-cli-help.ts"
import { print, report } from "./report.ts"

export function run(args: readonly string[]): number {
  // Our own, so that a simulated machine or a recording can be asked: `--host=…` before everything else.
  const host = /^--host=(.*)$/s.exec(args[0] ?? "")?.[1]
  const call = parseCliFlags(host === undefined ? args : args.slice(1))
  const text = answer(call, host)
  if (!text.ok) {
    report(text.fault)
    return 1
  }
  // Names of files and models are a stranger's: a line stays a line, and no terminal is told what to do.
  print(text.value.split("\n").map(escapeControl).join("\n"))
  return 0
}

function answer(call: CliCall, selector: string | undefined): Result<string> {
  switch (call.kind) {
    case "wrong":
      return fail(fault("CliUsageInvalid", { program: call.program, sentence: call.sentence }))
    case "help":
      return ok(helpPages[call.command])
    case "usage":
      return ok(usagePages[call.command])
    case "version":
      return ok(versionLines())
    case "unserved":
      return fail(fault("CliCommandUnserved", { program: "nvidia-container-cli", command: "configure" }))
    case "command": {
      const host = openHost(selector)
      return host.ok ? answerCli(host.value, call, process.env["CUDA_MPS_PIPE_DIRECTORY"]) : host
    }
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
