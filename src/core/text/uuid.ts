/** A UUID as NVML writes it, in any case; an Orin's own GPU has one without a prefix. */
export const gpuUuid: RegExp = /^(?:(?:GPU|MIG)-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
