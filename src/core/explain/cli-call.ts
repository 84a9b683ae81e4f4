/** A command line of nvidia-container-cli, read: which command, which options. */

/** Option → its values, in the order given; a switch has empty ones. */
export type CliGiven = ReadonlyMap<string, readonly string[]>

export interface CliCommand {
  readonly command: "info" | "list"
  readonly global: CliGiven
  readonly given: CliGiven
  /** How many words follow the command's name. */
  readonly wordCount: number
}
