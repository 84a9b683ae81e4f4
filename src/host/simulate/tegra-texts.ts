/**
 * Texts of a simulated Tegra board: its release, its family, and the lists of what a container gets. All of it stands in the lists that
 * are read by default: devices.csv, drivers.csv, l4t.csv.
 */

import type { ListedEntry } from "./listing.ts"

const listDirectory = "/etc/nvidia-container-runtime/host-files-for-container.d"

/** undefined: no file of a Tegra board. */
export function tegraText(
  path: string,
  entries: readonly ListedEntry[],
  sizeBytes: number,
): string | undefined {
  if (path === "/etc/nv_tegra_release")
    return "# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref, EABI: aarch64, DATE: Tue Aug  1 19:57:35 UTC 2023\n"
  if (path === "/sys/devices/soc0/family") return "Tegra234\n"
  if (!path.startsWith(listDirectory)) return undefined
  const lines = linesOf(path.slice(listDirectory.length + 1), entries)
  let text = ""
  for (const line of lines) if (text.length + line.length + 1 <= sizeBytes) text += `${line}\n`
  return text
}

function linesOf(name: string, entries: readonly ListedEntry[]): readonly string[] {
  const listed = (kinds: readonly ListedEntry["kind"][], pattern: RegExp): readonly string[] =>
    entries.filter((entry) => kinds.includes(entry.kind) && pattern.test(entry.path)).map(({ path }) => path)
  switch (name) {
    case "devices.csv":
      // One that the board does not have: real lists serve many boards.
      return [...listed(["char"], /^\/dev\//), "/dev/nvhost-ctrl-isp"].map((path) => `dev, ${path}`)
    case "drivers.csv":
      return [
        ...listed(["link"], /\/tegra\/lib.*\.so/).map((path) => `sym, ${path}`),
        ...listed(["file"], /\.so(\.[\d.]+)?$/).map((path) => `lib, ${path}`),
        ...listed(["link"], /linux-gnu\/lib[^/]*\.so$/).map((path) => `sym, ${path}`),
        ...listed(["file"], /egl_vendor\.d\/.*\.json$|\/nvargus-daemon$/).map((path) => `lib, ${path}`),
        "lib, /usr/lib/aarch64-linux-gnu/tegra/libnvabsent.so",
        "dir, /lib/firmware/tegra23x",
      ]
    case "extra.csv":
      return ["# A list that is read only where it is asked for."]
    default:
      return []
  }
}
