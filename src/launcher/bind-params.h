/*
 * The launcher as a createContainer hook: the driver in the container must not make device nodes, which `ModifyDeviceFiles: 0` in its
 * params file says. Runtimes refuse mounts inside proc, so this is done behind their back.
 */
#ifndef GANTRY_BIND_PARAMS_H
#define GANTRY_BIND_PARAMS_H

__attribute__((noreturn)) void bind_params(const char *root);

#endif
