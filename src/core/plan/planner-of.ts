/** What a mode plans from: a Tegra board's lists, or the driver that a machine has. */

import type { InjectionMode } from "../request/injection-mode.ts"
import { planNative } from "./plan-native.ts"
import { planPlatform } from "./plan-platform.ts"

export const plannerOf = (mode: InjectionMode): typeof planNative =>
  mode === "csv" ? planPlatform : planNative
