/** PCI addresses as the kernel writes them: `0000:1a:00.0`. Domains of bridges behind the processor have more than four digits. */

/** In any case, with as many leading zeros as anybody writes. */
export const pciAddressPattern = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/i

/** `D:B:D`, `D:B:D.0` or `B:D.0` in hex, in the form of /proc/driver/nvidia/gpus; undefined: no PCI address. */
export function normalisePciAddress(text: string): string | undefined {
  const match = /^(?:([0-9a-f]{1,8}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})(?:\.([0-7]))?$/i.exec(text)
  if (match === null || (match[1] === undefined && match[4] === undefined)) return undefined
  const [, domain = "0", bus = "", device = "", part = "0"] = match
  const padded = (digits: string, width: number): string =>
    digits
      .toLowerCase()
      .replace(/^0+(?=.)/, "")
      .padStart(width, "0")
  return `${padded(domain, 4)}:${padded(bus, 2)}:${padded(device, 2)}.${part}`
}
