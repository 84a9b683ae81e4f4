/** How large a specification may be: a machine of 64 GPUs has a twentieth of it. Units: bytes. */
export const specLimitBytes = 4 * 1024 * 1024
