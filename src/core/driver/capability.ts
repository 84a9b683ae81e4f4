/** The driver capabilities an image can ask for. */

/** Order: alphabetical, as the reference prints them since 1.14. */
export type DriverCapability = "compat32" | "compute" | "display" | "graphics" | "ngx" | "utility" | "video"
