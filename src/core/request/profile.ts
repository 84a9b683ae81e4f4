/** The meaning of a request, by release. A profile is data: one code path reads its traits. */

export type ProfileName = "2020-07" | "1.13" | "1.20"
