/** Where the Multi-Process Service's sockets lie: a place where anybody may make a directory. Only root's counts. */
export const mpsDirectory = "/tmp/nvidia-mps"
