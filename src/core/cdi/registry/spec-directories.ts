/** Where engines look for specifications when nobody says otherwise. Order: the last wins. */
export const defaultDirectories = ["/etc/cdi", "/var/run/cdi"] as const

/** Engines read files of two endings, in small letters, and pass over all others without a word. */
export const isSpecFileName = (name: string): boolean => /\.(?:json|yaml)$/.test(name)
