/** An image as a file, for engines that take no plain root: one layer in the OCI image layout. */

import { createHash } from "node:crypto"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { mustRun } from "./bundle.ts"

/** Makes `directory`/image.tar of a root file system, under a name such as `place/plain:1`; its path. */
export function makeOciArchive(directory: string, root: string, name: string): string {
  const layout = join(directory, "layout")
  const blobs = join(layout, "blobs/sha256")
  mkdirSync(blobs, { recursive: true })
  const put = (kind: string, bytes: Uint8Array | string): object => {
    const hash = createHash("sha256").update(bytes).digest("hex")
    writeFileSync(join(blobs, hash), bytes)
    const mediaType = `application/vnd.oci.image.${kind}`
    return { mediaType, digest: `sha256:${hash}`, size: Buffer.byteLength(bytes) }
  }
  const layerPath = join(directory, "layer.tar")
  mustRun("tar", ["-C", root, "--numeric-owner", "-cf", layerPath, "."])
  const layerBytes = readFileSync(layerPath)
  rmSync(layerPath)
  const layer = put("layer.v1.tar", layerBytes)
  const config = put(
    "config.v1+json",
    JSON.stringify({
      architecture: { x64: "amd64" }[process.arch as string] ?? process.arch,
      os: "linux",
      config: { Env: ["PATH=/bin:/usr/bin"], Cmd: ["sleep", "600"] },
      rootfs: {
        type: "layers",
        diff_ids: [`sha256:${createHash("sha256").update(layerBytes).digest("hex")}`],
      },
    }),
  )
  const mediaType = "application/vnd.oci.image.manifest.v1+json"
  const manifest = put(
    "manifest.v1+json",
    JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] }),
  )
  const annotations = { "io.containerd.image.name": name }
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] }
  writeFileSync(join(layout, "index.json"), JSON.stringify(index))
  writeFileSync(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }))
  const archive = join(directory, "image.tar")
  mustRun("tar", ["-C", layout, "-cf", archive, "."])
  rmSync(layout, { recursive: true })
  return archive
}
