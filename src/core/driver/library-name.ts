/** What the name of a library says. */

import { baseName } from "../text/path.ts"

/** `libnvidia-egl-gbm.so.1.1.1` → `libnvidia-egl-gbm`. */
export const stemOf = (path: string): string => baseName(path).replace(/\.so\..*$/, "")

/** Names that are the vendor's. What else a library needs is the distribution's, and every image has its own. */
export const vendorName = /^lib(?:.*nvidia|cuda|nv)/
