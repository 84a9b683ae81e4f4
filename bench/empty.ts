/** The floor: a program that does nothing, compiled as Gantry is. */
export {}
