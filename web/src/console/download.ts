/** Lets the browser keep a file. */
export function keep(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  window.setTimeout(() => { URL.revokeObjectURL(link.href) }, 10_000)
}
