/** What a container's root looks like for a Tegra board: an Orin's newer CUDA lies in a directory of its own. Loaded only in mode csv. */

import { observeLayout } from "../../apply/observe-layout.ts"
import type { Result } from "../../core/fault/result.ts"
import type { ContainerLayout } from "../../core/plan/container-layout.ts"
import type { Config } from "../../core/request/config.ts"
import { cleanPath } from "../../core/text/path.ts"

const usualDirectory = "/usr/local/cuda/compat_orin"

export const observeBoardLayout = (root: string, config: Config): Promise<Result<ContainerLayout>> =>
  observeLayout(
    root,
    cleanPath(
      `/${config.value("nvidia-container-runtime.modes.csv.compat-container-root") || usualDirectory}`,
    ),
  )
