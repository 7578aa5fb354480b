/** "820 KB", "3.4 MB": as people say it, in the steps of 1,024 that the server counts in. */
export function sizeOf(bytes: number): string {
  if (bytes < 1_024) return `${String(bytes)} ${bytes === 1 ? 'byte' : 'bytes'}`
  for (const [unit, step] of [['GB', 2 ** 30], ['MB', 2 ** 20], ['KB', 2 ** 10]] as const) {
    if (bytes < step * 0.9995 && unit !== 'KB') continue
    const n = bytes / step
    return `${n >= 100 || Number.isInteger(n) ? String(Math.round(n)) : n.toFixed(1).replace(/\.0$/, '')} ${unit}`
  }
  return ''
}
