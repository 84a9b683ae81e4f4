/** config.toml's text to Config. What parses TOML is loaded only where something stands in the file. */

import { ok, type Result } from "../core/fault/result.ts"
import type { ParsedConfig } from "../core/request/create-config.ts"
import type { ProfileName } from "../core/request/profile.ts"
import { unwrittenConfig } from "../core/request/unwritten-config.ts"

/** `text`: as it was read. Faults: those of reading, ConfigSyntaxInvalid, ConfigValueInvalid. */
export async function parseConfigText(
  text: Result<string>,
  asked: ProfileName | undefined,
): Promise<Result<ParsedConfig>> {
  if (!text.ok) return text
  const unwritten = unwrittenConfig(text.value, asked)
  if (unwritten !== undefined) return ok(unwritten)
  return (await import("../core/request/parse-config.ts")).parseConfig(text.value, asked)
}
