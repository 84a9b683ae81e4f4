/**
 * What a failed look says of what lies there, or that there is more than is looked at: another look sees the same, and what is changed meanwhile
 * shows. Any other may have passed a moment later.
 */
export const lastingErrnos: readonly string[] = [
  "E2BIG",
  "EFBIG",
  "EILSEQ",
  "EINVAL",
  "EISDIR",
  "ELOOP",
  "ENAMETOOLONG",
  "ENODATA",
]
