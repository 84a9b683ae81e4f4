/** Everything that is fuzzed. A new target is a file in targets/ and a line here. */

import type { FuzzTarget } from "./target.ts"
import { blockYaml } from "./targets/block-yaml.ts"
import { cdiEdits } from "./targets/cdi-edits.ts"
import { cdiSpec } from "./targets/cdi-spec.ts"
import { cdiStart } from "./targets/cdi-start.ts"
import { cdiVerify } from "./targets/cdi-verify.ts"
import { commandLines } from "./targets/command-lines.ts"
import { elf, elfRandom } from "./targets/elf.ts"
import { engineSettings } from "./targets/engine-settings.ts"
import { json } from "./targets/json.ts"
import { ldSoConf } from "./targets/ld-so-conf.ts"
import { ldcache } from "./targets/ldcache.ts"
import { listing } from "./targets/listing.ts"
import { platformLists, procTexts } from "./targets/machine-texts.ts"
import { nvmlReport } from "./targets/nvml-report.ts"
import { passedOn } from "./targets/passed-on.ts"
import { platformPlan } from "./targets/platform-plan.ts"
import { recording } from "./targets/recording.ts"
import { request } from "./targets/request.ts"
import { requirement } from "./targets/requirement.ts"
import { selectors } from "./targets/selectors.ts"
import { toml } from "./targets/toml.ts"
import { utf8 } from "./targets/utf8.ts"
import { vendorTexts } from "./targets/vendor-texts.ts"

/** Order: by name. */
export const targets: readonly FuzzTarget[] = [
  blockYaml,
  cdiEdits,
  cdiSpec,
  cdiStart,
  cdiVerify,
  commandLines,
  elf,
  elfRandom,
  engineSettings,
  json,
  ldSoConf,
  ldcache,
  listing,
  nvmlReport,
  passedOn,
  platformLists,
  platformPlan,
  procTexts,
  recording,
  request,
  requirement,
  selectors,
  toml,
  utf8,
  vendorTexts,
]
