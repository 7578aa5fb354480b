const day = 86_400_000

/** Whole days until a password is too old, where that is near enough to say so: seven of them. Today is 0. */
export function daysLeft(until: string, now: number): number | undefined {
  const left = Math.ceil((Date.parse(until) - now) / day) - 1
  if (Number.isNaN(left) || left >= 7) return undefined
  return Math.max(0, left)
}
