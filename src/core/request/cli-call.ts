/** A command line of nvidia-container-cli, read: which command, which options; and how its lists are read. */

import { fault } from "../fault/fault.ts"
import { fail, ok, type Result } from "../fault/result.ts"
import { parseCount } from "../text/count.ts"
import type { Evidence } from "./reason.ts"

/** Option → its values, in the order given; a switch has empty ones. */
export type CliGiven = ReadonlyMap<string, readonly string[]>

interface CliOptions {
  readonly global: CliGiven
  readonly given: CliGiven
}

export interface CliQuestion extends CliOptions {
  readonly command: "info" | "list"
  /** How many words follow the command's name, options among them. */
  readonly wordCount: number
}

export interface CliConfigure extends CliOptions {
  readonly command: "configure"
  /** As written. */
  readonly rawRootPath: string
}

/** A repeated list option is one list; empty items count for nothing. undefined: not given. */
export const itemsOf = (given: CliGiven, name: string): readonly string[] | undefined =>
  given
    .get(name)
    ?.join(",")
    .split(",")
    .filter((item) => item !== "")

/** Channels fit the minor of a device number. */
const imexChannelLimit = 2 ** 20

/** Order: as given. Faults: ImexChannelInvalid. */
export function parseCliChannels(given: CliGiven): Result<readonly number[]> {
  const channels: number[] = []
  for (const channel of itemsOf(given, "imex-channel") ?? []) {
    const number = parseCount(channel)
    if (number === undefined || number >= imexChannelLimit)
      return fail(fault("ImexChannelInvalid", { channel }))
    channels.push(number)
  }
  return ok(channels)
}

/** Options as they could be written. */
export const evidenceOf = (given: CliGiven, names: readonly string[]): readonly Evidence[] =>
  names.flatMap((name) =>
    (given.get(name) ?? []).map((value) => ({
      from: "commandLine",
      argument: value === "" ? `--${name}` : `--${name}=${value}`,
    })),
  )
