/** What the name of a library says. */

import { baseName } from "../text/path.ts"

/** `libnvidia-egl-gbm.so.1.1.1` → `libnvidia-egl-gbm`. */
export const stemOf = (path: string): string => baseName(path).replace(/\.so\..*$/, "")

/** What programs are linked with: `libcuda.so.1` → `libcuda.so`. Another version of the library has the same. */
export const linkerNameOf = (name: string): string => name.replace(/(\.so)\..*$/, "$1")

/** By its name, whatever follows `.so` as a version. */
export const isSharedObject = (path: string): boolean => /\.so(?:\.|$)/.test(baseName(path))

/** Names that are the vendor's. What else a library needs is the distribution's, and every image has its own. */
export const vendorName = /^lib(?:.*nvidia|cuda|nv)/
