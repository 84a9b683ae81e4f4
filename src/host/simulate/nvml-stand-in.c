/*
 * Stands in for libnvidia-ml.so on a simulated machine: answers from a table that is generated in front of this text (GANTRY_GPUS,
 * GANTRY_MIGS and the macros below). Interface: the public NVML header; only what clients ask to find and describe devices.
 * It needs nothing but what the process that loads it has.
 */

typedef unsigned int u32;
typedef unsigned long long u64;

struct mig {
  u32 gpu, gpuInstance, computeInstance, gpuSlices, computeSlices;
  u64 memoryMib;
  const char *uuid, *name;
};

struct gpu {
  u32 domain, bus, device, pciId, minor, brand, migMode;
  int capabilityMajor, capabilityMinor;
  u64 memoryBytes;
  const char *uuid, *name;
};

static const struct gpu gpus[] = {GANTRY_GPUS};
static const struct mig migs[] = {GANTRY_MIGS};

enum { OK = 0, UNINITIALIZED = 1, INVALID = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7, GPU_IS_LOST = 15 };
enum { MIG_SLOTS = 7 };

#ifdef GANTRY_ERROR
#define BEGIN return GANTRY_ERROR;
#else
#define BEGIN
#endif
#define API __attribute__((visibility("default"))) int

extern int pause(void);
extern long write(int, const void *, unsigned long);
extern long ptrace(int, int, unsigned long, unsigned long);
extern int prctl(int, ...), fork(void), getpid(void);
extern unsigned sleep(unsigned);
extern void _exit(int);
enum { PR_SET_PTRACER = 0x59616d61, PTRACE_SEIZE = 0x4206, PTRACE_O_TRACEEXIT = 0x40 };

static int isInitialised;

static int copy(char *to, u32 room, const char *from) {
  u32 at = 0;
  if (!to) return INVALID;
  for (; from[at]; at++) {
    if (at + 1 >= room) return TOO_SMALL;
    to[at] = from[at];
  }
  if (at >= room) return TOO_SMALL;
  to[at] = 0;
  return OK;
}

static int isSame(const char *one, const char *other) {
  while (*one && *one == *other) one++, other++;
  return *one == *other;
}

static const struct gpu *gpuOf(const void *handle) {
  const struct gpu *gpu = handle;
  return gpu >= gpus && gpu < gpus + GANTRY_GPU_COUNT ? gpu : 0;
}

static const struct mig *migOf(const void *handle) {
  const struct mig *mig = handle;
  return mig >= migs && mig < migs + GANTRY_MIG_COUNT ? mig : 0;
}

API nvmlInit_v2(void) {
#ifdef GANTRY_HANGS
  for (;;) pause();
#endif
#ifdef GANTRY_STUCK
  /* A tracer holds the process at its end, as a driver that does not return from the kernel would: it cannot be killed. */
  prctl(PR_SET_PTRACER, ~0ul, 0ul, 0ul, 0ul);
  int here = getpid();
  if (fork() == 0) {
    ptrace(PTRACE_SEIZE, here, 0ul, PTRACE_O_TRACEEXIT);
    sleep(GANTRY_STUCK);
    _exit(0);
  }
  for (;;) pause();
#endif
#ifdef GANTRY_CRASHES
  __builtin_trap();
#endif
#ifdef GANTRY_PRINTS
  if (write(1, "NVML: {\"kind\":\n", 15) < 0) return INVALID;
#endif
  BEGIN isInitialised = 1;
  return OK;
}
API nvmlInit(void) { return nvmlInit_v2(); }
API nvmlShutdown(void) {
  isInitialised = 0;
  return OK;
}
__attribute__((visibility("default"))) const char *nvmlErrorString(int status) {
  return status == OK ? "Success" : status == NOT_FOUND ? "Not Found" : status == NOT_SUPPORTED ? "Not Supported" : "Unknown Error";
}

API nvmlSystemGetDriverVersion(char *to, u32 room) { BEGIN return copy(to, room, GANTRY_DRIVER); }
API nvmlSystemGetNVMLVersion(char *to, u32 room) { BEGIN return copy(to, room, "12." GANTRY_DRIVER); }
API nvmlSystemGetCudaDriverVersion_v2(int *version) {
  BEGIN *version = GANTRY_CUDA;
  return OK;
}
API nvmlSystemGetCudaDriverVersion(int *version) { return nvmlSystemGetCudaDriverVersion_v2(version); }

API nvmlDeviceGetCount_v2(u32 *count) {
  BEGIN if (!isInitialised) return UNINITIALIZED;
  *count = GANTRY_GPU_COUNT;
  return OK;
}
API nvmlDeviceGetCount(u32 *count) { return nvmlDeviceGetCount_v2(count); }
API nvmlDeviceGetHandleByIndex_v2(u32 index, const void **handle) {
  BEGIN if (!isInitialised) return UNINITIALIZED;
  if (index >= GANTRY_GPU_COUNT) return INVALID;
  if (index < 64 && GANTRY_LOST >> index & 1) return GPU_IS_LOST;
  *handle = &gpus[index];
  return OK;
}
API nvmlDeviceGetHandleByIndex(u32 index, const void **handle) { return nvmlDeviceGetHandleByIndex_v2(index, handle); }
API nvmlDeviceGetHandleByUUID(const char *uuid, const void **handle) {
  BEGIN for (u32 at = 0; at < GANTRY_GPU_COUNT; at++)
    if (isSame(gpus[at].uuid, uuid)) return *handle = &gpus[at], OK;
  for (u32 at = 0; at < GANTRY_MIG_COUNT; at++)
    if (isSame(migs[at].uuid, uuid)) return *handle = &migs[at], OK;
  return NOT_FOUND;
}
API nvmlDeviceGetIndex(const void *handle, u32 *index) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu) return NOT_SUPPORTED;
  *index = (u32)(gpu - gpus);
  return OK;
}
API nvmlDeviceGetMinorNumber(const void *handle, u32 *minor) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu) return NOT_SUPPORTED;
  *minor = gpu->minor;
  return OK;
}

static char *hex(char *to, u32 value, int digits) {
  for (int at = digits - 1; at >= 0; at--, value >>= 4) to[at] = "0123456789ABCDEF"[value & 15];
  return to + digits;
}

/* Text of the bus id in the old length, five numbers, text in the new length. */
struct pci {
  char legacy[16];
  u32 domain, bus, device, pciId, subsystemId;
  char busId[32];
};

static void writeBusId(char *to, const struct gpu *gpu, int domainDigits) {
  to = hex(to, gpu->domain, domainDigits);
  *to++ = ':';
  to = hex(to, gpu->bus, 2);
  *to++ = ':';
  to = hex(to, gpu->device, 2);
  *to++ = '.';
  *to++ = '0';
  *to = 0;
}
API nvmlDeviceGetPciInfo_v3(const void *handle, struct pci *pci) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu) return NOT_SUPPORTED;
  writeBusId(pci->legacy, gpu, 4);
  writeBusId(pci->busId, gpu, 8);
  pci->domain = gpu->domain;
  pci->bus = gpu->bus;
  pci->device = gpu->device;
  pci->pciId = gpu->pciId;
  pci->subsystemId = 0x146310de;
  return OK;
}
/* The older struct ends before the long text. */
API nvmlDeviceGetPciInfo_v2(const void *handle, struct pci *pci) {
  BEGIN struct pci whole;
  int status = nvmlDeviceGetPciInfo_v3(handle, &whole);
  for (u32 at = 0; status == OK && at < sizeof whole - sizeof whole.busId; at++) ((char *)pci)[at] = ((char *)&whole)[at];
  return status;
}
API nvmlDeviceGetPciInfo(const void *handle, struct pci *pci) { return nvmlDeviceGetPciInfo_v2(handle, pci); }
API nvmlDeviceGetUUID(const void *handle, char *to, u32 room) {
  BEGIN if (gpuOf(handle)) return copy(to, room, gpuOf(handle)->uuid);
  return migOf(handle) ? copy(to, room, migOf(handle)->uuid) : INVALID;
}
API nvmlDeviceGetName(const void *handle, char *to, u32 room) {
  BEGIN if (gpuOf(handle)) return copy(to, room, gpuOf(handle)->name);
  return migOf(handle) ? copy(to, room, migOf(handle)->name) : INVALID;
}
API nvmlDeviceGetBrand(const void *handle, u32 *brand) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu) return NOT_SUPPORTED;
  *brand = gpu->brand;
  return OK;
}
API nvmlDeviceGetCudaComputeCapability(const void *handle, int *major, int *minor) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu) return NOT_SUPPORTED;
  *major = gpu->capabilityMajor;
  *minor = gpu->capabilityMinor;
  return OK;
}
API nvmlDeviceGetMemoryInfo(const void *handle, u64 *totalFreeUsed) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu) return NOT_SUPPORTED;
  totalFreeUsed[0] = totalFreeUsed[1] = gpu->memoryBytes;
  totalFreeUsed[2] = 0;
  return OK;
}

API nvmlDeviceGetMigMode(const void *handle, u32 *current, u32 *pending) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu || gpu->migMode == 2) return NOT_SUPPORTED;
  *current = *pending = gpu->migMode;
  return OK;
}
API nvmlDeviceGetMaxMigDeviceCount(const void *handle, u32 *count) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu) return INVALID;
  *count = gpu->migMode == 2 ? 0 : MIG_SLOTS;
  return OK;
}
API nvmlDeviceGetMigDeviceHandleByIndex(const void *handle, u32 index, const void **device) {
  BEGIN const struct gpu *gpu = gpuOf(handle);
  if (!gpu || index >= MIG_SLOTS) return INVALID;
  /* With a gap the second place is empty: a place stays when its device is destroyed, and others keep their numbers. */
  int hasGap = gpu - gpus < 64 && GANTRY_GAPS >> (gpu - gpus) & 1;
  if (hasGap && index == 1) return NOT_FOUND;
  if (hasGap && index > 1) index--;
  for (u32 at = 0; at < GANTRY_MIG_COUNT; at++)
    if (&gpus[migs[at].gpu] == gpu && index-- == 0) return *device = &migs[at], OK;
  return NOT_FOUND;
}
API nvmlDeviceIsMigDeviceHandle(const void *handle, u32 *isMig) {
  BEGIN *isMig = migOf(handle) != 0;
  return OK;
}
API nvmlDeviceGetDeviceHandleFromMigDeviceHandle(const void *device, const void **handle) {
  BEGIN if (!migOf(device)) return INVALID;
  *handle = &gpus[migOf(device)->gpu];
  return OK;
}
API nvmlDeviceGetGpuInstanceId(const void *device, u32 *id) {
  BEGIN if (!migOf(device)) return INVALID;
  *id = migOf(device)->gpuInstance;
  return OK;
}
API nvmlDeviceGetComputeInstanceId(const void *device, u32 *id) {
  BEGIN if (!migOf(device)) return INVALID;
  *id = migOf(device)->computeInstance;
  return OK;
}
/* Processors, five counts of engines, slices of the GPU instance, of the compute instance, MiB of memory. */
struct attributes {
  u32 counts[6], gpuSlices, computeSlices;
  u64 memoryMib;
};
API nvmlDeviceGetAttributes_v2(const void *device, struct attributes *attributes) {
  BEGIN const struct mig *mig = migOf(device);
  if (!mig) return INVALID;
  for (int at = 0; at < 6; at++) attributes->counts[at] = 1;
  attributes->gpuSlices = mig->gpuSlices;
  attributes->computeSlices = mig->computeSlices;
  attributes->memoryMib = mig->memoryMib;
  return OK;
}
/* The older one is the same but for what it counts. */
API nvmlDeviceGetAttributes(const void *device, struct attributes *attributes) {
  return nvmlDeviceGetAttributes_v2(device, attributes);
}
