/** Command lines of the programs that we stand in for: one argument a line. */

import { parseCdiHookFlags } from "../../src/commands/cdi-hook/cdi-hook-flags.ts"
import { parseCliFlags } from "../../src/commands/container-cli/container-cli-flags.ts"
import { parseCtkGenerate } from "../../src/commands/ctk/ctk-generate-flags.ts"
import { parseFlags } from "../../src/commands/flags.ts"
import { parseHookFlags } from "../../src/commands/start/hook-flags.ts"
import { resolveCliRequest } from "../../src/core/request/cli-configure.ts"
import { bytesOf } from "../corpus.ts"
import { checkResult, firstOf } from "../invariants.ts"
import type { FuzzTarget } from "../target.ts"

const ours = { program: "gantry x", usage: "x", valued: ["host", "device"], switches: ["json", "help", "h"] }

/** Every value that was understood was written. */
function checkValues(
  given: ReadonlyMap<string, readonly string[]>,
  args: readonly string[],
): string | undefined {
  for (const [name, values] of given)
    for (const value of values)
      if (value !== "" && !args.some((arg) => arg.endsWith(value)))
        return `--${name} has a value that nobody gave`
  return undefined
}

export const commandLines: FuzzTarget = {
  name: "command-lines",
  weight: 14,
  seeds: () =>
    [
      ["-k", "-r", "/run/nvidia/driver", "list", "-d", "all", "-lbi", "--compat32", "--mig-config=all"],
      ["--load-kmods", "--user=1000:1000", "info", "--csv"],
      ["--root=/", "--ldcache", "/etc/ld.so.cache", "list", "--dev=0", "--imex-channel=0,1"],
      ["configure", "--ldconfig=@/sbin/ldconfig", "--device=all", "--pid=1", "/rootfs"],
      [
        "configure",
        "-cu",
        "-r",
        "cuda>=12",
        "--cuda-compat-mode=mount",
        "--no-devbind",
        "--imex-channel=1",
        "/r",
      ],
      ["-debug", "-config", "/etc/config.toml", "prestart"],
      ["--host", "x", "--json", "--device=0,1", "word"],
      ["--debug", "create-symlinks", "--link", "a::/b,c::/d", "--container-spec=-"],
      ["update-ldcache", "--folder=/usr/lib64", "--ldconfig-path", "/sbin/ldconfig"],
      ["chmod", "--mode=0755", "--path", "/dev/dri"],
      [
        "--device-id=0,1",
        "--device-name-strategy",
        "uuid",
        "--no-all-device",
        "--mode=nvml",
        "--output=/x.json",
      ],
      ["complete-container", "--link=a::/b", "--node-link", "../c::/d/e", "--update-application-profile"],
      ["-?"],
      ["--version"],
    ].map((args) => bytesOf(args.join("\n"))),
  tokens: [
    "-",
    "--",
    "=",
    "\n",
    "-d",
    "--device",
    "list",
    "info",
    "--lib",
    "--no-",
    "-l",
    "-u",
    "--user",
    "-?",
    "--usage",
  ],
  check(input) {
    const args = new TextDecoder().decode(input).split("\n")
    const call = parseCliFlags(args)
    const hook = parseHookFlags(args)
    const cdiHook = parseCdiHookFlags(args, () => undefined)
    const generate = parseCtkGenerate(
      args,
      () => undefined,
      (named) => named,
    )
    return firstOf(
      call.kind === "command"
        ? firstOf(
            checkValues(call.global, args),
            checkValues(call.given, args),
            call.command === "configure"
              ? checkResult(resolveCliRequest(call, { parentPid: 1, host: undefined }), ({ request, log }) =>
                  request.container.pid > 0n && log.reasons.length >= 2
                    ? undefined
                    : "a request without a process or a reason",
                )
              : undefined,
          )
        : call.kind === "wrong" && call.sentence === ""
          ? "wrong without a reason"
          : undefined,
      typeof hook.kind === "string" ? undefined : "no answer to the hook's command line",
      cdiHook.kind === "wrong" && cdiHook.problem === "" ? "a CDI hook is wrong without a reason" : undefined,
      checkResult(generate, (asked) =>
        asked === "help" || asked.request.names.length > 0 ? undefined : "devices without names",
      ),
      checkResult(parseFlags(args, ours), ({ lists }) => checkValues(lists, args)),
    )
  },
}
