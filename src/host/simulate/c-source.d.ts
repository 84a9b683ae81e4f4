/** C sources are taken in as text, also into the compiled executable. */
declare module "*.c" {
  const text: string
  // biome-ignore lint/style/noDefaultExport: the bundler gives a text as the default export
  export default text
}
