/** Of an entry of a directory, and of nothing above or below it. */
export const isFileName = (name: string): boolean => !/^\.{0,2}$|\//.test(name)
