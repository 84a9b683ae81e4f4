/** Where a look could have found something else: what fits a pattern can come into a directory, and a link lead elsewhere, or come. */

import type { RootView } from "./root-view.ts"

/** The same view. `note`: of each directory that is listed, and each place that is asked for a link. */
export const noteLooks = (view: RootView, note: (path: string) => void): RootView => ({
  ...view,
  readLink(path) {
    note(path)
    return view.readLink(path)
  },
  readDir(path) {
    note(path)
    return view.readDir(path)
  },
})
