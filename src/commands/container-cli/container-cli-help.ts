/**
 * What nvidia-container-cli prints for --help and --usage, line for line as others may read it; but it names nobody to report
 * bugs to. That they name what is read (container-cli-flags.ts), and no more, their test holds. Source: observed on nvidia-container-cli 1.17;
 * configure's not: its options by the facts, in our words.
 */

type Page = "" | "info" | "list" | "configure"

const footnote = `
Mandatory or optional arguments to long options are also mandatory or optional
for any corresponding short options.
`

export const helpPages: Readonly<Record<Page, string>> = {
  "": `Usage: nvidia-container-cli [OPTION...] COMMAND [ARG...]
Command line utility for manipulating NVIDIA GPU containers.

 Commands:
  configure                  Configure a container with GPU support
  info                       Report information about the driver and devices
  list                       List driver components

 Options:
  -?, --help                 Give this help list
  -d, --debug=FILE           Log debug information
  -k, --load-kmods           Load kernel modules
  -l, --ldcache=FILE         Path to the system's DSO cache
      --no-create-imex-channels   Don't automatically create IMEX channel
                             device nodes
  -n, --no-pivot             Do not use pivot_root
  -r, --root=PATH            Path to the driver root directory
      --usage                Give a short usage message
  -u, --user[=UID[:GID]]     User and group to use for privilege separation
  -V, --version              Print program version
${footnote}`,
  info: `Usage: nvidia-container-cli info [OPTION...]
Query the driver and report its information as well as the devices it
detected.

 Options:
  -?, --help                 Give this help list
      --csv                  Output in CSV format
      --usage                Give a short usage message
  -V, --version              Print program version
`,
  list: `Usage: nvidia-container-cli list [OPTION...]
Query the driver and list the components required in order to configure a
container with GPU support.

 Options:
  -?, --help                 Give this help list
  -b, --binaries             List driver binaries
      --compat32             Enable 32bits compatibility
  -d, --device=ID            Device UUID(s) or index(es) to list
  -f, --firmwares            List driver firmwares
      --imex-channel=CHANNEL IMEX channel ID(s) to inject
  -i, --ipcs                 List driver ipcs
  -l, --libraries            List driver libraries
      --mig-config=ID        MIG devices to list config capabilities files for
      --mig-monitor=ID       MIG devices to list monitor capabilities files for
${" ".repeat(28)}
      --no-fabricmanager     Don't include the NVIDIA fabricmanager socket
      --no-gsp-firmware      Don't include GSP Firmware
      --no-persistenced      Don't include the NVIDIA persistenced socket
      --usage                Give a short usage message
  -V, --version              Print program version
${footnote}`,
  configure: `Usage: nvidia-container-cli configure [OPTION...] ROOTFS
Configure a container with GPU support by exposing device drivers to it.

This command enters the namespaces of the container's process (--pid; without it,
of the caller's parent) and gives the container what was asked for. The container
has been created and not started, and the machine's files can still be reached.

 Options:
  -?, --help                 Give this help list
      --compat32             Enable 32bits compatibility
      --cuda-compat-mode=MODE   How the image's newer CUDA is used: mount,
                             ldconfig or disabled
  -c, --compute              Enable compute capability
  -d, --device=ID            Device UUID(s) or index(es) to isolate
  -D, --display              Enable display capability
  -g, --graphics             Enable graphics capability
      --imex-channel=CHANNEL IMEX channel ID(s) to inject
  -l, --ldconfig=PATH        Path to the ldconfig binary
      --mig-config=ID        Enable configuration of MIG devices
      --mig-monitor=ID       Enable monitoring of MIG devices
      --no-cgroups           Don't use cgroup enforcement
      --no-cntlibs           Don't use the image's newer CUDA libraries
      --no-devbind           Don't bind mount devices
      --no-fabricmanager     Don't include the NVIDIA fabricmanager socket
      --no-gsp-firmware      Don't include GSP Firmware
      --no-persistenced      Don't include the NVIDIA persistenced socket
  -n, --ngx                  Enable ngx capability
  -p, --pid=PID              Container PID
  -r, --require=EXPR         Check container requirements
      --usage                Give a short usage message
  -u, --utility              Enable utility capability
  -v, --video                Enable video capability
  -V, --version              Print program version
${footnote}`,
}

export const usagePages: Readonly<Record<Page, string>> = {
  "": `Usage: nvidia-container-cli [-?knV] [-d FILE] [-l FILE] [-r PATH]
            [-u[UID[:GID]]] [--help] [--debug=FILE] [--load-kmods]
            [--ldcache=FILE] [--no-create-imex-channels] [--no-pivot]
            [--root=PATH] [--usage] [--user[=UID[:GID]]] [--version]
            COMMAND [ARG...]
`,
  info: `Usage: nvidia-container-cli info [-?V] [--help] [--csv] [--usage] [--version]
`,
  list: `Usage: nvidia-container-cli list [-?bfilV] [-d ID] [--help] [--binaries]
            [--compat32] [--device=ID] [--firmwares] [--imex-channel=CHANNEL]
            [--ipcs] [--libraries] [--mig-config=ID] [--mig-monitor=ID]
            [--no-fabricmanager] [--no-gsp-firmware] [--no-persistenced]
            [--usage] [--version]
`,
  configure: `Usage: nvidia-container-cli configure [-?cDgnuvV] [-d ID] [-l PATH] [-p PID]
            [-r EXPR] [--help] [--compat32] [--cuda-compat-mode=MODE]
            [--compute] [--device=ID] [--display] [--graphics]
            [--imex-channel=CHANNEL] [--ldconfig=PATH] [--mig-config=ID]
            [--mig-monitor=ID] [--no-cgroups] [--no-cntlibs] [--no-devbind]
            [--no-fabricmanager] [--no-gsp-firmware] [--no-persistenced]
            [--ngx] [--pid=PID] [--require=EXPR] [--usage] [--utility]
            [--video] [--version] ROOTFS
`,
}
