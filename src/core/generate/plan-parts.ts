/**
 * What GPUs and MIG devices of a machine are given by a specification, and what every container of it gets. Source of the split:
 * facts, toolkit §5.2 to §5.5.
 */

import type { DriverCatalogue } from "../driver/catalogue.ts"
import { unversionedLibrary } from "../driver/files.ts"
import type { Finding } from "../fault/finding.ts"
import type { SelectedDevice } from "../inventory/select-devices.ts"
import type { Edit, SymlinkEdit } from "../plan/edit.ts"
import { planEnvironment } from "../plan/plan-environment.ts"
import { chooseLibraries, planFiles } from "../plan/plan-files.ts"
import { planLoader } from "../plan/plan-loader.ts"
import { drawingNodes, planGroups, planNodes, selectedNodes, toNodeEdit } from "../plan/plan-nodes.ts"
import type { PlanContext } from "../plan/plan-part.ts"
import { baseName, parentPath } from "../text/path.ts"
import type { HookCall, SpecPart } from "./part.ts"

/** A GPU or MIG device: its nodes, links to them, groups. What all have in common is not repeated. */
export function devicePart(context: PlanContext, device: SelectedDevice): SpecPart {
  const alone = { ...context, devices: [device] }
  const { nodes, links } = drawingNodes(alone, [])
  const given = [...selectedNodes(alone, device), ...nodes]
  const part = partOf([
    ...given.map(({ node, reasons }) => toNodeEdit(node, context.inventory.devRoot, reasons)),
    ...links,
    ...planGroups(alone, given, []),
  ])
  return device.kind === "gpu" ? withFolders(part) : part
}

/** Nodes and links as a device has them, with the hook for what an engine does not do. */
export const partOf = (edits: readonly Edit[]): SpecPart => ({
  edits,
  hooks: [{ name: "create-symlinks", links: symlinksIn(edits) }],
})

/** With the hook by which an old crun's directories of nodes may be entered; the reference has none for MIG devices. */
export function withFolders({ edits, hooks }: SpecPart): SpecPart {
  const isUsed = (folder: string): boolean =>
    edits.some((edit) => edit.kind === "deviceNode" && edit.path.startsWith(`${folder}/`))
  return {
    edits,
    hooks: [...hooks, { name: "chmod", paths: ["/dev/dri", "/dev/nvidia-caps"].filter(isUsed) }],
  }
}

export interface SharedPart extends SpecPart {
  readonly findings: readonly Finding[]
}

/** The driver's files, its control nodes and variables. */
export function sharedPart(context: PlanContext): SharedPart {
  const { driver } = context
  const libraries = chooseLibraries(context)
  const files = planFiles(context, libraries)
  const graphics = new Set<string>(
    [...driver.links, ...driver.modules.flatMap(({ links }) => links)].map(({ path }) => path),
  )
  const links = symlinksIn(files.edits)
  return {
    edits: [
      ...planNodes({ ...context, devices: [] }, []).edits,
      ...files.edits,
      ...planEnvironment(context, libraries).edits,
    ],
    hooks: [
      { name: "create-symlinks", links: links.filter(({ path }) => graphics.has(path)) },
      { name: "create-symlinks", links: links.filter(({ path }) => !graphics.has(path)) },
      {
        name: "enable-cuda-compat",
        hostDriverVersion: driver.version,
        hostCudaVersion: undefined,
        directory: "",
      },
      loaderHook(planLoader(context, libraries, driver.version).edits),
      { name: "disable-device-node-modification" },
      { name: "update-application-profile" },
    ],
    findings: files.findings ?? [],
  }
}

/** What is for managing GPUs, not for drawing: no file that only a program that draws needs. */
export function managementPart(context: PlanContext): SharedPart {
  const part = sharedPart({ ...context, driver: withoutGraphics(context.driver) })
  return {
    ...part,
    edits: part.edits.filter(({ kind }) => kind !== "deviceNode"),
    hooks: part.hooks.filter(({ name }) => name !== "update-application-profile"),
  }
}

const withoutGraphics = (driver: DriverCatalogue): DriverCatalogue => ({
  ...driver,
  libraries: driver.libraries.filter(
    ({ path, reasons }) =>
      reasons.some(({ kind }) => kind === "named") ||
      baseName(path).endsWith(`.so.${driver.version}`) ||
      !unversionedLibrary.test(baseName(path)) ||
      baseName(path).startsWith("libnvidia-nvvm70."),
  ),
  binaries: driver.binaries.filter(({ path }) => baseName(path) !== "nvidia-xconfig"),
  configurations: [],
  modules: [],
  links: [],
})

/** Order: by path. */
export const symlinksIn = (edits: readonly Edit[]): readonly SymlinkEdit[] =>
  edits.filter((edit) => edit.kind === "symlink").sort((one, other) => (one.path < other.path ? -1 : 1))

/** Order: by name. */
function loaderHook(edits: readonly Edit[]): HookCall {
  const folders = edits.flatMap((edit) =>
    edit.kind === "ldcache" ? edit.entries.map(({ path }) => parentPath(path)) : [],
  )
  return ldcacheHook(folders)
}

/** The same where the files are a platform's, which nobody read as libraries. Order: by name. */
export function mountedLibrariesHook(edits: readonly Edit[]): HookCall {
  const folders = edits.flatMap((edit) =>
    edit.kind === "mount" && /^lib.+\.so(\.|$)/.test(baseName(edit.containerPath))
      ? [parentPath(edit.containerPath)]
      : [],
  )
  return ldcacheHook(folders)
}

const ldcacheHook = (folders: readonly string[]): HookCall => ({
  name: "update-ldcache",
  folders: [...new Set(folders)].sort(),
})
