/** The simulated nvidia-smi: a shell script, so that any image with /bin/sh runs it. It lists the GPUs whose nodes it finds. */

interface SmiInput {
  readonly product: string
  readonly driverVersion: string
  readonly gpus: readonly { readonly minor: number; readonly uuid: string; readonly pciAddress: string }[]
}

export function nvidiaSmi({ product, driverVersion, gpus }: SmiInput): string {
  const facts = gpus.map(({ minor, uuid, pciAddress }) => `    ${minor}) uuid=${uuid} pci=${pciAddress};;`)
  return `#!/bin/sh
# Simulated: shows the GPUs whose device nodes are visible here.
known() {
  case "$1" in
${facts.join("\n")}
    *) return 1;;
  esac
}
index=0
found=
for node in /dev/nvidia[0-9]*; do
  minor=\${node#/dev/nvidia}
  [ -c "$node" ] && known "$minor" || continue
  found="$found $minor"
done
if [ "$1" != -L ]; then
  echo "NVIDIA-SMI (simulated)   Driver Version: ${driverVersion}"
fi
if [ -z "$found" ]; then
  echo "No devices were found"
  exit 6
fi
for minor in $(echo "$found" | tr ' ' '\\n' | sort -n); do
  known "$minor"
  if [ "$1" = -L ]; then
    echo "GPU $index: ${product} (UUID: $uuid)"
  else
    echo "| $index  ${product}  $pci  /dev/nvidia$minor |"
  fi
  index=$((index + 1))
done
`
}
