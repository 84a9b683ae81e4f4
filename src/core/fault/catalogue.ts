/** Every fault's code, sentence and remedies, in one table; a missing entry does not compile. Loaded only to tell a fault. */

import { applyingCatalogue } from "./applying.ts"
import { cdiCatalogue } from "./cdi.ts"
import { cdiEditsCatalogue } from "./cdi-edits.ts"
import { cdiMachineCatalogue } from "./cdi-machine.ts"
import { engineCatalogue } from "./engines.ts"
import type { Catalogue } from "./entry.ts"
import type { FaultData } from "./fault.ts"
import { gpuCatalogue } from "./gpu.ts"
import { inputCatalogue } from "./input.ts"
import { machineCatalogue } from "./machine.ts"
import { vendorGpuCatalogue } from "./vendor-gpu.ts"

export const catalogue: Catalogue<FaultData> = {
  ...inputCatalogue,
  ...machineCatalogue,
  ...gpuCatalogue,
  ...vendorGpuCatalogue,
  ...applyingCatalogue,
  ...cdiCatalogue,
  ...cdiMachineCatalogue,
  ...cdiEditsCatalogue,
  ...engineCatalogue,
}
