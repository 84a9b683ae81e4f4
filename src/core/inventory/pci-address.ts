/** PCI addresses as the kernel writes them: `0000:1a:00.0`. Domains of bridges behind the processor have more than four digits. */

/** In any case, with as many leading zeros as anybody writes. */
export const pciAddressPattern = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/i

/** As inventories have it: lower case, a domain of four digits unless it needs more. Of an address only. */
export const normalizePciAddress = (address: string): string =>
  address.toLowerCase().replace(/^0+(?=[0-9a-f]{4,}:)/, "")
