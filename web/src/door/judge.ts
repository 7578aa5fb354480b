import { words } from './words'

// First looks at what was typed, so that a slip is answered at once. The server judges again, and has the last word.

export const needed = (value: string, otherwise: string): string | undefined => (value.trim() === '' ? otherwise : undefined)

export function email(value: string): string | undefined {
  return /^[^\s@<>()",;:\\[\]]+@[^\s@<>()",;:\\[\]]+\.[^\s@<>()",;:\\[\]]+$/.test(value.trim()) ? undefined : words.emailWrong
}

/** Where the server has not said how long a password must be (ASVS 6.2.1). */
export const usualLength = 12

/** Any characters count, spaces too; 128 of them at most (ASVS 6.2.9). */
export function newPassword(value: string, min: number): string | undefined {
  const n = Array.from(value).length
  if (n === 0) return words.passwordNone(min)
  if (n < min) return words.passwordShort(min - n, min)
  return n > 128 ? words.passwordLong : undefined
}

/** Only the fields with something wrong. */
export function only<K extends string>(found: Record<K, string | undefined>): Partial<Record<K, string>> {
  return Object.fromEntries(Object.entries(found).filter(([, v]) => v !== undefined)) as Partial<Record<K, string>>
}
