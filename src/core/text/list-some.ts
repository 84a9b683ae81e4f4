/** The first of many in a sentence, and how many more there are: `a, b, c and 2 more`. */
export const listSome = (items: readonly string[], limit: number): string =>
  items.length <= limit
    ? items.join(", ")
    : `${items.slice(0, limit).join(", ")} and ${items.length - limit} more`
