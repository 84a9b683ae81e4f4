/** A state that the program's own code must rule out. Thrown, caught only in `main`, which asks for a report. */
export class Bug extends Error {
  override readonly name: string = "Bug"
}
